// What there is to see in a drawing of a network, as data: run in the drawing itself.
(() => {
  const round = rect => [rect.left, rect.top, rect.right, rect.bottom].map(edge => Math.round(edge * 10) / 10);
  const touch = (a, b) => Math.min(a[2], b[2]) - Math.max(a[0], b[0]) > 1 && Math.min(a[3], b[3]) - Math.max(a[1], b[1]) > 3;
  const within = (a, b) => a[0] >= b[0] - 1 && a[1] >= b[1] - 1 && a[2] <= b[2] + 1 && a[3] <= b[3] + 1;
  const all = selector => [...document.querySelectorAll(selector)].map(element => ({
    text: element.textContent, at: round(element.getBoundingClientRect()), line: element.closest('g'),
  }));
  const texts = all('text'), cards = all('rect.card'), frame = round(document.documentElement.getBoundingClientRect());
  const touching = [];
  for (let i = 0; i < texts.length; i++)
    for (let j = i + 1; j < texts.length; j++)
      if (touch(texts[i].at, texts[j].at)) touching.push(texts[i].text + ' / ' + texts[j].text);
  const overlapping = [];
  for (let i = 0; i < cards.length; i++)
    for (let j = i + 1; j < cards.length; j++)
      if (touch(cards[i].at, cards[j].at)) overlapping.push(i + ' / ' + j);
  const lines = [...document.querySelectorAll('rect.line')];
  const outside = texts.filter(({ at, line }) =>
    !within(at, line ? round(line.querySelector('rect.line').getBoundingClientRect()) : frame));
  const error = document.querySelector('parsererror');
  return {
    error: error && error.textContent,
    lines: lines.length, touching, overlapping,
    outside: outside.map(({ text }) => text).concat(cards.filter(({ at }) => !within(at, frame)).map(() => 'a card')),
    ground: getComputedStyle(document.querySelector('rect.ground')).fill,
  };
})()

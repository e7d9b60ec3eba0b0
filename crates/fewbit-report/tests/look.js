// What there is to see on a page, as data: run in the page itself.
(() => {
  document.querySelectorAll('details').forEach(details => { details.open = true; });
  const round = rect => [rect.left, rect.top, rect.right, rect.bottom].map(edge => Math.round(edge * 10) / 10);
  const touch = (a, b) => Math.min(a[2], b[2]) - Math.max(a[0], b[0]) > 1 && Math.min(a[3], b[3]) - Math.max(a[1], b[1]) > 3;
  const shown = element => element.getClientRects().length > 0;
  const words = element => (element.getAttribute('aria-labelledby') || '').split(' ')
    .map(id => { const named = document.getElementById(id); return named ? named.textContent : ''; });

  const plots = [...document.querySelectorAll('svg[role=img]')].filter(shown).map(svg => {
    const frame = round(svg.getBoundingClientRect());
    const texts = [...svg.querySelectorAll('text')]
      .map(text => ({ text: text.textContent, at: round(text.getBoundingClientRect()) }));
    const outside = texts.filter(({ at }) => at[0] < frame[0] - 1 || at[1] < frame[1] - 1 || at[2] > frame[2] + 1 || at[3] > frame[3] + 1);
    const touching = [];
    for (let i = 0; i < texts.length; i++)
      for (let j = i + 1; j < texts.length; j++)
        if (touch(texts[i].at, texts[j].at)) touching.push(texts[i].text + ' / ' + texts[j].text);
    const small = texts.map(({ at }) => Math.min(at[2] - at[0], at[3] - at[1])).filter(size => size > 0);
    return {
      figure: svg.closest('figure') ? svg.closest('figure').id : '',
      words: words(svg),
      area: (frame[2] - frame[0]) * (frame[3] - frame[1]),
      texts: texts.length,
      outside: outside.map(({ text }) => text),
      touching,
    };
  });
  const headings = [...document.querySelectorAll('h1, h2, h3, h4')].map(heading => Number(heading.tagName[1]));
  const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
  const tables = [...document.querySelectorAll('table')].map(table => ({
    caption: table.caption ? table.caption.textContent : '',
    columns: table.tHead ? table.tHead.rows[0].cells.length : 0,
    ragged: [...table.rows].filter(row => row.cells.length !== table.rows[0].cells.length).length,
    unnamed: [...table.tBodies[0].rows].filter(row => row.cells[0].scope !== 'row').length,
    selectable: getComputedStyle(table).userSelect !== 'none',
  }));
  const wide = [...document.body.querySelectorAll('*')]
    .filter(element => !element.closest('.scroll') && element.getBoundingClientRect().right > innerWidth + 0.5)
    .map(element => element.tagName + '#' + element.id + '.' + element.getAttribute('class'));
  return {
    scroll: document.documentElement.scrollWidth,
    inner: innerWidth,
    wide: wide.slice(0, 10),
    figures: [...document.querySelectorAll('figure')].map(figure => figure.id),
    plots, headings, tables,
    twice: ids.filter((id, index) => ids.indexOf(id) !== index),
    dangling: [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href').slice(1)).filter(id => !ids.includes(id)),
    pictures: [...document.images].map(image => ({ alt: image.alt, width: image.naturalWidth })),
    ground: getComputedStyle(document.body).backgroundColor,
    ink: getComputedStyle(document.body).color,
  };
})()

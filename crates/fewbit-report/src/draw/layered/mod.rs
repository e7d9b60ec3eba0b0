//! [`layout`]: places for the boxes and edges of a graph without cycles, in layers from the top down.
//!
//! The method is that of Sugiyama, Tagawa and Toda (1981), in four steps: boxes get layers (`layers`); edges that pass
//! layers get a joint in each of them; the boxes and joints of a layer are put in an order with few crossings
//! (`order`); and they are moved sideways, so that edges run straight (`place`).

mod layers;
mod order;
mod place;

/// Where boxes and edges go, in the units of the sizes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The upper left corner of each box.
    pub corners: Vec<(f64, f64)>,
    /// The points that each edge goes through, from the lower side of a box to the upper side of another. Between the
    /// first two, the next two and so on it may bend; from each second to the next it goes straight down.
    pub routes: Vec<Vec<(f64, f64)>>,
    /// Width and height of the whole.
    pub size: (f64, f64),
}

/// Between layers.
const LAYER_GAP: f64 = 34.0;

/// Between neighbours of a layer.
const NEIGHBOUR_GAP: f64 = 24.0;

/// The most joints in a graph. Longer edges go straight from box to box, whatever lies between: a graph that needs more
/// cannot be read anyway, and a hostile file must not take all memory.
const MOST_JOINTS: usize = 20_000;

/// A box or a joint of an edge.
#[derive(Clone, Debug, Default)]
struct Item {
    layer: usize,
    width: f64,
    /// A joint belongs to an edge; a box does not.
    joint: bool,
    /// Items in the layer above that lead here, and in the layer below that this leads to.
    above: Vec<usize>,
    below: Vec<usize>,
}

/// Lays out boxes of these sizes (width, height), joined by edges from a box to one with a higher number.
///
/// Edges that break this rule get no points.
pub fn layout(sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Layout {
    let usable = |&(from, to): &(usize, usize)| from < to && to < sizes.len();
    let layer_of = layers::layers(sizes.len(), edges.iter().copied().filter(usable));
    let mut items: Vec<Item> =
        (sizes.iter().zip(&layer_of)).map(|(&(width, _), &layer)| Item { layer, width, ..Item::default() }).collect();
    let chains = chains(&mut items, edges, usable);

    let count = layer_of.iter().max().map_or(0, |last| last + 1);
    let mut order: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (index, item) in items.iter().enumerate() {
        order[item.layer].push(index);
    }
    order::untangle(&items, &mut order);
    let middles = place::middles(&items, &order);

    let mut heights = vec![0.0f64; count];
    for (&(_, height), &layer) in sizes.iter().zip(&layer_of) {
        heights[layer] = heights[layer].max(height);
    }
    let tops: Vec<f64> = heights
        .iter()
        .scan(0.0, |top, height| {
            let this = *top;
            *top += height + LAYER_GAP;
            Some(this)
        })
        .collect();
    let corner = |index: usize| (middles[index] - sizes[index].0 / 2.0, tops[layer_of[index]]);
    let corners: Vec<(f64, f64)> = (0..sizes.len()).map(corner).collect();
    let frame = Frame { items: &items, middles: &middles, tops: &tops, heights: &heights, sizes };
    let ports = frame.ports(&chains);
    let routes = chains.iter().zip(&ports).map(|(chain, ports)| frame.route(chain, *ports)).collect();
    let right = items.iter().zip(&middles).map(|(item, middle)| middle + item.width / 2.0).fold(0.0, f64::max);
    let bottom = tops.last().zip(heights.last()).map_or(0.0, |(top, height)| top + height);
    Layout { corners, routes, size: (right, bottom) }
}

/// Gives each edge a joint in every layer that it passes, and tells for each edge what it goes through.
fn chains(
    items: &mut Vec<Item>,
    edges: &[(usize, usize)],
    usable: impl Fn(&(usize, usize)) -> bool,
) -> Vec<Vec<usize>> {
    let mut chains = vec![Vec::new(); edges.len()];
    // The shortest first, so that few are left without joints.
    let span = |&(from, to): &(usize, usize), items: &[Item]| items[to].layer.saturating_sub(items[from].layer);
    let mut by_span: Vec<usize> = (0..edges.len()).filter(|&edge| usable(&edges[edge])).collect();
    by_span.sort_by_key(|&edge| span(&edges[edge], items));
    let boxes = items.len();
    for edge in by_span {
        let (from, to) = edges[edge];
        let (first, last) = (items[from].layer + 1, items[to].layer);
        chains[edge].push(from);
        if items.len() - boxes + (last - first) <= MOST_JOINTS {
            let mut before = from;
            for layer in first..last {
                let joint = items.len();
                items.push(Item { layer, joint: true, above: vec![before], ..Item::default() });
                items[before].below.push(joint);
                chains[edge].push(joint);
                before = joint;
            }
            items[before].below.push(to);
            items[to].above.push(before);
        }
        chains[edge].push(to);
    }
    chains
}

/// All that is known when edges are drawn.
struct Frame<'f> {
    items: &'f [Item],
    middles: &'f [f64],
    tops: &'f [f64],
    heights: &'f [f64],
    sizes: &'f [(f64, f64)],
}

impl Frame<'_> {
    /// Where each edge leaves its first box and enters its last: those of a box side by side, in the order of where they
    /// come from or go to.
    fn ports(&self, chains: &[Vec<usize>]) -> Vec<(f64, f64)> {
        let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); self.sizes.len()];
        let mut entering = leaving.clone();
        for (edge, chain) in chains.iter().enumerate() {
            if let (Some(&from), Some(&to)) = (chain.first(), chain.last()) {
                leaving[from].push(edge);
                entering[to].push(edge);
            }
        }
        let mut ports = vec![(0.0, 0.0); chains.len()];
        for (item, edges) in leaving.iter_mut().enumerate() {
            edges.sort_by(|a, b| self.middles[chains[*a][1]].total_cmp(&self.middles[chains[*b][1]]));
            for (place, &edge) in edges.iter().enumerate() {
                ports[edge].0 = self.port(item, place, edges.len());
            }
        }
        for (item, edges) in entering.iter_mut().enumerate() {
            let before = |edge: usize| self.middles[chains[edge][chains[edge].len() - 2]];
            edges.sort_by(|a, b| before(*a).total_cmp(&before(*b)));
            for (place, &edge) in edges.iter().enumerate() {
                ports[edge].1 = self.port(item, place, edges.len());
            }
        }
        ports
    }

    /// The place of one of several edges at the side of a box: around its middle, no further apart than there is room.
    fn port(&self, item: usize, place: usize, count: usize) -> f64 {
        let apart = (self.sizes[item].0 / (count + 1) as f64).min(36.0);
        self.middles[item] + (place as f64 - (count - 1) as f64 / 2.0) * apart
    }

    fn route(&self, chain: &[usize], (leaves, enters): (f64, f64)) -> Vec<(f64, f64)> {
        let [from, joints @ .., to] = chain else { return Vec::new() };
        let mut points = vec![(leaves, self.tops[self.items[*from].layer] + self.sizes[*from].1)];
        for joint in joints {
            let (x, layer) = (self.middles[*joint], self.items[*joint].layer);
            points.push((x, self.tops[layer]));
            points.push((x, self.tops[layer] + self.heights[layer]));
        }
        points.push((enters, self.tops[self.items[*to].layer]));
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn boxes_apart(sizes: &[(f64, f64)], layout: &Layout) -> bool {
        let sides = |index: usize| {
            let ((x, y), (width, height)) = (layout.corners[index], sizes[index]);
            (x, y, x + width, y + height)
        };
        (0..sizes.len()).all(|a| {
            (0..a).all(|b| {
                let (a, b) = (sides(a), sides(b));
                a.2 <= b.0 + 1e-6 || b.2 <= a.0 + 1e-6 || a.3 <= b.1 || b.3 <= a.1
            })
        })
    }

    /// A chain with a way round its middle: the chain is straight, the way round passes beside it.
    #[test]
    fn a_residual_unit_has_a_straight_trunk() {
        let sizes = [(100.0, 20.0); 5];
        let layout = layout(&sizes, &[(0, 1), (1, 2), (2, 3), (0, 3), (3, 4)]);
        let xs: Vec<f64> = layout.corners[1..3].iter().map(|corner| corner.0).collect();
        assert!((xs[0] - xs[1]).abs() < 0.5, "{xs:?}");
        let around = &layout.routes[3];
        assert_eq!(around.len(), 6);
        let joint = around[1].0;
        assert!(joint < xs[0] || joint > xs[0] + 100.0, "{joint} in {xs:?}");
        assert!(around[1..5].iter().all(|point| (point.0 - joint).abs() < 0.5), "{around:?}");
    }

    #[test]
    fn strange_edges_are_left_out() {
        let layout = layout(&[(10.0, 10.0); 2], &[(1, 0), (0, 0), (0, 7), (0, 1)]);
        assert_eq!(layout.routes.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 0, 2]);
        assert_eq!(super::layout(&[], &[]), Layout::default());
    }

    #[test]
    fn long_edges_do_not_take_all_memory() {
        let count = 3_000;
        let mut edges: Vec<(usize, usize)> = (1..count).map(|index| (index - 1, index)).collect();
        edges.extend((2..count).map(|index| (0, index)));
        let layout = layout(&vec![(50.0, 20.0); count], &edges);
        let joints: usize = layout.routes.iter().map(|route| route.len() / 2 - 1).sum();
        assert!((MOST_JOINTS / 2..=MOST_JOINTS).contains(&joints), "{joints}");
        assert!(layout.routes.iter().all(|route| route.len() >= 2));
    }

    proptest! {
        #[test]
        fn boxes_lie_apart_and_edges_go_down(
            widths in prop::collection::vec(10.0..300.0f64, 1..24),
            pairs in prop::collection::vec((0usize..24, 0usize..24), 0..50),
        ) {
            let sizes: Vec<(f64, f64)> = widths.iter().map(|width| (*width, 20.0 + width % 37.0)).collect();
            let edges: Vec<(usize, usize)> =
                pairs.into_iter().filter(|(from, to)| from < to && *to < sizes.len()).collect();
            let layout = layout(&sizes, &edges);
            prop_assert!(boxes_apart(&sizes, &layout));
            for ((x, y), (width, height)) in layout.corners.iter().zip(&sizes) {
                prop_assert!(*x >= -1e-6 && x + width <= layout.size.0 + 1e-6 && y + height <= layout.size.1 + 1e-6);
            }
            for (route, (from, to)) in layout.routes.iter().zip(&edges) {
                prop_assert!(route.windows(2).all(|pair| pair[0].1 <= pair[1].1));
                let bottom = layout.corners[*from].1 + sizes[*from].1;
                prop_assert_eq!(route[0].1, bottom);
                prop_assert_eq!(route[route.len() - 1].1, layout.corners[*to].1);
            }
        }
    }
}

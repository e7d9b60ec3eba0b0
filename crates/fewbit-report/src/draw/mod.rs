//! [`draw()`]: a network as a picture of its graph, in SVG that follows the reader's light or dark page.
//!
//! Functions are lines of cards, with their arguments, parameters, and the shape, type and bytes of what they give. A
//! function that only passes its input on in the same shape (normalization, activation) stands on the card of the one
//! before it, as people think of a layer; so a graph of many functions stays readable.
//!
//! | module | what it does |
//! |---|---|
//! | `cards` | a network to cards and the edges between them |
//! | `arguments` | arguments in words |
//! | `category` | kinds of functions, and their colours |
//! | `layered` | where cards and edges go: the method of Sugiyama, Tagawa and Toda (1981) |
//! | `svg` | cards and edges as SVG |

mod arguments;
mod cards;
mod category;
mod layered;
mod svg;

use fewbit_core::Network;

/// A network as an SVG file. References to variables that the network does not have are left out.
pub fn draw(network: &Network) -> String {
    let graph = cards::graph(network);
    let sizes: Vec<(f64, f64)> = graph.cards.iter().map(cards::Card::size).collect();
    let edges: Vec<(usize, usize)> = graph.edges.iter().map(|edge| (edge.from, edge.to)).collect();
    svg::svg(network, &graph, &layered::layout(&sizes, &edges))
}

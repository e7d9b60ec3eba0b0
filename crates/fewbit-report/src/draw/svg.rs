//! [`svg`]: cards and edges as an SVG file, with a heading and a legend.

use super::cards::{Card, Graph, LINE, Line, PADDING};
use super::category::Category;
use super::layered::Layout;
use crate::number;
use crate::plot::backend::push_escaped;
use crate::plot::text::{SIZE, SMALL, width};
use crate::style;
use fewbit_core::Network;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Around the whole, in pixels.
const MARGIN: f64 = 20.0;

/// The height of the arrow at the end of an edge.
const ARROW: f64 = 7.0;

/// The SVG file of a graph whose layout is known.
pub fn svg(network: &Network, graph: &Graph, layout: &Layout) -> String {
    let name = if network.name.is_empty() { "network" } else { &network.name };
    let summary = summary(network);
    let legend = Legend::new(graph, layout.size.0.max(300.0));
    let heading = width(&summary, SMALL).max(width(name, HEADING) * 1.1);
    let content = layout.size.0.max(heading).max(legend.width).ceil();
    let top = MARGIN + HEADER + legend.height;
    let (across, down) = (content + 2.0 * MARGIN, (top + layout.size.1 + MARGIN).ceil());
    let mut canvas = Canvas { svg: String::new() };
    canvas.write(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {across} {down}\" width=\"{across}\" height=\"{down}\" \
         role=\"img\" aria-labelledby=\"title desc\"><title id=\"title\">"
    ));
    push_escaped(&mut canvas.svg, &format!("Network {name}"));
    canvas.svg.push_str("</title><desc id=\"desc\">");
    push_escaped(&mut canvas.svg, &description(network, &summary));
    canvas.write(format_args!("</desc><style>{}</style>", style::graph()));
    canvas.svg.push_str("<rect class=\"ground\" width=\"100%\" height=\"100%\"/>");
    canvas.text((MARGIN, MARGIN + 14.0), "name", name);
    canvas.text((MARGIN, MARGIN + 34.0), "small", &summary);
    legend.draw(&mut canvas, (MARGIN, MARGIN + HEADER));

    let (left, top) = (MARGIN + (content - layout.size.0) / 2.0, top);
    for (edge, route) in graph.edges.iter().zip(&layout.routes) {
        let route: Vec<(f64, f64)> = route.iter().map(|(x, y)| (x + left, y + top)).collect();
        canvas.edge(&route, &edge.tip);
    }
    for (card, corner) in graph.cards.iter().zip(&layout.corners) {
        canvas.card(card, (corner.0 + left, corner.1 + top));
    }
    canvas.svg.push_str("</svg>\n");
    canvas.svg
}

/// The size of the network's name.
const HEADING: f64 = 16.0;

/// The height of name and summary.
const HEADER: f64 = 48.0;

/// What there is in all.
fn summary(network: &Network) -> String {
    let parameters = network.variables.iter().filter(|variable| !variable.is_buffer());
    let (count, values, bytes) = parameters.fold((0u64, 0u64, 0u64), |(count, values, bytes), variable| {
        (count + 1, values + variable.shape.items() as u64, bytes + variable.bytes() as u64)
    });
    format!(
        "{} functions, {} parameters with {} values in {}",
        number::count(network.nodes.len() as u64),
        number::count(count),
        number::count(values),
        number::bytes(bytes)
    )
}

/// The graph in words: what goes in, what comes out, and how often each function occurs.
fn description(network: &Network, summary: &str) -> String {
    let shapes = |ids: &[fewbit_core::VariableId]| {
        let variables = ids.iter().filter_map(|id| network.variables.get(id.0));
        variables.map(|variable| format!("{} ({})", variable.name, variable.shape)).collect::<Vec<_>>().join(", ")
    };
    let mut names: Vec<&str> = network.nodes.iter().map(|node| node.operation.spec().name).collect();
    names.sort_unstable();
    let counts: Vec<String> = names
        .chunk_by(|a, b| a == b)
        .map(|same| if same.len() > 1 { format!("{} {}", same.len(), same[0]) } else { same[0].to_string() })
        .collect();
    format!(
        "{summary}. Inputs: {}. Outputs: {}. Functions: {}.",
        shapes(&network.inputs),
        shapes(&network.outputs),
        counts.join(", ")
    )
}

/// The colours that occur, and what they mean, in rows.
struct Legend {
    /// With its place.
    entries: Vec<(Category, f64, f64)>,
    width: f64,
    height: f64,
}

impl Legend {
    fn new(graph: &Graph, room: f64) -> Self {
        const ROW: f64 = 20.0;
        let lines = graph.cards.iter().flat_map(|card| &card.lines);
        let categories: BTreeSet<Category> = lines.map(|line| line.category).collect();
        let (mut x, mut y, mut widest) = (0.0, 0.0, 0.0f64);
        let mut entries = Vec::new();
        for category in categories {
            let needed = 16.0 + width(category.name(), SMALL) + 14.0;
            if x > 0.0 && x + needed > room {
                (x, y) = (0.0, y + ROW);
            }
            entries.push((category, x, y));
            x += needed;
            widest = widest.max(x);
        }
        Self { entries, width: widest, height: y + ROW + 16.0 }
    }

    fn draw(&self, canvas: &mut Canvas, (left, top): (f64, f64)) {
        for &(category, x, y) in &self.entries {
            let (x, y) = (left + x, top + y);
            let ink = category.ink().name();
            canvas.write(format_args!(
                "<rect class=\"fill-{ink}\" x=\"{x}\" y=\"{y}\" width=\"10\" height=\"10\" rx=\"2\"/>"
            ));
            canvas.text((x + 16.0, y + 9.0), "small", category.name());
        }
    }
}

struct Canvas {
    svg: String,
}

impl Canvas {
    fn write(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.svg.write_fmt(arguments);
    }

    fn text(&mut self, (x, y): (f64, f64), class: &str, text: &str) {
        if !text.is_empty() {
            self.write(format_args!("<text class=\"{class}\" x=\"{}\" y=\"{}\">", tenths(x), tenths(y)));
            push_escaped(&mut self.svg, text);
            self.svg.push_str("</text>");
        }
    }

    fn tip(&mut self, tip: &str) {
        self.svg.push_str("<title>");
        // Lines of a tip stay lines.
        for (place, line) in tip.lines().enumerate() {
            if place > 0 {
                self.svg.push('\n');
            }
            push_escaped(&mut self.svg, line);
        }
        self.svg.push_str("</title>");
    }

    fn card(&mut self, card: &Card, (left, top): (f64, f64)) {
        let (width, height) = card.size();
        let (x, y) = (tenths(left), tenths(top));
        self.write(format_args!(
            "<rect class=\"card\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>"
        ));
        for (place, line) in card.lines.iter().enumerate() {
            self.line(line, (left, top + LINE * place as f64), width, place > 0);
        }
    }

    fn line(&mut self, line: &Line, (left, top): (f64, f64), across: f64, behind_another: bool) {
        self.svg.push_str("<g>");
        self.tip(&line.tip);
        let (x, y) = (tenths(left), tenths(top));
        // The whole line shows the tip, not only its text.
        self.write(format_args!("<rect class=\"line\" x=\"{x}\" y=\"{y}\" width=\"{across}\" height=\"{LINE}\"/>"));
        let ink = line.category.ink().name();
        let (mark, height) = (tenths(top + 5.0), LINE - 10.0);
        self.write(format_args!("<rect class=\"fill-{ink}\" x=\"{x}\" y=\"{mark}\" width=\"4\" height=\"{height}\"/>"));
        if behind_another && !line.title.is_empty() {
            self.write(format_args!(
                "<path class=\"rule\" d=\"M{} {y}h{}\"/>",
                tenths(left + PADDING),
                tenths(across - 2.0 * PADDING)
            ));
        }
        let (upper, lower) = (top + 17.0, top + 32.0);
        let (left, right) = (left + PADDING, left + across - PADDING);
        self.text((left, upper), "title", &line.title);
        self.text((left + width(&line.title, SIZE) * 1.1 + 8.0, upper), "small", &line.remark);
        self.text((left, lower), "small", &line.detail);
        self.text((right, upper), "right", &line.shape);
        self.text((right, lower), "small right", &line.storage);
        self.svg.push_str("</g>");
    }

    fn edge(&mut self, route: &[(f64, f64)], tip: &str) {
        let (Some(&(mut x, mut y)), Some(&(last, end))) = (route.first(), route.last()) else { return };
        self.svg.push_str("<g>");
        self.tip(tip);
        self.write(format_args!("<path class=\"edge\" d=\"M{} {}", tenths(x), tenths(y)));
        for (place, &(to, down)) in route.iter().enumerate().skip(1) {
            let down = if place + 1 == route.len() { down - ARROW } else { down };
            if place % 2 == 0 || (to - x).abs() < 0.5 {
                self.write(format_args!("L{} {}", tenths(to), tenths(down)));
            } else {
                let (x, to, middle, down) = (tenths(x), tenths(to), tenths((y + down) / 2.0), tenths(down));
                self.write(format_args!("C{x} {middle} {to} {middle} {to} {down}"));
            }
            (x, y) = (to, down);
        }
        let tip = tenths(end);
        self.write(format_args!("\"/><path class=\"arrow\" d=\"M{} {tip}l-4-{ARROW}h8z\"/></g>", tenths(last)));
    }
}

/// A length with one digit after the point, which is less than can be seen.
fn tenths(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

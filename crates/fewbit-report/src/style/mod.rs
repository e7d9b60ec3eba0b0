//! The look of reports and drawings, in one place.
//!
//! `palette.css` names the colours, once for light, once for dark; `page.css` is for HTML, `plot.css` for plots in it,
//! `graph.css` for drawings of networks. The classes of inks are made from [`Ink::ALL`].

use crate::plot::ink::Ink;

/// The style sheet of a report.
pub fn page() -> String {
    [include_str!("palette.css"), include_str!("page.css"), include_str!("plot.css"), &inks()].concat()
}

/// The style sheet of a drawing of a network.
pub fn graph() -> String {
    [include_str!("palette.css"), include_str!("graph.css"), &inks()].concat()
}

/// For each ink the classes of what it fills and what it draws.
fn inks() -> String {
    let rules = Ink::ALL.map(|ink| {
        let name = ink.name();
        format!(".fill-{name}{{fill:var(--{name})}}.stroke-{name}{{stroke:var(--{name});fill:none}}\n")
    });
    rules.concat()
}

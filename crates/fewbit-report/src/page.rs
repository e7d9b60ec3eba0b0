//! The frame of all reports: one HTML file that holds everything it shows.
//!
//! No script, no font, no picture comes from elsewhere; there is no script at all.

use crate::style;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// What a report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The page's title: `Compression of resnet23`.
    pub title: String,
    /// What went in and what came out, in the order in which it is to be read: the model, the data, the command.
    pub facts: Vec<Fact>,
}

/// A name and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// `data`, `command`.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Fact {
    /// A name and what it stands for.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// A part of a page with a heading.
pub(crate) struct Section {
    /// Unique on the page.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// Its content.
    pub body: Markup,
}

/// A number that the page begins with.
pub(crate) struct Tile {
    /// What it is.
    pub name: String,
    /// The number.
    pub value: String,
    /// What to compare it with.
    pub remark: String,
}

/// The file.
pub(crate) fn page(about: &About, tiles: &[Tile], sections: &[Section]) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("fewbit ", env!("CARGO_PKG_VERSION")));
                title { (about.title) }
                // An empty icon, so that a browser does not ask for one.
                link rel="icon" href="data:,";
                style { (PreEscaped(style::page())) }
            }
            body {
                header {
                    h1 { (about.title) }
                    @if !about.facts.is_empty() {
                        dl.facts { @for fact in &about.facts { div { dt { (fact.name) } dd { (fact.value) } } } }
                    }
                }
                main {
                    @if !tiles.is_empty() {
                        dl.tiles { @for tile in tiles {
                            div { dt { (tile.name) } dd.value { (tile.value) } dd.remark { (tile.remark) } }
                        } }
                    }
                    @if sections.len() > 2 {
                        nav aria-label="Contents" {
                            ul { @for section in sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                        }
                    }
                    @for section in sections {
                        section id=(section.id) aria-labelledby={ (section.id) "-heading" } {
                            h2 id={ (section.id) "-heading" } { (section.title) }
                            (section.body)
                        }
                    }
                }
                footer { p { "Written by fewbit " (env!("CARGO_PKG_VERSION")) "." } }
            }
        }
    }
    .into_string()
    // Names come from files; HTML has no way to write this character.
    .replace('\0', "\u{fffd}")
}

//! [`Table`]: real tables, that can be copied, scrolled on a phone, and read out cell by cell.

use maud::{Markup, html};

/// A table; the first cell of a row names it.
#[derive(Clone, Debug, Default)]
pub struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Column {
    title: String,
    numbers: bool,
}

#[derive(Clone, Debug)]
struct Row {
    cells: Vec<String>,
    marked: bool,
}

impl Table {
    /// A table without columns. The caption says what it holds.
    pub fn new(caption: impl Into<String>) -> Self {
        Self { caption: caption.into(), ..Self::default() }
    }

    /// With a column of words.
    pub fn words(mut self, title: impl Into<String>) -> Self {
        self.columns.push(Column { title: title.into(), numbers: false });
        self
    }

    /// With a column of numbers; their unit belongs into the title.
    pub fn numbers(mut self, title: impl Into<String>) -> Self {
        self.columns.push(Column { title: title.into(), numbers: true });
        self
    }

    /// Adds a row; a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(Row { cells: cells.into_iter().collect(), marked: false });
    }

    /// Adds a row that deserves attention.
    pub fn marked_row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(Row { cells: cells.into_iter().collect(), marked: true });
    }

    /// The table as HTML, in a frame of its own that scrolls where the page is too narrow.
    pub fn to_html(&self) -> Markup {
        let class = |index: usize| self.columns.get(index).is_some_and(|column| column.numbers).then_some("number");
        html! {
            div.scroll tabindex="0" role="region" aria-label=(self.caption) {
                table {
                    caption { span { (self.caption) } }
                    thead { tr {
                        @for (index, column) in self.columns.iter().enumerate() {
                            th scope="col" class=[class(index)] { (column.title) }
                        }
                    } }
                    tbody { @for row in &self.rows {
                        tr.marked[row.marked] {
                            @for (index, cell) in row.cells.iter().enumerate() {
                                @if index == 0 {
                                    th scope="row" class=[class(0)] { (breakable(cell)) }
                                } @else {
                                    td class=[class(index)] { (cell) }
                                }
                            }
                        }
                    } }
                }
            }
        }
    }

    /// The table behind a line that opens it, for what few want to read.
    pub fn folded(&self, summary: &str) -> Markup {
        html! { details { summary { (summary) } (self.to_html()) } }
    }
}

/// A name that may be broken where its parts meet. What is copied has no breaks.
fn breakable(name: &str) -> Markup {
    html! {
        @for (place, part) in name.split_inclusive(['/', '_', '.', ':']).enumerate() {
            @if place > 0 { wbr; }
            (part)
        }
    }
}

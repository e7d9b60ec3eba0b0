//! `docs/onnx.md` lists the operators as the code has them. After a change, `UPDATE_DOCS=1 cargo test -p fewbit-formats
//! --test onnx_docs` writes the list anew.

use fewbit_formats::onnx::{self, Support};
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// Everything behind this line is made from the code.
const MARKER: &str = "<!-- Made from the code: see crates/fewbit-formats/tests/onnx_docs.rs -->\n";

fn operators() -> String {
    let mut text = String::new();
    let mut last = "";
    for Support { family, operator, becomes, limits, folded } in onnx::supported() {
        if family != last {
            let header = "| operator | becomes | on constants | limits |\n|---|---|---|---|";
            writeln!(text, "\n### {family}\n\n{header}").expect("a string takes all");
            last = family;
        }
        let folded = if folded { "computed when read" } else { "" };
        writeln!(text, "| {operator} | {becomes} | {folded} | {limits} |").expect("a string takes all");
    }
    text
}

#[test]
fn the_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/onnx.md");
    let found = fs::read_to_string(&path).expect("docs/onnx.md");
    let (written, list) = found.split_once(MARKER).expect("the line before the list");
    let expected = operators();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{written}{MARKER}{expected}")).expect("the file was read");
    } else {
        assert!(list == expected, "docs/onnx.md is out of date: run with UPDATE_DOCS=1");
    }
}

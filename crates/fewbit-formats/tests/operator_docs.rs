//! `docs/onnx.md` and `docs/tflite.md` list the operators as the code has them. After a change, `UPDATE_DOCS=1 cargo test -p
//! fewbit-formats --test operator_docs` writes the lists anew.

use fewbit_formats::{onnx, tflite};
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// Everything behind this line is made from the code.
const MARKER: &str = "<!-- Made from the code: see crates/fewbit-formats/tests/operator_docs.rs -->\n";

/// A table for each family of rows, which begin with their family.
fn tables<const N: usize>(titles: [&str; N], rows: impl Iterator<Item = (&'static str, [&'static str; N])>) -> String {
    let mut text = String::new();
    let mut last = "";
    for (family, cells) in rows {
        if family != last {
            let header = format!("| {} |\n|{}", titles.join(" | "), "---|".repeat(N));
            writeln!(text, "\n### {family}\n\n{header}").expect("a string takes all");
            last = family;
        }
        writeln!(text, "| {} |", cells.join(" | ")).expect("a string takes all");
    }
    text
}

fn check(page: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let found = fs::read_to_string(&path).expect("the page");
    let (written, list) = found.split_once(MARKER).expect("the line before the list");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{written}{MARKER}{expected}")).expect("the file was read");
    } else {
        assert!(list == expected, "docs/{page} is out of date: run with UPDATE_DOCS=1");
    }
}

#[test]
fn the_page_of_onnx_is_up_to_date() {
    let rows = onnx::supported().map(|it| {
        let folded = if it.folded { "computed when read" } else { "" };
        (it.family, [it.operator, it.becomes, folded, it.limits])
    });
    check("onnx.md", &tables(["operator", "becomes", "on constants", "limits"], rows));
}

#[test]
fn the_page_of_tflite_is_up_to_date() {
    let rows = tflite::supported().map(|it| (it.family, [it.operator, it.becomes, it.limits]));
    check("tflite.md", &tables(["operator", "becomes in ONNX", "limits"], rows));
}

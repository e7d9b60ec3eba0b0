//! `docs/functions.md` lists the function table as it is. After a change, `UPDATE_DOCS=1 cargo test -p fewbit-core
//! --test function_docs` writes it anew.

use fewbit_core::Function;
use fewbit_core::spec::{ArgumentKind, FUNCTIONS, FunctionSpec, Layout, Presence};
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

const INTRODUCTION: &str = "\
# Functions

Every function of NNabla's table: what fewbit computes, it also reads, writes, folds and plans; the others it carries from
one file to another. `x?` is an optional input, `x...` any number of inputs. The level is the API level of NNabla's
converter that has the function first, the levels after it those that changed its layout in `.nnb`; `-` means that no
level has it yet. This page is made from the table in `crates/fewbit-core`.

";

fn page() -> String {
    let (computed, carried): (Vec<_>, Vec<_>) = FUNCTIONS.iter().partition(|spec| Function::NAMES.contains(&spec.name));
    let mut page = String::from(INTRODUCTION);
    table(&mut page, "Computed", &computed);
    table(&mut page, "Carried from file to file", &carried);
    page
}

fn table(page: &mut String, title: &str, functions: &[&FunctionSpec]) {
    let header = "| function | inputs | arguments | API levels |\n|---|---|---|---|";
    writeln!(page, "## {title} ({})\n\n{header}", functions.len()).expect("a string takes all");
    for spec in functions {
        let inputs = spec.inputs.iter().map(|input| match input.presence {
            Presence::Required => input.name.to_owned(),
            Presence::Optional => format!("{}?", input.name),
            Presence::Variadic => format!("{}...", input.name),
        });
        let arguments = spec.arguments.iter().map(|argument| match argument.kind {
            ArgumentKind::Choice(words) => format!("{} ({})", argument.name, words.join(", ")),
            _ => argument.name.to_owned(),
        });
        let levels = spec.layouts.iter().map(|layout| match layout.since {
            Layout::UNRELEASED => "-".to_owned(),
            level => level.to_string(),
        });
        let cells = [inputs.collect::<Vec<_>>(), arguments.collect(), levels.collect()].map(|cell| cell.join(", "));
        writeln!(page, "| {} | {} |", spec.name, cells.join(" | ")).expect("a string takes all");
    }
    page.push('\n');
}

#[test]
fn the_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/functions.md");
    let expected = page();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).expect("the folder exists");
    }
    let found = fs::read_to_string(&path).expect("docs/functions.md");
    assert!(found == expected, "docs/functions.md is out of date: run with UPDATE_DOCS=1");
}

//! The headers say what the library has: they are made of its source, and compared.
//!
//! With `UPDATE_HEADERS=1` the tests write the headers instead.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use fewbit_core::spec::FUNCTIONS;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Holds a header to what it must be.
fn check(name: &str, wanted: &str) {
    let path = path(name);
    if env::var_os("UPDATE_HEADERS").is_some() {
        fs::write(&path, wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert_eq!(found, wanted, "{name} is out of date: run the tests with UPDATE_HEADERS=1");
}

#[test]
fn the_header_of_sessions_is_made_of_their_source() {
    let config = cbindgen::Config::from_file(path("cbindgen.toml")).unwrap();
    let bindings = cbindgen::Builder::new().with_config(config).with_src(path("src/session.rs")).generate().unwrap();
    let mut text = Vec::new();
    bindings.write(&mut text);
    check("include/fewbit.h", &String::from_utf8(text).unwrap());
}

#[test]
fn the_header_of_networks_has_every_function() {
    const BEGIN: &str = "    /* function ids */\n";
    const END: &str = "    /* end of function ids */\n";
    let header = fs::read_to_string(path("include/nnablart/network.h")).unwrap();
    let (before, rest) = header.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let mut ids = String::new();
    for spec in FUNCTIONS {
        let name = format!("NN_FUNCTION_{}", spec.snake_name.to_uppercase());
        let mut numbers: Vec<u16> = spec.layouts.iter().map(|layout| layout.id).collect();
        numbers.sort_unstable();
        // The plain name is the newest; the others have their age behind it.
        for (age, id) in numbers.iter().enumerate() {
            let suffix = if age + 1 == numbers.len() { String::new() } else { format!("_{age}") };
            ids += &format!("    {name}{suffix} = {id},\n");
        }
    }
    check("include/nnablart/network.h", &format!("{before}{BEGIN}{ids}{END}{after}"));
}

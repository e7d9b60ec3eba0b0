//! Packs an excerpt of a dataset, every class as often as every other: `excerpt DATASET COUNT OUT.fbds`.
//!
//! This is how the files in `testdata/cifar10` were made.

use std::error::Error;
use std::fs;
use std::path::Path;

use fewbit_data::{Dataset, Fit, OpenOptions, write_packed};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dataset, count, out] = arguments.as_slice() else {
        return Err("usage: excerpt DATASET COUNT OUT.fbds".into());
    };
    let excerpt = Dataset::open(Path::new(dataset), &OpenOptions::default())?.balanced(count.parse()?);
    let mut packed = Vec::new();
    write_packed(&excerpt, Fit::Exact, &mut packed)?;
    fs::write(out, &packed)?;
    println!("{} images in {} bytes", excerpt.len(), packed.len());
    Ok(())
}

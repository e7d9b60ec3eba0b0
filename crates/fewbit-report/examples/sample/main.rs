//! Writes a sample of each report and drawing: `sample [FOLDER]`, by default `target/sample-reports`.

mod network;
mod reports;

use fewbit_core::NumberFormat;
use fewbit_report::draw;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("target/sample-reports"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    let network = network::resnet23();
    let small = network::fixed(&network, NumberFormat::Fixed8 { position: 4 });
    let files = [
        ("resnet23.svg", draw(&network)),
        ("resnet23_fixed8.svg", draw(&small)),
        ("compression.html", reports::compression().to_html()?),
        ("evaluation.html", reports::evaluation().to_html()?),
        ("training.html", reports::training().to_html()?),
        ("profile.html", reports::profile().to_html()?),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        println!("{} ({} bytes)", path.display(), text.len());
        fs::write(path, text)?;
    }
    Ok(())
}

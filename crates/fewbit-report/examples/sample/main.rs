//! Writes a sample of each report and drawing: `sample [FOLDER]`, by default `target/sample-reports`.

mod measured;
mod network;
mod reports;

use fewbit_report::draw;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("target/sample-reports"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    let measured = measured::measured();
    let files = [
        ("resnet23.svg", draw(&measured.float)),
        ("resnet23_8_bits.svg", draw(&measured.compressed().network)),
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

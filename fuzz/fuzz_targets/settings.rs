//! Settings files: what is read is written in a form that is read as the same.
#![no_main]

use fewbit_formats::Settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(settings) = Settings::parse(text) else { return };
    let again = Settings::parse(&settings.to_yaml()).expect("just written");
    assert!(again == settings, "the settings changed on the way");
});

//! What must hold for every page, looked at in a real browser on a phone and on a desktop.

use super::{Browser, Page, Screen, screenshot_folder};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// JavaScript that tells what there is to see.
const LOOK: &str = include_str!("../look.js");

/// The strings of a list.
pub fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Opens a page in every way and checks what must hold for all pages.
pub fn check(name: &str, html: &str) {
    assert!(html.len() < 1_000_000, "{name}: {} bytes", html.len());
    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    fs::write(&file, html).unwrap();
    for screen in [Screen::Phone, Screen::Desktop] {
        let place = format!("{name} on a {screen:?}");
        let mut page = browser.open(&file, screen, &[("prefers-color-scheme", "light")]);
        if let Some(folder) = screenshot_folder() {
            leave_pictures(&mut page, &folder, name, screen);
        }
        let seen = page.evaluate(LOOK);
        assert!(
            seen["scroll"].as_f64() <= seen["inner"].as_f64(),
            "{place} overflows: {} {}",
            seen["scroll"],
            seen["wide"]
        );
        assert_eq!(strings(&seen["wide"]), [""; 0], "{place}: wider than the screen");
        assert_eq!(strings(&seen["twice"]), [""; 0], "{place}: ids used twice");
        assert_eq!(strings(&seen["dangling"]), [""; 0], "{place}: links to nothing");
        check_plots(&place, &seen);
        check_structure(&place, &seen);

        page.set_media(&[("prefers-color-scheme", "dark")]);
        let dark = page.evaluate(LOOK);
        assert_ne!(dark["ground"], seen["ground"], "{place}: the same ground in the dark");
        assert_ne!(dark["ink"], seen["ink"], "{place}: the same ink in the dark");

        check_accessible(&place, &page.accessible(), &seen);
        assert_eq!(page.complaints(), [""; 0], "{place}");
    }
}

/// Pictures of the page as a reader first sees it.
fn leave_pictures(page: &mut Page<'_>, folder: &Path, name: &str, screen: Screen) {
    page.screenshot(&folder.join(format!("{name}-{screen:?}.png").to_lowercase()));
    if screen == Screen::Desktop {
        page.print(&folder.join(format!("{name}.pdf")));
        page.set_media(&[("prefers-color-scheme", "dark")]);
        page.screenshot(&folder.join(format!("{name}-dark.png")));
        page.set_media(&[("prefers-color-scheme", "light")]);
    }
}

fn check_plots(place: &str, seen: &Value) {
    let plots = seen["plots"].as_array().unwrap();
    let of_plots: Vec<&str> = plots.iter().map(|plot| plot["figure"].as_str().unwrap()).collect();
    assert_eq!(of_plots, strings(&seen["figures"]), "{place}: every figure shows one plot");
    for plot in plots {
        let figure = &plot["figure"];
        assert!(plot["area"].as_f64() > Some(20_000.0), "{place}: {figure} has no area");
        assert!(plot["texts"].as_u64() > Some(3), "{place}: {figure} has no text");
        assert_eq!(strings(&plot["outside"]), [""; 0], "{place}: {figure} has text beyond its edge");
        assert_eq!(strings(&plot["touching"]), [""; 0], "{place}: {figure} has text over text");
        let words = strings(&plot["words"]);
        assert!(words.len() == 2 && words.iter().all(|words| words.len() > 4), "{place}: {figure} says {words:?}");
    }
}

fn check_structure(place: &str, seen: &Value) {
    let headings: Vec<u64> = seen["headings"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    assert_eq!(headings.iter().filter(|level| **level == 1).count(), 1, "{place}: one main heading");
    assert!(headings.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{place}: {headings:?}");
    for table in seen["tables"].as_array().unwrap() {
        let caption = table["caption"].as_str().unwrap();
        assert!(caption.len() > 4, "{place}: a table without a caption");
        assert!(table["columns"].as_u64() > Some(1), "{place}: '{caption}' has no columns");
        assert_eq!(table["ragged"], 0, "{place}: '{caption}' has rows of other lengths");
        assert_eq!(table["unnamed"], 0, "{place}: '{caption}' has rows without a name");
        assert_eq!(table["selectable"], true, "{place}: '{caption}' cannot be copied");
    }
    for picture in seen["pictures"].as_array().unwrap() {
        assert!(picture["width"].as_u64() > Some(0), "{place}: a picture is broken");
        assert!(picture["alt"].as_str().is_some_and(|words| words.len() > 4), "{place}: a picture without words");
    }
}

/// A screen reader finds each plot as an image with a name, and no shapes within it.
fn check_accessible(place: &str, nodes: &[(String, String)], seen: &Value) {
    let images = nodes.iter().filter(|(role, _)| role == "image" || role == "img");
    let images: Vec<&str> = images.map(|(_, name)| name.as_str()).collect();
    let expected = seen["plots"].as_array().unwrap().len() + seen["pictures"].as_array().unwrap().len();
    assert_eq!(images.len(), expected, "{place}: {images:?}");
    assert!(images.iter().all(|name| name.len() > 4), "{place}: an image without a name");
}

//! Damaged and hostile files: one clear sentence that names the file, and never a panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::fs;
use std::io::Cursor;
use std::path::Path;

use common::{Folder, cifar10, idx, open};
use fewbit_data::{Dataset, Fit, Inputs, OpenOptions, Preprocess, TargetKind, write_packed};
use image::{ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;

#[track_caller]
fn assert_parts(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

#[test]
fn what_is_no_dataset_is_described() {
    let folder = Folder::new();
    assert_parts(&folder.refusal(), &["DIR is not a dataset", "the folder is empty", "looked for"]);
    for name in ["a.txt", "b.txt", "c/d.txt", "e.txt", "f.txt", "g.txt"] {
        folder.write(name, "?");
    }
    assert_parts(&folder.refusal(), &["c, a.txt, b.txt, e.txt and 2 more"]);
    let message = open(&folder.path().join("a.txt")).unwrap_err().to_string();
    assert_parts(&message, &["a.txt is not a dataset", "neither its name nor its first bytes"]);
    let message = open(&folder.path().join("missing")).unwrap_err().to_string();
    assert_parts(&message, &["cannot read", "missing"]);
}

#[test]
fn damaged_batches_are_named() {
    let folder = Folder::new();
    folder.write("test_batch.bin", &cifar10(&[1, 2])[..5000]);
    assert_parts(&folder.refusal(), &["DIR/test_batch.bin is 5000 bytes long", "3073", "3074"]);
    folder.write("test_batch.bin", []);
    assert_parts(&folder.refusal(), &["DIR/test_batch.bin holds no images"]);
    folder.write("test_batch.bin", [cifar10(&[1]), vec![10; 3073]].concat());
    assert_parts(&folder.refusal(), &["DIR/test_batch.bin: sample 1 has label 10 where there are 10 classes"]);
    folder.write("test_batch.bin", cifar10(&[1]));
    folder.write("batches.meta.txt", "only\nthree\nnames\n");
    assert_parts(&folder.refusal(), &["DIR/batches.meta.txt: names 3 classes where there are 10"]);
}

#[test]
fn damaged_idx_files_are_named() {
    let folder = Folder::new();
    folder.write("t10k-images-idx3-ubyte", idx(&[2, 1, 1], &[1, 2]));
    assert_parts(&folder.refusal(), &["t10k-images-idx3-ubyte", "neither t10k-labels-idx1-ubyte nor"]);
    folder.write("t10k-labels-idx1-ubyte", idx(&[1], &[0]));
    assert_parts(&folder.refusal(), &["holds 1 labels for the 2 images"]);
    folder.write("t10k-images-idx3-ubyte", idx(&[u32::MAX, u32::MAX, u32::MAX], &[]));
    assert_parts(&folder.refusal(), &["DIR/t10k-images-idx3-ubyte", "more than the file can hold"]);
    folder.write("t10k-images-idx3-ubyte", idx(&[0, 28, 28], &[]));
    assert_parts(&folder.refusal(), &["holds no images"]);
    fs::remove_file(folder.path().join("t10k-images-idx3-ubyte")).unwrap();
    folder.write("t10k-images-idx3-ubyte.gz", "not gzip");
    assert_parts(&folder.refusal(), &["t10k-images-idx3-ubyte.gz", "breaks within its IDX header"]);
}

#[test]
fn damaged_folders_of_images_are_named() {
    let folder = Folder::new();
    folder.image("a/1.png", 2, 2, [0; 3]);
    folder.write("b/readme.txt", "no images");
    assert_parts(&folder.refusal(), &["DIR/b holds no JPEG, PNG or BMP images"]);
    folder.write("b/1.jpg", "not a JPEG");
    let dataset = folder.open().unwrap();
    assert_parts(&dataset.sample(1).unwrap_err().to_string(), &["cannot decode the image", "1.jpg"]);
    folder.write("a/0.png", "\u{89}PNG");
    assert_parts(&folder.refusal(), &["cannot decode the image DIR/a/0.png"]);
}

#[test]
fn damaged_csv_datasets_are_named() {
    let folder = Folder::new();
    for (text, parts) in [
        ("", &["DIR/data.csv holds no header"][..]),
        ("x,y\n", &["DIR/data.csv holds no rows"]),
        ("a,b\n1,2\n", &["DIR/data.csv: has no variable `x`", "a, b"]),
        ("x,y\n1,2\n3\n", &["DIR/data.csv", "1 field", "2 fields"]),
        ("x,y\n1,2\n1,two\n", &["`two` for `y` in line 3 is not a number"]),
        ("x,y\n1,2\nnan,2\n", &["`nan` for `x` in line 3 is not a number"]),
        ("x,x,y\n1,2,3\n", &["`x` twice"]),
        ("x,x__0,y\n1,2,3\n", &["`x` twice"]),
        ("x,y\nnone.png,2\n", &["cannot read DIR/none.png"]),
        ("x,y\nsound.wav,2\n", &["DIR/sound.wav", "JPEG, PNG, BMP, CSV, NPY"]),
        ("x,y\n,2\n", &["is not a kind of file"]),
    ] {
        folder.write("data.csv", text);
        assert_parts(&folder.refusal(), parts);
    }
    let path = folder.write("data.csv", b"x,y\n\xff\xfe,1\n");
    assert_parts(&open(&path).unwrap_err().to_string(), &["data.csv", "UTF-8"]);
    let classes = OpenOptions { target_kind: TargetKind::Classes, ..OpenOptions::default() };
    let path = folder.write("data.csv", "x,y\n1,2\n1,4000000000\n");
    let message = Dataset::open(&path, &classes).unwrap_err().to_string();
    assert_parts(&message, &["4000000000 of row 1 is not a class number"]);
}

#[test]
fn csv_rows_of_another_shape_are_named() {
    let folder = Folder::new();
    folder.write("a.csv", "1,2\n");
    folder.write("b.csv", "1,2,3\n");
    folder.write("c.csv", "1,x\n");
    let list = folder.write("list/list.csv", "x\n../a.csv\n../b.csv\n../c.csv\n../d.csv\n");
    let dataset = open(&list).unwrap();
    let message = |index| dataset.sample(index).unwrap_err().to_string();
    assert_parts(&message(1), &["b.csv is 1x3", "where 1x2 is needed"]);
    assert_parts(&message(2), &["c.csv", "`x` in row 1 is not a number"]);
    assert_parts(&message(3), &["cannot read", "d.csv"]);
}

#[test]
fn several_datasets_in_a_folder_are_ambiguous() {
    let folder = Folder::new();
    folder.write("one.csv", "x\n1\n");
    folder.write("two.csv", "x\n1\n");
    assert_parts(&folder.refusal(), &["DIR holds several datasets", "one.csv", "two.csv"]);
}

#[test]
fn only_classified_images_can_be_packed() {
    let folder = Folder::new();
    let csv = folder.write("data.csv", "x,y\n1,0\n");
    let refusal = |dataset: &Dataset| write_packed(dataset, Fit::Exact, &mut Vec::new()).unwrap_err().to_string();
    assert_parts(&refusal(&open(&csv).unwrap()), &["data.csv", "no images"]);
    let images = Folder::new();
    images.image("a.png", 1, 1, [0; 3]);
    assert_parts(&refusal(&images.open().unwrap()), &["has no classes"]);
}

fn packed() -> Vec<u8> {
    let folder = Folder::new();
    folder.image("a/1.png", 4, 3, [1, 2, 3]);
    folder.image("b/1.png", 4, 3, [9, 2, 3]);
    let mut bytes = Vec::new();
    write_packed(&folder.open().unwrap(), Fit::Exact, &mut bytes).unwrap();
    bytes
}

#[test]
fn a_packed_file_cut_anywhere_is_refused() {
    let bytes = packed();
    for len in 0..bytes.len() {
        Dataset::from_packed_bytes("cut", &bytes[..len]).unwrap_err();
    }
}

/// Opens and reads everything there is; errors are welcome.
fn read_all(path: &Path) {
    let Ok(dataset) = open(path) else { return };
    let shape = dataset.shape().to_vec();
    for index in 0..dataset.len().min(100) {
        let _ = dataset.sample(index);
        let _ = dataset.target(index);
    }
    if let Ok(inputs) = Inputs::new(dataset, &shape, Preprocess::Standardize, Fit::Exact) {
        let _ = inputs.fill(0, &mut vec![0.0; inputs.sample_len()]);
    }
}

/// Bytes to overwrite, as positions in parts of 65,536 of the file.
fn damage() -> impl Strategy<Value = Vec<(u16, u8)>> {
    prop::collection::vec(any::<(u16, u8)>(), 1..8)
}

fn damaged(mut bytes: Vec<u8>, damage: &[(u16, u8)], keep: u16) -> Vec<u8> {
    for &(position, value) in damage {
        let place = (usize::from(position) * bytes.len()) >> 16;
        bytes[place] = value;
    }
    bytes.truncate((usize::from(keep) * bytes.len()).div_ceil(65_535));
    bytes
}

fn image_bytes(format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(16, 12, |x, y| Rgb([(x * 16) as u8, (y * 20) as u8, (x * y) as u8]));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_change_of_a_packed_file_is_noticed(position: prop::sample::Index, flip in 1_u8..) {
        let mut bytes = packed();
        let place = position.index(bytes.len());
        bytes[place] ^= flip;
        prop_assert!(Dataset::from_packed_bytes("damaged", &bytes).is_err());
    }

    #[test]
    fn damaged_images_never_panic(damage in damage(), keep in prop_oneof![Just(u16::MAX), any::<u16>()]) {
        let folder = Folder::new();
        for (name, format) in
            [("a.jpg", ImageFormat::Jpeg), ("b.png", ImageFormat::Png), ("c.bmp", ImageFormat::Bmp)]
        {
            folder.write(name, damaged(image_bytes(format), &damage, keep));
        }
        read_all(folder.path());
    }

    #[test]
    fn damaged_tables_never_panic(damage in damage(), keep in prop_oneof![Just(u16::MAX), any::<u16>()]) {
        let folder = Folder::new();
        let text = b"x__0:a,x__1,\"y\"\n1,2,3\n4,5e3,\"6\"\n-1,0.5,a.png\n".to_vec();
        read_all(&folder.write("a.csv", damaged(text, &damage, keep)));
    }

    #[test]
    fn files_of_any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = Folder::new();
        for name in ["a.bin", "a.csv", "a.fbds", "images-idx3-ubyte", "images-idx3-ubyte.gz", "a.png", "a"] {
            read_all(&folder.write(name, &bytes));
        }
    }
}

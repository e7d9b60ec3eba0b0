//! Every kind of dataset is found, opened and read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::io::Write;
use std::path::Path;

use common::{Folder, cifar10, idx, labels, open, pixels, values};
use fewbit_data::{Dataset, Fit, Kind, OpenOptions, Split, TargetKind, Task, write_packed};
use flate2::{Compression, write::GzEncoder};

fn train() -> OpenOptions {
    OpenOptions { split: Split::Train, ..OpenOptions::default() }
}

#[test]
fn cifar10_batches_are_joined_a_split() {
    let folder = Folder::new();
    folder.write("data_batch_1.bin", cifar10(&[3, 0]));
    folder.write("data_batch_2.bin", cifar10(&[9]));
    let test = folder.write("test_batch.bin", cifar10(&[1, 2]));

    let measured = folder.open().unwrap();
    assert_eq!((measured.kind(), measured.shape()), (Kind::Cifar10, &[3, 32, 32][..]));
    assert_eq!(labels(&measured), [1, 2]);
    assert_eq!(pixels(&measured, 1), vec![21; 3072]);
    let trained = Dataset::open(folder.path(), &train()).unwrap();
    assert_eq!(labels(&trained), [3, 0, 9]);
    assert_eq!(pixels(&trained, 2), vec![90; 3072]);
    assert_eq!(labels(&open(&test).unwrap()), [1, 2]);
    assert!(matches!(measured.task(), Task::Classes(names) if names[3] == "cat"));
}

#[test]
fn batches_in_folders_of_their_split_are_found() {
    let folder = Folder::new();
    folder.write("train/a.bin", cifar10(&[3]));
    folder.write("test/b.bin", cifar10(&[4]));
    assert_eq!(labels(&folder.open().unwrap()), [4]);
    assert_eq!(labels(&Dataset::open(folder.path(), &train()).unwrap()), [3]);
}

#[test]
fn cifar100_is_told_by_its_length_and_gives_fine_labels() {
    let folder = Folder::new();
    let mut record = vec![7; 3074];
    record[..2].copy_from_slice(&[19, 99]);
    folder.write("test.bin", &record);
    let dataset = folder.open().unwrap();
    assert_eq!((dataset.kind(), labels(&dataset)), (Kind::Cifar100, vec![99]));
    assert_eq!(pixels(&dataset, 0), vec![7; 3072]);
}

#[test]
fn cifar_class_names_are_read_from_beside_the_batches() {
    let folder = Folder::new();
    folder.write("test_batch.bin", cifar10(&[0]));
    folder.write("batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
    assert!(matches!(folder.open().unwrap().task(), Task::Classes(names) if names.concat() == "abcdefghij"));
}

#[test]
fn idx_files_are_read_plain_and_gzipped() {
    let images = idx(&[2, 2, 3], &[1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]);
    let folder = Folder::new();
    folder.write("train-images-idx3-ubyte", idx(&[1, 1, 1], &[0]));
    folder.write("train-labels-idx1-ubyte", idx(&[1], &[0]));
    let mut zipped = GzEncoder::new(Vec::new(), Compression::default());
    zipped.write_all(&images).unwrap();
    let by_path = folder.write("t10k-images-idx3-ubyte.gz", zipped.finish().unwrap());
    folder.write("t10k-labels-idx1-ubyte", idx(&[2], &[4, 2]));
    for dataset in [folder.open().unwrap(), open(&by_path).unwrap()] {
        assert_eq!((dataset.kind(), dataset.shape()), (Kind::Idx, &[1, 2, 3][..]));
        assert_eq!(labels(&dataset), [4, 2]);
        assert_eq!(pixels(&dataset, 1), [11, 12, 13, 14, 15, 16]);
    }
    assert_eq!(Dataset::open(folder.path(), &train()).unwrap().len(), 1);
}

#[test]
fn idx_names_with_dots_are_known() {
    let folder = Folder::new();
    folder.write("t10k-images.idx3-ubyte", idx(&[1, 1, 1], &[5]));
    folder.write("t10k-labels.idx1-ubyte", idx(&[1], &[0]));
    assert_eq!(pixels(&folder.open().unwrap(), 0), [5]);
}

fn animals(folder: &Folder, under: &str) {
    folder.image(&format!("{under}dog/2.png"), 2, 1, [2, 3, 4]);
    folder.image(&format!("{under}dog/10.bmp"), 2, 1, [1, 1, 1]);
    folder.image(&format!("{under}cat/a.PNG"), 2, 1, [9, 8, 7]);
    folder.write(&format!("{under}cat/Thumbs.db"), "not an image");
    folder.write(&format!("{under}.cache/x.png"), "hidden");
    folder.write(&format!("{under}notes.txt"), "not a class");
}

#[test]
fn sub_folders_are_classes_sorted_by_name() {
    let folder = Folder::new();
    animals(&folder, "");
    let dataset = folder.open().unwrap();
    assert_eq!((dataset.kind(), dataset.shape()), (Kind::Folder, &[3, 1, 2][..]));
    assert!(matches!(dataset.task(), Task::Classes(names) if names == ["cat", "dog"]));
    assert_eq!(labels(&dataset), [0, 1, 1]);
    assert_eq!(pixels(&dataset, 0), [9, 9, 8, 8, 7, 7]);
    assert_eq!(pixels(&dataset, 2), [2, 2, 3, 3, 4, 4]);
    assert!(dataset.sample_name(2).ends_with("2.png"));
}

#[test]
fn an_image_folder_may_hold_its_splits() {
    let folder = Folder::new();
    animals(&folder, "val/");
    folder.image("train/dog/1.png", 2, 1, [0; 3]);
    assert_eq!(folder.open().unwrap().len(), 3);
    assert_eq!(Dataset::open(folder.path(), &train()).unwrap().len(), 1);
    assert_eq!(open(&folder.path().join("train")).unwrap().len(), 1);
}

#[test]
fn classes_may_be_named_as_splits_are() {
    let folder = Folder::new();
    folder.image("train/1.png", 1, 1, [0; 3]);
    folder.image("test/1.png", 1, 1, [0; 3]);
    assert_eq!(labels(&folder.open().unwrap()), [0, 1]);
}

#[test]
fn images_without_classes_are_unlabelled() {
    let folder = Folder::new();
    folder.image("b.png", 1, 1, [1; 3]);
    folder.image("a.png", 1, 1, [0; 3]);
    let dataset = folder.open().unwrap();
    assert_eq!((dataset.task(), dataset.label(0)), (Task::Unlabelled, None));
    assert_eq!(pixels(&dataset, 1), [1, 1, 1]);
}

#[test]
fn csv_columns_make_vectors_and_whole_targets_are_classes() {
    let folder = Folder::new();
    folder.write("data.csv", "\u{feff}x__0:height,\"x__1:width, cm\",y:label\r\n0.5,-2,1\r\n1e-2,\"3\",0\r\n");
    let dataset = folder.open().unwrap();
    assert_eq!((dataset.kind(), dataset.shape()), (Kind::NnablaCsv, &[2][..]));
    assert_eq!(values(dataset.sample(0)), [0.5, -2.0]);
    assert_eq!(values(dataset.sample(1)), [0.01, 3.0]);
    assert_eq!(labels(&dataset), [1, 0]);
}

#[test]
fn csv_targets_mean_what_the_options_say() {
    let folder = Folder::new();
    let path = folder.write("data.csv", "x,y,z__0,z__1\n1,2,0.25,4\n1,3,5,6\n");
    let as_values = OpenOptions { target_kind: TargetKind::Values, ..OpenOptions::default() };
    let dataset = Dataset::open(&path, &as_values).unwrap();
    assert_eq!(dataset.task(), Task::Values(&[1]));
    assert_eq!(values(dataset.target(1)), [3.0]);

    let other = OpenOptions { input: Some("y".into()), target: Some("z".into()), ..OpenOptions::default() };
    let dataset = Dataset::open(&path, &other).unwrap();
    assert_eq!(values(dataset.sample(1)), [3.0]);
    assert_eq!(dataset.task(), Task::Values(&[2]));
    assert_eq!(values(dataset.target(0)), [0.25, 4.0]);
}

#[test]
fn csv_targets_may_be_missing_or_fractions() {
    let folder = Folder::new();
    let path = folder.write("data.csv", "x\n1\n");
    assert_eq!(open(&path).unwrap().task(), Task::Unlabelled);
    folder.write("data.csv", "x,y\n1,0.5\n1,1\n");
    assert_eq!(open(&path).unwrap().task(), Task::Values(&[1]));
}

#[test]
fn csv_cells_name_files_beside_the_csv() {
    let folder = Folder::new();
    folder.image("in/a.png", 2, 1, [7, 8, 9]);
    folder.write("out/a.csv", "1,2,3\n4,5,6\n");
    folder.write("list.csv", "x:image,y:table\nin\\a.png,./out/a.csv\n");
    let dataset = folder.open().unwrap();
    assert_eq!(dataset.shape(), [3, 1, 2]);
    assert_eq!(pixels(&dataset, 0), [7, 7, 8, 8, 9, 9]);
    assert_eq!(dataset.task(), Task::Values(&[2, 3]));
    assert_eq!(values(dataset.target(0)), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn csv_cells_may_be_numpy_arrays() {
    let folder = Folder::new();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
    let mut array = b"\x93NUMPY\x01\x00".to_vec();
    array.extend((header.len() as u16).to_le_bytes());
    array.extend(header.as_bytes());
    array.extend([1.5_f32, -0.25].iter().flat_map(|value| value.to_le_bytes()));
    folder.write("a.npy", array);
    folder.write("list.csv", "x,y\na.npy,0\n");
    let dataset = folder.open().unwrap();
    assert_eq!(dataset.shape(), [1, 2]);
    assert_eq!(values(dataset.sample(0)), [1.5, -0.25]);
}

#[test]
fn packing_keeps_pixels_labels_and_names() {
    let folder = Folder::new();
    animals(&folder, "");
    let dataset = folder.open().unwrap().shuffled(1);
    let mut packed = Vec::new();
    write_packed(&dataset, Fit::Exact, &mut packed).unwrap();

    let path = folder.write("animals.fbds", &packed);
    for unpacked in [open(&path).unwrap(), Dataset::from_packed_bytes("animals", &packed).unwrap()] {
        assert_eq!((unpacked.kind(), unpacked.shape()), (Kind::Packed, dataset.shape()));
        assert_eq!(unpacked.task(), dataset.task());
        assert_eq!(labels(&unpacked), labels(&dataset));
        for index in 0..dataset.len() {
            assert_eq!(pixels(&unpacked, index), pixels(&dataset, index));
        }
    }
}

#[test]
fn packing_resizes_only_when_asked_to() {
    let folder = Folder::new();
    folder.image("a/1.png", 2, 2, [5; 3]);
    let odd = folder.image("a/2.png", 3, 4, [6; 3]);
    let dataset = folder.open().unwrap();
    let refusal = write_packed(&dataset, Fit::Exact, &mut Vec::new()).unwrap_err().to_string();
    assert!(refusal.contains(odd.to_str().unwrap()) && refusal.contains("3x4x3"), "{refusal}");
    let mut packed = Vec::new();
    write_packed(&dataset, Fit::Resize, &mut packed).unwrap();
    let unpacked = Dataset::from_packed_bytes("resized", &packed).unwrap();
    assert_eq!(pixels(&unpacked, 1), vec![6; 12]);
}

#[test]
fn the_excerpts_hold_what_their_readme_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cifar10");
    let test = open(&folder).unwrap();
    assert_eq!((test.len(), test.shape()), (1000, &[3, 32, 32][..]));
    // The first record of CIFAR-10's test batch: a cat, and the first pixels of its red plane.
    assert_eq!(test.label(0), Some(3));
    assert_eq!(pixels(&test, 0)[..8], [0x9e, 0x9f, 0xa5, 0xa6, 0xa0, 0x9c, 0xa2, 0x9f]);

    let train = Dataset::open(&folder, &train()).unwrap();
    let count = |class| labels(&train).iter().filter(|&&label| label == class).count();
    assert_eq!((0..10).map(count).collect::<Vec<_>>(), [52, 52, 51, 51, 51, 51, 51, 51, 51, 51]);
}

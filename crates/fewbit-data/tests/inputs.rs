//! Samples become the tensors a network takes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Folder, cifar10, idx, labels};
use fewbit_data::{Dataset, Fit, Inputs, Preprocess};
use rayon::prelude::*;

fn digits() -> (Folder, Dataset) {
    let folder = Folder::new();
    folder.write("t10k-images-idx3-ubyte", idx(&[2, 2, 2], &[0, 51, 102, 255, 1, 1, 1, 1]));
    folder.write("t10k-labels-idx1-ubyte", idx(&[2], &[1, 0]));
    let dataset = folder.open().unwrap();
    (folder, dataset)
}

fn filled(inputs: &Inputs, index: usize) -> Vec<f32> {
    let mut out = vec![f32::NAN; inputs.sample_len()];
    inputs.fill(index, &mut out).unwrap();
    out
}

fn refusal(dataset: &Dataset, shape: &[usize], preprocess: &str, fit: Fit) -> String {
    Inputs::new(dataset.clone(), shape, preprocess.parse().unwrap(), fit).unwrap_err().to_string()
}

#[test]
fn images_suit_an_input_of_their_shape_or_of_their_length() {
    let (_folder, dataset) = digits();
    for shape in [&[1, 2, 2][..], &[4], &[2, 2]] {
        let inputs = Inputs::new(dataset.clone(), shape, Preprocess::Unit, Fit::Exact).unwrap();
        assert_eq!(filled(&inputs, 0), [0.0, 0.2, 0.4, 1.0], "{shape:?}");
    }
}

#[test]
fn another_shape_is_refused_unless_resizing_is_asked_for() {
    let (folder, dataset) = digits();
    let message = refusal(&dataset, &[3, 4, 4], "unit", Fit::Exact);
    for part in ["sample 0 of", folder.path().to_str().unwrap(), "1x2x2", "3x4x4", "only when asked to"] {
        assert!(message.contains(part), "{message}");
    }
    // The same number of pixels is not the same image.
    assert!(refusal(&dataset, &[1, 1, 4], "unit", Fit::Exact).contains("1x1x4"));
    assert!(refusal(&dataset, &[5], "unit", Fit::Resize).contains("an input that is one"));
    assert!(refusal(&dataset, &[usize::MAX, 2], "unit", Fit::Exact).contains("too large"));

    let inputs = Inputs::new(dataset, &[3, 4, 4], Preprocess::Raw, Fit::Resize).unwrap();
    assert_eq!(filled(&inputs, 1), [1.0; 48]);
}

#[test]
fn a_file_of_another_size_is_named() {
    let folder = Folder::new();
    folder.image("a/1.png", 2, 2, [5; 3]);
    let odd = folder.image("a/2.png", 3, 2, [6; 3]);
    let dataset = folder.open().unwrap();
    let inputs = Inputs::new(dataset.clone(), &[3, 2, 2], Preprocess::Raw, Fit::Exact).unwrap();
    let message = inputs.fill(1, &mut [0.0; 12]).unwrap_err().to_string();
    assert!(message.contains(odd.to_str().unwrap()) && message.contains("3x2x3"), "{message}");
    let resized = Inputs::new(dataset, &[3, 2, 2], Preprocess::Raw, Fit::Resize).unwrap();
    assert_eq!(filled(&resized, 1), [6.0; 12]);
}

#[test]
fn preprocessing_must_suit_the_channels() {
    let (_folder, dataset) = digits();
    assert!(refusal(&dataset, &[1, 2, 2], "mean=0,0,0,std=1", Fit::Exact).contains("1 channels"));
    // After recolouring there are three.
    let preprocess: Preprocess = "mean=0,0,1,std=1".parse().unwrap();
    let inputs = Inputs::new(dataset, &[3, 2, 2], preprocess, Fit::Resize).unwrap();
    assert_eq!(filled(&inputs, 0)[8..], [-1.0, 0.2 - 1.0, 0.4 - 1.0, 0.0]);
}

#[test]
fn numbers_are_reshaped_and_targets_left_as_they_are() {
    let folder = Folder::new();
    folder.write("data.csv", "x__0,x__1,y__0,y__1\n1,3,0.5,7\n");
    let preprocess: Preprocess = "mean=1,std=2".parse().unwrap();
    let inputs = Inputs::new(folder.open().unwrap(), &[2, 1, 1], preprocess, Fit::Exact).unwrap();
    assert_eq!(filled(&inputs, 0), [0.0, 1.0]);
    let mut target = vec![0.0; inputs.target_len().unwrap()];
    inputs.fill_target(0, &mut target).unwrap();
    assert_eq!(target, [0.5, 7.0]);
    let message = refusal(inputs.dataset(), &[3], "raw", Fit::Resize);
    assert!(message.contains("as many as"), "{message}");
}

#[test]
fn image_targets_are_preprocessed_as_inputs_are() {
    let folder = Folder::new();
    folder.image("a.png", 1, 1, [0, 51, 255]);
    folder.write("data.csv", "x,y\na.png,a.png\n");
    let inputs = Inputs::new(folder.open().unwrap(), &[3, 1, 1], Preprocess::Unit, Fit::Exact).unwrap();
    let mut target = [0.0; 3];
    inputs.fill_target(0, &mut target).unwrap();
    assert_eq!(target, [0.0, 0.2, 1.0]);
}

#[test]
fn wrong_buffers_indices_and_targets_are_errors() {
    let (_folder, dataset) = digits();
    let inputs = Inputs::new(dataset, &[1, 2, 2], Preprocess::Raw, Fit::Exact).unwrap();
    let message = |result: Result<(), fewbit_data::DataError>| result.unwrap_err().to_string();
    assert!(message(inputs.fill(0, &mut [0.0; 3])).contains("3 values was given where 4"));
    assert!(message(inputs.fill(2, &mut [0.0; 4])).contains("sample 2 was asked for, but there are 2"));
    assert!(message(inputs.fill_target(0, &mut [0.0])).contains("has class labels where target values"));
}

#[test]
fn subsets_keep_samples_and_labels_together() {
    let folder = Folder::new();
    let all: Vec<u8> = (0..20).map(|i| i / 2).collect();
    folder.write("test_batch.bin", cifar10(&all));
    let dataset = folder.open().unwrap();
    assert_eq!(labels(&dataset.spread(5)), [1, 3, 5, 7, 9]);
    assert_eq!(labels(&dataset.first(3)), [0, 0, 1]);
    assert_eq!(labels(&dataset.balanced(10)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let chosen = dataset.shuffled(7).first(12).spread(4);
    assert_eq!(labels(&chosen), labels(&dataset.shuffled(7).first(12).spread(4)));
    let inputs = Inputs::new(chosen, &[3, 32, 32], Preprocess::Raw, Fit::Exact).unwrap();
    for index in 0..inputs.len() {
        // The pixels are ten times the label plus the place, which is twice the label or one more.
        let label = inputs.dataset().label(index).unwrap() as f32;
        let offset = filled(&inputs, index)[0] - 12.0 * label;
        assert!((0.0..=1.0).contains(&offset), "{label} {offset}");
    }
}

#[test]
fn threads_read_what_one_thread_reads() {
    let bytes = include_bytes!("../../../testdata/cifar10/test.fbds");
    let excerpt = Dataset::from_packed_bytes("excerpt", bytes).unwrap().spread(100);
    let inputs = Inputs::new(excerpt, &[3, 32, 32], Preprocess::Standardize, Fit::Exact).unwrap();
    let alone: Vec<Vec<f32>> = (0..100).map(|index| filled(&inputs, index)).collect();
    let together: Vec<Vec<f32>> = (0..100).into_par_iter().map(|index| filled(&inputs, index)).collect();
    assert_eq!(alone, together);
}

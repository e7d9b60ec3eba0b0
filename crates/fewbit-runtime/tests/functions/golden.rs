//! Every function against NNabla: the cases in `testdata/reference/functions`, run in reference semantics.

use fewbit_formats::{ImportOptions, Nnp};
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_runtime::{Model, Semantics, Session};
use std::fs;
use std::path::{Path, PathBuf};

/// The largest difference from NNabla, relative to the largest output; where outputs are so large that the others would
/// vanish beside them, relative to each.
const TOLERANCE: f32 = 1e-5;
const LARGE: f32 = 1e4;

fn read_floats(path: &Path) -> Option<Vec<f32>> {
    let bytes = fs::read(path).ok()?;
    Some(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

/// Runs a case; the differences from what NNabla gave, as a sentence.
fn check(case: &Path) -> Result<(), String> {
    let nnp = Nnp::open(&case.join("net.nnp")).map_err(|error| error.to_string())?;
    let import = |batch| nnp.network(&ImportOptions { batch, ..ImportOptions::default() });
    let mut network = import(None).map_err(|error| error.to_string())?;
    let inputs: Option<Vec<_>> =
        (0..network.inputs.len()).map(|index| read_floats(&case.join(format!("in{index}.bin")))).collect();
    let inputs = inputs.ok_or("an input is missing")?;
    // The input tells the batch that NNabla was run with.
    if let (Some(values), Some(&id)) = (inputs.first(), network.inputs.first()) {
        let batch = values.len().checked_div(network.variable(id).shape.items()).filter(|&batch| batch > 1);
        network = import(batch).map_err(|error| error.to_string())?;
    }
    let options = EncodeOptions { version: Version::V3, ..EncodeOptions::default() };
    let file = encode(&network, &options).map_err(|error| error.to_string())?.bytes;
    let model = Model::open(&file).map_err(|error| error.to_string())?;
    // A value that is not written shall not be right by chance.
    let mut arena = vec![0xa5; model.arena_bytes()];
    let mut session = Session::new(&model, &mut arena, Semantics::Reference).map_err(|error| error.to_string())?;
    for (index, values) in inputs.iter().enumerate() {
        let mut input = session.input_mut(index).ok_or(format!("input {index} cannot be written"))?;
        if input.len() != values.len() {
            return Err(format!("input {index} has {} values, but the file {}", input.len(), values.len()));
        }
        input.write(0, values);
    }
    session.run();
    for index in 0..network.outputs.len() {
        let expected = read_floats(&case.join(format!("nnabla_out{index}.bin"))).ok_or(format!("no output {index}"))?;
        let mut found = vec![0.0; session.output(index).len()];
        session.output(index).read(0, &mut found);
        compare(&found, &expected).map_err(|error| format!("output {index}: {error}"))?;
    }
    Ok(())
}

fn compare(found: &[f32], expected: &[f32]) -> Result<(), String> {
    if found.len() != expected.len() {
        return Err(format!("{} values, but NNabla gave {}", found.len(), expected.len()));
    }
    let largest = expected.iter().filter(|value| value.is_finite()).fold(0.0f32, |most, value| most.max(value.abs()));
    let differs = |&(_, (found, expected)): &(usize, (&f32, &f32))| {
        let scale = if largest < LARGE { largest } else { expected.abs().max(1.0) };
        let both_nan = found.is_nan() && expected.is_nan();
        !(found == expected || both_nan || (found - expected).abs() <= TOLERANCE * scale)
    };
    match found.iter().zip(expected).enumerate().find(differs) {
        None => Ok(()),
        Some((place, (found, expected))) => {
            Err(format!("at {place}: {found}, but NNabla gave {expected} (largest output {largest})"))
        }
    }
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/reference/functions");
    let mut cases: Vec<_> = fs::read_dir(folder).expect("the cases").flatten().map(|entry| entry.path()).collect();
    cases.retain(|case| case.is_dir());
    cases.sort();
    cases
}

#[test]
fn every_case_agrees_with_nnabla() {
    let cases = cases();
    assert!(cases.len() > 500, "only {} cases were found", cases.len());
    let mut failures = Vec::new();
    for case in &cases {
        if let Err(error) = check(case) {
            failures.push(format!("{}: {error}", case.file_name().unwrap_or_default().display()));
        }
    }
    assert!(failures.is_empty(), "{} of {} cases differ:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

//! Which classes a network confuses, and the samples that it gets wrong.

use anyhow::Result;
use fewbit_compress::evaluate::ClassScore;
use fewbit_data::{Dataset, Sample, Task};
use fewbit_report::{Confusion, Mistake, Picture};

/// How often each class was taken for each, by the names that the dataset gives them.
pub fn confusion(score: &ClassScore, dataset: &Dataset) -> Confusion {
    let row = |counts: Vec<usize>| counts.into_iter().map(|count| count as u64).collect();
    Confusion {
        classes: (0..score.classes).map(|class| class_name(dataset, class)).collect(),
        counts: score.confusion().into_iter().map(row).collect(),
    }
}

/// Pictures of samples whose class was not found, as many as a page shows: first those that the float network, where there
/// is one beside it, gets right. Samples that are no pictures are left out.
///
/// # Errors
/// When a sample cannot be read.
pub fn mistakes(score: &ClassScore, float: Option<&ClassScore>, dataset: &Dataset) -> Result<Vec<Mistake>> {
    let float_prediction = |sample: usize| float.and_then(|float| float.predictions.get(sample).copied().flatten());
    let mut wrong = score.wrong();
    // The sort keeps the order within both parts.
    wrong.sort_by_key(|&sample| float_prediction(sample) != Some(score.labels[sample]));
    let mut mistakes = Vec::new();
    for sample in wrong {
        if mistakes.len() == Mistake::MOST_SHOWN {
            break;
        }
        let Some(picture) = picture(dataset, sample)? else { continue };
        mistakes.push(Mistake {
            sample: dataset.position(sample)?,
            picture,
            class: class_name(dataset, score.labels[sample]),
            prediction: score.predictions[sample].map(|class| class_name(dataset, class)),
            float_prediction: float_prediction(sample).map(|class| class_name(dataset, class)),
        });
    }
    Ok(mistakes)
}

fn picture(dataset: &Dataset, sample: usize) -> Result<Option<Picture>> {
    Ok(match dataset.sample(sample)? {
        Sample::Pixels { shape: [channels @ (1 | 3), height, width], data } => {
            Some(Picture::from_planes(channels, height, width, &data))
        }
        _ => None,
    })
}

/// A network may have more classes than the dataset has names.
fn class_name(dataset: &Dataset, class: usize) -> String {
    match dataset.task() {
        Task::Classes(names) => names.get(class).cloned(),
        _ => None,
    }
    .unwrap_or_else(|| format!("class {class}"))
}

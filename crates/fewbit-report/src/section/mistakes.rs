//! Wrong examples as pictures.

use crate::error::ReportError;
use crate::number;
use crate::page::Section;
use crate::picture::Picture;
use maud::html;

/// A sample whose class was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its number in the dataset, from 0.
    pub sample: usize,
    /// What it looks like.
    pub picture: Picture,
    /// Its class.
    pub class: String,
    /// What it was taken for; `None` if no output was a number.
    pub prediction: Option<String>,
    /// What the float network takes it for, if that is known.
    pub float_prediction: Option<String>,
}

impl Mistake {
    /// So many pictures are shown: a page stays small.
    pub const MOST_SHOWN: usize = 40;
}

/// The pictures, in their order; `None` where there are none. `wrong` is how many mistakes there are in all.
///
/// # Errors
/// When a picture cannot be written.
pub(crate) fn section(mistakes: &[Mistake], wrong: Option<u64>) -> Result<Option<Section>, ReportError> {
    let shown = &mistakes[..mistakes.len().min(Mistake::MOST_SHOWN)];
    if shown.is_empty() {
        return Ok(None);
    }
    let pictures: Vec<String> =
        shown.iter().map(|mistake| mistake.picture.data_uri()).collect::<Result<_, ReportError>>()?;
    let all = wrong.unwrap_or(mistakes.len() as u64);
    let body = html! {
        p {
            @if all > shown.len() as u64 {
                (number::count(shown.len() as u64)) " of the " (number::count(all)) " samples whose class was not found."
            } @else {
                "The samples whose class was not found."
            }
        }
        ul.pictures { @for (mistake, picture) in shown.iter().zip(&pictures) {
            @let taken_for = mistake.prediction.as_deref().unwrap_or("nothing");
            li {
                img src=(picture) alt={ "sample " (mistake.sample) ", of class " (mistake.class) };
                span.said { strong { (taken_for) } ", not " (mistake.class) }
                span.remark {
                    "sample " (number::count(mistake.sample as u64))
                    @if let Some(float) = &mistake.float_prediction {
                        @if *float == mistake.class { ", right in float" }
                        @else if Some(float) == mistake.prediction.as_ref() { ", the same in float" }
                        @else { ", in float " (float) }
                    }
                }
            }
        } }
    };
    Ok(Some(Section { id: "mistakes", title: "Wrong examples", body }))
}

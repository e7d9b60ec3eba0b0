//! Variables: the sizes of buffers, the ranges of values with what their formats store, and a table of all.

use super::largest;
use crate::error::ReportError;
use crate::number;
use crate::page::Section;
use crate::plot::Words;
use crate::plot::histogram::{Bins, histogram};
use crate::plot::ink::{Dash, Ink, Pen};
use crate::plot::legend::{Key, Sample, legend};
use crate::plot::rows::{Quantity, Row, RowMark, rows};
use crate::table::Table;
use fewbit_core::{NumberFormat, Shape, Variable};
use maud::{Markup, html};

/// What is known about a variable of the compressed network.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableReport {
    /// Its name.
    pub name: String,
    /// Whether it is a parameter; else it is a buffer.
    pub parameter: bool,
    /// Its extents.
    pub shape: Shape,
    /// How its values are stored.
    pub format: NumberFormat,
    /// The least and the greatest position, where channels have positions of their own.
    pub channel_positions: Option<(i8, i8)>,
    /// The power of its values over that of their error, in dB.
    pub sqnr_db: Option<f64>,
    /// How many of the values that were seen lie beyond what the format stores.
    pub saturated: Option<u64>,
    /// How often values occur in the float network.
    pub histogram: Option<Bins>,
}

impl VariableReport {
    /// What the network itself tells about a variable; the rest is not known yet.
    pub fn new(variable: &Variable) -> Self {
        let positions = variable.channel_positions.as_deref();
        let least = positions.and_then(|positions| positions.iter().copied().min());
        let greatest = positions.and_then(|positions| positions.iter().copied().max());
        Self {
            name: variable.name.clone(),
            parameter: !variable.is_buffer(),
            shape: variable.shape,
            format: variable.format,
            channel_positions: least.zip(greatest),
            sqnr_db: None,
            saturated: None,
            histogram: None,
        }
    }

    fn bytes(&self) -> u64 {
        self.format.bytes(self.shape.items()) as u64
    }

    fn float_bytes(&self) -> u64 {
        NumberFormat::Float32.bytes(self.shape.items()) as u64
    }

    /// The format as people read it, with the positions of its channels.
    fn format_text(&self) -> String {
        match self.channel_positions {
            Some((least, greatest)) => format!("{}_{least}…{greatest}", self.format.type_name()),
            None => self.format.to_string(),
        }
    }

    /// The least and the greatest number that is stored; that of the channel with the widest range.
    fn range(&self) -> Option<(f64, f64)> {
        let format = match self.channel_positions {
            Some((least, _)) => self.format.with_position(least),
            None => self.format,
        };
        let (low, high) = format.is_fixed().then(|| format.integer_range())??;
        let step = f64::from(format.step());
        Some((f64::from(low) * step, f64::from(high) * step))
    }
}

/// So many bars are drawn; the table has all.
const MOST_BARS: usize = 40;

/// So many histograms are drawn in sight; the others behind a line that opens them.
const FIRST_HISTOGRAMS: usize = 12;

/// So many are drawn in all: a page stays small.
const MOST_HISTOGRAMS: usize = 100;

/// The sizes of buffers; `None` where there are none.
///
/// # Errors
/// When the plot cannot be drawn.
pub(crate) fn buffers(variables: &[VariableReport]) -> Result<Option<Section>, ReportError> {
    let buffers: Vec<&VariableReport> = variables.iter().filter(|variable| !variable.parameter).collect();
    if buffers.is_empty() {
        return Ok(None);
    }
    let (drawn, some) = largest(buffers.iter().map(|buffer| Some(buffer.float_bytes() as f64)), MOST_BARS);
    let most = buffers.iter().map(|buffer| buffer.bytes()).max().unwrap_or(0);
    let row = |buffer: &VariableReport| Row {
        name: buffer.name.clone(),
        value: Some(buffer.bytes() as f64),
        text: number::bytes(buffer.bytes()),
        other: (buffer.format != NumberFormat::Float32).then_some(buffer.float_bytes() as f64),
        marked: buffer.bytes() == most,
        tip: format!("{}: {} {}, {}", buffer.name, buffer.shape, buffer.format_text(), number::bytes(buffer.bytes())),
    };
    let rows_: Vec<Row> = drawn.iter().map(|place| row(buffers[*place])).collect();
    let mut legend = vec![
        Key::new(Sample::Area(Ink::Blue, 1.0), "as stored"),
        Key::new(Sample::Area(Ink::Vermillion, 1.0), "the largest"),
    ];
    if rows_.iter().any(|row| row.other.is_some()) {
        legend.push(Key::new(Sample::Area(Ink::Muted, 0.25), "in float"));
    }
    let words = Words {
        id: "buffer-sizes".into(),
        title: "Sizes of buffers".into(),
        description: format!(
            "{} buffers in the order of execution; the largest takes {}. Their sizes are in the table of all variables.",
            rows_.len(),
            number::bytes(most)
        ),
        legend,
    };
    let body = html! {
        p {
            "What the functions hand on to each other, in the order of execution."
            @if some { " Only the " (MOST_BARS) " largest are drawn; the table at the end of this page has all." }
        }
        (rows(&words, Quantity::Bytes("size"), RowMark::Bar, &rows_)?)
    };
    Ok(Some(Section { id: "buffers", title: "Buffers", body }))
}

/// The distributions of values, the least exactly stored first; `None` where no histogram is known.
///
/// # Errors
/// When a plot cannot be drawn.
pub(crate) fn ranges(variables: &[VariableReport]) -> Result<Option<Section>, ReportError> {
    let mut known: Vec<(&VariableReport, &Bins)> =
        variables.iter().filter_map(|variable| variable.histogram.as_ref().map(|bins| (variable, bins))).collect();
    if known.is_empty() {
        return Ok(None);
    }
    let quality = |variable: &VariableReport| variable.sqnr_db.filter(|ratio| !ratio.is_nan()).unwrap_or(f64::INFINITY);
    known.sort_by(|a, b| quality(a.0).total_cmp(&quality(b.0)));
    let left_out = known.len().saturating_sub(MOST_HISTOGRAMS);
    known.truncate(MOST_HISTOGRAMS);
    let plots = known.iter().enumerate().map(|(index, (variable, bins))| plot(index, variable, bins));
    let plots: Vec<Markup> = plots.collect::<Result<_, _>>()?;
    let (first, others) = plots.split_at(plots.len().min(FIRST_HISTOGRAMS));
    let keys = [
        Key::new(Sample::Area(Ink::Blue, 1.0), "values that can be stored"),
        Key::new(Sample::Area(Ink::Vermillion, 1.0), "values beyond: stored as the nearest end"),
        Key::new(Sample::Area(Ink::Sky, 0.3), "the range of the format"),
        Key::new(Sample::Line(Pen { ink: Ink::Vermillion, dash: Dash::Short }), "its ends"),
    ];
    let body = html! {
        p {
            "How often values occur, and the range that was chosen for them. The vertical axes are logarithmic, because "
            "the rare values at the ends decide. The worst signal-to-noise ratio comes first."
            @if left_out > 0 { " The " (left_out) " best are not drawn." }
        }
        (legend(&keys))
        div.small-plots { @for plot in first { (plot) } }
        @if !others.is_empty() {
            details { summary { (others.len()) " more variables" } div.small-plots { @for plot in others { (plot) } } }
        }
    };
    Ok(Some(Section { id: "ranges", title: "Values and ranges", body }))
}

fn plot(index: usize, variable: &VariableReport, bins: &Bins) -> Result<Markup, ReportError> {
    let range = variable.range();
    let mut remarks = vec![match range {
        Some((low, high)) => format!(
            "{} stores {} to {}",
            variable.format_text(),
            number::significant(low, 3),
            number::significant(high, 3)
        ),
        None => variable.format_text(),
    }];
    remarks.extend(variable.sqnr_db.map(number::decibels));
    remarks
        .extend(variable.saturated.filter(|count| *count > 0).map(|count| format!("{} beyond", number::count(count))));
    let remarks = remarks.join("; ");
    let words = Words {
        id: format!("range-{index}"),
        title: format!("Values of {}", variable.name),
        description: format!(
            "They lie between {} and {}. {remarks}.",
            number::significant(bins.low, 3),
            number::significant(bins.high, 3)
        ),
        legend: Vec::new(),
    };
    histogram(&words, (&variable.name, &remarks), bins, range)
}

/// The table of all variables.
pub(crate) fn all(variables: &[VariableReport]) -> Section {
    let mut table = Table::new("Every variable. SQNR: the power of its values over that of their error.")
        .words("variable")
        .words("kind")
        .words("shape")
        .words("format")
        .numbers("bytes")
        .numbers("SQNR, dB")
        .numbers("saturated");
    for variable in variables {
        table.row([
            variable.name.clone(),
            if variable.parameter { "parameter" } else { "buffer" }.into(),
            variable.shape.to_string(),
            variable.format_text(),
            number::count(variable.bytes()),
            variable
                .sqnr_db
                .map_or_else(|| number::NONE.into(), |ratio| number::decibels(ratio).replace("\u{a0}dB", "")),
            variable.saturated.map_or_else(|| number::NONE.into(), number::count),
        ]);
    }
    Section { id: "variables", title: "All variables", body: table.folded(&format!("{} variables", variables.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_widest_channel() {
        let shape = Shape::new(&[2, 3]).unwrap();
        let variable =
            Variable { format: NumberFormat::Fixed8 { position: 5 }, ..Variable::parameter("w", shape, [0.0; 6]) };
        let mut report = VariableReport::new(&variable);
        assert_eq!(report.range(), Some((-4.0, 3.968_75)));
        assert_eq!(report.bytes(), 6);
        report.channel_positions = Some((4, 7));
        assert_eq!(report.range(), Some((-8.0, 7.937_5)));
        assert_eq!(report.format_text(), "FIXED8_4…7");
        report.format = NumberFormat::Sign;
        assert_eq!(report.range(), None);
    }
}

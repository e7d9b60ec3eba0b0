//! Where variables lie in generated code, and how kernels read and write them.

use super::Planner;
use crate::arrays::Numbers;
use crate::c_value::{CValue, Record};
use crate::feature::Feature;
use fewbit_core::NumberFormat;
use fewbit_nnb::{Data, Values};

/// Something that kernels read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operand {
    /// The array in C, and where in it the values begin.
    pub data: String,
    /// How the values are stored.
    pub format: NumberFormat,
}

impl Operand {
    /// The address of an item.
    pub fn at(&self, item: usize) -> String {
        offset(&self.data, self.format.bytes(item))
    }
}

/// The address that lies so many bytes behind another.
fn offset(data: &str, bytes: usize) -> String {
    if bytes == 0 { data.into() } else { format!("{data} + {bytes}") }
}

/// The number of a format in generated code, as in `.nnb`.
fn type_name(format: NumberFormat) -> CValue {
    format!("TYPE_{}", format.type_name()).into()
}

impl Planner<'_, '_> {
    /// How a variable is stored.
    pub(super) fn format(&self, variable: usize) -> NumberFormat {
        self.model.nnb().variable(variable).format
    }

    /// The values of a parameter; `None` for a variable in the arena.
    pub(super) fn parameter(&self, variable: usize) -> Option<Values<'_>> {
        let record = self.model.nnb().variable(variable);
        match record.data {
            Data::File(bytes) => {
                Some(Values::new(bytes, record.format, record.shape).with_channel_positions(record.channel_positions))
            }
            Data::Buffer(_) => None,
        }
    }

    /// Where a variable of the arena lies, as an address in C.
    fn place(&self, variable: usize) -> Option<String> {
        self.model.arena_range(variable).map(|range| offset("ARENA", range.start))
    }

    /// A variable as kernels read it: parameters that are packed or have positions for channels are unpacked.
    pub(super) fn operand(&mut self, variable: usize) -> Operand {
        if let Some(data) = self.place(variable) {
            return Operand { data, format: self.format(variable) };
        }
        let format = self.format(variable);
        let Some(values) = self.parameter(variable) else {
            return Operand { data: String::from("ARENA"), format };
        };
        let (numbers, format) = if !values.channel_positions().is_empty() {
            (Numbers::floats((0..values.len()).map(|index| values.get(index))), NumberFormat::Float32)
        } else if format.is_packed() {
            let integers = (0..values.len()).map(|index| values.integer(index) as i8).collect();
            (Numbers::Integers8(integers), NumberFormat::Fixed8 { position: format.position().unwrap_or(0) })
        } else {
            (Numbers::stored(values.bytes(), format), format)
        };
        Operand { data: self.array("parameter", numbers), format }
    }

    /// The stored integers of a variable as kernels read them, whatever the positions of its channels.
    pub(super) fn integer_operand(&mut self, variable: usize) -> Operand {
        match self.parameter(variable) {
            Some(values) if !values.channel_positions().is_empty() && !values.format().is_packed() => {
                let (numbers, format) = (Numbers::stored(values.bytes(), values.format()), values.format());
                Operand { data: self.array("parameter", numbers), format }
            }
            Some(values) if values.format().is_packed() => {
                let integers = (0..values.len()).map(|index| values.integer(index) as i8).collect();
                let format = NumberFormat::Fixed8 { position: values.format().position().unwrap_or(0) };
                Operand { data: self.array("parameter", Numbers::Integers8(integers)), format }
            }
            _ => self.operand(variable),
        }
    }

    /// A constant array as a pointer to bytes.
    pub(super) fn array(&mut self, purpose: &str, numbers: Numbers) -> String {
        let is_bytes = matches!(numbers, Numbers::Bytes(_));
        let name = self.arrays.name(purpose, numbers);
        if is_bytes { name } else { format!("(const uint8_t *){name}") }
    }

    /// An array of floats of its own type.
    pub(super) fn float_array(&mut self, purpose: &str, values: impl IntoIterator<Item = f32>) -> String {
        self.arrays.name(purpose, Numbers::floats(values))
    }

    /// What a kernel that reads integers is told of an operand.
    pub(super) fn integers(&mut self, operand: &Operand) -> Record {
        self.features.use_all(&[Feature::Integers]);
        self.values(operand)
    }

    /// What a kernel that reads real numbers is told of an operand.
    pub(super) fn reals(&mut self, operand: &Operand) -> Record {
        self.features.use_all(&[Feature::Reals]);
        self.values(operand)
    }

    fn values(&mut self, operand: &Operand) -> Record {
        match operand.format {
            NumberFormat::Float32 => self.features.use_all(&[Feature::ReadFloat]),
            NumberFormat::Fixed16 { .. } => self.features.use_all(&[Feature::Read16]),
            _ => {}
        }
        values_record(operand)
    }

    /// What a kernel that writes integers is told of the output, which begins with the item `start` of a variable.
    pub(super) fn integer_target(&mut self, variable: usize, start: usize) -> Record {
        self.features.use_all(&[Feature::Integers]);
        self.target(variable, start)
    }

    /// What a kernel that writes real numbers is told of the output, which begins with the item `start` of a variable.
    pub(super) fn real_target(&mut self, variable: usize, start: usize) -> Record {
        self.features.use_all(&[Feature::Reals]);
        match self.format(variable) {
            NumberFormat::Float32 => self.features.use_all(&[Feature::WriteFloat]),
            _ => self.features.use_all(&[Feature::Quantize]),
        }
        self.target(variable, start)
    }

    fn target(&mut self, variable: usize, item: usize) -> Record {
        let format = self.format(variable);
        if let NumberFormat::Fixed16 { .. } = format {
            self.features.use_all(&[Feature::Write16]);
        }
        let scale = format.with_position(format.position().unwrap_or(0).saturating_neg()).step();
        Record::default().with("data", self.output(variable, item)).with("type", type_name(format)).with_if(
            Feature::Reals,
            "scale",
            scale,
        )
    }

    /// The address of an item of a variable that a function writes.
    pub(super) fn output(&self, variable: usize, item: usize) -> String {
        // Functions write only to the arena: the model was checked when it was opened.
        let place = self.place(variable).unwrap_or_else(|| String::from("ARENA"));
        offset(&place, self.format(variable).bytes(item))
    }
}

/// An operand without a word on which kernels read it.
pub(super) fn values_record(operand: &Operand) -> Record {
    Record::default().with("data", operand.data.clone()).with("type", type_name(operand.format)).with_if(
        Feature::Reals,
        "step",
        operand.format.step(),
    )
}

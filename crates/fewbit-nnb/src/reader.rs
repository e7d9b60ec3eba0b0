//! [`Nnb`]: a checked view over the bytes of a file.

use crate::argument_code::{self, ArgumentCodeError};
use crate::error::{NnbError, Place};
use crate::group::Group;
use crate::layout::{self, Version, header, word};
use crate::values::Values;
use core::ops::Range;
use fewbit_core::spec::{self, FunctionSpec, LATEST_API_LEVEL, Layout};
use fewbit_core::{Function, NumberFormat, Shape};

/// A `.nnb` file, checked: lists lie within the file, records refer to what is there, values have the right size.
#[derive(Clone, Copy, Debug)]
pub struct Nnb<'a> {
    version: Version,
    api_level: u32,
    /// The table of block offsets.
    table: &'a [u8],
    /// What the offsets point into.
    data: &'a [u8],
    buffers: Words<'a>,
    /// Where the buffers lie in the arena; empty before version 4.
    offsets: Words<'a>,
    /// The words of the groups; empty before version 4.
    groups: Words<'a>,
    variables: Words<'a>,
    functions: Words<'a>,
    inputs: Words<'a>,
    outputs: Words<'a>,
}

/// A list of 32-bit numbers in the file.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a>(&'a [[u8; 4]]);

impl<'a> Words<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The number at `index`, which must be below [`Words::len`].
    pub fn get(self, index: usize) -> usize {
        // Numbers of 32 bits fit a `usize` on every machine that fewbit runs on.
        u32::from_le_bytes(self.0[index]) as usize
    }

    /// The numbers in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = usize> + Clone + 'a {
        self.0.iter().map(|bytes| u32::from_le_bytes(*bytes) as usize)
    }
}

/// What a file says of a variable.
#[derive(Clone, Copy, Debug)]
pub struct VariableRecord<'a> {
    /// Its extents.
    pub shape: Shape,
    /// How its values are stored.
    pub format: NumberFormat,
    /// The positions of its output channels, signed bytes, instead of the one in `format`; empty if it has none.
    pub channel_positions: &'a [u8],
    /// How many rows its buffer holds at a time; 0 if it holds the whole variable.
    pub ring: usize,
    /// Where its values are.
    pub data: Data<'a>,
}

/// Where the values of a variable are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data<'a> {
    /// In the file. A parameter that is never read may be cut short: the unused float weights of binary functions
    /// are cut to one value.
    File(&'a [u8]),
    /// In the buffer of this number.
    Buffer(usize),
}

/// What a file says of a function.
#[derive(Clone, Copy, Debug)]
pub struct FunctionRecord<'a> {
    /// Its row in the table of functions.
    pub spec: &'static FunctionSpec,
    /// How its arguments are written.
    pub layout: &'static Layout,
    /// Which implementation it asks for; 0 is the ordinary one.
    pub implementation: u16,
    /// The variables that it reads.
    pub inputs: Words<'a>,
    /// The variables that it writes.
    pub outputs: Words<'a>,
    /// The bytes of its arguments.
    arguments: &'a [u8],
}

/// The outcome of a check.
type Result<T> = core::result::Result<T, NnbError>;

impl<'a> Nnb<'a> {
    /// Checks the bytes of a file.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn new(bytes: &'a [u8]) -> Result<Self> {
        let Extent { version, table, data } = Extent::stated(bytes)?;
        let short = || NnbError::TooShort { found: bytes.len(), needed: data.end };
        let head = bytes.get(..table.start).ok_or_else(short)?;
        let field = |range: Range<usize>| word(head, range).unwrap_or(0);
        let api_level = field(header::API_LEVEL);
        if api_level > u32::from(LATEST_API_LEVEL) {
            return Err(NnbError::ApiLevel(api_level));
        }
        let table = bytes.get(table.clone()).ok_or_else(short)?;
        let data = bytes.get(data.clone()).ok_or_else(short)?;

        let blocks = Blocks { table, data };
        let list = |range: Range<usize>, name| blocks.list(head, range).ok_or(NnbError::List(Place::List(name)));
        let nnb = Self {
            version,
            api_level,
            table,
            data,
            buffers: list(header::BUFFERS, "buffers")?,
            offsets: match version {
                Version::V2 | Version::V3 => Words(&[]),
                Version::V4 => list(header::OFFSETS, "buffer offsets")?,
            },
            groups: match version {
                Version::V2 | Version::V3 => Words(&[]),
                Version::V4 => list(header::GROUPS, "groups")?,
            },
            variables: list(header::VARIABLES, "variables")?,
            functions: list(header::FUNCTIONS, "functions")?,
            inputs: list(header::INPUTS, "inputs")?,
            outputs: list(header::OUTPUTS, "outputs")?,
        };
        if version == Version::V4 && nnb.offsets.len() != nnb.buffers.len() {
            return Err(NnbError::Offsets { buffers: nnb.buffers.len(), offsets: nnb.offsets.len() });
        }
        for index in 0..nnb.variables.len() {
            nnb.check_variable(index)?;
        }
        nnb.check_references(nnb.inputs, Place::List("inputs"))?;
        nnb.check_references(nnb.outputs, Place::List("outputs"))?;
        for index in 0..nnb.functions.len() {
            nnb.check_function(index)?;
        }
        nnb.check_groups()?;
        Ok(nnb)
    }

    /// How many bytes a file has, as its header states: for callers that have a pointer without a length. `head` is the
    /// beginning of the file, of at least [`header::size`] bytes.
    ///
    /// # Errors
    /// When that is no header, or of an unknown version.
    pub fn stated_bytes(head: &[u8]) -> Result<usize> {
        Ok(Extent::stated(head)?.data.end)
    }

    /// The version of the format.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The API level of the function definitions.
    pub fn api_level(&self) -> u32 {
        self.api_level
    }

    /// The sizes of the buffers as the file states them: in items for version 2, in bytes for version 3.
    pub fn buffers(&self) -> Words<'a> {
        self.buffers
    }

    /// Bytes of a buffer. Version 2 counts items, and each may be of the largest type.
    pub fn buffer_bytes(&self, index: usize) -> usize {
        let size = self.buffers.get(index);
        match self.version {
            Version::V2 => size.saturating_mul(NumberFormat::Float32.bytes(1)),
            Version::V3 | Version::V4 => size,
        }
    }

    /// Where a buffer begins in the arena, if the file says so: version 4 does.
    pub fn buffer_offset(&self, index: usize) -> Option<usize> {
        (index < self.offsets.len()).then(|| self.offsets.get(index))
    }

    /// How many groups of functions are computed row by row.
    pub fn group_count(&self) -> usize {
        self.groups.len() / layout::group::SIZE
    }

    /// A group. `index` must be below [`Nnb::group_count`].
    pub fn group(&self, index: usize) -> Group<'a> {
        self.read_group(index).expect("every group was read when the file was opened")
    }

    /// The groups in the order of their functions.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = Group<'a>> + use<'_, 'a> {
        (0..self.group_count()).map(|index| self.group(index))
    }

    /// How many variables there are.
    pub fn variable_count(&self) -> usize {
        self.variables.len()
    }

    /// How many functions there are.
    pub fn function_count(&self) -> usize {
        self.functions.len()
    }

    /// The numbers of the input variables.
    pub fn inputs(&self) -> Words<'a> {
        self.inputs
    }

    /// The numbers of the output variables.
    pub fn outputs(&self) -> Words<'a> {
        self.outputs
    }

    /// A variable. `index` must be below [`Nnb::variable_count`].
    pub fn variable(&self, index: usize) -> VariableRecord<'a> {
        self.read_variable(index).expect("every record was read when the file was opened")
    }

    /// The bytes of a variable's record. `index` must be below [`Nnb::variable_count`].
    pub fn variable_bytes(&self, index: usize) -> &'a [u8] {
        self.variable_record(index).expect("every record was read when the file was opened")
    }

    /// The bytes of a function's record with its arguments, and what stands behind them. `index` must be below
    /// [`Nnb::function_count`].
    pub fn function_bytes(&self, index: usize) -> &'a [u8] {
        self.blocks().from(self.functions.get(index)).expect("every record was read when the file was opened")
    }

    /// The number of the block that holds a parameter's values; 0 for a variable in a buffer.
    pub fn data_block(&self, index: usize) -> usize {
        let record = self.blocks().from(self.variables.get(index)).unwrap_or(&[]);
        let data = word(record, layout::variable::DATA).unwrap_or(0);
        usize::try_from(data as i32).unwrap_or(0)
    }

    /// A function. `index` must be below [`Nnb::function_count`].
    pub fn function(&self, index: usize) -> FunctionRecord<'a> {
        self.read_function(index).expect("every record was read when the file was opened")
    }

    /// The function at `index` with its arguments; `None` if fewbit does not compute it.
    pub fn typed_function(&self, index: usize) -> Option<Function> {
        let record = self.function(index);
        self.read_typed(&record).expect("every record's arguments were read when the file was opened")
    }

    /// Calls `visit` with each argument of a function, those that its layout lacks at their defaults.
    pub fn visit_arguments(
        &self,
        index: usize,
        mut visit: impl FnMut(&'static spec::ArgumentSpec, fewbit_core::ArgumentValue),
    ) {
        let record = self.function(index);
        let mut reader = argument_code::Reader::new(record.layout, record.arguments, self.blocks());
        for argument in record.spec.arguments {
            // An argument without a value (a text, a communicator) has none in the file either.
            if let Ok(value) = reader.next(argument) {
                visit(argument, value);
            }
        }
    }

    fn blocks(&self) -> Blocks<'a> {
        Blocks { table: self.table, data: self.data }
    }

    fn variable_record(&self, index: usize) -> Option<&'a [u8]> {
        self.blocks().from(self.variables.get(index))?.get(..layout::variable::size(self.version))
    }

    fn read_typed(&self, record: &FunctionRecord<'a>) -> core::result::Result<Option<Function>, ArgumentCodeError> {
        let mut reader = argument_code::Reader::new(record.layout, record.arguments, self.blocks());
        Function::from_arguments(record.spec, |argument| reader.next(argument))
    }

    fn read_variable(&self, index: usize) -> Result<VariableRecord<'a>> {
        let place = Place::Variable(index);
        let blocks = self.blocks();
        let record = self.variable_record(index).ok_or(NnbError::Record(place))?;
        let extents = blocks.list(record, layout::variable::SHAPE).ok_or(NnbError::Record(place))?;
        let extents = extents.0.iter().map(|bytes| i32::from_le_bytes(*bytes));
        let shape = Shape::from_signed(extents).map_err(|error| NnbError::Shape { place, error })?;
        let bytes = [record[layout::variable::FORMAT], record[layout::variable::POSITION]];
        let format = layout::bytes_format(bytes, self.version);
        let format = format.ok_or(NnbError::Type { place, byte: bytes[0] })?;
        let channel_positions = match self.version {
            Version::V2 | Version::V3 => &[],
            Version::V4 => blocks.bytes(record, layout::variable::CHANNEL_POSITIONS).ok_or(NnbError::List(place))?,
        };
        let ring = match self.version {
            Version::V2 | Version::V3 => 0,
            Version::V4 => half(record, layout::variable::RING),
        };
        let data = word(record, layout::variable::DATA).unwrap_or(0) as i32;
        let data = match usize::try_from(data) {
            Ok(block) => {
                let bytes = blocks.from(block).ok_or(NnbError::Record(place))?;
                // A block has no size of its own: the values are what the shape needs, as far as there is data.
                Data::File(bytes.get(..format.bytes(shape.items())).unwrap_or(bytes))
            }
            Err(_) => Data::Buffer(data.unsigned_abs() as usize - 1),
        };
        Ok(VariableRecord { shape, format, channel_positions, ring: usize::from(ring), data })
    }

    fn check_variable(&self, index: usize) -> Result<()> {
        let place = Place::Variable(index);
        let variable = self.read_variable(index)?;
        let needed = variable.format.bytes(variable.shape.items());
        let channels = variable.channel_positions.len();
        if channels > 0 {
            let parameter = matches!(variable.data, Data::File(_)) && variable.format.is_fixed();
            if !parameter || !variable.shape.items().is_multiple_of(channels) {
                return Err(NnbError::ChannelPositions { place, count: channels });
            }
        }
        match variable.data {
            Data::File(_) if variable.ring > 0 => Err(NnbError::Ring { place }),
            Data::File(_) => Ok(()),
            Data::Buffer(_) if variable.format.is_packed() => {
                Err(NnbError::PackedBuffer { place, format: variable.format })
            }
            Data::Buffer(number) => {
                let exists = number < self.buffers.len();
                let found = if exists { self.buffer_bytes(number) } else { 0 };
                // What a ring needs is known where its rows are.
                if exists && (needed <= found || variable.ring > 0) {
                    Ok(())
                } else {
                    Err(NnbError::Buffer { place, needed, found })
                }
            }
        }
    }

    fn read_function(&self, index: usize) -> Result<FunctionRecord<'a>> {
        let place = Place::Function(index);
        let blocks = self.blocks();
        let bytes = blocks.from(self.functions.get(index)).ok_or(NnbError::Record(place))?;
        let (record, arguments) = bytes.split_at_checked(layout::function::SIZE).ok_or(NnbError::Record(place))?;
        let id = half(record, layout::function::ID);
        let (spec, layout) = spec::by_id(id).ok_or(NnbError::Function { place, id })?;
        let list = |range| blocks.list(record, range).ok_or(NnbError::Record(place));
        Ok(FunctionRecord {
            spec,
            layout,
            implementation: half(record, layout::function::IMPLEMENTATION),
            inputs: list(layout::function::INPUTS)?,
            outputs: list(layout::function::OUTPUTS)?,
            arguments,
        })
    }

    fn read_group(&self, index: usize) -> Option<Group<'a>> {
        let start = index.checked_mul(layout::group::SIZE)?;
        let words = self.groups.0.get(start..)?.get(..layout::group::SIZE)?;
        let field = |index: usize| u32::from_le_bytes(words[index]) as usize;
        let first = field(layout::group::FIRST);
        let steps =
            self.blocks().bytes(words.as_flattened(), layout::group::STEPS.start * 4..layout::group::STEPS.end * 4)?;
        Some(Group {
            functions: first..first.checked_add(field(layout::group::COUNT))?,
            axis: field(layout::group::AXIS),
            counters: field(layout::group::COUNTERS),
            steps,
        })
    }

    /// Groups follow each other and name functions that are there.
    fn check_groups(&self) -> Result<()> {
        if !self.groups.len().is_multiple_of(layout::group::SIZE) {
            return Err(NnbError::List(Place::List("groups")));
        }
        let mut end = 0;
        for index in 0..self.group_count() {
            let error = |reason| NnbError::Group { index, reason };
            let group = self.read_group(index).ok_or(error("does not lie within the file"))?;
            let Range { start, end: next } = group.functions;
            if start < end || next <= start || next > self.functions.len() {
                return Err(error("has functions that are not there, or that belong to another"));
            }
            if next - start >= usize::from(layout::group::PUSH) {
                return Err(error("has more functions than a step can name"));
            }
            end = next;
        }
        Ok(())
    }

    fn check_function(&self, index: usize) -> Result<()> {
        let place = Place::Function(index);
        let record = self.read_function(index)?;
        self.check_references(record.inputs, place)?;
        self.check_references(record.outputs, place)?;
        let name = record.spec.name;
        self.read_typed(&record).map_err(|error| NnbError::Arguments { place, name, error })?;
        Ok(())
    }

    fn check_references(&self, list: Words<'a>, place: Place) -> Result<()> {
        let count = self.variables.len();
        match list.iter().find(|&index| index >= count) {
            Some(index) => Err(NnbError::NoSuchVariable { place, index, count }),
            None => Ok(()),
        }
    }
}

impl<'a> VariableRecord<'a> {
    /// The variable's values, whose bytes these are: those of [`Data::File`], or its part of an arena.
    pub fn values<'v>(&self, bytes: &'v [u8]) -> Values<'v>
    where
        'a: 'v,
    {
        Values::new(bytes, self.format, self.shape).with_channel_positions(self.channel_positions)
    }
}

impl Data<'_> {
    /// Whether there are values for a variable of this shape and format.
    ///
    /// # Errors
    /// When the file has fewer.
    pub fn check_values(&self, index: usize, variable: &VariableRecord<'_>) -> Result<()> {
        let needed = variable.format.bytes(variable.shape.items());
        match self {
            Data::File(values) if values.len() < needed => {
                Err(NnbError::Values { place: Place::Variable(index), needed, found: values.len() })
            }
            _ => Ok(()),
        }
    }
}

/// The 16-bit number in two bytes of a record that is known to hold them.
fn half(record: &[u8], range: Range<usize>) -> u16 {
    record[range].iter().rev().fold(0u16, |sum, &byte| sum << 8 | u16::from(byte))
}

/// Where the parts of a file lie.
struct Extent {
    version: Version,
    /// The table of block offsets, behind the header.
    table: Range<usize>,
    /// The data, with which the file ends.
    data: Range<usize>,
}

impl Extent {
    /// What the header at the beginning of `bytes` states.
    fn stated(bytes: &[u8]) -> Result<Self> {
        let short = |needed| NnbError::TooShort { found: bytes.len(), needed };
        let number = word(bytes, header::VERSION).ok_or(short(header::size(Version::V2)))?;
        let version = Version::from_number(number).ok_or(NnbError::Version(number))?;
        let header_size = header::size(version);
        let head = bytes.get(..header_size).ok_or(short(header_size))?;
        let field = |range: Range<usize>| word(head, range).unwrap_or(0) as usize;
        let table_size = field(header::BLOCK_COUNT).checked_mul(4).ok_or(short(usize::MAX))?;
        let table_end = header_size.checked_add(table_size).ok_or(short(usize::MAX))?;
        let end = table_end.checked_add(field(header::DATA_SIZE)).ok_or(short(usize::MAX))?;
        Ok(Self { version, table: header_size..table_end, data: table_end..end })
    }
}

/// The blocks of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks<'a> {
    table: &'a [u8],
    data: &'a [u8],
}

impl<'a> Blocks<'a> {
    /// The data from the beginning of a block on.
    fn from(self, block: usize) -> Option<&'a [u8]> {
        let entry = block.checked_mul(4)?;
        let offset = word(self.table, entry..entry.checked_add(4)?)?;
        self.data.get(offset as usize..)
    }

    /// The list of bytes whose count and block number stand at `field` of a record.
    pub fn bytes(self, record: &[u8], field: Range<usize>) -> Option<&'a [u8]> {
        let count = word(record, field.start..field.start + 4)?;
        let block = word(record, field.start + 4..field.end)?;
        if count == 0 { Some(&[]) } else { self.from(block as usize)?.get(..count as usize) }
    }

    /// The list of words whose count and block number stand at `field` of a record.
    pub fn list(self, record: &[u8], field: Range<usize>) -> Option<Words<'a>> {
        let count = word(record, field.start..field.start + 4)?;
        let block = word(record, field.start + 4..field.end)?;
        if count == 0 {
            return Some(Words(&[]));
        }
        let bytes = self.from(block as usize)?.get(..(count as usize).checked_mul(4)?)?;
        let (words, _) = bytes.as_chunks::<4>();
        Some(Words(words))
    }
}

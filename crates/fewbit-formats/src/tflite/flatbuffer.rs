//! Records of a FlatBuffers file.
//!
//! What stands here is what planus generates for a schema's tables, but for any table: TensorFlow Lite's schema has hundreds, of
//! which few matter. Each access checks that what it reads lies within the file.

use planus::errors::ErrorKind;
use planus::table_reader::Table;
use planus::{SliceWithStartOffset, TableRead, Vector};

type Result<T> = std::result::Result<T, planus::Error>;

/// A table of the file: fields by number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'f>(Table<'f>);

impl<'f> TableRead<'f> for Record<'f> {
    fn from_buffer(buffer: SliceWithStartOffset<'f>, offset: usize) -> std::result::Result<Self, ErrorKind> {
        Table::from_buffer(buffer, offset).map(Self)
    }
}

impl<'f> Record<'f> {
    /// The root of a file.
    pub(super) fn root(bytes: &'f [u8]) -> Result<Self> {
        let start = SliceWithStartOffset { buffer: bytes, offset_from_start: 0 };
        Self::from_buffer(start, 0).map_err(|kind| kind.with_error_location("the file", "root", 0))
    }

    /// A field; `None` if it has its default value or is missing.
    pub(super) fn get<T: TableRead<'f>>(&self, field: usize) -> Result<Option<T>> {
        self.0.access(field, "table", "field")
    }

    /// A field, or its default value.
    pub(super) fn get_or<T: TableRead<'f>>(&self, field: usize, default: T) -> Result<T> {
        Ok(self.get(field)?.unwrap_or(default))
    }

    /// A list of other records.
    pub(super) fn records(&self, field: usize) -> Result<Records<'f>> {
        self.get_or(field, Records { items: SliceWithStartOffset { buffer: &[], offset_from_start: 0 }, len: 0 })
    }

    /// A list of integers.
    pub(super) fn ints(&self, field: usize) -> Result<Vec<i32>> {
        let list: Option<Vector<'f, i32>> = self.get(field)?;
        Ok(list.map(|list| list.iter().collect()).unwrap_or_default())
    }

    /// A list of wide integers.
    pub(super) fn longs(&self, field: usize) -> Result<Vec<i64>> {
        let list: Option<Vector<'f, i64>> = self.get(field)?;
        Ok(list.map(|list| list.iter().collect()).unwrap_or_default())
    }

    /// A list of real numbers.
    pub(super) fn floats(&self, field: usize) -> Result<Vec<f32>> {
        let list: Option<Vector<'f, f32>> = self.get(field)?;
        Ok(list.map(|list| list.iter().collect()).unwrap_or_default())
    }

    /// Bytes; none if the field is missing.
    pub(super) fn bytes(&self, field: usize) -> Result<&'f [u8]> {
        self.get_or(field, &[])
    }

    /// A text. What is no text in it is replaced.
    pub(super) fn text(&self, field: usize) -> Result<String> {
        Ok(String::from_utf8_lossy(self.bytes(field)?).into_owned())
    }
}

/// A list of records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Records<'f> {
    /// From the first entry on.
    items: SliceWithStartOffset<'f>,
    len: usize,
}

/// Bytes of an entry: the distance to its record.
const ENTRY: usize = 4;

impl<'f> TableRead<'f> for Records<'f> {
    fn from_buffer(buffer: SliceWithStartOffset<'f>, offset: usize) -> std::result::Result<Self, ErrorKind> {
        let distance = u32::from_buffer(buffer, offset)? as usize;
        let list = buffer.advance(offset.checked_add(distance).ok_or(ErrorKind::InvalidOffset)?)?;
        let len = u32::from_buffer(list, 0)? as usize;
        let items = list.advance(ENTRY)?;
        match len.checked_mul(ENTRY) {
            Some(bytes) if bytes <= items.len() => Ok(Self { items, len }),
            _ => Err(ErrorKind::InvalidLength),
        }
    }
}

impl<'f> Records<'f> {
    /// How many there are; each has at least four bytes in the file.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// A record.
    pub(super) fn get(&self, place: usize) -> Result<Option<Record<'f>>> {
        if place >= self.len {
            return Ok(None);
        }
        let record = Record::from_buffer(self.items, place * ENTRY);
        let at = self.items.offset_from_start;
        record.map(Some).map_err(|kind| kind.with_error_location("list", "entry", at))
    }

    /// All records.
    pub(super) fn iter(&self) -> impl Iterator<Item = Result<Record<'f>>> + use<'f> {
        let list = *self;
        (0..list.len).filter_map(move |place| list.get(place).transpose())
    }
}

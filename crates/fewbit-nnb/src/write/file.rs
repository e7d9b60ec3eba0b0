//! The file under construction: blocks, their table, and records.

use crate::layout::ALIGNMENT;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Blocks written so far.
#[derive(Default)]
pub struct FileWriter {
    offsets: Vec<usize>,
    data: Vec<u8>,
    /// The blocks of the lists so far, where equal lists share a block.
    lists: Option<BTreeMap<Vec<u8>, usize>>,
}

/// A list in the file: its count and the number of its block.
#[derive(Clone, Copy)]
pub struct List {
    /// How many entries it has.
    pub count: usize,
    /// Where they are.
    pub block: usize,
}

impl List {
    /// A list of nothing, which needs no block: its number is not looked at.
    pub const EMPTY: Self = Self { count: 0, block: 0 };
}

impl FileWriter {
    /// A file in which equal lists share a block. Networks repeat shapes and arguments, so that this is a third of what
    /// a small file has beside its weights.
    pub fn with_shared_lists() -> Self {
        Self { lists: Some(BTreeMap::new()), ..Self::default() }
    }

    /// Appends a block and returns its number.
    pub fn block(&mut self, bytes: &[u8]) -> usize {
        self.offsets.push(self.data.len());
        self.data.extend_from_slice(bytes);
        self.data.resize(self.data.len().next_multiple_of(ALIGNMENT), 0);
        self.offsets.len() - 1
    }

    /// Appends a block of 32-bit numbers.
    pub fn list(&mut self, values: impl IntoIterator<Item = usize>) -> List {
        self.words(values.into_iter().map(|value| value as u32))
    }

    /// Appends a block of words.
    pub fn words(&mut self, values: impl IntoIterator<Item = u32>) -> List {
        let words: Vec<[u8; 4]> = values.into_iter().map(u32::to_le_bytes).collect();
        List { count: words.len(), block: self.list_block(words.as_flattened()) }
    }

    /// Appends a block of bytes.
    pub fn bytes(&mut self, values: impl IntoIterator<Item = u8>) -> List {
        let bytes: Vec<u8> = values.into_iter().collect();
        if bytes.is_empty() { List::EMPTY } else { List { count: bytes.len(), block: self.list_block(&bytes) } }
    }

    fn list_block(&mut self, bytes: &[u8]) -> usize {
        let known = self.lists.as_ref().and_then(|lists| lists.get(bytes).copied());
        known.unwrap_or_else(|| {
            let block = self.block(bytes);
            if let Some(lists) = &mut self.lists {
                lists.insert(bytes.into(), block);
            }
            block
        })
    }

    /// Header, table and data; `None` if the data is larger than the format can say. The lists are those with which
    /// the header ends in version 4.
    pub fn finish(self, mut header: Record, lists: &[List]) -> Option<Vec<u8>> {
        i32::try_from(self.data.len()).ok()?;
        header.word(self.offsets.len()).word(self.data.len());
        for list in lists {
            header.list(*list);
        }
        let mut bytes = header.bytes;
        bytes.reserve(4 * self.offsets.len() + self.data.len());
        for offset in self.offsets {
            bytes.extend_from_slice(&(offset as u32).to_le_bytes());
        }
        bytes.extend_from_slice(&self.data);
        Some(bytes)
    }
}

/// A record under construction: fields in order, those of 32 bits aligned as in a C struct.
#[derive(Default)]
pub struct Record {
    /// The bytes so far.
    pub bytes: Vec<u8>,
}

impl Record {
    /// A byte.
    pub fn byte(&mut self, value: u8) -> &mut Self {
        self.bytes.push(value);
        self
    }

    /// A number of 16 bits.
    pub fn half(&mut self, value: u16) -> &mut Self {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// A number of 32 bits. Sizes beyond them are refused when the file is finished.
    pub fn word(&mut self, value: usize) -> &mut Self {
        self.aligned((value as u32).to_le_bytes())
    }

    /// A signed number of 32 bits.
    pub fn signed(&mut self, value: i32) -> &mut Self {
        self.aligned(value.to_le_bytes())
    }

    /// A float.
    pub fn float(&mut self, value: f32) -> &mut Self {
        self.aligned(value.to_le_bytes())
    }

    /// A list.
    pub fn list(&mut self, list: List) -> &mut Self {
        self.word(list.count).word(list.block)
    }

    fn aligned(&mut self, field: [u8; ALIGNMENT]) -> &mut Self {
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
        self.bytes.extend_from_slice(&field);
        self
    }
}

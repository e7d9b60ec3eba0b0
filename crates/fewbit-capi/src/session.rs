//! `fewbit.h`: a model and its session, in one block of memory that the caller gives.
//!
//! Nothing is allocated and nothing needs to be freed: when the caller is done, it takes its memory back. There is no
//! global state, so that sessions run side by side in threads.

use core::ffi::{CStr, c_char, c_void};
use core::fmt::{self, Write};
use core::{ptr, slice};
use fewbit_core::NumberFormat;
use fewbit_nnb::NnbError;
use fewbit_runtime::model::OpenError;
use fewbit_runtime::{Model, Semantics, Session};

/// The most axes of a tensor.
pub const FEWBIT_MAX_RANK: usize = 8;

/// Exact integers, one rounding half up at the end: the same bits on every machine.
pub const FEWBIT_INTEGER: u32 = 0;

/// What NNabla's C runtime means to compute: floats inside, stored truncating.
pub const FEWBIT_REFERENCE: u32 = 1;

/// Where the block's parts begin: any value that a network holds may lie there.
const ALIGNMENT: usize = 16;

/// What became of a call.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FewbitStatus {
    /// It was done.
    Ok = 0,
    /// An argument is a null pointer, or a number that means nothing.
    Argument = 1,
    /// The bytes are not a `.nnb` file, or a damaged one; `fewbit_explain` says why.
    File = 2,
    /// The file has a function that the runtime does not compute; `fewbit_explain` says which.
    Unsupported = 3,
    /// The memory is smaller than `fewbit_memory_bytes` says.
    Memory = 4,
    /// There is no input or output of this number, or its values are in the file.
    Index = 5,
    /// There are more or fewer values than the tensor has.
    Count = 6,
}

/// How the values of a tensor are stored.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FewbitType {
    /// IEEE 754 single precision.
    Float32 = 0,
    /// 16-bit integers, times 2 to the power of minus the position.
    Fixed16 = 1,
    /// 8-bit integers, times 2 to the power of minus the position.
    Fixed8 = 2,
}

/// An input or output as it lies in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FewbitTensor {
    /// Its values, in row-major order.
    pub data: *mut c_void,
    /// Bytes of its values.
    pub bytes: usize,
    /// How many values it has.
    pub items: usize,
    /// How many axes it has.
    pub rank: usize,
    /// Its extents, the first `rank` of them.
    pub extents: [usize; FEWBIT_MAX_RANK],
    /// How the values are stored.
    pub r#type: FewbitType,
    /// The number of fractional bits of fixed-point values; it may be negative.
    pub position: i8,
}

/// A model with the memory that it runs in.
#[derive(Debug)]
pub struct FewbitSession {
    model: Model<'static>,
    semantics: Semantics,
    /// As many bytes as the model says, behind this struct.
    arena: *mut u8,
}

/// The version of the library.
#[unsafe(no_mangle)]
pub extern "C" fn fewbit_version() -> *const c_char {
    const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("a version has no zero byte within"),
    };
    VERSION.as_ptr()
}

/// What a status means, in a few words; never null.
#[unsafe(no_mangle)]
pub extern "C" fn fewbit_status_text(status: u32) -> *const c_char {
    let text = match status {
        0 => c"done",
        1 => c"an argument is null or out of range",
        2 => c"the bytes are no .nnb file, or a damaged one",
        3 => c"the file has a function that the runtime does not compute",
        4 => c"the memory is too small",
        5 => c"there is no such input or output",
        6 => c"the number of values is not that of the tensor",
        _ => c"no status of this library",
    };
    text.as_ptr()
}

/// How many bytes of memory a session of a file needs: the arena and the state of the session.
///
/// # Safety
/// `file` must point to `file_bytes` bytes, `memory_bytes` to a number to be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fewbit_memory_bytes(
    file: *const u8,
    file_bytes: usize,
    memory_bytes: *mut usize,
) -> FewbitStatus {
    // SAFETY: the caller gives a place for a number, or null.
    let Some(memory_bytes) = (unsafe { memory_bytes.as_mut() }) else { return FewbitStatus::Argument };
    // SAFETY: the caller gives bytes that live as long as this call.
    let model = match unsafe { open(file, file_bytes) } {
        Ok(model) => model,
        Err(error) => return error.status(),
    };
    match needed_bytes(&model) {
        Some(bytes) => *memory_bytes = bytes,
        None => return FewbitStatus::File,
    }
    FewbitStatus::Ok
}

/// Writes why a file cannot be run into `text`, cut to `text_bytes` with the zero at the end; an empty text if it can.
/// Returns the status that the other calls would give.
///
/// # Safety
/// `file` must point to `file_bytes` bytes, `text` to `text_bytes` bytes to be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fewbit_explain(
    file: *const u8,
    file_bytes: usize,
    text: *mut c_char,
    text_bytes: usize,
) -> FewbitStatus {
    if text.is_null() || text_bytes == 0 {
        return FewbitStatus::Argument;
    }
    // SAFETY: the caller gives bytes to be written; a byte that was never written is only overwritten.
    let text = unsafe {
        ptr::write_bytes(text, 0, text_bytes);
        slice::from_raw_parts_mut(text.cast::<u8>(), text_bytes)
    };
    // SAFETY: the caller gives bytes that live as long as this call.
    match unsafe { open(file, file_bytes) } {
        Ok(_) => FewbitStatus::Ok,
        Err(error) => {
            // The only failure is a text that is cut, which is what was asked for.
            let _ = write!(Text { bytes: text, used: 0 }, "{error}");
            error.status()
        }
    }
}

/// Makes a session in `memory`, which must have at least the bytes that `fewbit_memory_bytes` says. The file and the
/// memory must stay where they are, and the file unchanged, as long as the session is used. Nothing has to be freed.
///
/// `semantics` is `FEWBIT_INTEGER` or `FEWBIT_REFERENCE`.
///
/// # Safety
/// `file` must point to `file_bytes` bytes, `memory` to `memory_bytes` bytes to be written, `session` to a pointer to be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fewbit_create(
    file: *const u8,
    file_bytes: usize,
    memory: *mut c_void,
    memory_bytes: usize,
    semantics: u32,
    session: *mut *mut FewbitSession,
) -> FewbitStatus {
    // SAFETY: the caller gives a place for a pointer, or null.
    let Some(session) = (unsafe { session.as_mut() }) else { return FewbitStatus::Argument };
    *session = ptr::null_mut();
    let semantics = match semantics {
        FEWBIT_INTEGER => Semantics::Integer,
        FEWBIT_REFERENCE => Semantics::Reference,
        _ => return FewbitStatus::Argument,
    };
    if memory.is_null() {
        return FewbitStatus::Argument;
    }
    // SAFETY: the caller gives bytes that stay as they are as long as the session is used.
    let model = match unsafe { open(file, file_bytes) } {
        Ok(model) => model,
        Err(error) => return error.status(),
    };
    let base = memory.cast::<u8>();
    let start = base.align_offset(ALIGNMENT);
    let Some(arena) = start.checked_add(STATE_BYTES) else { return FewbitStatus::Memory };
    if arena.checked_add(model.arena_bytes()).is_none_or(|end| end > memory_bytes) {
        return FewbitStatus::Memory;
    }
    // SAFETY: `arena` was found to lie within the caller's memory, and `start` before it; `start` is aligned, and between
    // the two a session has room. The bytes of the arena are initialised before anything reads them.
    unsafe {
        let arena = base.add(arena);
        ptr::write_bytes(arena, 0, model.arena_bytes());
        *session = base.add(start).cast::<FewbitSession>();
        session.write(FewbitSession { model, semantics, arena });
    }
    FewbitStatus::Ok
}

/// How many inputs the network has; 0 without a session.
///
/// # Safety
/// `session` must come from `fewbit_create`, or be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fewbit_input_count(session: *const FewbitSession) -> usize {
    // SAFETY: as the caller promises.
    unsafe { session.as_ref() }.map_or(0, |session| session.model.nnb().inputs().len())
}

/// How many outputs the network has; 0 without a session.
///
/// # Safety
/// `session` must come from `fewbit_create`, or be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fewbit_output_count(session: *const FewbitSession) -> usize {
    // SAFETY: as the caller promises.
    unsafe { session.as_ref() }.map_or(0, |session| session.model.nnb().outputs().len())
}

/// Where the input of this number lies, and how its values are stored: to be written before each run.
///
/// # Safety
/// `session` must come from `fewbit_create`, or be null; `tensor` must point to a tensor to be written, or be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fewbit_input(
    session: *mut FewbitSession,
    index: usize,
    tensor: *mut FewbitTensor,
) -> FewbitStatus {
    // SAFETY: as the caller promises.
    unsafe { describe(session, tensor, |model| nth(model.nnb().inputs(), index)) }
}

/// Where the output of this number lies, and how its values are stored: to be read after each run.
///
/// # Safety
/// `session` must come from `fewbit_create`, or be null; `tensor` must point to a tensor to be written, or be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fewbit_output(
    session: *mut FewbitSession,
    index: usize,
    tensor: *mut FewbitTensor,
) -> FewbitStatus {
    // SAFETY: as the caller promises.
    unsafe { describe(session, tensor, |model| nth(model.nnb().outputs(), index)) }
}

/// Stores real numbers in an input, as many as it has, in the form in which it holds them.
///
/// # Safety
/// `session` must come from `fewbit_create`, or be null; `values` must point to `count` numbers, or be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fewbit_set_input(
    session: *mut FewbitSession,
    index: usize,
    values: *const f32,
    count: usize,
) -> FewbitStatus {
    if values.is_null() {
        return FewbitStatus::Argument;
    }
    // SAFETY: as the caller promises.
    let Some(session) = (unsafe { session.as_mut() }) else { return FewbitStatus::Argument };
    let mut session = session.runtime();
    let Some(mut input) = session.input_mut(index) else { return FewbitStatus::Index };
    if input.len() != count {
        return FewbitStatus::Count;
    }
    // SAFETY: as the caller promises.
    input.write(0, unsafe { slice::from_raw_parts(values, count) });
    FewbitStatus::Ok
}

/// Runs the network on the inputs as they are in memory. Inputs may be overwritten.
///
/// # Safety
/// `session` must come from `fewbit_create`, or be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fewbit_run(session: *mut FewbitSession) -> FewbitStatus {
    // SAFETY: as the caller promises.
    let Some(session) = (unsafe { session.as_mut() }) else { return FewbitStatus::Argument };
    session.runtime().run();
    FewbitStatus::Ok
}

/// Reads an output as real numbers, as many as it has.
///
/// # Safety
/// `session` must come from `fewbit_create`, or be null; `values` must point to `count` numbers to be written, or be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fewbit_get_output(
    session: *mut FewbitSession,
    index: usize,
    values: *mut f32,
    count: usize,
) -> FewbitStatus {
    if values.is_null() {
        return FewbitStatus::Argument;
    }
    // SAFETY: as the caller promises.
    let Some(session) = (unsafe { session.as_mut() }) else { return FewbitStatus::Argument };
    if nth(session.model.nnb().outputs(), index).is_none() {
        return FewbitStatus::Index;
    }
    let runtime = session.runtime();
    let output = runtime.output(index);
    if output.len() != count {
        return FewbitStatus::Count;
    }
    // SAFETY: as the caller promises; numbers that were never written are only overwritten.
    let values = unsafe {
        ptr::write_bytes(values, 0, count);
        slice::from_raw_parts_mut(values, count)
    };
    output.read(0, values);
    FewbitStatus::Ok
}

/// Bytes of the state of a session, up to where its arena begins.
const STATE_BYTES: usize = size_of::<FewbitSession>().next_multiple_of(ALIGNMENT);

/// Bytes of a session wherever its memory begins; `None` if no machine has as many.
fn needed_bytes(model: &Model<'_>) -> Option<usize> {
    model.arena_bytes().checked_add(STATE_BYTES + ALIGNMENT - 1)
}

/// Why a file cannot be run.
enum OpenFailure {
    NoFile,
    Refused(OpenError),
}

impl OpenFailure {
    fn status(&self) -> FewbitStatus {
        match self {
            Self::NoFile => FewbitStatus::Argument,
            Self::Refused(OpenError::Unsupported { .. } | OpenError::Nnb(NnbError::Function { .. })) => {
                FewbitStatus::Unsupported
            }
            Self::Refused(_) => FewbitStatus::File,
        }
    }
}

impl fmt::Display for OpenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile => f.write_str("the file is a null pointer"),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

/// Opens the file at a pointer.
///
/// # Safety
/// `file` must be null or point to `file_bytes` bytes, which stay as they are as long as the model is used.
unsafe fn open(file: *const u8, file_bytes: usize) -> Result<Model<'static>, OpenFailure> {
    if file.is_null() {
        return Err(OpenFailure::NoFile);
    }
    // SAFETY: as the caller promises.
    let bytes = unsafe { slice::from_raw_parts(file, file_bytes) };
    Model::open(bytes).map_err(OpenFailure::Refused)
}

impl FewbitSession {
    /// The session in Rust.
    fn runtime(&mut self) -> Session<'_, 'static> {
        // SAFETY: `fewbit_create` found this many bytes at `arena` and initialised them; they belong to the session, which
        // is borrowed as long as they are.
        let arena = unsafe { slice::from_raw_parts_mut(self.arena, self.model.arena_bytes()) };
        Session::new(&self.model, arena, self.semantics).expect("the arena has the size that the model says")
    }
}

fn nth(list: fewbit_nnb::reader::Words<'_>, index: usize) -> Option<usize> {
    (index < list.len()).then(|| list.get(index))
}

/// Describes the variable that `number` picks.
///
/// # Safety
/// `session` must come from `fewbit_create`, or be null; `tensor` must point to a tensor to be written, or be null.
unsafe fn describe(
    session: *mut FewbitSession,
    tensor: *mut FewbitTensor,
    number: impl Fn(&Model<'_>) -> Option<usize>,
) -> FewbitStatus {
    if tensor.is_null() {
        return FewbitStatus::Argument;
    }
    // SAFETY: as the caller promises.
    let Some(session) = (unsafe { session.as_mut() }) else { return FewbitStatus::Argument };
    let Some(number) = number(&session.model) else { return FewbitStatus::Index };
    let Some(range) = session.model.arena_range(number) else { return FewbitStatus::Index };
    let variable = session.model.nnb().variable(number);
    let (r#type, position) = match variable.format {
        NumberFormat::Float32 => (FewbitType::Float32, 0),
        NumberFormat::Fixed16 { position } => (FewbitType::Fixed16, position),
        NumberFormat::Fixed8 { position } => (FewbitType::Fixed8, position),
        // Buffers of less than a byte a value are refused when a model is opened.
        NumberFormat::Fixed4 { .. } | NumberFormat::Fixed2 { .. } | NumberFormat::Sign => return FewbitStatus::Index,
    };
    let shape = variable.shape;
    let mut extents = [0; FEWBIT_MAX_RANK];
    extents[..shape.rank()].copy_from_slice(&shape);
    // SAFETY: ranges of an opened model lie within the arena, and `tensor` is the caller's to be written.
    unsafe {
        let data = session.arena.add(range.start).cast();
        tensor.write(FewbitTensor {
            data,
            bytes: range.len(),
            items: shape.items(),
            rank: shape.rank(),
            extents,
            r#type,
            position,
        });
    }
    FewbitStatus::Ok
}

/// A text that is cut where its bytes end, a zero behind it.
struct Text<'t> {
    bytes: &'t mut [u8],
    used: usize,
}

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.len().saturating_sub(self.used + 1);
        let fitting = text.floor_char_boundary(room);
        self.bytes[self.used..self.used + fitting].copy_from_slice(&text.as_bytes()[..fitting]);
        self.used += fitting;
        if fitting == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

//! The types of NNabla's C runtime, as its headers lay them out in memory.

use core::ffi::{c_int, c_void};

/// `rt_return_value_t`.
pub type ReturnValue = c_int;

/// A file is not of a version that the runtime knows, or no file.
pub const ERROR_VERSION_UNMATCH: ReturnValue = -899;
/// There is no memory for a context.
pub const ERROR_ALLOCATE_CONTEXT: ReturnValue = -898;
/// A context was initialised already.
pub const ERROR_INITIALIZE_CONTEXT_TWICE: ReturnValue = -897;
/// There is no memory for a callback.
pub const ERROR_ALLOCATE_CALLBACK_BUFFER: ReturnValue = -896;
/// A variable refers to a buffer that is not there, or too small.
pub const ERROR_INVALID_BUFFER_INDEX: ReturnValue = -895;
/// A variable cannot be understood, or cannot be told in these types.
pub const ERROR_INIT_VARIABLE: ReturnValue = -894;
/// A function that the runtime does not compute.
pub const ERROR_UNKNOWN_FUNCTION: ReturnValue = -893;
/// A function whose variables do not fit it.
pub const ERROR_NO_MATCHING_FUNCTION: ReturnValue = -892;
/// All is well.
pub const NOERROR: ReturnValue = 0;
/// What a callback returns that takes a function.
pub const FUNCTION_MATCH: ReturnValue = 1;
/// What `rt_forward` returns if a function of the program's own failed.
pub const FORWARD_FAILED: ReturnValue = -1;

/// The largest number of an implementation for which callbacks are asked.
pub const LAST_USER_IMPLEMENTATION: u16 = 99;

/// `nn_list_t`: a list in the file.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct NnList {
    /// How many numbers.
    pub size: u32,
    /// The block that holds them.
    pub list: i32,
}

/// `nn_variable_t`: what the file says of a variable.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct NnVariable {
    /// Its number.
    pub id: u32,
    /// Its extents.
    pub shape: NnList,
    /// Its type in the low four bits, its position in the four above.
    pub bits: u32,
    /// The block of its values, or `-(buffer + 1)`.
    pub data_index: i32,
}

/// `rt_list_t`: a list of numbers in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RtList {
    /// How many.
    pub size: c_int,
    /// Where they are.
    pub data: *mut c_int,
}

/// `rt_variable_t`: a variable in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RtVariable {
    /// Its extents.
    pub shape: RtList,
    /// Its type in the low four bits, its position in the four above.
    pub bits: u32,
    /// The value of one step of a fixed-point type, 0 for others.
    pub coefficient: f32,
    /// Its values.
    pub data: *mut c_void,
}

/// A function of the program's own, and the one that frees what it holds.
pub type Execute = unsafe extern "C" fn(*mut RtFunction) -> c_int;

/// `rt_function_t`: a function with its variables.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RtFunction {
    /// How many inputs.
    pub num_of_inputs: c_int,
    /// The inputs.
    pub inputs: *mut *mut RtVariable,
    /// How many outputs.
    pub num_of_outputs: c_int,
    /// The outputs.
    pub outputs: *mut *mut RtVariable,
    /// What computes it, if a callback took it.
    pub exec_func: Option<Execute>,
    /// What frees its local context.
    pub free_local_context_func: Option<Execute>,
    /// The program's own.
    pub local_context: *mut c_void,
}

/// `rt_function_context_t`: what a callback is given.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RtFunctionContext {
    /// The function's record in the file.
    pub info: *mut c_void,
    /// What the callback may change.
    pub func: RtFunction,
}

/// A callback: it looks at a function, and takes it by returning [`FUNCTION_MATCH`].
pub type Allocate = unsafe extern "C" fn(*mut c_void, *mut c_void) -> ReturnValue;

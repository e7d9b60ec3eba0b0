//! `nnablart/runtime.h`: the calls that programs for NNabla's C runtime make.
//!
//! A program links unchanged, whether it was compiled with NNabla's headers or with those here. Differences that it may
//! see:
//!
//! - the results are fewbit's *integer* semantics, the same bits as on every other way to run the file;
//!   `rt_set_reference_semantics` chooses what NNabla's runtime means to compute;
//! - a file is checked before it runs, so that a damaged one is an error and not undefined behaviour;
//! - numbers of inputs and outputs that do not exist give 0 or a null pointer;
//! - all buffers lie in one block of memory, for which the function of `rt_set_variable_malloc` is called once;
//! - callbacks can replace any function that fewbit computes, but not add one that it does not.
//!
//! | module | what it holds |
//! |---|---|
//! | [`abi`] | the types of the headers |
//! | [`query`] | what a program asks about inputs and outputs |
//! | [`memory`] | memory from the program's functions |
//! | [`network`] | a file with its memory |

pub mod abi;
pub mod memory;
pub mod network;
pub mod query;

use abi::{
    Allocate, ERROR_ALLOCATE_CALLBACK_BUFFER, ERROR_ALLOCATE_CONTEXT, ERROR_INITIALIZE_CONTEXT_TWICE, FORWARD_FAILED,
    NOERROR, ReturnValue,
};
use core::ffi::{c_char, c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};
use fewbit_runtime::Semantics;
use memory::{Array, Free, Malloc, STATE, VARIABLES};
use network::{Callback, Network};

/// What a context pointer points to.
#[derive(Debug, Default)]
struct Context {
    callbacks: Option<Array<Callback>>,
    network: Option<Network>,
}

/// Whether contexts compute what NNabla's runtime means to compute.
static REFERENCE: AtomicBool = AtomicBool::new(false);

/// The network of a context.
///
/// # Safety
/// `context` must be null or come from [`rt_allocate_context`], and nothing else may use it now.
unsafe fn network<'c>(context: *mut c_void) -> Option<&'c mut Network> {
    // SAFETY: as the caller promises.
    unsafe { context.cast::<Context>().as_mut() }?.network.as_mut()
}

/// Makes a context, to be freed by [`rt_free_context`].
///
/// # Safety
/// `context` must point to a pointer to be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_allocate_context(context: *mut *mut c_void) -> ReturnValue {
    // A context owns what it points to, so that it is moved into memory of the program's and out again, not copied.
    let Some(mut memory) = Array::new(&STATE, size_of::<Context>(), (0..size_of::<Context>()).map(|_| 0u8)) else {
        return ERROR_ALLOCATE_CONTEXT;
    };
    let place = memory.as_mut_ptr().cast::<Context>();
    if !place.is_aligned() {
        return ERROR_ALLOCATE_CONTEXT;
    }
    core::mem::forget(memory);
    // SAFETY: there is room for a context at `place`, which is aligned; `context` is the caller's to be written.
    unsafe {
        place.write(Context::default());
        context.write(place.cast());
    }
    NOERROR
}

/// Adds a callback: for each function of this type whose implementation is below 100, it is asked whether it takes it.
///
/// # Safety
/// `context` must come from [`rt_allocate_context`]; the callback must take what NNabla's headers say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_add_callback(context: *mut c_void, kind: c_int, allocate: Option<Allocate>) -> ReturnValue {
    // SAFETY: as the caller promises.
    let (Some(context), Some(allocate)) = (unsafe { context.cast::<Context>().as_mut() }, allocate) else {
        return ERROR_ALLOCATE_CALLBACK_BUFFER;
    };
    let known = context.callbacks.as_deref().unwrap_or(&[]);
    let all = known.iter().copied().chain([Callback { kind, allocate }]);
    match Array::new(&STATE, known.len() + 1, all) {
        Some(callbacks) => context.callbacks = Some(callbacks),
        None => return ERROR_ALLOCATE_CALLBACK_BUFFER,
    }
    NOERROR
}

/// Opens a file for a context. The file must stay where it is until the context is freed.
///
/// # Safety
/// `context` must come from [`rt_allocate_context`]; `network` must point to a whole file, as long as its header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_initialize_context(context: *mut c_void, network: *mut c_void) -> ReturnValue {
    // SAFETY: as the caller promises.
    let Some(context) = (unsafe { context.cast::<Context>().as_mut() }) else { return ERROR_ALLOCATE_CONTEXT };
    if context.network.is_some() {
        return ERROR_INITIALIZE_CONTEXT_TWICE;
    }
    // SAFETY: as the caller promises.
    match unsafe { Network::open(network, context.callbacks.as_deref().unwrap_or(&[])) } {
        Ok(network) => context.network = Some(network),
        Err(error) => return error,
    }
    NOERROR
}

/// Frees a context and all that belongs to it.
///
/// # Safety
/// `context` must point to a context of [`rt_allocate_context`] that nothing uses any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_free_context(context: *mut *mut c_void) -> ReturnValue {
    // SAFETY: as the caller promises.
    let Some(pointer) = (unsafe { context.as_mut() }) else { return NOERROR };
    let place = core::mem::replace(pointer, ptr::null_mut()).cast::<Context>();
    if !place.is_null() {
        // SAFETY: it is a context, which is moved out of its memory before that is given back.
        unsafe {
            drop(place.read());
            STATE.release(place.cast());
        }
    }
    NOERROR
}

/// Runs the network on the values that are in the buffers of its inputs.
///
/// # Safety
/// `context` must come from [`rt_allocate_context`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_forward(context: *mut c_void) -> ReturnValue {
    let semantics = if REFERENCE.load(Ordering::Relaxed) { Semantics::Reference } else { Semantics::Integer };
    // SAFETY: as the caller promises.
    unsafe { network(context) }.map_or(FORWARD_FAILED, |network| network.forward(semantics))
}

/// Chooses for all contexts whether results are those that NNabla's runtime means to compute, with its truncating stores;
/// otherwise they are exact integers. This call is fewbit's own.
#[unsafe(no_mangle)]
pub extern "C" fn rt_set_reference_semantics(reference: c_int) {
    REFERENCE.store(reference != 0, Ordering::Relaxed);
}

/// Sets what takes memory for buffers; null stands for `malloc`.
#[unsafe(no_mangle)]
pub extern "C" fn rt_set_variable_malloc(function: Option<Malloc>) {
    VARIABLES.set_malloc(function);
}

/// Sets what frees memory of buffers; null stands for `free`.
#[unsafe(no_mangle)]
pub extern "C" fn rt_set_variable_free(function: Option<Free>) {
    VARIABLES.set_free(function);
}

/// Sets what takes memory for everything else; null stands for `malloc`.
#[unsafe(no_mangle)]
pub extern "C" fn rt_set_malloc(function: Option<Malloc>) {
    STATE.set_malloc(function);
}

/// Sets what frees memory of everything else; null stands for `free`.
#[unsafe(no_mangle)]
pub extern "C" fn rt_set_free(function: Option<Free>) {
    STATE.set_free(function);
}

/// The version of NNabla whose functions the runtime knows.
#[unsafe(no_mangle)]
pub extern "C" fn rt_nnabla_version() -> *const c_char {
    c"1.39.0".as_ptr()
}

/// The version of the runtime.
#[unsafe(no_mangle)]
pub extern "C" fn rt_c_runtime_version() -> *const c_char {
    crate::session::fewbit_version()
}

/// The newest version of `.nnb`.
#[unsafe(no_mangle)]
pub extern "C" fn rt_nnb_version() -> c_int {
    4
}

/// The newest API level.
#[unsafe(no_mangle)]
pub extern "C" fn rt_nnb_revision() -> *const c_char {
    c"API_LEVEL_45".as_ptr()
}

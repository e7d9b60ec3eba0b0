//! What a program asks about the inputs and outputs of its network. What does not exist is 0 or a null pointer.

use super::abi::{NnVariable, RtVariable};
use super::network;
use core::ffi::{c_int, c_void};
use core::{ptr, slice};

/// How many inputs the network has.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_num_of_input(context: *mut c_void) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { network(context) }.map_or(0, |network| network.input_count() as c_int)
}

/// How many values the input at `index` has.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_input_size(context: *mut c_void, index: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { input(context, index) }.map_or(0, |variable| extents(variable).iter().product())
}

/// How many axes the input at `index` has.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_input_dimension(context: *mut c_void, index: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { input(context, index) }.map_or(0, |variable| variable.shape.size)
}

/// The extent of the input at `index` along an axis.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_input_shape(context: *mut c_void, index: usize, axis: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { input(context, index) }.and_then(|variable| extents(variable).get(axis).copied()).unwrap_or(0)
}

/// Where the values of the input at `index` are.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_input_buffer(context: *mut c_void, index: usize) -> *mut c_void {
    // SAFETY: as the caller promises.
    unsafe { input(context, index) }.map_or(ptr::null_mut(), |variable| variable.data)
}

/// What the file says of the input at `index`: type and position.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_input_variable(context: *mut c_void, index: usize) -> *mut NnVariable {
    // SAFETY: as the caller promises.
    let Some(network) = (unsafe { network(context) }) else { return ptr::null_mut() };
    network.input(index).map_or(ptr::null_mut(), |number| ptr::from_mut(network.record(number)))
}

/// How many outputs the network has.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_num_of_output(context: *mut c_void) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { network(context) }.map_or(0, |network| network.output_count() as c_int)
}

/// How many values the output at `index` has.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_output_size(context: *mut c_void, index: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { output(context, index) }.map_or(0, |variable| extents(variable).iter().product())
}

/// How many axes the output at `index` has.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_output_dimension(context: *mut c_void, index: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { output(context, index) }.map_or(0, |variable| variable.shape.size)
}

/// The extent of the output at `index` along an axis.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_output_shape(context: *mut c_void, index: usize, axis: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { output(context, index) }.and_then(|variable| extents(variable).get(axis).copied()).unwrap_or(0)
}

/// Where the values of the output at `index` are.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_output_buffer(context: *mut c_void, index: usize) -> *mut c_void {
    // SAFETY: as the caller promises.
    unsafe { output(context, index) }.map_or(ptr::null_mut(), |variable| variable.data)
}

/// What the file says of the output at `index`: type and position.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_output_variable(context: *mut c_void, index: usize) -> *mut NnVariable {
    // SAFETY: as the caller promises.
    let Some(network) = (unsafe { network(context) }) else { return ptr::null_mut() };
    network.output(index).map_or(ptr::null_mut(), |number| ptr::from_mut(network.record(number)))
}

/// The input at `index` of the network of a context.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`, and nothing else may use it now.
unsafe fn input<'c>(context: *mut c_void, index: usize) -> Option<&'c RtVariable> {
    // SAFETY: as the caller promises.
    let network = unsafe { network(context) }?;
    network.input(index).map(|number| network.variable(number))
}

/// The output at `index` of the network of a context.
///
/// # Safety
/// `context` must be null or come from `rt_allocate_context`, and nothing else may use it now.
unsafe fn output<'c>(context: *mut c_void, index: usize) -> Option<&'c RtVariable> {
    // SAFETY: as the caller promises.
    let network = unsafe { network(context) }?;
    network.output(index).map(|number| network.variable(number))
}

/// The extents of a variable of a network.
fn extents(variable: &RtVariable) -> &[c_int] {
    // SAFETY: the list belongs to the network, as the variable does, and has as many numbers as it says.
    unsafe { slice::from_raw_parts(variable.shape.data, usize::try_from(variable.shape.size).unwrap_or(0)) }
}

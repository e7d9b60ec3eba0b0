//! [`Network`]: a file with its memory, laid out in the types of NNabla's C runtime.

use super::abi::{
    Allocate, ERROR_ALLOCATE_CONTEXT, ERROR_INIT_VARIABLE, ERROR_INVALID_BUFFER_INDEX, ERROR_NO_MATCHING_FUNCTION,
    ERROR_UNKNOWN_FUNCTION, ERROR_VERSION_UNMATCH, FORWARD_FAILED, FUNCTION_MATCH, LAST_USER_IMPLEMENTATION, NOERROR,
    NnList, NnVariable, ReturnValue, RtFunction, RtFunctionContext, RtList, RtVariable,
};
use super::memory::{Array, STATE, VARIABLES};
use core::ffi::{c_int, c_void};
use core::{ptr, slice};
use fewbit_nnb::layout::{format_bytes, function, header, variable};
use fewbit_nnb::{Data, Nnb, NnbError, Version};
use fewbit_runtime::model::OpenError;
use fewbit_runtime::{Model, Semantics, Session};

/// A callback for functions of one type.
#[derive(Clone, Copy, Debug)]
pub struct Callback {
    /// The id of the functions.
    pub kind: c_int,
    /// What is asked whether it takes a function.
    pub allocate: Allocate,
}

/// A file with its memory.
#[derive(Debug)]
pub struct Network {
    model: Model<'static>,
    arena: Array<u8>,
    /// The extents of all variables, one behind the other.
    _extents: Array<c_int>,
    variables: Array<RtVariable>,
    records: Array<NnVariable>,
    /// The inputs and outputs of all functions, one behind the other.
    _references: Array<*mut RtVariable>,
    functions: Array<RtFunctionContext>,
}

impl Network {
    /// Opens the file at a pointer, and asks the callbacks for its functions.
    ///
    /// # Safety
    /// `file` must point to a whole file, as long as its header says, which stays as it is as long as the network is used;
    /// the callbacks must be what the program says they are.
    pub unsafe fn open(file: *mut c_void, callbacks: &[Callback]) -> Result<Self, ReturnValue> {
        // SAFETY: as the caller promises.
        let model = unsafe { open(file.cast()) }?;
        let nnb = model.nnb();
        let no_memory = ERROR_ALLOCATE_CONTEXT;
        let arena_bytes = model.arena_bytes();
        let mut arena = Array::new(&VARIABLES, arena_bytes, (0..arena_bytes).map(|_| 0u8)).ok_or(no_memory)?;
        let numbers = 0..nnb.variable_count();

        let shapes = || numbers.clone().map(|number| nnb.variable(number).shape);
        let count = shapes().map(|shape| shape.rank()).sum();
        // Extents in a file are 32-bit integers with a sign.
        let extents = shapes().flat_map(|shape| (0..shape.rank()).map(move |axis| shape[axis] as c_int));
        let mut extents = Array::new(&STATE, count, extents).ok_or(no_memory)?;

        let mut next = extents.as_mut_ptr();
        let base = arena.as_mut_ptr();
        let variables = numbers.clone().map(|number| {
            let record = nnb.variable(number);
            let data = match (record.data, model.arena_range(number)) {
                (Data::File(bytes), _) => bytes.as_ptr().cast_mut(),
                // SAFETY: ranges of an opened model lie within the arena.
                (Data::Buffer(_), Some(range)) => unsafe { base.add(range.start) },
                (Data::Buffer(_), None) => ptr::null_mut(),
            };
            let shape = RtList { size: record.shape.rank() as c_int, data: next };
            // SAFETY: this variable has so many extents in the array, or those of all that follow have none.
            next = unsafe { next.add(record.shape.rank()) };
            let coefficient = if record.format.is_fixed() { record.format.step() } else { 0.0 };
            RtVariable { shape, bits: format_bits(nnb, number).1, coefficient, data: data.cast() }
        });
        let mut variables = Array::new(&STATE, numbers.len(), variables).ok_or(no_memory)?;
        let records = Array::new(&STATE, numbers.len(), numbers.map(|number| record(nnb, number))).ok_or(no_memory)?;
        for number in nnb.inputs().iter().chain(nnb.outputs().iter()) {
            if !format_bits(nnb, number).0 {
                return Err(ERROR_INIT_VARIABLE);
            }
        }

        let lists = |index| {
            let record = nnb.function(index);
            record.inputs.iter().chain(record.outputs.iter())
        };
        let places = 0..nnb.function_count();
        let count = places.clone().map(|index| lists(index).count()).sum();
        let base = variables.as_mut_ptr();
        // SAFETY: references of a checked file are numbers of variables.
        let references = places.clone().flat_map(lists).map(|number| unsafe { base.add(number) });
        let mut references = Array::new(&STATE, count, references).ok_or(no_memory)?;
        let mut next = references.as_mut_ptr();
        let functions = places.clone().map(|index| {
            let record = nnb.function(index);
            let inputs = next;
            // SAFETY: this function has so many inputs and outputs in the array.
            let outputs = unsafe { next.add(record.inputs.len()) };
            // SAFETY: as above.
            next = unsafe { outputs.add(record.outputs.len()) };
            let func = RtFunction {
                num_of_inputs: record.inputs.len() as c_int,
                inputs,
                num_of_outputs: record.outputs.len() as c_int,
                outputs,
                exec_func: None,
                free_local_context_func: None,
                local_context: ptr::null_mut(),
            };
            RtFunctionContext { info: nnb.function_bytes(index).as_ptr().cast_mut().cast(), func }
        });
        let functions = Array::new(&STATE, places.len(), functions).ok_or(no_memory)?;
        let mut network =
            Self { model, arena, _extents: extents, variables, records, _references: references, functions };
        // SAFETY: as the caller promises.
        unsafe { network.ask(file, callbacks) };
        Ok(network)
    }

    /// Asks the callbacks of a function's type, in their order, until one takes it.
    ///
    /// # Safety
    /// The callbacks must be what the program says they are.
    unsafe fn ask(&mut self, file: *mut c_void, callbacks: &[Callback]) {
        for index in 0..self.functions.len() {
            let record = self.model.nnb().function_bytes(index);
            let half =
                |field: core::ops::Range<usize>| u16::from_le_bytes([record[field.start], record[field.start + 1]]);
            if half(function::IMPLEMENTATION) > LAST_USER_IMPLEMENTATION {
                continue;
            }
            let context: *mut RtFunctionContext = &mut self.functions[index];
            for callback in callbacks.iter().filter(|callback| callback.kind == c_int::from(half(function::ID))) {
                // SAFETY: the program gave this callback for such functions; both pointers are what it expects.
                if unsafe { (callback.allocate)(file, context.cast()) } == FUNCTION_MATCH {
                    break;
                }
                // One that does not take it must leave it as it was.
                self.functions[index].func.exec_func = None;
            }
        }
    }

    /// Runs all functions: those that a callback took by the program's own.
    pub fn forward(&mut self, semantics: Semantics) -> ReturnValue {
        for index in 0..self.functions.len() {
            let function = &mut self.functions[index].func;
            match function.exec_func {
                Some(execute) => {
                    // SAFETY: the program set this function for this very struct.
                    let error = unsafe { execute(function) };
                    if error != 0 {
                        return FORWARD_FAILED;
                    }
                }
                None => match Session::new(&self.model, &mut self.arena, semantics) {
                    Ok(mut session) => session.run_function(index),
                    Err(_) => return FORWARD_FAILED,
                },
            }
        }
        NOERROR
    }

    /// The number of the input at `index`.
    pub fn input(&self, index: usize) -> Option<usize> {
        nth(self.model.nnb().inputs(), index)
    }

    /// The number of the output at `index`.
    pub fn output(&self, index: usize) -> Option<usize> {
        nth(self.model.nnb().outputs(), index)
    }

    /// How many inputs there are.
    pub fn input_count(&self) -> usize {
        self.model.nnb().inputs().len()
    }

    /// How many outputs there are.
    pub fn output_count(&self) -> usize {
        self.model.nnb().outputs().len()
    }

    /// A variable in memory.
    pub fn variable(&self, number: usize) -> &RtVariable {
        &self.variables[number]
    }

    /// What the file says of a variable.
    pub fn record(&mut self, number: usize) -> &mut NnVariable {
        &mut self.records[number]
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for context in self.functions.iter_mut() {
            let function = &mut context.func;
            if let Some(free) = function.free_local_context_func {
                // SAFETY: the program set this function for this very struct.
                unsafe { free(function) };
            }
            // SAFETY: the local context is the program's, taken by the functions that it set, if not freed already.
            unsafe { STATE.release(function.local_context) };
        }
    }
}

/// Opens the file at a pointer that comes without a length.
///
/// # Safety
/// `file` must be null or point to a whole file, as long as its header says.
unsafe fn open(file: *const u8) -> Result<Model<'static>, ReturnValue> {
    if file.is_null() {
        return Err(ERROR_VERSION_UNMATCH);
    }
    // SAFETY: every file begins with the number of its version.
    let number = u32::from_le_bytes(unsafe { file.cast::<[u8; 4]>().read() });
    let version = Version::from_number(number).ok_or(ERROR_VERSION_UNMATCH)?;
    // SAFETY: a file of this version has a header of this size.
    let head = unsafe { slice::from_raw_parts(file, header::size(version)) };
    let bytes = Nnb::stated_bytes(head).map_err(|_| ERROR_VERSION_UNMATCH)?;
    // SAFETY: the file is as long as its header says.
    Model::open(unsafe { slice::from_raw_parts(file, bytes) }).map_err(|error| code(&error))
}

/// What NNabla's C runtime would call an error.
fn code(error: &OpenError) -> ReturnValue {
    match error {
        OpenError::Unsupported { .. } | OpenError::Nnb(NnbError::Function { .. }) => ERROR_UNKNOWN_FUNCTION,
        OpenError::Nnb(NnbError::Buffer { .. } | NnbError::Offsets { .. }) => ERROR_INVALID_BUFFER_INDEX,
        OpenError::Nnb(NnbError::TooShort { .. } | NnbError::Version(_) | NnbError::ApiLevel(_)) => {
            ERROR_VERSION_UNMATCH
        }
        OpenError::Nnb(_) => ERROR_INIT_VARIABLE,
        OpenError::TooLarge => ERROR_ALLOCATE_CONTEXT,
        _ => ERROR_NO_MATCHING_FUNCTION,
    }
}

/// Type and position of a variable in eight bits, after whether they say all of it: positions of four bits without a
/// sign, and the types of versions 2 and 3.
fn format_bits(nnb: &Nnb<'_>, number: usize) -> (bool, u32) {
    let format = nnb.variable(number).format;
    let bytes = format_bytes(format, Version::V3);
    let kind = u32::from(nnb.variable_bytes(number)[variable::FORMAT] & 15);
    (bytes.is_some(), bytes.map_or(kind, |[bits, _]| u32::from(bits)))
}

/// The record of a variable as version 3 has it.
fn record(nnb: &Nnb<'_>, number: usize) -> NnVariable {
    let bytes = nnb.variable_bytes(number);
    let word = |place: usize| {
        let bytes = bytes.get(place..).and_then(|bytes| bytes.first_chunk::<4>());
        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    };
    NnVariable {
        id: word(variable::ID.start),
        shape: NnList { size: word(variable::SHAPE.start), list: word(variable::SHAPE.start + 4) as i32 },
        bits: format_bits(nnb, number).1,
        data_index: word(variable::DATA.start) as i32,
    }
}

fn nth(list: fewbit_nnb::reader::Words<'_>, index: usize) -> Option<usize> {
    (index < list.len()).then(|| list.get(index))
}

//! Memory from the functions that the program sets, or from the C library's.
//!
//! They are global, since the calls of NNabla's C runtime that set them are. Each [`Array`] remembers the function that
//! frees it, so that a change in between does no harm.

use core::ffi::c_void;
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};
use core::slice;
use core::sync::atomic::{AtomicPtr, Ordering};

/// Takes memory.
pub type Malloc = unsafe extern "C" fn(usize) -> *mut c_void;

/// Gives memory back.
pub type Free = unsafe extern "C" fn(*mut c_void);

unsafe extern "C" {
    fn malloc(bytes: usize) -> *mut c_void;
    fn free(memory: *mut c_void);
}

/// Where memory comes from.
#[derive(Debug)]
pub struct Source {
    malloc: AtomicPtr<c_void>,
    free: AtomicPtr<c_void>,
}

/// For the values of variables.
pub static VARIABLES: Source = Source::new();

/// For everything else.
pub static STATE: Source = Source::new();

impl Source {
    const fn new() -> Self {
        Self { malloc: AtomicPtr::new(ptr::null_mut()), free: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Sets what takes memory; `None` stands for the C library's function.
    pub fn set_malloc(&self, function: Option<Malloc>) {
        self.malloc.store(function.map_or(ptr::null_mut(), |function| function as *mut c_void), Ordering::Release);
    }

    /// Sets what gives memory back; `None` stands for the C library's function.
    pub fn set_free(&self, function: Option<Free>) {
        self.free.store(function.map_or(ptr::null_mut(), |function| function as *mut c_void), Ordering::Release);
    }

    fn malloc(&self) -> Malloc {
        let function = self.malloc.load(Ordering::Acquire);
        // SAFETY: only `set_malloc` writes the pointer: it is null or such a function.
        unsafe { core::mem::transmute::<*mut c_void, Option<Malloc>>(function) }.unwrap_or(malloc)
    }

    fn free(&self) -> Free {
        let function = self.free.load(Ordering::Acquire);
        // SAFETY: only `set_free` writes the pointer: it is null or such a function.
        unsafe { core::mem::transmute::<*mut c_void, Option<Free>>(function) }.unwrap_or(free)
    }

    /// Gives back what a program's own function took from the same source.
    ///
    /// # Safety
    /// `memory` must be null, or memory that the current functions may free, which nothing uses any more.
    pub unsafe fn release(&self, memory: *mut c_void) {
        if !memory.is_null() {
            // SAFETY: as the caller promises.
            unsafe { self.free()(memory) };
        }
    }
}

/// Values of one type, as many as were asked for. They are plain data without anything to be dropped.
#[derive(Debug)]
pub struct Array<T: Copy> {
    items: NonNull<T>,
    len: usize,
    free: Free,
}

impl<T: Copy> Array<T> {
    /// As many values as the iterator gives, at most `len`; `None` if there is no memory.
    pub fn new(source: &Source, len: usize, values: impl IntoIterator<Item = T>) -> Option<Self> {
        let bytes = len.checked_mul(size_of::<T>())?.max(1);
        // SAFETY: a function that takes memory may be called with any size.
        let memory = unsafe { source.malloc()(bytes) };
        let items = NonNull::new(memory.cast::<T>())?;
        if !items.is_aligned() {
            // SAFETY: it was just taken, from the same source.
            unsafe { source.free()(memory) };
            return None;
        }
        let mut array = Self { items, len: 0, free: source.free() };
        for value in values.into_iter().take(len) {
            // SAFETY: there is room for `len` values, of which fewer are written.
            unsafe { array.items.add(array.len).write(value) };
            array.len += 1;
        }
        Some(array)
    }

    /// A pointer to the first value.
    pub fn as_mut_ptr(&mut self) -> *mut T {
        self.items.as_ptr()
    }
}

impl<T: Copy> Deref for Array<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `len` values were written.
        unsafe { slice::from_raw_parts(self.items.as_ptr(), self.len) }
    }
}

impl<T: Copy> DerefMut for Array<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: `len` values were written, and they are borrowed as long as the slice is.
        unsafe { slice::from_raw_parts_mut(self.items.as_ptr(), self.len) }
    }
}

impl<T: Copy> Drop for Array<T> {
    fn drop(&mut self) {
        // SAFETY: the memory was taken when the array was made, and this function belongs to it.
        unsafe { (self.free)(self.items.as_ptr().cast()) };
    }
}

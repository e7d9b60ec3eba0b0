//! The runtime for programs in C.
//!
//! | module | header | what it holds |
//! |---|---|---|
//! | [`session`] | `fewbit.h` | a session in memory that the caller gives: no heap, no global state, errors with text |
//! | [`nnablart`] | `nnablart/runtime.h` | the calls of NNabla's C runtime, so that programs written for it link unchanged |
//!
//! Without the feature `std` the library needs no standard library, of Rust or of C: that is how it is built for a
//! microcontroller. `docs/c-interface.md` shows both ways.
#![cfg_attr(not(feature = "std"), no_std)]

pub mod session;

#[cfg(feature = "nnablart")]
pub mod nnablart;

/// Models are checked when they are opened, so that nothing panics after that; should it happen all the same, a device
/// must not go on with wrong values.
#[cfg(all(not(feature = "std"), not(test)))]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

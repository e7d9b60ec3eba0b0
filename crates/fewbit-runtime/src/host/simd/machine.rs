//! [`Machine`]: the instruction set that kernels run with, chosen when a network is prepared.

use super::Simd;
#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use super::avx512::Avx512;
#[cfg(target_arch = "aarch64")]
use super::neon::Neon;
use super::portable::Portable;

/// The vector instructions that a prepared network can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstructionSet {
    /// Plain Rust, for every machine.
    Portable,
    /// 128-bit vectors of 64-bit Arm processors.
    Neon,
    /// 256-bit vectors of x86 processors, with fused multiply-add.
    Avx2,
    /// 512-bit vectors of x86 processors.
    Avx512,
}

impl InstructionSet {
    /// All of them, the least capable first.
    pub const ALL: [Self; 4] = [Self::Portable, Self::Neon, Self::Avx2, Self::Avx512];

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        Machine::new(self).is_some()
    }

    /// The most capable one of this processor.
    pub fn best() -> Self {
        Self::ALL.into_iter().rev().find(|set| set.is_available()).unwrap_or(Self::Portable)
    }
}

/// An instruction set that this processor is known to have.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) enum Machine {
    Portable(Portable),
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

/// Work that can be done with any instruction set.
///
/// Implementations of `run`, and all that it calls, must be `#[inline(always)]`: code can use an instruction set only
/// when it is compiled into a function for which that set is switched on.
pub(in crate::host) trait Kernel {
    /// Does the work.
    fn run<S: Simd>(self, simd: S);
}

impl Machine {
    /// The instruction set, if this processor has it.
    pub fn new(set: InstructionSet) -> Option<Self> {
        match set {
            InstructionSet::Portable => Some(Self::Portable(Portable)),
            #[cfg(target_arch = "aarch64")]
            InstructionSet::Neon => Neon::new().map(Self::Neon),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => Avx2::new().map(Self::Avx2),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => Avx512::new().map(Self::Avx512),
            _ => None,
        }
    }

    /// The most capable one of this processor.
    pub fn best() -> Self {
        InstructionSet::ALL.into_iter().rev().find_map(Self::new).unwrap_or(Self::Portable(Portable))
    }

    /// Floats in a vector.
    pub fn lanes(self) -> usize {
        fn lanes<S: Simd>(_: S) -> usize {
            S::LANES
        }
        match self {
            Self::Portable(simd) => lanes(simd),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => lanes(simd),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => lanes(simd),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => lanes(simd),
        }
    }

    /// Runs a kernel, compiled for this instruction set.
    pub fn run(self, kernel: impl Kernel) {
        match self {
            Self::Portable(simd) => kernel.run(simd),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => simd.run(kernel),
        }
    }
}

//! [`Machine`]: the instruction set that kernels run with, chosen when a network is prepared.

#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use super::avx512::Avx512;
use super::integer::IntegerKernel;
#[cfg(target_arch = "aarch64")]
use super::integer::neon::NeonIntegers;
#[cfg(target_arch = "x86_64")]
use super::integer::{avx2::Avx2Integers, avx512::Avx512Vnni};
#[cfg(target_arch = "aarch64")]
use super::neon::Neon;
use super::portable::Portable;
use super::{Simd, Vectors};
use crate::host::packing::Arrangement;

/// The vector instructions that a prepared network can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstructionSet {
    /// Plain Rust, for every machine.
    Portable,
    /// 128-bit vectors of 64-bit Arm processors.
    Neon,
    /// The same, with the instruction for sums of products of integers.
    NeonDot,
    /// 256-bit vectors of x86 processors, with fused multiply-add.
    Avx2,
    /// The same, with instructions for sums of products of integers.
    AvxVnni,
    /// 512-bit vectors of x86 processors; for integers what AVX2 has.
    Avx512,
    /// The same, with instructions for sums of products of integers.
    Avx512Vnni,
}

impl InstructionSet {
    /// All of them, the least capable first.
    pub const ALL: [Self; 7] =
        [Self::Portable, Self::Neon, Self::NeonDot, Self::Avx2, Self::AvxVnni, Self::Avx512, Self::Avx512Vnni];

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
    Neon(Neon, NeonIntegers<false>),
    #[cfg(target_arch = "aarch64")]
    NeonDot(Neon, NeonIntegers<true>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2, Avx2Integers<false>),
    #[cfg(target_arch = "x86_64")]
    AvxVnni(Avx2, Avx2Integers<true>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512, Avx2Integers<false>),
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni(Avx512, Avx512Vnni),
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
            InstructionSet::Neon => Some(Self::Neon(Neon::new()?, NeonIntegers::new()?)),
            #[cfg(target_arch = "aarch64")]
            InstructionSet::NeonDot => Some(Self::NeonDot(Neon::new()?, NeonIntegers::new()?)),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => Some(Self::Avx2(Avx2::new()?, Avx2Integers::new()?)),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::AvxVnni => Some(Self::AvxVnni(Avx2::new()?, Avx2Integers::new()?)),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => Some(Self::Avx512(Avx512::new()?, Avx2Integers::new()?)),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512Vnni => Some(Self::Avx512Vnni(Avx512::new()?, Avx512Vnni::new()?)),
            _ => None,
        }
    }

    /// The most capable one of this processor.
    pub fn best() -> Self {
        InstructionSet::ALL.into_iter().rev().find_map(Self::new).unwrap_or(Self::Portable(Portable))
    }

    /// Floats in a vector.
    pub fn lanes(self) -> usize {
        match self {
            Self::Portable(simd) => lanes(simd),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd, _) | Self::NeonDot(simd, _) => lanes(simd),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd, _) | Self::AvxVnni(simd, _) => lanes(simd),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd, _) | Self::Avx512Vnni(simd, _) => lanes(simd),
        }
    }

    /// How the weights of sums of integers are arranged. Four vectors are joined where all values are bytes.
    pub fn integer_arrangement(self, bytes: bool) -> Arrangement {
        match self {
            Self::Portable(simd) => interleaved(simd, bytes),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_, simd) => interleaved(simd, bytes),
            #[cfg(target_arch = "aarch64")]
            Self::NeonDot(_, simd) => interleaved(simd, bytes),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_, simd) | Self::Avx512(_, simd) => interleaved(simd, bytes),
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni(_, simd) => interleaved(simd, bytes),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni(_, simd) => interleaved(simd, bytes),
        }
    }

    /// Runs a kernel, compiled for this instruction set.
    pub fn run(self, kernel: impl Kernel) {
        match self {
            Self::Portable(simd) => kernel.run(simd),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd, _) | Self::NeonDot(simd, _) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd, _) | Self::AvxVnni(simd, _) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd, _) | Self::Avx512Vnni(simd, _) => simd.run(kernel),
        }
    }

    /// Runs a kernel over integers, compiled for this instruction set.
    pub fn run_integer(self, kernel: impl IntegerKernel) {
        match self {
            Self::Portable(simd) => kernel.run(simd),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_, simd) => simd.run(kernel),
            #[cfg(target_arch = "aarch64")]
            Self::NeonDot(_, simd) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_, simd) | Self::Avx512(_, simd) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni(_, simd) => simd.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni(_, simd) => simd.run(kernel),
        }
    }
}

fn lanes<S: Vectors>(_: S) -> usize {
    S::LANES
}

/// Panels of the most vectors for which there are tiles.
fn interleaved<S: Vectors>(_: S, bytes: bool) -> Arrangement {
    Arrangement::Interleaved { lanes: S::LANES, most: if bytes && S::TILE_PIXELS[3] > 0 { 4 } else { 2 } }
}

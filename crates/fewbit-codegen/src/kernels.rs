//! The kernel files, in the order in which generated code has them.

use crate::feature::{Feature, Features};
use crate::template::resolve;

/// A file under `src/c`.
struct Kernel {
    text: &'static str,
    /// Any of these features needs the file; without any it is always there.
    needed_by: &'static [Feature],
    /// Names in the file that stand for others.
    names: &'static [(&'static str, &'static str)],
}

const fn kernel(text: &'static str, needed_by: &'static [Feature]) -> Kernel {
    Kernel { text, needed_by, names: &[] }
}

const KERNELS: &[Kernel] = &[
    kernel(include_str!("c/values.c"), &[]),
    kernel(include_str!("c/reals.c"), &[Feature::Reals]),
    kernel(include_str!("c/float_bits.c"), &[Feature::FloatBits]),
    kernel(include_str!("c/exponential.c"), &[Feature::Exponential]),
    kernel(include_str!("c/logarithm.c"), &[Feature::Logarithm]),
    kernel(include_str!("c/tangent.c"), &[Feature::Tangent]),
    kernel(include_str!("c/functions.c"), &[Feature::Apply]),
    kernel(include_str!("c/nest.c"), &[Feature::Nest]),
    kernel(include_str!("c/move.c"), &[Feature::Move]),
    kernel(include_str!("c/fill.c"), &[Feature::Fill]),
    kernel(include_str!("c/take.c"), &[Feature::Take]),
    kernel(include_str!("c/look_up.c"), &[Feature::LookUp]),
    kernel(include_str!("c/combine_integers.c"), &[Feature::CombineIntegers]),
    kernel(include_str!("c/combine_reals.c"), &[Feature::CombineReals]),
    kernel(include_str!("c/dsp.c"), &[Feature::IntegerSums]),
    kernel(include_str!("c/window.c"), &[Feature::Product]),
    kernel(include_str!("c/integer_end.c"), &[Feature::IntegerSums]),
    kernel(include_str!("c/real_end.c"), &[Feature::RealEnd]),
    kernel(include_str!("c/product.c"), &[Feature::Product]),
    Kernel {
        text: include_str!("c/gather.c"),
        needed_by: &[Feature::IntegerSums],
        names: &[
            ("gather_numbers", "gather_integers"),
            ("number_t", "int16_t"),
            ("number_at", "integer_at"),
            ("number_padding", "integer_padding"),
        ],
    },
    kernel(include_str!("c/product_integers.c"), &[Feature::IntegerSums]),
    Kernel {
        text: include_str!("c/gather.c"),
        needed_by: &[Feature::RealSums],
        names: &[
            ("gather_numbers", "gather_reals"),
            ("number_t", "float"),
            ("number_at", "real_at"),
            ("number_padding", "real_padding"),
        ],
    },
    kernel(include_str!("c/product_reals.c"), &[Feature::RealSums]),
    kernel(include_str!("c/pooling.c"), &[Feature::Pooling]),
    kernel(include_str!("c/softmax.c"), &[Feature::Softmax]),
];

/// The kernels that features need, without what they do not.
pub(crate) fn text(features: &Features) -> String {
    let mut all = String::new();
    let needed =
        |kernel: &&Kernel| kernel.needed_by.is_empty() || kernel.needed_by.iter().any(|&feature| features.has(feature));
    for kernel in KERNELS.iter().filter(needed) {
        let mut text = resolve(kernel.text, &|name| features.has_name(name));
        for (name, meaning) in kernel.names {
            text = text.replace(name, meaning);
        }
        all.push_str(&text);
        all.push('\n');
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A misspelt feature would silently leave a kernel out.
    #[test]
    fn kernels_name_features_that_exist() {
        for kernel in KERNELS {
            for line in kernel.text.lines().filter(|line| line.trim().starts_with("#if USES_")) {
                for name in line.trim().trim_start_matches("#if ").split("||").map(str::trim) {
                    assert!(Feature::ALL.iter().any(|feature| feature.name() == name), "{name} in: {line}");
                }
            }
        }
    }
}

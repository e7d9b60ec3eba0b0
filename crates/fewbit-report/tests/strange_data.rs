//! Pages of data that nobody expects: no panic, no hang, no markup that comes from names.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use fewbit_core::{NumberFormat, Shape};
use fewbit_report::{
    About, ArenaMap, Bins, CompressionReport, Confusion, CycleEstimates, EvaluationReport, Fact, LayerCost, LayerError,
    Mistake, Picture, Place, ProfileReport, Quality, Run, TrainingReport, VariableReport, Version,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -10.0..10.0f64,
        Just(0.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE),
    ]
}

fn any_count() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), 0..100_000u64, Just(0), Just(u64::MAX)]
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        Just("<script>alert(1)</script>".into()),
        Just("\"'&<>\u{0}\u{ffff}".into()),
        Just(String::new())
    ]
}

fn any_quality() -> impl Strategy<Value = Option<Quality>> {
    prop_oneof![
        Just(None),
        any_number().prop_map(|share| Some(Quality::Top1(share))),
        any_number().prop_map(|error| Some(Quality::MeanSquaredError(error))),
    ]
}

prop_compose! {
    fn any_version()(
        name in any_name(),
        sizes in (any_count(), any_count(), any_count()),
        quality in any_quality(),
    ) -> Version {
        Version { name, model_bytes: sizes.0, arena_bytes: sizes.1, state_bytes: sizes.2, quality }
    }
}

prop_compose! {
    fn any_map()(
        places in vec((any_name(), any_count(), any_count(), any::<usize>(), any::<usize>()), 0..12),
        steps in vec(any_name(), 0..4),
        arena_bytes in any_count(),
        lower_bound in any_count(),
    ) -> ArenaMap {
        let place = |(name, offset, bytes, first_step, last_step)| Place { name, offset, bytes, first_step, last_step };
        ArenaMap { places: places.into_iter().map(place).collect(), steps, arena_bytes, lower_bound }
    }
}

prop_compose! {
    fn any_variable()(
        name in any_name(),
        parameter in any::<bool>(),
        dims in vec(0usize..50, 0..4),
        position in any::<i8>(),
        channel_positions in any::<Option<(i8, i8)>>(),
        sqnr_db in prop::option::of(any_number()),
        saturated in prop::option::of(any_count()),
        low in any_number(),
        high in any_number(),
        counts in prop::option::of(vec(any_count(), 0..300)),
    ) -> VariableReport {
        VariableReport {
            name,
            parameter,
            shape: Shape::new(&dims).unwrap(),
            format: NumberFormat::Fixed8 { position },
            channel_positions,
            sqnr_db,
            saturated,
            histogram: counts.map(|counts| Bins { low, high, counts }),
        }
    }
}

prop_compose! {
    fn any_layer()(
        name in any_name(),
        sqnr_db in prop::option::of(any_number()),
        (alone_sqnr_db, without_sqnr_db) in (prop::option::of(any_number()), prop::option::of(any_number())),
        noise_share in prop::option::of(any_number()),
        alone_loss in prop::option::of(any_number()),
        advice in prop::option::of(any_name()),
    ) -> LayerError {
        LayerError {
            function: name.clone(),
            name,
            sqnr_db,
            alone_sqnr_db,
            without_sqnr_db,
            noise_share,
            alone_loss,
            advice,
        }
    }
}

prop_compose! {
    fn any_confusion()(
        classes in vec(any_name(), 0..50),
        counts in vec(vec(any_count(), 0..60), 0..60),
    ) -> Confusion {
        Confusion { classes, counts }
    }
}

fn any_curve() -> impl Strategy<Value = Vec<(f64, f64)>> {
    vec((any_number(), any_number()), 0..30)
}

prop_compose! {
    fn any_run()(
        name in any_name(),
        curves in (any_curve(), any_curve(), any_curve(), any_curve(), any_curve()),
        epoch_seconds in vec(any_number(), 0..5),
        images_per_second in prop::option::of(any_number()),
    ) -> Run {
        let (training_loss, validation_loss, training_error, validation_error, learning_rate) = curves;
        Run { name, training_loss, validation_loss, training_error, validation_error, learning_rate, epoch_seconds, images_per_second }
    }
}

fn about(name: String) -> About {
    About { title: name.clone(), facts: vec![Fact::new(name.clone(), name)] }
}

/// What names must not become.
fn is_clean(html: &str) -> bool {
    !html.contains("<script") && !html.contains('\u{0}') && html.ends_with("</html>")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn compression(
        name in any_name(),
        versions in vec(any_version(), 0..4),
        memory in prop::option::of(any_map()),
        variables in vec(any_variable(), 0..6),
        layers in vec(any_layer(), 0..6),
        alternatives in vec(any_version(), 0..8),
        chosen in prop::option::of(0usize..10),
        confusion in prop::option::of(any_confusion()),
    ) {
        let report = CompressionReport {
            about: about(name), versions, memory, variables, layers, alternatives, chosen, confusion,
            ..CompressionReport::default()
        };
        prop_assert!(is_clean(&report.to_html().unwrap()));
    }

    #[test]
    fn evaluation(
        name in any_name(),
        samples in any_count(),
        quality in any_quality(),
        numbers in (any_number(), any_number(), any_number()),
        confusion in any_confusion(),
    ) {
        let picture = Picture { width: 1, height: 1, channels: 1, pixels: vec![1] };
        let mistake = Mistake {
            sample: usize::MAX, picture, class: name.clone(), prediction: None, float_prediction: Some(name.clone()),
        };
        let report = EvaluationReport {
            about: about(name),
            samples,
            quality,
            top5: Some(numbers.0),
            loss: Some(numbers.1),
            seconds: Some(numbers.2),
            confusion: Some(confusion),
            mistakes: vec![mistake],
            wrong: Some(samples),
        };
        prop_assert!(is_clean(&report.to_html().unwrap()));
    }

    #[test]
    fn training(name in any_name(), runs in vec(any_run(), 0..4)) {
        let report = TrainingReport { about: about(name), runs };
        prop_assert!(is_clean(&report.to_html().unwrap()));
    }

    #[test]
    fn profile(
        name in any_name(),
        layers in vec((any_name(), any_number(), any_count(), prop::option::of(any_count())), 0..8),
        cycles in vec(any_count(), 0..3),
    ) {
        let layer = |(name, seconds, multiply_accumulates, bytes_moved): (String, f64, u64, Option<u64>)| LayerCost {
            function: name.clone(), name, seconds, multiply_accumulates, bytes_moved, cycles: cycles.clone(),
        };
        let report = ProfileReport {
            about: about(name.clone()),
            layers: layers.into_iter().map(layer).collect(),
            estimates: CycleEstimates { processors: vec![name.clone(), name] },
        };
        prop_assert!(is_clean(&report.to_html().unwrap()));
    }
}

/// A picture whose pixels do not fit its size stops the report with a sentence.
#[test]
fn broken_pictures_are_named() {
    let picture = Picture { width: 2, height: 2, channels: 3, pixels: vec![0; 11] };
    let mistake = Mistake { sample: 0, picture, class: "cat".into(), prediction: None, float_prediction: None };
    let report = EvaluationReport { mistakes: vec![mistake], ..EvaluationReport::default() };
    let error = report.to_html().unwrap_err().to_string();
    assert!(error.contains("2x2") && error.contains("11 bytes"), "{error}");
}

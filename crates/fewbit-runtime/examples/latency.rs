//! Times a network, an .nnp or an .nnb file, on one core: `latency MODEL [RUNS]` prints a line for each run, in microseconds,
//! whenever a line arrives on standard input, so that a script can interleave it with another runtime; `latency MODEL RUNS
//! steps` prints the least time of each step.

use fewbit_formats::{ImportOptions, Nnp};
use fewbit_runtime::host::Prepared;
use fewbit_runtime::{Model, Semantics};
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: latency MODEL [RUNS [steps]]")?;
    let runs: usize = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let file = if path.ends_with(".nnb") {
        std::fs::read(&path)?
    } else {
        let network = Nnp::open(path.as_ref())?.network(&ImportOptions::default())?;
        fewbit_nnb::encode(&network, &fewbit_nnb::EncodeOptions::default())?.bytes
    };
    let model = Model::open(&file)?;
    let prepared = Prepared::new(&model, Semantics::Integer);
    let mut runner = prepared.runner();
    let shape = |variable: usize| model.nnb().variable(variable).shape;
    let input: Vec<f32> =
        (0..shape(model.nnb().inputs().get(0)).items()).map(|index| (index as f32 * 0.7).sin()).collect();
    let mut output = vec![0.0; shape(model.nnb().outputs().get(0)).items()];

    if arguments.next().is_some() {
        let mut least = vec![f64::INFINITY; prepared.step_count()];
        for _ in 0..runs {
            runner.set_input(0, &input);
            for (index, least) in least.iter_mut().enumerate() {
                let start = Instant::now();
                runner.run_step(index);
                *least = least.min(start.elapsed().as_secs_f64());
            }
        }
        for (index, least) in least.iter().enumerate() {
            let names: Vec<_> =
                prepared.step_functions(index).iter().map(|&f| model.nnb().function(f).spec.name).collect();
            println!("{:9.2} us  {}", least * 1e6, names.join(" + "));
        }
        println!("{:9.2} us  in all", least.iter().sum::<f64>() * 1e6);
        return Ok(());
    }
    for line in std::io::stdin().lines() {
        line?;
        for _ in 0..runs {
            let start = Instant::now();
            runner.set_input(0, black_box(&input));
            runner.run();
            runner.read_output(0, &mut output);
            black_box(&output);
            println!("{:.3}", start.elapsed().as_secs_f64() * 1e6);
        }
        println!();
    }
    Ok(())
}

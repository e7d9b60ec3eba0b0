//! [`Builder`]: networks that are built function by function, with random parameters.

use fewbit_core::{Function, IntList, Network, Node, Operation, Shape, Variable, VariableId};

/// Builds a network, function by function, with random parameters.
#[derive(Debug)]
pub struct Builder {
    pub network: Network,
    seed: u32,
}

impl Builder {
    pub fn new() -> Self {
        Self { network: Network::default(), seed: 1 }
    }

    pub fn values(&mut self, count: usize) -> Vec<f32> {
        (0..count)
            .map(|_| {
                self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (self.seed >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    pub fn add(&mut self, variable: Variable) -> VariableId {
        self.network.variables.push(variable);
        VariableId(self.network.variables.len() - 1)
    }

    pub fn name(&self) -> String {
        format!("v{}", self.network.variables.len())
    }

    pub fn input(&mut self, shape: &[usize]) -> VariableId {
        let id = self.add(Variable::buffer(self.name(), Shape::new(shape).expect("a small shape")));
        self.network.inputs.push(id);
        id
    }

    pub fn parameter(&mut self, shape: &[usize]) -> VariableId {
        let shape = Shape::new(shape).expect("a small shape");
        let values = self.values(shape.items());
        self.add(Variable::parameter(self.name(), shape, values))
    }

    /// Applies a function; `None` if it does not take these inputs.
    pub fn apply(&mut self, function: Function, inputs: &[VariableId]) -> Option<VariableId> {
        let shapes: Vec<Shape> = inputs.iter().map(|&id| self.shape(id)).collect();
        let shape = function.output_shape(&&shapes[..]).ok()?;
        let output = self.add(Variable::buffer(self.name(), shape));
        let name = format!("f{}", self.network.nodes.len());
        let operation = Operation::Known(function);
        self.network.nodes.push(Node {
            name,
            operation,
            inputs: inputs.to_vec(),
            outputs: vec![output],
            implementation: 0,
        });
        Some(output)
    }

    pub fn shape(&self, id: VariableId) -> Shape {
        self.network.variable(id).shape
    }
}

pub fn ints(values: &[usize]) -> IntList {
    IntList::try_from_iter(values.iter().map(|&value| value as i32)).expect("few values")
}

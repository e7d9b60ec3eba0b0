//! Variables that no function touches still have a place of their size. Found by fuzzing: an unused input shared the first
//! buffer, which was smaller than it.

use fewbit_core::{Network, Shape, Variable};
use fewbit_nnb::{Data, EncodeOptions, Nnb, Version, encode};

#[test]
fn unused_inputs_lie_apart() {
    for version in [Version::V2, Version::V3, Version::V4] {
        let mut network = Network::default();
        for (name, items) in [("a", 3), ("b", 144), ("c", 20)] {
            let id = network.add(Variable::buffer(name, Shape::new(&[items]).expect("a shape")));
            network.inputs.push(id);
        }
        network.outputs.push(network.inputs[1]);
        network.validate().expect("a network that only hands on its input");
        let options = EncodeOptions { version, ..EncodeOptions::default() };
        let file = encode(&network, &options).expect("a valid network").bytes;
        let nnb = Nnb::new(&file).expect("just written");
        let mut buffers: Vec<_> = (0..3).map(|index| nnb.variable(index).data).collect();
        buffers.dedup();
        assert_eq!(buffers, [Data::Buffer(0), Data::Buffer(1), Data::Buffer(2)]);
    }
}

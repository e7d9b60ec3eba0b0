//! Names of parameters that NNabla's parameter files can hold.
//!
//! In such a file a name is a path: `/` divides scopes, none of which may be empty, and a parameter is no scope.

use fewbit_core::Network;
use std::collections::HashSet;

/// Renames parameters whose names are no paths, or whose paths lead through other parameters.
pub(super) fn make_paths(network: &mut Network) {
    let parameters: Vec<usize> =
        (0..network.variables.len()).filter(|&place| !network.variables[place].is_buffer()).collect();
    let mut taken: HashSet<String> = network
        .variables
        .iter()
        .filter(|variable| variable.is_buffer())
        .map(|variable| variable.name.clone())
        .collect();
    let (mut leaves, mut scopes) = (HashSet::new(), HashSet::new());
    for place in parameters {
        let parts: Vec<&str> = network.variables[place].name.split('/').filter(|part| !part.is_empty()).collect();
        let path = if parts.is_empty() { "parameter".to_owned() } else { parts.join("/") };
        let is_free = |name: &str| {
            !taken.contains(name) && !scopes.contains(name) && !scopes_of(name).any(|scope| leaves.contains(scope))
        };
        let numbered = (2..).map(|number| format!("{}_{number}", path.replace('/', "_")));
        let Some(name) = std::iter::once(path.clone()).chain(numbered).find(|name| is_free(name)) else { continue };
        scopes.extend(scopes_of(&name).map(str::to_owned));
        leaves.insert(name.clone());
        taken.insert(name.clone());
        network.variables[place].name = name;
    }
}

/// The scopes that a path leads through.
fn scopes_of(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_core::{Shape, Variable};

    #[test]
    fn paths_do_not_lead_through_parameters() {
        let mut network = Network::default();
        let shape = Shape::default();
        network.add(Variable::buffer("x", shape));
        for name in ["/a/b", "a//b/", "a/b/c", "/", "w", "x", "a"] {
            network.add(Variable::parameter(name, shape, [0.0]));
        }
        make_paths(&mut network);
        let names: Vec<&str> = network.variables.iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, ["x", "a/b", "a_b_2", "a_b_c_2", "parameter", "w", "x_2", "a_2"]);
    }
}

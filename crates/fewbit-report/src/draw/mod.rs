//! draw
/// draw
pub fn draw() {}

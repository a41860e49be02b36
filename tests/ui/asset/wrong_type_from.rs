//! `#[from]` names an asset of another type than the parameter.

use orch::prelude::*;

mod raw {
    use orch::prelude::*;

    #[asset]
    pub fn rate() -> f32 {
        1.5
    }
}

#[asset]
fn price(#[from(raw::rate)] factor: f64) -> f64 {
    factor * 2.0
}

fn main() {}

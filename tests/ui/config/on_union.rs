use orch::prelude::*;

#[derive(Config)]
union Source {
    number: u32,
    float: f32,
}

fn main() {}

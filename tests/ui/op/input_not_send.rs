use std::rc::Rc;

use orch::prelude::*;

#[op]
fn load(name: Rc<str>) {
    println!("{name}");
}

fn main() {}

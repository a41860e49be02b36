use std::rc::Rc;

use orch::prelude::*;

#[op]
fn load() -> Dynamic<Rc<i64>> {
    loop {}
}

fn main() {}

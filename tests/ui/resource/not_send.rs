use orch::prelude::*;

use std::rc::Rc;

#[resource]
fn cache() -> Rc<String> {
    Rc::new(String::new())
}

fn main() {}

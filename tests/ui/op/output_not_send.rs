use std::rc::Rc;

use orch::prelude::*;

#[op]
fn load() -> Rc<str> {
    "page".into()
}

#[job]
fn pages() {
    load();
}

fn main() {}

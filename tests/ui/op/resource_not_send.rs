use orch::prelude::*;

use std::rc::Rc;

#[op]
fn load(page: i64, db: Res<Rc<String>>) -> usize {
    db.len() + page as usize
}

fn main() {}

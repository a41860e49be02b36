// Several mistakes in one signature are told together.
use orch::prelude::*;

#[op(retires(max = 3), timeout = 3)]
fn load(&(a, b): &(i64, i64), rest: &mut Vec<i64>) -> i64 {
    a + b + rest.len() as i64
}

fn main() {}

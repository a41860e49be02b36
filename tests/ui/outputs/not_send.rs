use orch::prelude::*;

#[derive(Outputs)]
struct Split {
    small: std::rc::Rc<i64>,
    large: i64,
}

#[op]
fn split() -> Split {
    Split { small: 1.into(), large: 2 }
}

#[job]
fn dex() {
    let Split { large, .. } = split();
    print(large);
}

#[op]
fn print(n: i64) {
    println!("{n}");
}

fn main() {}

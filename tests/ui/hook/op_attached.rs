use orch::prelude::*;

#[op]
fn load() -> i64 {
    1
}

#[op]
fn tell(x: i64) {
    println!("{x}");
}

#[job(hooks(tell))]
fn pages() {
    load().hook::<tell>();
}

fn main() {
    pages();
}

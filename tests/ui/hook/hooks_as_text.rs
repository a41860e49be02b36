use orch::prelude::*;

#[job(hooks("tell"))]
fn pages() {}

fn main() {
    pages();
}

use orch::prelude::*;

#[op]
fn load(page: impl ToString) -> String {
    page.to_string()
}

fn main() {}

// Nothing but the crate's own name is needed, whatever else bears the names that generated code uses.
#![allow(dead_code)]

struct Result;
struct Option;
struct Vec;
struct Node;
struct Op;
struct String;
struct Part;
struct PartOf;
mod core {}
mod std {}

#[orch::op(description = "Doubles.", retry(max = 2, delay = "250ms"), timeout = "1m")]
fn double(x: i64) -> i64 {
    x * 2
}

#[orch::op]
async fn halve(x: &i64) -> orch::Result<i64> {
    Ok(x / 2)
}

#[derive(orch::Outputs)]
struct Parts {
    half: i64,
    rest: i64,
}

#[derive(orch::Config)]
struct Source {
    #[config(default = 50, range = 1..=100)]
    batch: u32,
    server: Server,
}

#[derive(orch::Config)]
#[config(tag = "kind")]
enum Server {
    Local,
    Remote { port: u16 },
}

#[orch::op]
fn parts(x: i64) -> Parts {
    Parts { half: x / 2, rest: x % 2 }
}

#[orch::graph]
fn both(x: orch::graph::Out<i64>) -> orch::graph::Out<i64> {
    halve(double(x)).named("half")
}

#[orch::job(limit("db", 2), limit("db" = "prod", 1), limit("customer", 1, per_value))]
fn numbers() {
    let Parts { half, .. } = parts(both(orch::graph::lit(1)));
    double(half).priority(2);
}

fn main() {
    let _ = numbers();
}

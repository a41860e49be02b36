use orch::prelude::*;

/// Numbers.
#[op]
fn numbers(n: usize) -> Dynamic<i64> {
    Dynamic::from_values((0..n as i64).collect::<Vec<_>>())
}

#[op(retry(max = 3, delay = "1s", backoff = "exponential", jitter = "full"), tags(team = "data", "orch/x" = "y"), priority = 5, timeout = "30s", pool = "db", code_version = "2", io = "parquet")]
async fn double(x: i64, ctx: Context) -> Result<i64> {
    let _ = ctx.attempt();
    Ok(x * 2)
}

#[op]
fn sum(numbers: &[i64], label: &str) -> (i64, String) {
    (numbers.iter().sum(), label.to_owned())
}

#[op]
fn print(sum: &i64, label: String) {
    println!("{label}: {sum}");
}

#[job(max_concurrent = 4, limit("db", 2), limit("db" = "prod", 1), limit("customer", 1, per_value))]
fn total() {
    let doubled = numbers(lit(3)).map(|n| double(n));
    let again = doubled.map(double);
    let (sum, label) = sum(again.collect(), lit("total"));
    print(sum, label).named("show");
}

fn main() {
    let job = total();
    assert_eq!(job.name(), "total");
}

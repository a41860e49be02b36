//! All of `orch` and all of polars are imported, and each says what it says alone.

use orch::prelude::*;
use orch_polars::polars::prelude::*;

#[op]
fn prices(rows: i64) -> Result<DataFrame> {
    let price = lit(2).cast(DataType::Int64).alias("price");
    Ok(df!("row" => (0..rows).collect::<Vec<_>>())?.lazy().with_columns([price]).collect()?)
}

#[op]
fn total(prices: &DataFrame) -> Result<i64> {
    let total = prices.clone().lazy().select([col("price").sum()]).collect()?;
    Ok(total.column("price")?.i64()?.get(0).unwrap_or_default())
}

#[job]
fn sold() {
    total(prices(lit(3)));
}

#[test]
fn a_constant_of_a_job_stands_beside_one_of_an_expression() {
    let run = sold().runner().keep_outputs().run_blocking().expect("it succeeds");
    assert_eq!(*run.output::<total>(), 6);
}

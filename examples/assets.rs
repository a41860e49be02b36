//! Data with names: what is made of what, what it was the last time, and a part of it made anew.
//!
//! ```sh
//! cargo run --example assets -- materialize '*'     # makes all of it
//! cargo run --example assets -- assets list         # what there is
//! cargo run --example assets -- assets graph        # what is made of what
//! cargo run --example assets -- materialize report  # only this; what it takes is loaded
//! cargo run --example assets -- assets show revenue
//! ```

use std::collections::BTreeMap;

use orch::asset::MetadataValue;
use orch::prelude::*;

/// What was sold: customer, pieces, price of a piece.
const SALES: &str = "ada,3,2.50\ngrace,1,10.00\nada,2,1.25\nalan,4,0.50\n";

/// The lines of the till, as they come.
#[asset(group = "raw", kind = "csv", metadata(source = "the till"))]
fn till() -> String {
    SALES.to_owned()
}

/// What each line of the till came to, by customer.
#[asset(group = "sales", kind = "table", owners = ["till team"])]
fn sales(till: &str, ctx: Context) -> Result<Vec<(String, f64)>> {
    let mut sales = Vec::new();
    for line in till.lines() {
        let [customer, pieces, price] = line.split(',').collect::<Vec<_>>()[..] else {
            return Err(Failure::new(format!("the line `{line}` has not three columns")));
        };
        sales.push((customer.to_owned(), pieces.parse::<f64>()? * price.parse::<f64>()?));
    }
    ctx.add_metadata("rows", MetadataValue::RowCount(sales.len() as u64));
    Ok(sales)
}

/// What each customer came to.
#[asset(group = "sales", kind = "table", owners = ["till team"])]
fn revenue(sales: &[(String, f64)], ctx: Context) -> BTreeMap<String, f64> {
    let mut revenue = BTreeMap::new();
    for (customer, amount) in sales {
        *revenue.entry(customer.clone()).or_default() += amount;
    }
    ctx.add_metadata("total", revenue.values().sum::<f64>());
    revenue
}

#[op]
fn customers(revenue: BTreeMap<String, f64>) -> Dynamic<(String, f64)> {
    Dynamic::from_values(revenue)
}

#[op]
fn letter(due: (String, f64)) -> String {
    let (customer, amount) = due;
    format!("Dear {customer}, thank you for {amount:.2} euros.")
}

#[op]
fn bind(letters: &[String]) -> String {
    letters.join("\n")
}

/// A letter to each customer, each written by a step of its own.
#[graph_asset(group = "letters")]
fn letters(revenue: Out<BTreeMap<String, f64>>) -> Out<String> {
    bind(customers(revenue).map(letter).collect())
}

/// The figures for the board.
#[asset(group = "letters", kind = "text")]
fn report(revenue: &BTreeMap<String, f64>) -> String {
    let total: f64 = revenue.values().sum();
    format!("{} customers, {total:.2} euros", revenue.len())
}

#[orch::main]
fn definitions() -> Definitions {
    Definitions::new()
        .assets(assets![till, sales, revenue, letters, report])
        .asset_job("nightly", "group:sales+")
}

//! A column that is declared twice.

orch_polars::schema! {
    struct Sales {
        id: i64,
        name: String,
        id: String,
        "unit price": f64,
        "unit price": i64,
    }
}

fn main() {}

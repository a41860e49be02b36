//! Types that no column has.

orch_polars::schema! {
    struct Sales {
        id: u128,
        tags: Vec<Option<char>>,
    }
}

fn main() {}

use orch::prelude::*;

#[derive(Config, Default)]
struct Load {
    #[config(default)]
    batch: u32,
}

#[op]
fn load(page: i64, config: Config<Load>) -> i64 {
    page + i64::from(config.batch)
}

#[configured(load)]
async fn load_fast() -> Load {
    Load { batch: 500 }
}

#[job]
fn pages() {
    load_fast(lit(1));
}

fn main() {}

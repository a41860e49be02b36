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
fn load_fast() -> Load {
    Load { batch: 500 }
}

#[configured(load_fast)]
fn load_faster() -> Load {
    Load { batch: 5000 }
}

fn main() {}

use orch::prelude::*;

#[derive(Config)]
pub struct Load {
    pub batch: u32,
}

#[op]
fn load(page: i64, config: Config<Load>) -> i64 {
    page + i64::from(config.batch)
}

#[configured(load)]
pub fn load_fast() -> Load {
    Load { batch: 500 }
}

fn main() {}

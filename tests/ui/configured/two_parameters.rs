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

#[derive(Config)]
struct Speed {
    times: u32,
}

#[configured(load)]
fn load_at(speed: &Speed, page: &i64) -> Load {
    Load { batch: speed.times + *page as u32 }
}

fn main() {}

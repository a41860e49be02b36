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

struct Speed {
    times: u32,
}

#[configured(load)]
fn load_at(speed: &Speed) -> Load {
    Load { batch: speed.times }
}

fn main() {}

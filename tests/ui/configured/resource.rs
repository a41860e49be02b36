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

struct Database;

#[configured(load)]
fn load_into(db: Res<Database>) -> Load {
    let _ = db;
    Load::default()
}

fn main() {}

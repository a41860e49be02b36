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

#[job]
fn pages() {
    load_fast(lit(1), lit(2));
}

fn main() {
    let run = pages().run_blocking().unwrap();
    let _: &String = run.output::<load_fast>();
}

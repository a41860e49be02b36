//! Ops that are others but for their configuration, in all the places where they can stand.

mod ops {
    use orch::prelude::{Config, op};

    #[derive(Config, Default)]
    pub struct Load {
        #[config(default = 50)]
        pub batch: u32,
        #[config(default)]
        pub dry: bool,
    }

    #[op]
    pub fn load(page: i64, config: Config<Load>) -> i64 {
        page * i64::from(config.batch)
    }

    #[orch::configured(load)]
    pub(crate) fn load_fast() -> Load {
        Load { batch: 500, ..Load::default() }
    }
}

use ops::Load;
use orch::prelude::*;

#[derive(Config)]
struct Speed {
    times: u32,
}

#[configured(ops::load, name = "load_at")]
fn load_by_reference(speed: &Speed) -> Load {
    Load { batch: speed.times, dry: false }
}

#[configured(ops::load)]
fn load_by_value(speed: Config<Speed>) -> Result<Load, std::num::TryFromIntError> {
    Ok(Load { batch: u32::try_from(u64::from(speed.times))?, dry: false })
}

#[configured(load_by_value, description = "At half the speed.")]
fn load_shared(speed: &Config<Speed>) -> orch::Result<Speed> {
    Ok(Speed { times: speed.times / 2 })
}

/// Of another one that is configured.
#[configured(load_shared)]
fn load_last() -> Speed {
    Speed { times: 1 }
}

macro_rules! faster {
    ($name:ident of $op:ident, $batch:literal) => {
        #[configured($op)]
        fn $name() -> Load {
            Load { batch: $batch, dry: true }
        }
    };
}

use ops::load;
faster!(load_faster of load, 5000);

#[op]
fn pages() -> Dynamic<i64> {
    Dynamic::from_values(0..3)
}

#[op]
fn report(loaded: Vec<i64>) -> i64 {
    loaded.iter().sum()
}

#[graph]
fn twice(page: Out<i64>) -> Out<i64> {
    load_last(load_last(page))
}

#[job]
fn dex() {
    report(pages().map(ops::load_fast).collect());
    pages().map(|page| load_faster(twice(page)).named("faster").priority(2));
    load_by_reference(load_by_value(load_shared(lit(1)))).retry(Retry::new(1));
}

fn main() {
    let config = RunConfig::new()
        .set("ops.load_at.config.times=2")
        .set("ops.load_by_value.config.times=3")
        .set("ops.load_shared.config.times=4");
    let run = dex().runner().config(config).keep_outputs().run_blocking().unwrap();
    assert_eq!(*run.output::<report>(), 1500);
    assert_eq!(*run.output::<load_by_reference>(), 12);
    assert_eq!(run.outputs::<ops::load_fast>().count(), 3);
}

//! Backfills of static keys that are written as lists of others are.

use std::sync::Arc;

use orch::partition::{ByKey, Partitioning, PartitionsDefinition};
use orch::prelude::*;
use orch::storage::{Memory, Storage};

use super::driven;

struct Places;

impl Partitioning for Places {
    type Kind = ByKey;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::of(["eu, us", "eu", "us", "5\" pipe", "\"us\""])
    }
}

#[asset]
fn visits(place: &Partition<Places>) -> String {
    place.key().to_string()
}

#[test]
fn each_makes_the_partitions_that_it_is_asked_for() {
    let definitions = Definitions::new().assets(assets![visits]);
    let job = definitions.materialize(&"visits".parse().expect("a selection"));
    let made = |partitions: &str, per: u64| {
        let storage: Arc<dyn Storage> = Arc::new(Memory::new());
        let asked = definitions.runner(&job).partition(partitions);
        driven(definitions.backfill(asked).per(per).launch(&storage).expect("it is launched"))
    };
    insta::assert_snapshot!(made("*", 2), @r#"
    begun visits "eu, us", eu
    begun visits us, 5" pipe
    begun visits """us"""
    backfill ID: success
    asset   asked for  done
    visits  5          5
    "#);
    insta::assert_snapshot!(made("us, eu", 2), @"
    begun visits eu..eu, eu, us
    backfill ID: success
    asset   asked for  done
    visits  2          2
    ");
    insta::assert_snapshot!(made("eu, us", 2), @r#"
    begun visits "eu, us"
    backfill ID: success
    asset   asked for  done
    visits  1          1
    "#);
    insta::assert_snapshot!(made(r#""eu, us", """us""""#, 1), @r#"
    begun visits "eu, us"
    begun visits """us"""
    backfill ID: success
    asset   asked for  done
    visits  2          2
    "#);
}

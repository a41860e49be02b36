//! What is wrong with assets that one step makes.

use orch::define::{One, OpDef, kind};
use orch::graph::{AssetDef, Call, MultiAssetDef};

use super::*;

/// The problems of the plan of all of these.
fn planned(definitions: &Definitions) -> String {
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    job.try_plan().expect_err("it cannot be planned").to_string()
}

#[test]
fn one_of_them_that_is_not_listed_is_told() {
    insta::assert_snapshot!(planned(&Definitions::new().assets(assets![raw, orders])), @"
    the job `materialize` cannot be planned
    error: `shop/orders` is made by `know` together with `shop/clients`, which is not listed
      --> tests/it/assets/multi.rs:22 (is made with it)
      --> tests/it/assets/multi.rs:24 (the asset)
      hint: list it too: `Definitions::new().assets(assets![.., customers])`
    ");
}

#[test]
fn one_whose_key_another_asset_has_is_told() {
    #[asset(key = "shop/orders")]
    fn others() -> i64 {
        1
    }
    let definitions = Definitions::new().assets(assets![raw, others, orders, customers]);
    insta::assert_snapshot!(planned(&definitions), @r#"
    the job `materialize` cannot be planned
    error: two assets have the key `shop/orders`
      --> tests/it/assets/multi/mistakes.rs:28 (first)
      --> tests/it/assets/multi.rs:22 (second)
      hint: give one of them another key, `#[asset(key = "..")]`, or a prefix, `key_prefix = ".."`
    "#);
}

#[test]
fn the_step_of_several_has_a_name_of_its_own() {
    #[asset(key = "know")]
    fn knowledge() -> i64 {
        1
    }
    let definitions = Definitions::new().assets(assets![knowledge, raw, orders, customers]);
    insta::assert_snapshot!(planned(&definitions), @r#"
    the job `materialize` cannot be planned
    error: the steps of `know` and `shop/orders` would have one name, `know`
      --> tests/it/assets/multi/mistakes.rs:44 (first)
      --> tests/it/assets/multi.rs:22 (second)
      hint: give one of them another key, or the step of several another name: `#[multi_asset(name = "..")]`
    "#);
}

#[test]
fn one_that_is_made_of_another_one_of_its_step_is_told() {
    #[derive(Outputs)]
    struct Pair {
        #[asset]
        chicken: i64,
        #[asset]
        egg: i64,
    }
    #[multi_asset]
    fn farm(egg: i64) -> Pair {
        Pair { chicken: egg, egg }
    }
    insta::assert_snapshot!(planned(&Definitions::new().assets(assets![chicken, egg])), @r"
    the job `materialize` cannot be planned
    error: assets are made of each other in a circle: `egg` is made of `egg`
      --> tests/it/assets/multi/mistakes.rs:64 (in the circle)
      hint: only an asset of `#[asset]`, which has a step to itself, can take earlier partitions of its own
    ");
}

type Two = (One<i64, { kind::VALUE }>, One<Dynamic<i64>, { <Dynamic<i64>>::__ORCH_KIND }>);

#[test]
fn what_is_made_by_hand_is_looked_at_too() {
    let op = OpDef::builder("two").returns::<Two>().blocking(|_| Ok((1, Dynamic::from_values([2]))));
    let op = Arc::new(op);
    let called = Arc::clone(&op);
    let several = MultiAssetDef::builder(&op)
        .asset("output_0", AssetDef::builder("first"))
        .asset("output_0", AssetDef::builder("again"))
        .asset("output_1", AssetDef::builder("items"))
        .asset("third", AssetDef::builder("third"))
        .drawn(move |_| _ = Call::of(&called).place::<Two>());
    let definitions = Definitions::new().assets(several.assets().cloned());
    insta::assert_snapshot!(planned(&definitions), @r"
    the job `materialize` cannot be planned: 3 problems
    error: the output `output_0` of `two` is two assets, `first` and `again`
      --> tests/it/assets/multi/mistakes.rs:86 (first)
      --> tests/it/assets/multi/mistakes.rs:87 (second)
      hint: name it once, and have what wants the other one take this
    error: the output `output_1` of `two` is a stream of items, and the asset `items` is one value
      --> tests/it/assets/multi/mistakes.rs:88 (the asset)
      hint: have the op give all of it as one value
    error: the asset `third` is to be the output `third` of the op `two`, which has none
      --> tests/it/assets/multi/mistakes.rs:89 (the asset)
      hint: it has `output_0`, `output_1`
    ");
    // Of a call that is none nothing is made.
    let idle = MultiAssetDef::builder(&op).asset("output_0", AssetDef::builder("first")).drawn(|_| {});
    insta::assert_snapshot!(planned(&Definitions::new().assets(idle.assets().cloned())), @r"
    the job `materialize` cannot be planned
    error: the value of the asset `first` is no output of a step that makes it
      --> tests/it/assets/multi/mistakes.rs:106 (the asset)
      hint: call the op `two`, and nothing else
    ");
}

//! What an asset depends on, as attributes say it: what changes, and what is made anew for it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use orch::asset::{AssetKey, Ingredient, Recipe};
use orch::config::{EnvVars, RunConfig};
use orch::io::{DATA_VERSION, IoManager, Metadata, OutputAt};
use orch::run::{LatestFacts, Making, Standing, Standings};

use super::*;

/// Materializes what a selection says, with this configuration and these variables, and passes over what would come out the
/// same; gives what became of each step.
fn memoized(definitions: &Definitions, storage: &Arc<dyn Storage>, set: &[&str], env: &EnvVars) -> String {
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    let config = set.iter().fold(RunConfig::new(), |config, value| config.set(value));
    let runner = definitions.runner(&job).config(config).env(env.clone()).max_concurrent(1);
    let run =
        runner.memoize().record(storage).keep_outputs().keep_events().run_blocking().expect("it succeeds");
    let ended = run.events().iter().filter_map(|event| {
        let step = event.step.as_ref()?;
        match event.kind.name() {
            "STEP_SUCCESS" => Some(step.to_string()),
            "STEP_MEMOIZED" => Some(format!("({step})")),
            _ => None,
        }
    });
    ended.collect::<Vec<_>>().join(" ")
}

/// How assets stand that depend on this.
pub(super) fn standings(
    definitions: &Definitions,
    recipes: BTreeMap<AssetKey, Recipe>,
    storage: &Arc<dyn Storage>,
) -> Standings {
    let latest = LatestFacts::read(&**storage, definitions.asset_graph()).expect("what is known");
    let now = "2026-11-22T00:00:00Z".parse().expect("a time");
    Standings::of(definitions.asset_graph(), recipes, &latest, now)
}

/// The ingredients of the latest materialization of an asset, and whether each is known.
fn ingredients(storage: &Arc<dyn Storage>, asset: &str) -> String {
    let latest = MaterializationQuery::latest(&asset.parse().expect("a key"));
    let latest = storage.materializations(&latest).expect("what is known").remove(0);
    let told = latest.recipe.ingredients().map(|(ingredient, version)| match version {
        Some(_) => ingredient.to_string(),
        None => format!("{ingredient}?"),
    });
    told.collect::<Vec<_>>().join(", ")
}

#[derive(Debug, Config)]
struct Rate {
    #[config(default = 2)]
    factor: i64,
    #[config(default = "eur")]
    currency: String,
}

/// Something that is opened for each run.
struct Desk(i64);

#[derive(Debug, Config)]
struct DeskConfig {
    #[config(default = 1)]
    number: i64,
}

#[resource]
fn desk(config: Config<DeskConfig>) -> Desk {
    Desk(config.number)
}

#[asset(code_version = "1")]
fn amounts() -> Vec<i64> {
    vec![1, 2, 3]
}

#[asset(env = ["SURCHARGE"])]
fn priced(amounts: &[i64], rate: Config<Rate>) -> Vec<i64> {
    assert_eq!(rate.currency, "eur");
    amounts.iter().map(|amount| amount * rate.factor).collect()
}

#[asset(fingerprint = "function")]
fn signed(priced: &[i64], desk: Res<Desk>) -> i64 {
    priced.iter().sum::<i64>() + desk.0
}

#[test]
fn configuration_variables_and_resources_count_for_who_takes_them() {
    let definitions = Definitions::new().assets(assets![amounts, priced, signed]).resource_from::<desk>();
    let (storage, env) = (storage(), EnvVars::none());
    let go = |set: &[&str], env: &EnvVars| memoized(&definitions, &storage, set, env);
    insta::assert_snapshot!(go(&[], &env), @"amounts priced signed");
    insta::assert_snapshot!(go(&[], &env), @"(amounts) (priced) (signed)");
    insta::assert_snapshot!(ingredients(&storage, "priced"), @"source, type, config, env SURCHARGE, input amounts");
    insta::assert_snapshot!(ingredients(&storage, "signed"), @"source, type, opener desk, resource desk, input priced");
    insta::assert_snapshot!(go(&["ops.priced.config.factor=2"], &env), @"(amounts) (priced) (signed)");
    insta::assert_snapshot!(go(&["ops.priced.config.factor=3"], &env), @"(amounts) priced signed");
    // It is read, and makes no other prices.
    let dear = env.with("SURCHARGE", "10");
    insta::assert_snapshot!(go(&["ops.priced.config.factor=3"], &dear), @"(amounts) priced (signed)");
    let other = ["ops.priced.config.factor=3", "resources.desk.config.number=7"];
    insta::assert_snapshot!(go(&other, &dear), @"(amounts) (priced) signed");
    insta::assert_snapshot!(go(&other, &dear), @"(amounts) (priced) (signed)");
    // At rest it is found to be the same.
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    let config = other.iter().fold(RunConfig::new(), |config, value| config.set(value));
    let recipes = definitions.runner(&job).config(config).env(dear).recipes().expect("they are known");
    let standings = standings(&definitions, recipes, &storage);
    assert!(standings.to_make(&[true; 3], Making::Stale).is_empty(), "{standings:?}");
}

#[test]
fn of_a_secret_the_reference_counts() {
    #[derive(Debug, Config)]
    struct Access {
        token: Secret<String>,
    }
    #[asset(code_version = "1")]
    fn letter(access: Config<Access>) -> usize {
        access.token.expose().len()
    }
    let definitions = Definitions::new().assets(assets![letter]);
    let (storage, env) = (storage(), EnvVars::none().with("OLD", "abc").with("NEW", "abc"));
    let go = |name: &str, env: &EnvVars| {
        memoized(&definitions, &storage, &[&format!("ops.letter.config.token.env={name}")], env)
    };
    assert_eq!(go("OLD", &env), "letter");
    assert_eq!(go("OLD", &env.clone().with("OLD", "another")), "(letter)");
    assert_eq!(go("NEW", &env), "letter");
    // Nobody has to have it to know what is stale.
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    let config = RunConfig::new().set("ops.letter.config.token.env=NEW");
    let recipes =
        definitions.runner(&job).config(config).env(EnvVars::none()).recipes().expect("they are known");
    let standings = standings(&definitions, recipes, &storage);
    assert_eq!(standings.get(&"letter".parse().expect("a key")), Some(&Standing::Fresh));
}

#[test]
fn a_value_of_the_program_is_unknown_unless_it_is_trusted() {
    #[asset(code_version = "1")]
    fn wary(desk: Res<Desk>) -> i64 {
        desk.0
    }
    #[asset(code_version = "1", trust_resources)]
    fn trusting(desk: Res<Desk>) -> i64 {
        desk.0
    }
    let definitions = Definitions::new().assets(assets![wary, trusting]).resource(Desk(1));
    let storage = storage();
    memoized(&definitions, &storage, &[], &EnvVars::none());
    insta::assert_snapshot!(memoized(&definitions, &storage, &[], &EnvVars::none()), @"(trusting) wary");
    insta::assert_snapshot!(ingredients(&storage, "wary"), @"code_version, type, resource Desk?");
    insta::assert_snapshot!(ingredients(&storage, "trusting"), @"code_version, type");
}

/// Tables that are opened otherwise from one program to the next.
mod tables {
    use super::*;

    pub(super) struct Table(pub(super) i64);

    pub(super) mod first {
        use super::super::*;

        #[resource(code_version = "1", env = ["LEGS"])]
        pub(in super::super) fn table() -> super::Table {
            super::Table(4)
        }
    }

    pub(super) mod second {
        use super::super::*;

        #[resource(code_version = "2", env = ["LEGS"])]
        pub(in super::super) fn table() -> super::Table {
            super::Table(3)
        }
    }

    #[asset(code_version = "1")]
    pub(super) fn wary(table: Res<Table>) -> i64 {
        table.0
    }

    #[asset(code_version = "1", trust_resources)]
    pub(super) fn trusting(table: Res<Table>) -> i64 {
        table.0
    }

    /// One that is opened by code of which nobody knows the version.
    pub(super) fn by_hand() -> Arc<orch::define::ResourceDef> {
        orch::define::ResourceDef::builder("table").opens().blocking(|_| Ok(Res::new(Table(4)))).build()
    }
}

#[test]
fn what_opens_a_resource_counts_for_who_takes_it() {
    let storage = storage();
    let definitions = || Definitions::new().assets(assets![tables::wary, tables::trusting]);
    let go = |definitions: &Definitions, legs: &str| {
        memoized(definitions, &storage, &[], &EnvVars::none().with("LEGS", legs))
    };
    let first = definitions().resource_from::<tables::first::table>();
    insta::assert_snapshot!(go(&first, "long"), @"wary trusting");
    insta::assert_snapshot!(go(&first, "long"), @"(wary) (trusting)");
    insta::assert_snapshot!(ingredients(&storage, "wary"), @"code_version, type, env LEGS, opener table");
    insta::assert_snapshot!(ingredients(&storage, "trusting"), @"code_version, type, env LEGS");
    insta::assert_snapshot!(go(&first, "short"), @"wary trusting");
    let second = definitions().resource_from::<tables::second::table>();
    insta::assert_snapshot!(go(&second, "short"), @"(trusting) wary");
    insta::assert_snapshot!(go(&second, "short"), @"(wary) (trusting)");
    let by_hand = definitions().resource_opened(&tables::by_hand());
    insta::assert_snapshot!(go(&by_hand, "short"), @"wary trusting");
    insta::assert_snapshot!(go(&by_hand, "short"), @"(trusting) wary");
    insta::assert_snapshot!(ingredients(&storage, "wary"), @"code_version, type, opener table?");
}

/// Keeps a number, and tells its version or not.
struct Ledger {
    tells: bool,
    kept: Mutex<i64>,
}

impl IoManager<i64> for Ledger {
    fn store(&self, _: &OutputAt<'_>, number: &i64) -> Result<Metadata> {
        *self.kept.lock().expect("not poisoned") = *number;
        let version = (DATA_VERSION.to_owned(), number.to_string().into());
        Ok(Metadata::from_iter(self.tells.then_some(version)))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<i64> {
        Ok(*self.kept.lock().expect("not poisoned"))
    }
}

#[test]
fn what_an_io_manager_stores_is_known_if_it_tells_a_version_of_the_data() {
    #[asset(code_version = "1", io = "told")]
    fn known() -> i64 {
        1
    }
    #[asset(code_version = "1", io = "untold")]
    fn unknown() -> i64 {
        1
    }
    // It is written somewhere else: that nothing comes of it says nothing of what.
    #[asset(code_version = "1")]
    fn elsewhere() {}
    #[asset(code_version = "1")]
    fn after_known(known: i64) -> i64 {
        known
    }
    #[asset(code_version = "1")]
    fn after_unknown(unknown: i64) -> i64 {
        unknown
    }
    #[asset(code_version = "1", deps = [elsewhere])]
    fn after_elsewhere() -> i64 {
        1
    }
    let ledger = |tells| Ledger { tells, kept: Mutex::default() };
    let definitions = Definitions::new()
        .assets(assets![known, unknown, elsewhere, after_known, after_unknown, after_elsewhere])
        .io::<i64>("told", ledger(true))
        .io::<i64>("untold", ledger(false));
    let storage = storage();
    memoized(&definitions, &storage, &[], &EnvVars::none());
    insta::assert_snapshot!(memoized(&definitions, &storage, &[], &EnvVars::none()), @"(known) (unknown) (elsewhere) (after_known) after_unknown after_elsewhere");
    insta::assert_snapshot!(ingredients(&storage, "after_elsewhere"), @"code_version, type, input elsewhere?");
    let latest = MaterializationQuery::latest(&"known".parse().expect("a key"));
    let latest = storage.materializations(&latest).expect("what is known").remove(0);
    assert_eq!((latest.data_version.as_deref(), latest.metadata.len()), (Some("1"), 0));
}

#[op]
fn twice(x: i64) -> i64 {
    x * 2
}

#[test]
fn a_graph_is_made_whole_or_passed_over_whole() {
    #[asset(code_version = "1")]
    fn number() -> i64 {
        4
    }
    #[graph_asset(code_version = "1")]
    fn fourfold(number: Out<i64>) -> Out<i64> {
        twice(twice(number))
    }
    #[asset(code_version = "1")]
    fn last(fourfold: i64) -> i64 {
        fourfold
    }
    let definitions = Definitions::new().assets(assets![number, fourfold, last]);
    let storage = storage();
    memoized(&definitions, &storage, &[], &EnvVars::none());
    insta::assert_snapshot!(memoized(&definitions, &storage, &[], &EnvVars::none()), @"(number) (fourfold.twice) (fourfold.twice_2) (last)");
    // At rest it is known too that there is nothing to make.
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    let recipes = definitions.runner(&job).recipes().expect("they are known");
    let standings = standings(&definitions, recipes, &storage);
    assert!(standings.to_make(&[true; 3], Making::Stale).is_empty());
    let recipe = standings.recipe(&"fourfold".parse().expect("a key")).expect("it has one").clone();
    assert!(recipe.ingredients().any(|(ingredient, _)| *ingredient == Ingredient::CodeVersion));
}

#[test]
fn the_value_of_a_step_that_did_not_run_is_there() {
    #[asset]
    fn base() -> i64 {
        20
    }
    #[asset(code_version = "1")]
    fn sum(base: i64) -> i64 {
        base + 1
    }
    let definitions = Definitions::new().assets(assets![base, sum]);
    let storage = storage();
    memoized(&definitions, &storage, &[], &EnvVars::none());
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    let runner = definitions.runner(&job).memoize().record(&storage).keep_outputs().keep_events();
    let run = runner.run_blocking().expect("it succeeds");
    assert_eq!((ran(&run), *run.output::<base>(), *run.output::<sum>()), (Vec::new(), 20, 21));
}

//! What is known of a value and said with it: as if the code had said it on its way, but of this output alone.

use orch::asset::MetadataValue;
use orch::config::{EnvVars, RunConfig};

use super::*;

#[test]
fn what_is_said_with_a_value_is_told_with_its_materialization() {
    #[asset]
    fn prices() -> WithMetadata<Vec<i64>> {
        WithMetadata::new(vec![3, 4])
            .metadata("source", "till")
            .metadata("ratio", f64::NAN)
            .data_version("today")
    }
    /// It takes the value, and nothing of what is known of it.
    #[asset(retry(max = 1))]
    async fn total(prices: &[i64], context: Context) -> Result<WithMetadata<i64>> {
        context.add_metadata(format!("attempt {}", context.attempt()), "was here");
        context.add_metadata("by", "the context");
        context.set_data_version("of the context");
        if context.attempt() == 1 {
            return Err("not yet".into());
        }
        Ok(WithMetadata::new(prices.iter().sum()).metadata("by", "the value"))
    }
    #[asset]
    fn largest(prices: &[i64]) -> Optional<i64> {
        WithMetadata::new(prices.iter().copied().max().unwrap_or(0)).metadata("of", prices.len()).into()
    }
    let (definitions, storage) = (Definitions::new().assets(assets![prices, total, largest]), storage());
    let run = materialize(&definitions, &storage, "*").expect("it succeeds");
    insta::assert_snapshot!(facts(&storage), @r#"
    prices, data today, ratio: Text("NaN"), source: Text("till"), fact
    largest, data 0c389a74, of prices today, of: Int(2), fact
    total, data of the c, of prices today, attempt 2: Text("was here"), by: Text("the value"), fact
    "#);
    assert_eq!((*run.output::<total>(), run.output::<largest>()), (7, Some(&4)));
    // Who takes it later takes the value too.
    let run = materialize(&definitions, &storage, "largest").expect("it succeeds");
    assert_eq!(run.output::<largest>(), Some(&4));
}

#[test]
fn a_graph_says_it_with_the_value_of_its_last_op() {
    #[op]
    fn numbers() -> Dynamic<i64> {
        Dynamic::from_values([1, 2])
    }
    #[op]
    fn double(number: i64) -> i64 {
        number * 2
    }
    #[op]
    fn sum(numbers: &[i64]) -> WithMetadata<i64> {
        WithMetadata::new(numbers.iter().sum()).metadata("numbers", numbers.len())
    }
    #[graph_asset]
    fn all() -> Out<i64> {
        sum(numbers().map(double).collect())
    }
    let (definitions, storage) = (Definitions::new().assets(assets![all]), storage());
    materialize(&definitions, &storage, "*").expect("it succeeds");
    insta::assert_snapshot!(facts(&storage), @"all, data 1c310b6b, numbers: Int(2), fact");
}

#[test]
fn what_is_said_of_no_asset_is_warned_of() {
    #[op]
    fn counted() -> (WithMetadata<i64>, WithMetadata<i64>) {
        (WithMetadata::new(1).metadata("rows", 3), WithMetadata::new(2))
    }
    #[op]
    async fn dated() -> WithMetadata<i64> {
        WithMetadata::new(1).data_version("today")
    }
    #[op]
    fn next(number: i64) -> i64 {
        number + 1
    }
    #[job(max_concurrent = 1)]
    fn plain() {
        let (first, _) = counted();
        next(first);
        next(dated());
    }
    let run = plain().run_blocking().expect("it succeeds");
    assert_eq!(run.outputs::<next>().map(|(_, number)| *number).collect::<Vec<_>>(), [2, 2]);
    let warned = run.events().iter().filter(|event| event.kind.name() == "LOG");
    let warned = warned.map(|event| {
        let step = event.step.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{step}: {}", serde_json::to_value(&event.kind).expect("JSON")["message"])
    });
    insta::assert_snapshot!(warned.collect::<Vec<_>>().join("\n"), @r#"
    counted: "`rows` is said of no asset: the step makes none"
    dated: "a data version is said of no asset: the step makes none"
    "#);
}

#[test]
fn secrets_stay_hidden_in_what_is_said_with_a_value() {
    #[derive(Debug, Config)]
    struct Access {
        token: Secret<String>,
    }
    #[asset]
    fn letter(access: Config<Access>) -> WithMetadata<i64> {
        let token = access.token.expose();
        WithMetadata::new(1)
            .metadata("url", format!("https://{token}@example.org"))
            .data_version(token.as_str())
    }
    let (definitions, storage) = (Definitions::new().assets(assets![letter]), storage());
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    let config = RunConfig::new().set("ops.letter.config.token.env=TOKEN");
    let runner = definitions.runner(&job).config(config).env(EnvVars::none().with("TOKEN", "correct-horse"));
    runner.record(&storage).run_blocking().expect("it succeeds");
    let latest = MaterializationQuery::latest(&"letter".parse().expect("a key"));
    let fact = storage.materializations(&latest).expect("what is known").remove(0);
    let hidden = MetadataValue::Text("https://<secret>@example.org".into());
    assert_eq!((&fact.metadata["url"], fact.data_version.as_deref()), (&hidden, Some("<secret>")));
}

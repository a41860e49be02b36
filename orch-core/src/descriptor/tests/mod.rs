mod problems;
mod random;
mod stories;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DescriptorError, Registry};
use crate::config::{Configurable, EnvVars, FileFormat};
use crate::define::{DefaultFed as _, Dynamic, Fed, One, OpBuilder, OpDef, kind};
use crate::graph::Job;
use crate::value::{Keyed, StepFailure};

/// Where pages come from.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Source {
    path: String,
    #[serde(default = "Source::size")]
    #[schemars(range(min = 1, max = 100))]
    size: i64,
}

impl Source {
    fn size() -> i64 {
        2
    }
}

impl Configurable for Source {}

/// No text can be read as one.
#[derive(Clone)]
struct Page(i64);

type Loaded = Vec<Keyed<Result<i64, StepFailure>>>;

/// Adds an input, as `#[op]` does.
macro_rules! input {
    ($op:expr, $name:literal, $T:ty) => {
        $op.input::<$T>($name).fed(Fed::<$T>::READ, [Fed::<$T>::VALUES, Fed::<$T>::KEYS, Fed::<$T>::RESULTS])
    };
}

fn op(name: &str) -> OpBuilder<()> {
    OpDef::builder(name)
}

type OneOf<T> = One<T, { kind::VALUE }>;
type Many<T> = One<T, { kind::DYNAMIC }>;

/// The ops of a program: pages are extracted, loaded one by one, and reported.
fn registry() -> Registry {
    let extract = op("extract").config::<Source>().returns::<Many<Dynamic<Page>>>().blocking(|args| {
        let source = args.config::<Source>()?;
        Ok(Dynamic::from_iter((0..source.size).map(|page| (page.to_string(), Page(page * 100)))))
    });
    let rows = input!(op("rows"), "page", Page).returns::<Many<Dynamic<i64>>>().blocking(|mut args| {
        let Page(first) = args.take(0)?;
        Ok(Dynamic::from_iter((first..first + 3).map(|row| (row.to_string(), row))))
    });
    let load = input!(input!(op("load"), "page", Page), "factor", i64).returns::<OneOf<i64>>().blocking(
        |mut args| {
            let (Page(page), factor) = (args.take(0)?, args.take::<i64>(1)?);
            Ok(page * factor)
        },
    );
    let double = input!(op("double"), "x", i64)
        .returns::<OneOf<i64>>()
        .blocking(|mut args| Ok(args.take::<i64>(0)? * 2));
    let sum = input!(op("sum"), "numbers", Vec<i64>)
        .returns::<OneOf<i64>>()
        .blocking(|mut args| Ok(args.take::<Vec<i64>>(0)?.into_iter().sum()));
    let keys = input!(op("keys"), "loaded", Loaded).returns::<OneOf<String>>().blocking(|mut args| {
        let loaded = args.take::<Loaded>(0)?;
        Ok(loaded.iter().map(|loaded| loaded.key.to_string()).collect::<Vec<_>>().join(", "))
    });
    let split = input!(op("split"), "x", i64)
        .returns::<(OneOf<i64>, OneOf<String>)>()
        .blocking(|mut args| Ok((args.take::<i64>(0)?, "text".to_owned())));
    let report = input!(input!(op("report"), "sum", i64), "title", String)
        .returns::<OneOf<String>>()
        .blocking(|mut args| Ok(format!("{1}: {0}", args.take::<i64>(0)?, args.take::<String>(1)?)));
    let clean = op("clean").returns::<OneOf<()>>().blocking(|_| Ok(()));
    let ops = [extract, rows, load, double, sum, keys, split, report, clean];
    let registry = Registry::new().env(EnvVars::none().with("FACTOR", "7"));
    ops.into_iter().map(Arc::new).fold(registry, |registry, op| registry.op_def(&op))
}

fn yaml(text: &str) -> Result<Job, DescriptorError> {
    registry().read_text(FileFormat::Yaml, "jobs/dex.yaml", text)
}

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::AssetKey;

/// Something that the value of an asset depends on, or what a memoized op gives.
///
/// As text it is its name, and behind a blank that of which one it is, if there may be several: `config`, `input orders`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Ingredient {
    /// Which op it is, of a step that makes no asset.
    Op,
    /// The version of its code, where the author gave one.
    CodeVersion,
    /// Its code otherwise: a fingerprint of the source.
    Source,
    /// Its type in memory; of an op those of its inputs and outputs.
    Type,
    /// What its partitions stand for: of windows of time, which.
    Partitions,
    /// The configuration of the steps that make it.
    Config,
    /// The IO manager that stores it, or what an op gives.
    Io,
    /// What the context of a step says, if the op looks at it: path, job and tags.
    Context,
    /// An environment variable that it was declared to read.
    Env(Arc<str>),
    /// The code that opens a resource that it takes.
    Opener(Arc<str>),
    /// A resource that it takes: its configuration.
    Resource(Arc<str>),
    /// The data of an asset that it is made of.
    Input(AssetKey),
    /// The data that a parameter of the op is given.
    Parameter(Arc<str>),
}

impl fmt::Display for Ingredient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Op => f.write_str("op"),
            Self::CodeVersion => f.write_str("code_version"),
            Self::Source => f.write_str("source"),
            Self::Type => f.write_str("type"),
            Self::Partitions => f.write_str("partitions"),
            Self::Config => f.write_str("config"),
            Self::Io => f.write_str("io"),
            Self::Context => f.write_str("context"),
            Self::Env(name) => write!(f, "env {name}"),
            Self::Opener(key) => write!(f, "opener {key}"),
            Self::Resource(key) => write!(f, "resource {key}"),
            Self::Input(asset) => write!(f, "input {asset}"),
            Self::Parameter(name) => write!(f, "parameter {name}"),
        }
    }
}

impl FromStr for Ingredient {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("`{text}` is no ingredient of a recipe");
        Ok(match text.split_once(' ') {
            None => match text {
                "op" => Self::Op,
                "code_version" => Self::CodeVersion,
                "source" => Self::Source,
                "type" => Self::Type,
                "partitions" => Self::Partitions,
                "config" => Self::Config,
                "io" => Self::Io,
                "context" => Self::Context,
                _ => return Err(unknown()),
            },
            Some(("env", name)) => Self::Env(name.into()),
            Some(("opener", key)) => Self::Opener(key.into()),
            Some(("resource", key)) => Self::Resource(key.into()),
            Some(("parameter", name)) => Self::Parameter(name.into()),
            Some(("input", asset)) => Self::Input(asset.parse().map_err(|_| unknown())?),
            Some(_) => return Err(unknown()),
        })
    }
}

impl Serialize for Ingredient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ingredient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What an asset, or the outputs of a memoized op, are made of: each ingredient with its version, or none where nobody knows it.
///
/// Two recipes are the same if they have the same [key](Self::key). One with an ingredient that is unknown has none, so it is the
/// same as no other, itself included: what is not wholly known is made anew.
///
/// ```
/// use orch_core::asset::{Change, Ingredient, Recipe};
///
/// let before = Recipe::new().with(Ingredient::CodeVersion, "1").with(Ingredient::Config, "3f2a");
/// let now = before.clone().with(Ingredient::CodeVersion, "2");
/// let difference = before.difference(&now).expect("the code");
/// assert_eq!(difference.ingredient, Ingredient::CodeVersion);
/// assert_eq!(difference.change, Change::Other { before: "1".into(), now: "2".into() });
/// assert_eq!(before.difference(&before), None);
/// assert_eq!(now.with_unknown(Ingredient::Config).key(), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recipe(BTreeMap<Ingredient, Option<Arc<str>>>);

/// The first ingredient in which two recipes differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub ingredient: Ingredient,
    /// How.
    pub change: Change,
}

/// How an ingredient differs from what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It has another version.
    Other {
        /// That which it had.
        before: Arc<str>,
        /// That which it has.
        now: Arc<str>,
    },
    /// It was none before.
    New,
    /// It is none any more.
    Gone,
    /// Nobody knows its version.
    Unknown,
    /// Nobody knew its version before.
    WasUnknown,
}

impl Recipe {
    /// One without ingredients.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with an ingredient of this version.
    #[must_use]
    pub fn with(mut self, ingredient: Ingredient, version: impl Into<Arc<str>>) -> Self {
        self.add(ingredient, Some(version.into()));
        self
    }

    /// The same with an ingredient whose version nobody knows.
    #[must_use]
    pub fn with_unknown(mut self, ingredient: Ingredient) -> Self {
        self.add(ingredient, None);
        self
    }

    /// The version of an ingredient, if it is known.
    #[must_use]
    pub fn version(&self, ingredient: &Ingredient) -> Option<&str> {
        self.0.get(ingredient)?.as_deref()
    }

    pub(crate) fn add(&mut self, ingredient: Ingredient, version: Option<Arc<str>>) {
        self.0.insert(ingredient, version);
    }

    /// Whether it has no ingredients.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first ingredient whose version nobody knows.
    #[must_use]
    pub fn first_unknown(&self) -> Option<&Ingredient> {
        self.0.iter().find(|(_, version)| version.is_none()).map(|(ingredient, _)| ingredient)
    }

    /// The ingredients with their versions, in their order: op, code, type, partitions, configuration, IO manager, environment,
    /// resources, inputs.
    pub fn ingredients(&self) -> impl Iterator<Item = (&Ingredient, Option<&str>)> {
        self.0.iter().map(|(ingredient, version)| (ingredient, version.as_deref()))
    }

    /// A hash of all of it; none if it has no ingredients, or the version of one is unknown.
    #[must_use]
    pub fn key(&self) -> Option<Arc<str>> {
        let mut digest = Digest::new("orch: the recipe of an asset");
        for (ingredient, version) in &self.0 {
            digest.add(ingredient.to_string());
            digest.add(version.as_deref()?);
        }
        (!self.is_empty()).then(|| digest.finish())
    }

    /// The first ingredient in which `now` differs from this recipe, by the order of [`Recipe::ingredients`]; none if both have
    /// the same key. If neither has ingredients, nobody knows the source.
    #[must_use]
    pub fn difference(&self, now: &Self) -> Option<Difference> {
        if self.is_empty() && now.is_empty() {
            return Some(Difference { ingredient: Ingredient::Source, change: Change::Unknown });
        }
        // Most are what they were.
        if self == now && self.0.values().all(Option::is_some) {
            return None;
        }
        let all: std::collections::BTreeSet<_> = self.0.keys().chain(now.0.keys()).collect();
        let mut changes = all.into_iter().filter_map(|ingredient| {
            let change = match (self.0.get(ingredient), now.0.get(ingredient)) {
                (_, Some(None)) => Change::Unknown,
                (None, _) => Change::New,
                (_, None) => Change::Gone,
                (Some(None), _) => Change::WasUnknown,
                (Some(Some(before)), Some(Some(now))) if before != now => {
                    Change::Other { before: Arc::clone(before), now: Arc::clone(now) }
                }
                _ => return None,
            };
            Some(Difference { ingredient: ingredient.clone(), change })
        });
        changes.next()
    }
}

/// A hash of several parts in their order, of which none can be taken for a part of its neighbour: each is preceded by its
/// length, and what is hashed for one end is no hash for another.
pub(crate) struct Digest(blake3::Hasher);

impl Digest {
    /// Begins one for this end.
    pub(crate) fn new(end: &'static str) -> Self {
        Self(blake3::Hasher::new_derive_key(end))
    }

    pub(crate) fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    pub(crate) fn finish(&self) -> Arc<str> {
        self.0.finalize().to_hex().as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> Recipe {
        Recipe::new()
            .with(Ingredient::Source, "9c01")
            .with(Ingredient::Env("RATE".into()), "1")
            .with(Ingredient::Input("raw/orders".parse().expect("a key")), "b0b")
    }

    #[test]
    fn a_recipe_is_one_object_of_json_and_read_back_as_it_was() {
        let written = recipe().with_unknown(Ingredient::Resource("main db".into()));
        let json = serde_json::to_string(&written).expect("JSON");
        insta::assert_snapshot!(json, @r#"{"source":"9c01","env RATE":"1","resource main db":null,"input raw/orders":"b0b"}"#);
        assert_eq!(serde_json::from_str::<Recipe>(&json).expect("a recipe"), written);
        serde_json::from_str::<Recipe>(r#"{"weather":"good"}"#).expect_err("no ingredient");
    }

    #[test]
    fn nothing_can_be_taken_for_its_neighbour() {
        let env = |name: &str, version: &str| Recipe::new().with(Ingredient::Env(name.into()), version).key();
        assert_ne!(env("A", "BC"), env("AB", "C"));
        assert_ne!(env("A", ""), Recipe::new().with(Ingredient::Env("A".into()), "0").key());
        assert_ne!(recipe().key(), recipe().with(Ingredient::Type, "").key());
        let version = |ingredient| Recipe::new().with(ingredient, "2").key();
        assert_ne!(version(Ingredient::CodeVersion), version(Ingredient::Source));
        assert_eq!(recipe().key(), recipe().key());
    }

    #[test]
    fn what_is_not_wholly_known_is_the_same_as_nothing() {
        assert_eq!(Recipe::new().key(), None);
        let nothing = Recipe::new().difference(&Recipe::new()).map(|found| found.change);
        assert_eq!(nothing, Some(Change::Unknown));
        let unknown = recipe().with_unknown(Ingredient::Config);
        assert_eq!(unknown.key(), None);
        let change = |before: &Recipe, now: &Recipe| before.difference(now).map(|found| found.change);
        assert_eq!(change(&unknown, &unknown), Some(Change::Unknown));
        assert_eq!(change(&unknown, &recipe().with(Ingredient::Config, "1")), Some(Change::WasUnknown));
        assert_eq!(change(&unknown, &recipe()), Some(Change::Gone));
        assert_eq!(change(&recipe(), &recipe().with(Ingredient::Config, "1")), Some(Change::New));
        assert_eq!(change(&recipe(), &recipe()), None);
    }
}

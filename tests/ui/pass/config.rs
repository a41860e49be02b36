// Shapes of configuration that must compile, with nothing but orch.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use orch::config::ConfigDef;
use orch::prelude::*;

macro_rules! number {
    () => {
        u32
    };
}

#[derive(Config)]
pub struct Everything {
    pub r#type: String,
    /// By a macro of the user's.
    number: number!(),
    #[cfg(any())]
    absent: NoSuchType,
    #[config(default = "conf/a.yaml")]
    path: PathBuf,
    #[config(default = Some("x".to_owned()), length = 1..)]
    text: Option<String>,
    #[config(range = MOST..)]
    most: i128,
    #[config(default = vec![Self::FIRST, 2], length = ..MOST)]
    list: Vec<u8>,
    #[serde(with = "seconds")]
    #[schemars(with = "u64")]
    wait: Duration,
    #[serde(skip)]
    cache: Option<std::sync::Weak<()>>,
    #[config(default)]
    tree: Tree,
    secrets: BTreeMap<String, Secret<String>>,
    unit: Empty,
    wrapped: Wrapped,
    array: [Option<Wrapped>; 2],
    tuple: (u8, bool),
}

impl Everything {
    const FIRST: u8 = 1;
}

const MOST: usize = 3;

/// Each of the other.
#[derive(Config, Default)]
struct Tree {
    branches: Vec<Branch>,
}

#[derive(Config)]
enum Branch {
    Leaf,
    Tree(Box<Tree>),
    Both(Box<Self>, Tree),
    #[serde(other)]
    Unknown,
}

#[derive(Config)]
struct Empty {}

#[derive(Config)]
#[serde(transparent)]
struct Wrapped(#[config(range = 1..=3)] u8);

/// Checked by what it is made of.
#[derive(Config, Clone)]
#[serde(try_from = "String", into = "String")]
struct Name {
    name: String,
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> std::result::Result<Self, String> {
        if name.is_empty() { Err("a name has letters".into()) } else { Ok(Self { name }) }
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.name
    }
}

mod seconds {
    use std::time::Duration;

    use orch::__private::serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(wait: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(wait.as_secs())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

fn main() {
    let _ = (ConfigDef::of::<Name>().schema(), ConfigDef::of::<Everything>().schema());
}

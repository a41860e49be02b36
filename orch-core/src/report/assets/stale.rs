use serde_json::{Value, json};

use super::super::palette::Role;
use super::super::text::one_line;
use super::super::words::NOTHING_THERE;
use crate::asset::{Change, Difference, Ingredient};
use crate::io::Found;
use crate::run::Standing;

/// How many characters of a hash are shown.
const SHORT: usize = 8;

/// How long a hash is, of a source or of what else is hashed.
const HASHES: [usize; 2] = [16, 64];

/// In one word how an asset stands.
pub(super) fn word(standing: &Standing) -> (Role, &'static str) {
    match standing {
        Standing::External => (Role::Faint, "external"),
        Standing::Missing | Standing::Gone | Standing::Lost(Found::Nothing | Found::Unmanaged) => {
            (Role::Skip, "missing")
        }
        Standing::Lost(_) | Standing::Stale(_) | Standing::Behind(_) => (Role::Warn, "stale"),
        Standing::Partitioned => (Role::Faint, "by partition"),
        Standing::Fresh => (Role::Good, "fresh"),
    }
}

/// Why it stands so; nothing of one that is as it would be made.
pub(super) fn reason(standing: &Standing) -> String {
    match standing {
        Standing::External | Standing::Fresh => String::new(),
        Standing::Missing => "it was never materialized".to_owned(),
        Standing::Gone => {
            "nothing is left of its value: it was in the memory of the run that made it".to_owned()
        }
        Standing::Lost(found) => format!("it was stored, and {found}"),
        Standing::Stale(difference) => because(difference),
        Standing::Partitioned => "each of its partitions stands by itself".to_owned(),
        Standing::Behind(other) => format!("it is made of `{other}`, which is to be made"),
    }
}

/// What differs from what something was made of.
pub(in crate::report) fn because(difference: &Difference) -> String {
    let named = named(&difference.ingredient);
    let is_data = matches!(difference.ingredient, Ingredient::Input(_) | Ingredient::Parameter(_));
    // That of nothing is an empty text.
    let data = |version: &str| match is_data && version.is_empty() {
        true => NOTHING_THERE.to_owned(),
        false => short(version),
    };
    match &difference.change {
        // Without one it is kept as well.
        Change::New if difference.ingredient == Ingredient::Io => {
            "it has an IO manager, and had none when it was made".to_owned()
        }
        Change::Gone if difference.ingredient == Ingredient::Io => {
            "it had an IO manager when it was made, and has none any more".to_owned()
        }
        Change::Other { before, now } => format!("{named} has changed: {} → {}", data(before), data(now)),
        Change::New => format!("{named} counts, and did not when it was made"),
        Change::Gone => format!("{named} counted when it was made, and does not any more"),
        Change::WasUnknown => format!("when it was made, nobody knew the version of {named}"),
        Change::Unknown => format!("nobody knows the version of {named}: {}", remedy(&difference.ingredient)),
    }
}

/// An ingredient in words.
pub(super) fn named(ingredient: &Ingredient) -> String {
    match ingredient {
        Ingredient::Op => "the op".to_owned(),
        Ingredient::CodeVersion => "its code version".to_owned(),
        Ingredient::Source => "its source".to_owned(),
        Ingredient::Type => "its type".to_owned(),
        Ingredient::Partitions => "what its partitions stand for".to_owned(),
        Ingredient::Config => "its configuration".to_owned(),
        Ingredient::Io => "its IO manager".to_owned(),
        Ingredient::Context => "its context: its path, its job or tags".to_owned(),
        Ingredient::Env(name) => format!("the variable `{}`", one_line(name)),
        Ingredient::Opener(key) => format!("what opens the resource `{}`", one_line(key)),
        Ingredient::Resource(key) => format!("the resource `{}`", one_line(key)),
        Ingredient::Input(asset) => format!("the data of `{asset}`"),
        Ingredient::Parameter(name) => format!("the data of `{name}`"),
    }
}

/// What makes an ingredient known of which nobody knows the version.
fn remedy(ingredient: &Ingredient) -> &'static str {
    match ingredient {
        Ingredient::Source => "give it one, `code_version = \"1\"`",
        Ingredient::Opener(_) => {
            "give it one, `#[resource(code_version = \"1\")]`, or say `trust_resources` of what takes it"
        }
        Ingredient::Resource(_) => {
            "the program gives it as a value; if that is always the same, say `trust_resources`"
        }
        Ingredient::Io => {
            "what one run stores another one may replace, unless it says that it does not: `IoManager::keeps_runs_apart`"
        }
        Ingredient::Input(_) => {
            "nothing is known of its bytes; whoever makes it may say it, `context.set_data_version(..)`, and of what others make an \
             `#[asset_observation]` finds it out, when someone looks: `assets observe`"
        }
        Ingredient::Parameter(_) => {
            "it lives in memory alone, or is a sign and no data; serde's `Serialize` and `Deserialize` make it known, or what stores it \
             tells a version"
        }
        _ => "it cannot be read here",
    }
}

/// A version as people read it: of a hash the beginning.
pub(super) fn short(version: &str) -> String {
    let is_hash = HASHES.contains(&version.len()) && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    one_line(if is_hash { &version[..SHORT] } else { version })
}

/// How an asset stands as an object.
pub(super) fn standing_as_json(standing: &Standing) -> Value {
    let mut told = json!({"state": word(standing).1, "reason": reason(standing)});
    match standing {
        Standing::Stale(Difference { ingredient, change }) => {
            told["ingredient"] = json!(ingredient);
            let (before, now) = match change {
                Change::Other { before, now } => (Some(before), Some(now)),
                _ => (None, None),
            };
            (told["before"], told["now"]) = (json!(before), json!(now));
        }
        Standing::Behind(other) => told["behind"] = json!(other),
        _ => {}
    }
    told
}

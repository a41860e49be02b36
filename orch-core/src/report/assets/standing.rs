use serde::Serialize;

use super::super::palette::Role;
use crate::asset::{AssetKey, InputVersion, Materialization};

/// How a materialization stands to what another asset, of which it is made, is at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    /// It is made of the latest materialization of the other.
    Current,
    /// The other was materialized anew since.
    Newer,
    /// The other was materialized anew since, and its data is the same.
    SameData,
    /// It was made before it was said that it is made of the other.
    NotTaken,
    /// No materialization of the other is known.
    Unknown,
}

impl Standing {
    /// How `fact` stands to `upstream`, of which `latest` is the latest materialization that is known.
    pub(super) fn of(fact: &Materialization, upstream: &AssetKey, latest: Option<&Materialization>) -> Self {
        let input = fact.inputs.iter().find(|input| input.asset == *upstream);
        input.map_or(Self::NotTaken, |input| Self::of_input(input, latest))
    }

    /// How what was made of this stands to it, of which `latest` is the latest materialization that is known.
    pub(super) fn of_input(input: &InputVersion, latest: Option<&Materialization>) -> Self {
        match latest {
            // Several may have been taken, or another one.
            Some(latest) if input.partition.as_deref() != latest.partition.as_deref() => Self::Unknown,
            None => Self::Unknown,
            Some(latest) if input.run == Some(latest.run) => match input.data_version == latest.version() {
                true => Self::Current,
                false => Self::Newer,
            },
            Some(latest) if input.data_version.is_some() && input.data_version == latest.version() => {
                // Observed again, it is what it was.
                if latest.is_observation() { Self::Current } else { Self::SameData }
            }
            Some(_) => Self::Newer,
        }
    }

    /// What it means for whoever is made of the other, of which is told.
    pub(super) fn of_upstream(self) -> (Role, &'static str) {
        match self {
            Self::Current | Self::Unknown => (Role::Faint, ""),
            Self::Newer => (Role::Warn, "newer than what the latest was made of"),
            Self::SameData => (Role::Faint, "materialized anew, with the same data"),
            Self::NotTaken => (Role::Warn, "the latest was not made of it"),
        }
    }

    /// What it means for the one that is made of it, of which is told.
    pub(super) fn of_downstream(self) -> (Role, &'static str) {
        match self {
            Self::Current | Self::Unknown => (Role::Faint, ""),
            Self::Newer => (Role::Warn, "made of an earlier one"),
            Self::SameData => (Role::Faint, "made of an earlier one, with the same data"),
            Self::NotTaken => (Role::Warn, "was not made of it"),
        }
    }
}

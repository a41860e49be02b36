mod evaluate;
mod parse;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use super::error::{Origin, SelectionError};
use super::walk::Reach;
use crate::ids::{Escaped, MappingKey};

/// Which steps of a job are meant: `*load`, `load+`, `clean.echo`, `load[100]*`, or several of these. The
/// [module](crate::select) has the grammar.
///
/// ```
/// use orch_core::select::StepSelection;
///
/// let some: StepSelection = "extract, load[100]+".parse()?;
/// let more = some.and("report".parse()?);
/// assert_eq!(more, "extract load[100]+ report".parse()?);
/// # Ok::<(), orch_core::select::SelectionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct StepSelection {
    pub(super) clauses: Vec<StepClause>,
}

/// One clause: what it names, and how far it goes from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StepClause {
    pub(super) up: Reach,
    pub(super) named: Named,
    pub(super) down: Reach,
    pub(super) origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    All,
    /// A step or graph, and in maps the keys of the items that are meant, the outermost first.
    Step {
        name: String,
        keys: Vec<MappingKey>,
    },
}

/// Which copies of a step are selected. In a map there is one for each item, elsewhere one in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Copies {
    /// None.
    None,
    /// All.
    All,
    /// Those of these items, given by their keys, the outermost first. Where there are fewer keys than maps, all copies
    /// within that item.
    Only(Vec<Vec<MappingKey>>),
}

impl StepSelection {
    /// All steps: `*`.
    #[must_use]
    pub fn all() -> Self {
        let named = Named::All;
        let origin = Origin::new(&"*".into(), 0, 1);
        Self { clauses: vec![StepClause { up: Reach::Here, named, down: Reach::Here, origin }] }
    }

    /// What either of the two selects.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.clauses.extend(other.clauses);
        self
    }
}

impl FromStr for StepSelection {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::parse(text)
    }
}

impl TryFrom<String> for StepSelection {
    type Error = SelectionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

// As text, and not by way of `From<StepSelection> for String`, which the compiler would name to whoever passes a wrong name.
impl Serialize for StepSelection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for StepSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, clause) in self.clauses.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            clause.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for StepClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reach = |f: &mut fmt::Formatter<'_>, reach| match reach {
            Reach::Here => Ok(()),
            Reach::Levels(levels) => (0..levels).try_for_each(|_| f.write_str("+")),
            Reach::All => f.write_str("*"),
        };
        let Named::Step { name, keys } = &self.named else { return f.write_str("*") };
        reach(f, self.up)?;
        f.write_str(name)?;
        for key in keys {
            f.write_str("[")?;
            Escaped::KEY.write(f, &key.to_string())?;
            f.write_str("]")?;
        }
        reach(f, self.down)
    }
}

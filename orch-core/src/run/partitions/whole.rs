//! Assets without partitions, read as they are stored.

use super::super::foreign;
use super::reader::{Reader, unread};
use crate::asset::{InputVersion, Materialization};
use crate::engine::nothing_there;
use crate::failure::{Failure, quietly};
use crate::ids::StepPath;
use crate::io::OutputAt;
use crate::plan::{LoadedAsset, Problem};
use crate::run::place::as_it_lies;
use crate::value::{TypeInfo, Value};

/// An asset without partitions that a step reads.
pub(in crate::run) struct Whole {
    pub(super) asset: LoadedAsset,
    /// Whether the run makes it.
    pub(super) made: bool,
    /// The materialization that the run takes, if it makes none and one is known.
    taken: Option<Materialization>,
}

impl Whole {
    /// One that the run makes.
    pub(in crate::run) fn made(asset: &LoadedAsset) -> Self {
        Self { asset: asset.clone(), made: true, taken: None }
    }

    /// One that others have made, of which this is known.
    pub(in crate::run) fn taken(asset: &LoadedAsset, taken: Option<Materialization>) -> Self {
        Self { asset: asset.clone(), made: false, taken }
    }
}

impl Reader {
    /// The same, which reads these too, each for the step of this number. What the run has made of them before it goes on is to be
    /// known, as what lies in their places is compared with it.
    pub(in crate::run) fn with_wholes(mut self, wholes: Vec<(usize, Whole)>) -> Result<Self, Problem> {
        self.wholes = wholes.into_iter().collect();
        for whole in self.wholes.values() {
            let key = &whole.asset.key;
            let before = match whole.made {
                true => self.made_before(key),
                // What others make it has looked at before, if at all.
                false => self.made_by(key, self.run),
            };
            before.map_err(|error| unread(key, &error))?;
        }
        Ok(self)
    }

    /// What lies in the place of an asset, if that is what the run made or takes, or what was made anew since: then with the version
    /// that it is.
    pub(super) fn whole(
        &self,
        number: usize,
        step: &StepPath,
        ty: TypeInfo,
        without: Option<fn() -> Value>,
    ) -> Result<(Value, Option<InputVersion>), Failure> {
        let whole = self.wholes.get(&number);
        let whole = whole.ok_or_else(|| Failure::contract("the step reads no asset without partitions"))?;
        let (key, io) = (&whole.asset.key, whole.asset.read_by.as_deref().unwrap_or_default());
        let read = || -> Result<_, Failure> {
            let manager = self.manager(io, ty)?;
            let at = OutputAt::new(self.run, &self.job, step, "result");
            let at = at.asset(Some(key)).columns(&whole.asset.columns);
            let look = |stamp: &str| quietly(|| manager.look(&at, stamp)).and_then(|found| found);
            let known = self.made_here(key, "").map(|(fact, _)| fact).or_else(|| whole.taken.clone());
            if known.as_ref().is_some_and(Materialization::found_nothing) {
                let value = without.map(|without| (without(), None));
                return value.ok_or_else(|| nothing_there(key));
            }
            let since = match known {
                Some(known) => {
                    let (run, event) = (known.run, known.event);
                    let lies = as_it_lies(known, self.storage.as_deref(), look)?;
                    Some(lies).filter(|lies| (lies.run, lies.event) != (run, event))
                }
                None => None,
            };
            let value = quietly(|| manager.load(&at)).and_then(|loaded| loaded)?;
            Ok((value, since))
        };
        let (value, since) = read().map_err(|failure: Failure| match whole.asset.external {
            true => foreign::unloaded(key, io, failure),
            false => failure.context(format!("the asset `{key}` cannot be read")),
        })?;
        let version = since.as_ref().map(InputVersion::from);
        Ok((value, version))
    }
}

use std::collections::HashSet;
use std::sync::Arc;

use super::ObservationDef;
use crate::asset::DataVersion;
use crate::graph::AssetGraph;
use crate::plan::{Problem, ProblemKind};
use crate::select::Selectable as _;
use crate::value::TypeInfo;

/// The observations of a program, beside its assets.
impl AssetGraph {
    /// The same graph with these observations. What is wrong with them among each other and beside the assets is told with the
    /// plan of a job that is drawn of it.
    #[must_use]
    pub fn with_observations(mut self, observations: impl IntoIterator<Item = Arc<ObservationDef>>) -> Self {
        for observation in observations {
            self.add_observation(&observation);
        }
        self
    }

    /// The observation of an asset, by its number.
    #[must_use]
    pub fn observation(&self, asset: usize) -> Option<&Arc<ObservationDef>> {
        self.observations.get(&asset)
    }

    /// Whether an asset, by its number, is made of what is observed, directly or by way of others: it may be other data by now.
    #[must_use]
    pub fn is_of_observed(&self, asset: usize) -> bool {
        let (mut seen, mut left) = (HashSet::new(), self.upstream(asset).to_vec());
        while let Some(number) = left.pop() {
            if self.observation(number).is_some() {
                return true;
            }
            if seen.insert(number) {
                left.extend(self.upstream(number));
            }
        }
        false
    }

    fn add_observation(&mut self, observation: &Arc<ObservationDef>) {
        let (name, asset) = (&observation.name, observation.asset());
        let key = asset.key();
        let told = |kind: ProblemKind, message: String| {
            Problem::new(kind, message)
                .at("the observation", observation.place.clone())
                .at("the asset", asset.place().clone())
        };
        let Some(number) = self.number(key) else {
            let message = format!("the observation `{name}` looks at `{key}`, which is not listed");
            let hint = format!("list it too: `Definitions::new().assets(assets![.., {}])`", asset.name());
            return self.problems.push(told(ProblemKind::UnlistedAsset, message).hint(hint));
        };
        if let Some(first) = self.observation(number) {
            // The same one, listed twice, is one.
            if !Arc::ptr_eq(first, observation) {
                let message = format!("two observations look at `{key}`: `{}` and `{name}`", first.name);
                let problem = Problem::new(ProblemKind::DuplicateObservation, message)
                    .at("first", first.place.clone())
                    .at("second", observation.place.clone());
                self.problems.push(problem.hint(
                    "an asset has one version: let one function look, and make one `DataVersion` of all that it finds",
                ));
            }
            return;
        }
        if !asset.is_external() {
            let message = format!(
                "the observation `{name}` looks at `{key}`, whose version is known: this program makes it"
            );
            self.problems.push(told(ProblemKind::UselessObservation, message).hint(
                "leave the observation out: whoever makes an asset says its version, `context.set_data_version(..)`; what others \
                 make is an `#[external_asset]`",
            ));
        } else if !observation.partitions.is_empty() {
            let wrong =
                observation.partitions.iter().filter_map(|taken| taken.check("observation", name, asset));
            self.problems.extend(wrong);
        } else if let Some(of) = &asset.partitions {
            let message = format!(
                "the observation `{name}` looks at `{key}` as a whole, which has partitions, each with a version of its own"
            );
            let of = of.type_name();
            self.problems.push(told(ProblemKind::UselessObservation, message).hint(format!(
                "have it take the one that it looks at: a parameter `partition: &Partition<{of}>`; by hand \
                 `.looks_at(|partition: &Partition<{of}>, _| ..)`"
            )));
        }
        self.look_at_version(observation);
        let check = self.checks_of(number).find(|check| check.name() == name).map(Arc::clone);
        if let Some(check) = check {
            let message = format!("the observation of `{key}` and a check of it have one name, `{name}`");
            let problem = Problem::new(ProblemKind::DuplicateName, message)
                .at("the observation", observation.place.clone())
                .at("the check", check.place().clone());
            self.problems
                .push(problem.hint("give one of them another: `#[asset_observation(name = \"..\")]`"));
        }
        self.observations.insert(number, Arc::clone(observation));
    }

    /// What an observation gives is a version. The macro makes one of it; by hand it can be anything.
    fn look_at_version(&mut self, observation: &ObservationDef) {
        if observation.gives == Some(TypeInfo::of::<DataVersion>()) {
            return;
        }
        let gives =
            observation.gives.map_or_else(|| "no single value".to_owned(), |ty| format!("`{}`", ty.name()));
        let message =
            format!("the op of the observation `{}` gives {gives}, and no `DataVersion`", observation.name);
        self.problems.push(
            Problem::new(ProblemKind::TypeMismatch, message)
                .at("the observation", observation.place.clone())
                .hint("its only output is a `DataVersion`"),
        );
    }
}

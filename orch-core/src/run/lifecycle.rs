use std::collections::HashMap;
use std::sync::Arc;

use super::wiring::Wiring;
use crate::config::AnyConfig;
use crate::define::{AnyResource, Given, Needs, Provider, ResourceArgs};
use crate::failure::Failure;
use crate::step;

/// The resources of one run: opened before its first step, each after what it needs, and closed after its last, in
/// reverse.
pub(super) struct Lifecycle {
    wiring: Wiring,
    /// The configurations of what is opened.
    configs: HashMap<usize, AnyConfig>,
    /// By their number in the wiring; values are there from the beginning.
    there: Vec<Option<AnyResource>>,
    /// What was opened, in order.
    open: Vec<usize>,
}

impl Lifecycle {
    pub(super) fn new(wiring: Wiring, configs: HashMap<usize, AnyConfig>) -> Self {
        let there = wiring.resources().iter().map(|provided| match &provided.by {
            Provider::Value(value) => Some(value.clone()),
            Provider::Opened(_) => None,
        });
        Self { there: there.collect(), wiring, configs, open: Vec::new() }
    }

    /// The keys of what is to be opened, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = (usize, Arc<str>)> {
        self.wiring.order.iter().map(|&at| (at, self.wiring.resources().at(at).name().into()))
    }

    /// What is needed, as far as it is open.
    pub(super) fn given(&self, needs: &Needs, config: Option<AnyConfig>) -> Given {
        let resources = self.wiring.answers(needs).into_iter().filter_map(|at| self.there[at].clone());
        Given { config, resources: resources.collect() }
    }

    /// Opens one; what it needs is open.
    pub(super) async fn open(&mut self, at: usize) -> Result<(), Failure> {
        let Some(def) = self.wiring.opened(at).cloned() else { return Ok(()) };
        let given = self.given(def.needs(), self.configs.get(&at).cloned());
        let resource = step::call(&def, |def| Some(&def.open), ResourceArgs(given)).await?;
        self.there[at] = Some(resource);
        self.open.push(at);
        Ok(())
    }

    /// Closes the one that was opened last of those that are open; none if none is.
    pub(super) async fn close_last(&mut self) -> Option<(Arc<str>, Result<(), Failure>)> {
        let at = self.open.pop()?;
        let def = Arc::clone(self.wiring.opened(at)?);
        let resource = self.there[at].take()?;
        let closed = match def.close {
            Some(_) => step::call(&def, |def| def.close.as_ref(), resource).await,
            // It is dropped; by a thread that may block, since that is the user's code.
            None => tokio::task::spawn_blocking(move || step::quietly(|| drop(resource)))
                .await
                .map_err(Failure::from)
                .and_then(|dropped| dropped),
        };
        Some((def.key().into(), closed))
    }
}

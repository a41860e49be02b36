use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::config::Configured;
use super::lifecycle::Lifecycle;
use super::wiring::Wiring;
use crate::config::AnyConfig;
use crate::define::{AnyResource, Body, Given, Needs, Provider, ResourceArgs, ResourceDef, RunContext};
use crate::failure::{Failure, quietly};
use crate::plan::Program;
use crate::step;

/// The resources of one run, and what its steps are given: configuration, and the resources as soon as all are open.
pub(super) struct Opened {
    wiring: Wiring,
    configured: Configured,
    program: Arc<Program>,
    context: Arc<RunContext>,
    /// By their number in the wiring; values are there from the beginning.
    there: Mutex<Vec<Option<AnyResource>>>,
    /// The numbers of what is opened, by key.
    numbers: HashMap<Arc<str>, usize>,
    keys: Vec<Arc<str>>,
}

impl Opened {
    /// What the code needs that runs in this process: hooks, and steps that have no process of their own.
    pub(super) fn new(
        wiring: Wiring,
        configured: Configured,
        program: Arc<Program>,
        context: Arc<RunContext>,
    ) -> Self {
        let steps = program.plan.steps.iter().zip(&program.ops);
        let steps = steps.filter(|(step, _)| !step.given && !step.isolated).map(|(_, op)| op.needs());
        let hooks = program.all_hooks();
        let here = wiring.all_of(steps.chain(hooks.iter().map(|hook| hook.needs())));
        let here = wiring.order.iter().copied().filter(|at| here.contains(at)).collect();
        Self::of(wiring, configured, program, context, here)
    }

    /// The same with what is opened here, in this order.
    pub(super) fn of(
        wiring: Wiring,
        configured: Configured,
        program: Arc<Program>,
        context: Arc<RunContext>,
        here: Vec<usize>,
    ) -> Self {
        let there = wiring.resources().iter().map(|provided| match &provided.by {
            Provider::Value(value) => Some(value.clone()),
            Provider::Opened(_) => None,
        });
        let there = Mutex::new(there.collect());
        let keys: Vec<Arc<str>> = here.iter().map(|&at| wiring.resources().at(at).name().into()).collect();
        let numbers = keys.iter().cloned().zip(here).collect();
        let me = Self { wiring, configured, program, context, there, numbers, keys };
        // A hook may be called before anything is open, of a run that was canceled.
        me.give_hooks(&me.there());
        if me.keys.is_empty() {
            me.give_steps(&me.there());
        }
        me
    }

    /// Gives steps what is there of that which they asked for.
    pub(super) fn give(&self) {
        self.give_steps(&self.there());
    }

    /// The keys of what a step needs to be opened, in the order of opening.
    pub(super) fn keys_of(&self, step: usize) -> impl Iterator<Item = &Arc<str>> {
        let needed = self.wiring.all_of([self.program.ops[step].needs()]);
        self.keys.iter().filter(move |key| self.numbers.get(*key).is_some_and(|at| needed.contains(at)))
    }

    /// Gives steps what they asked for; all of it is there.
    fn give_steps(&self, there: &[Option<AnyResource>]) {
        if self.program.ops.iter().any(|op| op.needs().are_some()) {
            let configs = self.configured.steps.iter().cloned().chain(std::iter::repeat(None));
            let ops = self.program.ops.iter().zip(configs);
            let given = ops.map(|(op, config)| self.given(there, op.needs(), config));
            *self.context.given.write().unwrap_or_else(PoisonError::into_inner) = given.collect();
        }
    }

    /// Gives hooks what is there: a hook of a run that was canceled, or failed for want of one resource, may need another.
    fn give_hooks(&self, there: &[Option<AnyResource>]) {
        let hooks = self.program.all_hooks().into_iter().filter(|hook| hook.needs().are_some());
        let given = hooks.map(|hook| (Arc::clone(hook), self.given(there, hook.needs(), None)));
        *self.context.hooks.write().unwrap_or_else(PoisonError::into_inner) = given.collect();
    }

    fn given(&self, there: &[Option<AnyResource>], needs: &Needs, config: Option<AnyConfig>) -> Given {
        let resources = self.wiring.answers(needs).into_iter().map(|at| there[at].clone());
        Given { config, resources: resources.collect() }
    }

    fn there(&self) -> MutexGuard<'_, Vec<Option<AnyResource>>> {
        self.there.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn def(&self, key: &str) -> Result<(usize, Arc<ResourceDef>), Failure> {
        let found = self.numbers.get(key).and_then(|&at| Some((at, Arc::clone(self.wiring.opened(at)?))));
        found.ok_or_else(|| Failure::contract(format!("there is no resource `{key}`")))
    }
}

impl Lifecycle for Opened {
    fn keys(&self) -> Vec<Arc<str>> {
        self.keys.clone()
    }

    fn blocks(&self, key: &str) -> bool {
        self.def(key).is_ok_and(|(_, def)| matches!(def.open, Body::Blocking(_)))
    }

    fn open<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        async move {
            let (at, def) = self.def(key)?;
            let config = self.configured.resources.get(&at).cloned();
            let args = ResourceArgs(self.given(&self.there(), def.needs(), config));
            let resource = step::call(&def, |def| Some(&def.open), args).await?;
            let mut there = self.there();
            there[at] = Some(resource);
            self.give_hooks(&there);
            if self.keys.last().is_some_and(|last| **last == *key) {
                self.give_steps(&there);
            }
            Ok(())
        }
        .boxed()
    }

    fn close<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        async move {
            // No step runs any more, but for code that is left alone; what that holds, it holds.
            self.context.given.write().unwrap_or_else(PoisonError::into_inner).clear();
            self.context.hooks.write().unwrap_or_else(PoisonError::into_inner).clear();
            let (at, def) = self.def(key)?;
            let resource = self.there()[at].take();
            close(&def, resource).await
        }
        .boxed()
    }
}

async fn close(def: &Arc<ResourceDef>, resource: Option<AnyResource>) -> Result<(), Failure> {
    let Some(resource) = resource else { return Ok(()) };
    let closed = match def.close {
        Some(_) => step::call(def, |def| def.close.as_ref(), resource.clone()).await,
        None => Ok(()),
    };
    // Its `Drop` is the program's, and may block.
    let dropped = tokio::task::spawn_blocking(move || quietly(|| drop(resource))).await;
    closed.and(dropped.map_err(Failure::from)?)
}

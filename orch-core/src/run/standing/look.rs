use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::LatestFacts;
use crate::asset::{AssetKey, Materialization, ValueAt};
use crate::failure::{Failure, quietly};
use crate::ids::StepPath;
use crate::io::{Found, OutputAt};
use crate::plan::{PlanError, Program};
use crate::run::Runner;
use crate::run::check::Wanted;
use crate::run::place::stamp;

/// So many partitions of an asset are looked at one after the other; of more, several at once: a place may be far away.
const AT_A_TIME: usize = 64;

/// So many are looked at at once, of one asset or of several.
const AT_ONCE: usize = 16;

impl Runner {
    /// Looks whether what is known to have been stored last of the assets that the run would make, and of their partitions, still
    /// lies there, as far as their IO managers know it again; where the program does not have that manager any more, it cannot be
    /// had. Gives why it could not be looked, of each asset whose manager has failed: of that nothing is known.
    ///
    /// # Errors
    /// As [`Runner::plan`].
    pub fn look(&self, latest: &mut LatestFacts) -> Result<Vec<Failure>, PlanError> {
        let Program { plan, ops, .. } = self.check_for(Wanted::Plan)?.program;
        let made = plan.steps.iter().zip(&ops);
        let made = made.flat_map(|(step, op)| step.assets.iter().map(move |asset| (step, op, asset)));
        let places: Vec<_> = made
            .filter_map(|(step, op, asset)| {
                let (output, path) = (&op.outputs()[asset.output], StepPath::new(step.name.as_str(), None));
                let (io, plan, stored) = (&self.environment.io, &plan, stored(latest.of(&asset.key)));
                let look = move |(fact, io_key): &Stored<'_>| {
                    let Some(manager) = io.get(io_key, output.ty) else { return Ok(Found::Unmanaged) };
                    let Some(stamp) = stamp(fact) else { return Ok(Found::Unseen) };
                    let at = OutputAt::new(fact.run, &plan.job, &path, &output.name);
                    let at = asset.placed(at, fact.partition.as_deref(), &plan.partitions);
                    quietly(|| manager.look(&at, stamp)).and_then(|found| found)
                };
                let failed = OnceLock::new();
                (!stored.is_empty()).then_some(Places { asset: &asset.key, stored, look, failed })
            })
            .collect();
        let lost = lost_of(&places);
        let failures =
            places.into_iter().filter_map(|places| Some((places.asset, places.failed.into_inner()?)));
        let failures = failures.map(|(asset, failure)| unseen(asset, failure)).collect();
        latest.lost = lost.into_iter().collect();
        Ok(failures)
    }
}

/// What an IO manager has stored, and the key of that.
type Stored<'a> = (&'a Materialization, &'a str);

/// Of these facts those that an IO manager has stored.
fn stored<'a>(facts: impl Iterator<Item = &'a Materialization>) -> Vec<Stored<'a>> {
    let stored = facts.filter_map(|fact| match &fact.value {
        ValueAt::Io(io) => Some((fact, &**io)),
        _ => None,
    });
    stored.collect()
}

/// Where an asset and its partitions were stored, and the way to look there.
struct Places<'a, Look> {
    asset: &'a AssetKey,
    stored: Vec<Stored<'a>>,
    look: Look,
    /// Why it could not be looked. After it no more is: what is out of reach would be asked for in vain as often as there are partitions.
    failed: OnceLock<Failure>,
}

/// Which materialization it is, and what lies in its place.
type Lost = ((AssetKey, Option<String>), Found);

impl<Look: Fn(&Stored<'_>) -> Result<Found, Failure>> Places<'_, Look> {
    /// What of these does not lie in its place any more.
    fn lost_of(&self, stored: &[Stored<'_>]) -> Vec<Lost> {
        let mut lost = Vec::new();
        for stored in stored.iter().take_while(|_| self.failed.get().is_none()) {
            match (self.look)(stored) {
                Ok(found) if found.is_lost() => {
                    let (fact, ..) = stored;
                    lost.push(((fact.asset.clone(), fact.partition.clone()), found));
                }
                Ok(_) => {}
                // Another was the first.
                Err(failure) => _ = self.failed.set(failure),
            }
        }
        lost
    }
}

/// What does not lie in these places any more. They are shared out in parts, of which each thread takes the next.
fn lost_of(places: &[Places<'_, impl Fn(&Stored<'_>) -> Result<Found, Failure> + Sync>]) -> Vec<Lost> {
    let parts =
        places.iter().flat_map(|places| places.stored.chunks(AT_A_TIME).map(move |part| (places, part)));
    let (parts, next): (Vec<_>, _) = (parts.collect(), AtomicUsize::new(0));
    let look = || {
        let mut lost = Vec::new();
        while let Some((places, part)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            lost.extend(places.lost_of(part));
        }
        lost
    };
    thread::scope(|scope| {
        // Where there is no room for one thread more, those that there are look.
        let others = (1..parts.len().min(AT_ONCE))
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, look).ok());
        let others: Vec<_> = others.collect();
        let mut lost = look();
        for other in others {
            lost.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        lost
    })
}

fn unseen(asset: &AssetKey, failure: Failure) -> Failure {
    failure.context(format!("whether `{asset}` still lies where it was stored is not known here"))
}

use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::thread;

use super::LatestFacts;
use crate::asset::{AssetKey, Materialization, ValueAt};
use crate::failure::{Failure, quietly};
use crate::ids::StepPath;
use crate::io::{Found, OutputAt};
use crate::plan::PlanError;
use crate::run::Runner;
use crate::run::check::Wanted;
use crate::run::place::stamp;

/// So many partitions of an asset are looked at one after the other; of more, several at once: a place may be far away.
const AT_A_TIME: usize = 64;

/// So many are looked at at once.
const AT_ONCE: usize = 16;

impl Runner {
    /// Looks whether what is known to have been stored last of the assets that the run would make, and of their partitions, still
    /// lies there, as far as their IO managers know it again. Gives why it could not be looked, of each asset whose manager has failed:
    /// of that nothing is known.
    ///
    /// # Errors
    /// As [`Runner::plan`].
    pub fn look(&self, latest: &mut LatestFacts) -> Result<Vec<Failure>, PlanError> {
        let program = self.check_for(Wanted::Plan)?.program;
        let io = &self.environment.io;
        let steps = program.plan.steps.iter().zip(&program.ops);
        let made = steps.flat_map(|(step, op)| step.assets.iter().map(move |asset| (step, op, asset)));
        let (mut lost, mut failures) = (Vec::new(), Vec::new());
        for (step, op, asset) in made {
            let (output, path) = (&op.outputs()[asset.output], StepPath::new(step.name.as_str(), None));
            let look = |fact: &Materialization| {
                let (ValueAt::Io(key), Some(stamp)) = (&fact.value, stamp(fact)) else {
                    return Ok(Found::Unseen);
                };
                let Some(manager) = io.get(key.as_str(), output.ty) else { return Ok(Found::Unseen) };
                let at = OutputAt::new(fact.run, &program.plan.job, &path, &output.name);
                let at = asset.placed(at, fact.partition.as_deref(), &program.plan.partitions);
                quietly(|| manager.look(&at, stamp)).and_then(|found| found)
            };
            match lost_of(&latest.of(&asset.key).collect::<Vec<_>>(), &look) {
                Ok(of) => lost.extend(of),
                Err(failure) => failures.push(unseen(&asset.key, failure)),
            }
        }
        latest.lost = lost.into_iter().collect();
        Ok(failures)
    }
}

/// Which materialization it is, and what lies in its place.
type Lost = ((AssetKey, Option<String>), Found);

/// What does not lie in its place any more. After a failure no more is looked at: what is out of reach would be asked for in vain
/// as often as there are partitions.
fn lost_of(
    facts: &[&Materialization],
    look: &(impl Fn(&Materialization) -> Result<Found, Failure> + Sync),
) -> Result<Vec<Lost>, Failure> {
    let failed = OnceLock::new();
    let lost_of = |facts: &[&Materialization]| {
        let mut lost = Vec::new();
        for fact in facts.iter().take_while(|_| failed.get().is_none()) {
            match look(fact) {
                Ok(found) if found.is_lost() => {
                    lost.push(((fact.asset.clone(), fact.partition.clone()), found));
                }
                Ok(_) => {}
                // Another was the first.
                Err(failure) => _ = failed.set(failure),
            }
        }
        lost
    };
    let share = facts.len().div_ceil(AT_ONCE).max(AT_A_TIME);
    let lost = thread::scope(|scope| {
        let mut shares = facts.chunks(share);
        let first = shares.next().unwrap_or_default();
        // Where there is no room for one thread more, this one looks.
        let lost_of = &lost_of;
        let spawn =
            |facts| thread::Builder::new().spawn_scoped(scope, move || lost_of(facts)).map_err(|_| facts);
        let others: Vec<_> = shares.map(spawn).collect();
        let mut lost = lost_of(first);
        for other in others {
            lost.extend(match other {
                Ok(other) => other.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(facts) => lost_of(facts),
            });
        }
        lost
    });
    failed.into_inner().map_or(Ok(lost), Err)
}

fn unseen(asset: &AssetKey, failure: Failure) -> Failure {
    failure.context(format!("whether `{asset}` still lies where it was stored is not known here"))
}

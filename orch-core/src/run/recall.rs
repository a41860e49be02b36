use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use super::archive::{Archive, Which};
use super::record::files;
use super::{RunError, Runner, runtime};
use crate::asset::Recipe;
use crate::define::{KeptOutput, OpDef, OutputKind};
use crate::engine::{OpMemory, RememberedStep, hash_of};
use crate::event::{GivenBy, Recorded};
use crate::failure::{Failure, quietly};
use crate::ids::{QuickMap, RunId, StepPath};
use crate::io::{Codec, IoManagers};
use crate::memo::{Given, Memo, code_of};
use crate::plan::{Program, Source, uncut};
use crate::storage::{Storage, StorageError};
use crate::value::Value;

/// The way to what memoized steps of other runs have given. The values lie where those runs keep them; a run is opened when
/// the first of its values is looked at.
pub(super) struct Recall {
    storage: Arc<dyn Storage>,
    io: Arc<IoManagers>,
    /// The run that takes the values.
    run: RunId,
    archives: Mutex<HashMap<RunId, Arc<Archive>>>,
}

impl Recall {
    pub(super) fn new(storage: &Arc<dyn Storage>, io: &Arc<IoManagers>, run: RunId) -> Self {
        Self { storage: Arc::clone(storage), io: Arc::clone(io), run, archives: Mutex::default() }
    }

    /// What an op has given, of which this is remembered; none if its outputs are others now.
    fn remembered(self: &Arc<Self>, memo: &Given, op: &Arc<OpDef>) -> Option<RememberedStep> {
        let is_declared = |name: &Arc<str>| op.outputs().iter().any(|output| output.name == *name);
        if !memo.outputs.keys().all(is_declared) {
            return None;
        }
        let by = GivenBy::new(memo.step.clone(), memo.event);
        let outputs =
            op.outputs().iter().enumerate().map(|(number, output)| match memo.outputs.get(&output.name) {
                Some(version) => {
                    let value = self.later((memo.run, &by), op, number);
                    Some(Some(version.iter().cloned().fold(value, Value::versioned)))
                }
                None => (output.kind == OutputKind::Optional).then_some(None),
            });
        Some(RememberedStep { of: memo.run, outputs: outputs.collect::<Option<_>>()?, by })
    }

    /// What a step gives in whose place that of another run was taken; none if it is not known any more.
    pub(super) fn outputs(
        self: &Arc<Self>,
        (run, by): (RunId, &GivenBy),
        op: &Arc<OpDef>,
    ) -> Option<Vec<KeptOutput>> {
        let (memo, _) = self.told(run, by, op).ok()?;
        let outputs = self.remembered(&memo?.into(), op)?.outputs;
        let kept = |value: Option<Value>| value.map_or(KeptOutput::Absent, KeptOutput::Value);
        Some(outputs.into_iter().map(kept).collect())
    }

    fn later(self: &Arc<Self>, (run, by): (RunId, &GivenBy), op: &Arc<OpDef>, output: usize) -> Value {
        let (recall, by, op) = (Arc::clone(self), by.clone(), Arc::clone(op));
        Value::later(move || {
            recall.load((run, &by), &op, output).map_err(|failure| {
                let name = &op.outputs()[output].name;
                let what =
                    format!("`{name}` of `{}`, which is taken of the run {run}, cannot be loaded", by.path);
                let taker = recall.run;
                failure.context(what).hint(format!(
                    "have the step that took it made anew, with all that depends on it: `rerun {taker} --select 'STEP+'`; or run the \
                     job with nothing that is remembered: `--no-memos`"
                ))
            })
        })
    }

    fn load(&self, (run, by): (RunId, &GivenBy), op: &Arc<OpDef>, output: usize) -> Result<Value, Failure> {
        let archive = self.archive(run).map_err(StorageError::into_failure)?;
        let (_, recorded) = self.told(run, by, op).map_err(StorageError::into_failure)?;
        let name = &op.outputs()[output].name;
        let value = recorded.step(&by.path).and_then(|step| step.plain(name));
        let value = value.ok_or_else(|| Failure::new("the log of that run does not tell of it"))?;
        archive.read(&Which { path: by.path.clone(), op: Arc::clone(op), output, key: None }, value)
    }

    /// What the log tells of a step up to this event: its outputs come right before it, each followed by who has stored it.
    fn told(&self, run: RunId, by: &GivenBy, op: &OpDef) -> Result<(Option<Memo>, Recorded), StorageError> {
        let (mut memo, mut recorded) = (None, Recorded::default());
        let before = by.event.saturating_sub(1 + 2 * op.outputs().len() as u64);
        let archive = self.archive(run)?;
        let events = archive.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.events(before, false, &mut |logged| {
            if logged.event.step.as_ref() == Some(&by.path) {
                memo = Memo::told(logged.number, &logged.event);
                recorded.apply(&logged);
            }
            if logged.number < by.event { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok((memo, recorded))
    }

    fn archive(&self, run: RunId) -> Result<Arc<Archive>, StorageError> {
        let mut archives = self.archives.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(archive) = archives.get(&run) {
            return Ok(Arc::clone(archive));
        }
        let archive = Arc::new(Archive {
            run,
            job: self.storage.run(run)?.job.as_str().into(),
            values: Default::default(),
            events: Mutex::new(self.storage.events(run)?),
            files: files(&*self.storage, run)?,
            io: Arc::clone(&self.io),
            // What is memoized makes no assets.
            assets: QuickMap::default(),
            partitions: Vec::new(),
        });
        archives.insert(run, Arc::clone(&archive));
        Ok(archive)
    }

    /// What is remembered of these steps of a program, by the keys of their recipes; of several of one key the newest. Of a run
    /// that is gone nothing is known.
    fn memory(
        self: &Arc<Self>,
        program: &Program,
        recipes: &HashMap<usize, Recipe>,
    ) -> Result<HashMap<Arc<str>, RememberedStep>, RunError> {
        let (mut asked, mut is_there) = (HashSet::new(), HashMap::new());
        let mut given = HashMap::new();
        for (&step, recipe) in recipes {
            let op = &program.ops[step];
            let (Some(memoize), Some(code)) = (op.memoize(), code_of(recipe)) else { continue };
            if !asked.insert(memoize.op()) {
                continue;
            }
            let latest = self.storage.latest_memos(memoize.op(), &code);
            for memo in latest.map_err(|error| unread(memoize.op(), &error))? {
                let is_there =
                    *is_there.entry(memo.run).or_insert_with(|| self.storage.run(memo.run).is_ok());
                if is_there {
                    given.extend(self.remembered(&memo, op).map(|remembered| (memo.key, remembered)));
                }
            }
        }
        Ok(given)
    }
}

/// What is remembered of an op cannot be read. A run that went on without would make all anew, and nobody would know why.
fn unread(op: &str, error: &StorageError) -> RunError {
    let message = format!("what is remembered of `{op}` cannot be read: {error}");
    let without = "begin a run that asks for nothing of it: `--no-memos`";
    let hint = error.advice().map_or_else(|| without.to_owned(), |hint| format!("{hint}; or {without}"));
    RunError::storage(StorageError::new(error.kind().clone(), message).hint(hint))
}

impl Program {
    /// Gives the constants versions that memoized steps are given.
    fn version_literals(&mut self) {
        let memoized = self.plan.steps.iter().zip(&self.ops).filter(|(step, _)| step.memoize);
        for (step, op) in memoized {
            for (input, declared) in step.inputs.iter().zip(op.inputs()) {
                version_literals(&input.source, declared.codec, &mut self.literals);
            }
        }
    }
}

/// Gives versions to the constants of a source: to one that is the input itself that of the bytes that its codec writes, to
/// others as far as a plan can write them.
fn version_literals(source: &Source, codec: Option<Codec>, literals: &mut [Value]) {
    match source {
        Source::Literal { literal, .. } | Source::Config { literal } => {
            let value = &mut literals[*literal];
            let mut bytes = Vec::new();
            // `Serialize` is the user's code.
            let is_written =
                codec.is_some_and(|codec| matches!(quietly(|| codec.encode(value, &mut bytes)), Ok(Ok(()))));
            let written = if is_written { Some(bytes) } else { uncut(value).map(String::into_bytes) };
            if let Some(written) = written {
                *value = value.clone().versioned(hash_of(&written));
            }
        }
        Source::List { elements, .. } => {
            elements.iter().for_each(|element| version_literals(element, None, literals));
        }
        Source::Output { .. } | Source::Item { .. } | Source::Collect { .. } => {}
    }
}

impl Runner {
    /// Finds what is known of the memoized steps of a run that is recorded, on a thread that may block.
    pub(super) async fn remember_steps(
        &self,
        mut program: Program,
        recipes: HashMap<usize, Recipe>,
        recall: Option<Arc<Recall>>,
        lost: HashSet<(RunId, StepPath)>,
    ) -> Result<(Program, OpMemory), RunError> {
        let Some(recall) = recall.filter(|_| !recipes.is_empty()) else {
            return Ok((program, OpMemory::default()));
        };
        let takes_memos = self.takes_memos;
        runtime::blocking(move || {
            program.version_literals();
            let mut given = if takes_memos { recall.memory(&program, &recipes)? } else { HashMap::new() };
            // What cannot be read is not taken for the very step that is made anew for it.
            given.retain(|_, step| !lost.contains(&(step.of, step.by.path.clone())));
            Ok((program, OpMemory { recipes, given }))
        })
        .await
    }
}

//! What the code of a step asks in its own process of the process of its run, where the instance is.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::message::FromWorker;
use super::worker::ToHost;
use crate::asset::{
    AssetHistory, AssetKey, CheckEvaluation, EvaluationQuery, Materialization, MaterializationQuery,
};
use crate::define::{KnownAssets, KnowsMade, RunContext};
use crate::failure::{Failure, quietly};
use crate::partition::{ChangedKeys, HoldsKeys, KeySet};

/// What can be asked; the answer is JSON, as facts are kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Question {
    Materializations(MaterializationQuery),
    Evaluations(EvaluationQuery),
    Makes { asset: AssetKey, partition: Option<Arc<str>> },
    KeySet { set: String },
    AddKeys { set: String, keys: Vec<String> },
    RemoveKeys { set: String, keys: Vec<String> },
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Materializations(_) => f.write_str("what is known of materializations"),
            Self::Evaluations(_) => f.write_str("what checks have found"),
            Self::Makes { asset, .. } => write!(f, "whether the run makes `{asset}`"),
            Self::KeySet { set } => write!(f, "for the keys of the set `{set}`"),
            Self::AddKeys { set, .. } => write!(f, "to add keys to the set `{set}`"),
            Self::RemoveKeys { set, .. } => write!(f, "to remove keys from the set `{set}`"),
        }
    }
}

/// Who answers in the process of the run: what steps there may ask.
#[derive(Debug)]
pub(crate) struct Informant {
    assets: KnownAssets,
    keys: Arc<dyn HoldsKeys>,
}

impl Informant {
    /// Of what a run knows.
    pub(crate) fn of(run: &RunContext) -> Self {
        Self { assets: run.assets.clone(), keys: Arc::clone(&run.keys) }
    }

    /// For a test: of a run without an instance.
    #[cfg(test)]
    pub(super) fn knows_nothing() -> Self {
        let keys = Arc::new(crate::partition::KeysInMemory::default());
        Self { assets: KnownAssets::default(), keys }
    }

    pub(super) fn answer(&self, question: Question) -> Result<Vec<u8>, Failure> {
        let all = |keys: &[String], change: &dyn Fn(&[&str]) -> Result<ChangedKeys, Failure>| {
            json(&change(&keys.iter().map(String::as_str).collect::<Vec<_>>())?)
        };
        match question {
            Question::Materializations(query) => match &self.assets.history {
                Some(history) => json(&history.materializations(&query)?),
                None => json(&Vec::<Materialization>::new()),
            },
            Question::Evaluations(query) => match &self.assets.history {
                Some(history) => json(&history.evaluations(&query)?),
                None => json(&Vec::<CheckEvaluation>::new()),
            },
            Question::Makes { asset, partition } => json(&self.assets.makes(&asset, partition)),
            Question::KeySet { set } => json(&*self.keys.key_set(&set)?),
            Question::AddKeys { set, keys } => all(&keys, &|keys| self.keys.add_keys(&set, keys)),
            Question::RemoveKeys { set, keys } => all(&keys, &|keys| self.keys.remove_keys(&set, keys)),
        }
    }
}

fn json(answer: &impl Serialize) -> Result<Vec<u8>, Failure> {
    Ok(serde_json::to_vec(answer)?)
}

/// The process of the run, for the code of steps: what it answers is what steps there are told.
#[derive(Debug)]
pub(crate) struct AtHost {
    to_host: Arc<ToHost>,
    questions: AtomicU64,
    waiting: Mutex<HashMap<u64, SyncSender<Answer>>>,
}

/// What came for a question.
pub(super) type Answer = Result<Vec<u8>, Failure>;

impl AtHost {
    pub(super) fn new(to_host: &Arc<ToHost>) -> Arc<Self> {
        let to_host = Arc::clone(to_host);
        Arc::new(Self { to_host, questions: AtomicU64::new(0), waiting: Mutex::default() })
    }

    /// Hands an answer to the code that waits for it.
    pub(super) fn answered(&self, id: u64, answer: Answer) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        // It may have panicked meanwhile.
        if let Some(waiting) = waiting {
            let _ = waiting.send(answer);
        }
    }

    fn ask<T: DeserializeOwned>(&self, question: Question) -> Result<T, Failure> {
        let asked = question.to_string();
        let cannot = |error: &dyn fmt::Display| {
            Failure::new(error.to_string()).context(format!("the process of the run cannot be asked {asked}"))
        };
        let id = self.questions.fetch_add(1, Ordering::Relaxed);
        let (answers, answered) = sync_channel(1);
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id, answers);
        if let Err(error) = self.to_host.send(&FromWorker::Ask { id, question }, &[]) {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            return Err(cannot(&error));
        }
        let answer = answered.recv().map_err(|error| cannot(&error))?;
        serde_json::from_slice(&answer?).map_err(|error| cannot(&error))
    }
}

impl KnowsMade for AtHost {
    fn makes(&self, asset: &AssetKey, partition: Option<Arc<str>>) -> bool {
        // If nobody answers, this process is about to end.
        self.ask(Question::Makes { asset: asset.clone(), partition }).unwrap_or_default()
    }
}

impl AssetHistory for AtHost {
    fn materializations(&self, query: &MaterializationQuery) -> Result<Vec<Materialization>, Failure> {
        self.ask(Question::Materializations(query.clone()))
    }

    fn evaluations(&self, query: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, Failure> {
        self.ask(Question::Evaluations(query.clone()))
    }
}

impl HoldsKeys for AtHost {
    fn key_set(&self, set: &str) -> Result<Arc<KeySet>, Failure> {
        self.ask(Question::KeySet { set: set.to_owned() }).map(Arc::new)
    }

    fn add_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, Failure> {
        self.ask(Question::AddKeys { set: set.to_owned(), keys: owned(keys) })
    }

    fn remove_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, Failure> {
        self.ask(Question::RemoveKeys { set: set.to_owned(), keys: owned(keys) })
    }
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}

/// What is sent for a question: of what panics too, since code waits for it.
pub(super) fn answer(informant: &Informant, question: Question) -> Answer {
    quietly(|| informant.answer(question)).and_then(|answer| answer)
}

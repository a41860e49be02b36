//! What runs next: the only owner of a run's state.
//!
//! [`State`] is pure: a message in, a [`Turn`] out, with no clock, channel or I/O. The [`Dispatcher`] holds it, feeds it
//! what happens, and carries out what it decides; an [`Executor`] runs the code of steps, and [`Surroundings`] open and
//! close what all of them need. See `README.md` beside this
//! file for the life of a step, the order of things within a turn, and who may send what.

mod asset;
mod cancel;
mod check;
mod dispatcher;
mod earlier;
mod executor;
mod fetch;
mod frame;
mod given;
mod hook;
mod layout;
mod limits;
mod memo;
mod message;
mod observation;
mod past;
mod ready;
mod settle;
mod state;
mod store;
mod stream;
mod surround;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

pub(crate) use dispatcher::{Broken, Dispatcher, Promise};
pub(crate) use earlier::Earlier;
pub(crate) use executor::{Executor, Surroundings};
pub(crate) use memo::{Memory, OpMemory, Remembered, RememberedStep, hash_of};
use message::LetGo;
pub(crate) use message::{
    Form, HookCall, HookTold, Kept, Message, Produced, Stored, Task, Timer, Token, Turn, Work, Written,
};
pub(crate) use observation::nothing_there;
pub(crate) use past::{OwedHooks, Past, PastStep, PastStream};
pub(crate) use state::State;

use crate::asset::{AssetKey, Recipe, Versions};
use crate::config::Scrubber;
use crate::define::{Order, Tags};
use crate::ids::RunId;

/// What a run was started with, everything decided.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) run: RunId,
    pub(crate) tags: Tags,
    /// How many steps may run at once, at least 1.
    pub(crate) max_concurrent: usize,
    /// How many items of one dynamic output may be alive, at least 1.
    pub(crate) max_in_flight: usize,
    pub(crate) order: Order,
    /// The size of each pool.
    pub(crate) pools: BTreeMap<String, usize>,
    /// What takes secrets out of all that is told.
    pub(crate) scrubber: Scrubber,
    /// Whether outputs are handed out to be kept.
    pub(crate) keep: bool,
    /// Whether the run has resources: they are opened before the first step and closed after the last.
    pub(crate) resources: bool,
    /// How long a canceled run waits for the code of its steps.
    pub(crate) grace: Duration,
    /// The versions of assets that are there: those that are loaded, and those that the run has made so far.
    pub(crate) versions: Versions,
    /// Of the assets that it makes what they depend on, but for the data that they take.
    pub(crate) recipes: HashMap<AssetKey, Recipe>,
    /// What is taken of assets that would come out the same.
    pub(crate) memory: Arc<Memory>,
    /// What is known of memoized ops; nothing of a run that is not recorded.
    pub(crate) ops: Arc<OpMemory>,
    /// Which earlier items steps wait for; none if no step does.
    pub(crate) earlier: Option<Arc<dyn Earlier>>,
    /// What it has behind it, if it goes on.
    pub(crate) past: Option<Arc<Past>>,
}

//! A storage in a folder, seen from outside.

mod assets;
mod backfills;
mod conformance;
mod crash;
mod damage;
mod evaluations;
#[cfg(target_os = "linux")]
mod faulty;
mod folders;
mod history;
mod keys;
mod memos;
mod power;
mod programs;
mod refusal;
#[cfg(unix)]
mod room;
mod status;
mod together;
mod upkeep;
#[cfg(unix)]
mod waiting;

//! The pure engine, without threads and clocks.
//!
//! The stories run small jobs in virtual time and compare what happened, line by line. The simulation runs random jobs
//! against random fortunes and compares every decision with a naive model of the same rules.

mod around;
mod fixture;
mod fortune;
mod knowledge;
mod model;
mod play;
mod random;
mod resources;

mod cancel;
mod hooks;
mod limits;
mod order;
mod orphans;
mod retry;
mod simulation;
mod skip;
mod sources;
mod store;
mod stream;

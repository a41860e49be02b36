//! A storage in a folder, seen from outside.

mod boundaries;
mod conformance;
mod crash;
mod damage;
mod folders;
mod programs;
mod refusal;
mod together;
mod upkeep;

//! The project as its users and its developers see it: whole programs, what is written of them, the order of use.
#![expect(clippy::unwrap_used, reason = "a test that fails should say where, not how it went on")]

mod assets;
mod backfills;
mod boundaries;
mod config;
mod configuration;
mod examples;
mod kept;
mod layers;
mod memoized;
mod project;
mod readme;
mod resources;
mod testing;
mod told;

//! A storage in a folder, seen from outside.

mod conformance;
mod project;

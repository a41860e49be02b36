//! What the compiler finds out of the types that ops return: whether their values can be written.

use std::fs::File;
use std::sync::Arc;

use orch::plan::Plan;
use orch::prelude::*;

/// Neither is serde's.
#[derive(Clone)]
struct Connection;

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Page<T>(T);

/// Serde's, but for what lives for ever alone.
#[derive(serde::Serialize, serde::Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    names: Vec<&'a str>,
}

type Pages = Dynamic<Page<u8>>;
type Handle = std::result::Result<Arc<File>, Failure>;
type Name = &'static str;
type Names = Named<'static>;

/// What each step keeps of each of its outputs.
fn kept(plan: &Plan) -> Vec<String> {
    let outputs = plan.steps.iter().enumerate().flat_map(|(at, step)| {
        step.outputs.iter().enumerate().map(move |(output, told)| (at, output, told.kept))
    });
    outputs.map(|(step, output, kept)| format!("{}: {kept:?}", plan.output_name(step, output))).collect()
}

#[op]
fn connect() -> Connection {
    Connection
}

#[op]
fn pages() -> Result<Pages> {
    Ok(Dynamic::from_values([Page(1)]))
}

#[op]
fn split(_to: &Connection) -> Result<(i64, Optional<String>, Dynamic<Connection>)> {
    Ok((1, Optional::none(), Dynamic::from_values([])))
}

#[derive(Outputs)]
struct Parts {
    number: i64,
    handle: Optional<Arc<File>>,
    page: Page<Option<String>>,
}

#[op]
fn parts() -> Parts {
    Parts { number: 1, handle: Optional::none(), page: Page(None) }
}

#[op(io = "files")]
fn stored() -> Connection {
    Connection
}

#[op]
fn say() {}

#[job]
fn all() {
    split(connect());
    pages();
    parts();
    stored();
    say();
}

#[test]
fn an_op_says_which_of_its_outputs_can_be_written() {
    insta::assert_snapshot!(kept(&all().plan()).join("\n"), @r"
    connect: Memory
    split.output_0: Codec
    split.output_1: Codec
    split.output_2: Memory
    pages: Codec
    parts.number: Codec
    parts.handle: Memory
    parts.page: Codec
    stored: Io
    say: Codec
    ");
}

#[op]
fn name() -> Name {
    "bulbasaur"
}

#[op]
fn names() -> Names {
    Named { names: vec!["bulbasaur"] }
}

#[op]
fn static_name() -> &'static str {
    "bulbasaur"
}

#[op]
async fn handle() -> Arc<std::sync::Mutex<Option<Handle>>> {
    Arc::new(std::sync::Mutex::new(None))
}

#[job]
fn borrowed() {
    name();
    names();
    static_name();
    handle();
}

#[test]
fn what_borrows_compiles_under_any_name_and_lives_in_memory_alone() {
    insta::assert_snapshot!(kept(&borrowed().plan()).join("\n"), @r"
    name: Memory
    names: Memory
    static_name: Memory
    handle: Memory
    ");
}

#[derive(Config)]
struct Scale {
    /// By how much.
    factor: i64,
}

#[op]
fn scale(config: Config<Scale>) -> i64 {
    config.factor
}

#[configured(scale)]
fn double() -> Scale {
    Scale { factor: 2 }
}

#[job]
fn configured_op() {
    double();
}

#[test]
fn a_configured_op_writes_what_its_op_writes() {
    insta::assert_snapshot!(kept(&configured_op().plan()).join("\n"), @"double: Codec");
}

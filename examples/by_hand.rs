//! The job of `hello.rs` without macros: they are only a notation for what stands here.
//!
//!     cargo run --example by_hand -- run
//!     cargo run --example by_hand -- plan
//!
//! Both print what `hello` prints. A job assembled like this while the program runs, from a file, say, is checked by the
//! same rules.

use std::process::ExitCode;
use std::sync::Arc;

use orch::define::{Dynamic, JobOptions, One, OpDef, kind};
use orch::graph::{Call, DynamicOut, Job, Out};
use orch::io::Coded;
use orch::run::Definitions;

// What the ops return: one output each, of a plain type or a dynamic one.
type Names = One<Dynamic<String>, { kind::DYNAMIC }>;
type Text = One<String, { kind::VALUE }>;

/// An op is a definition with a body. What it returns is declared, so that a body that returns something else does not
/// compile, and that it can be written as bytes, so that a resumed run has it.
fn names() -> Arc<OpDef> {
    let op = OpDef::builder("names").description("Whom to greet.").returns::<Names>();
    let op = op.coded([Coded::<String>::CODEC]);
    Arc::new(op.blocking(|_| Ok(Dynamic::from_values(["Ada", "Grace", "Edsger"].map(str::to_owned)))))
}

/// Inputs are told in the order of the parameters, and taken by their number.
fn greet() -> Arc<OpDef> {
    let op = OpDef::builder("greet").description("Greets one.").input_ref::<String>("name").returns::<Text>();
    let op = op.coded([Coded::<String>::CODEC]);
    Arc::new(op.asynchronous(|mut args| async move {
        let name = args.share::<String>(0)?;
        Ok(format!("Hello, {}!", *name))
    }))
}

fn say() -> Arc<OpDef> {
    let op = OpDef::builder("say")
        .description("Says all greetings, in the order of the names.")
        .input_ref::<Vec<String>>("greetings")
        .returns::<Text>()
        .coded([Coded::<String>::CODEC]);
    Arc::new(op.blocking(|mut args| {
        let text = args.share::<Vec<String>>(0)?.join(" ");
        tracing::info!("{text}");
        Ok(text)
    }))
}

fn hello() -> Job {
    let (names, greet, say) = (names(), greet(), say());
    Job::compose(JobOptions::new("hello").description("Greets all."), || {
        let names: DynamicOut<String> = Call::of(&names).place::<Names>();
        let greetings = names.map(|name| Call::of(&greet).input::<String>(name).place::<Text>());
        let _: Out<String> = Call::of(&say).input::<Vec<String>>(greetings.collect()).place::<Text>();
    })
}

fn main() -> ExitCode {
    orch::cli::run_main(|| Definitions::new().job(hello()))
}

//! Whole sessions: what a user types, what the program answers.

mod arguments;
mod assets;
mod check;
mod config;
mod definitions;
mod recorded;
mod runs;
mod select;

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use orch_core::config::EnvVars;
use orch_core::define::{Dynamic, HookDef, JobOptions, One, OpDef, Retry, kind};
use orch_core::failure::Failure;
use orch_core::graph::{Call, Job, lit};
use orch_core::io::Coded;
use orch_core::run::Definitions;
use orch_core::storage::Memory;

use super::home::{Around, Homes};
use super::printer::Printer;
use super::run_in;

type Number = One<i64, { kind::VALUE }>;
type Numbers = One<Dynamic<i64>, { kind::DYNAMIC }>;

/// A stream that can be read when the session is over.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// What a program with these definitions answers: exit code, stdout, stderr; times and the program's name redacted.
fn session(definitions: impl FnOnce() -> Result<Definitions, Failure>, args: &str) -> String {
    session_in(EnvVars::none(), definitions, args)
}

/// As [`session`], where these variables are set.
fn session_in(
    env: EnvVars,
    definitions: impl FnOnce() -> Result<Definitions, Failure>,
    args: &str,
) -> String {
    // Who says where runs lie means it.
    let named = env.get("ORCH_HOME").is_some() || args.contains("--home");
    let around = if named { Around::of(env) } else { in_memory(env) };
    session_around(&around, definitions, args)
}

/// As [`session`], with this around the program.
fn session_around(
    around: &Around,
    definitions: impl FnOnce() -> Result<Definitions, Failure>,
    args: &str,
) -> String {
    let (out, err) = (Kept::default(), Kept::default());
    let words = std::iter::once("program").chain(args.split_whitespace()).map(Into::into);
    let exit =
        run_in(around, words, Some("1.2.3"), definitions, |args| Printer::to(out.clone(), err.clone(), args));
    let (out, err) = (redacted(&out.text()), redacted(&err.text()));
    let said = |name: &str, text: &str| {
        if text.is_empty() { String::new() } else { format!("\n--- {name}\n{text}") }
    };
    format!("exit {}{}{}", exit.code(), said("stdout", &out), said("stderr", &err))
}

/// These variables, and a storage that nobody sees again.
fn in_memory(env: EnvVars) -> Around {
    Around { homes: Homes::Given(Arc::new(Memory::new())), ..Around::of(env) }
}

/// The text without identifiers of runs, which are others each time.
fn without_runs(text: &str) -> String {
    let words = text.split_inclusive(|c: char| c != '-' && !c.is_ascii_alphanumeric());
    let is_run = |word: &str| {
        word.len() == 36 && word.starts_with("01") && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
    };
    let words = words.map(|word| match word.get(..36).filter(|start| is_run(start)) {
        // Those of fixtures and examples are the same each time.
        Some(run) if !run.contains("-7000-8000-") => word.replacen(run, "<run>", 1),
        _ => word.to_owned(),
    });
    words.collect()
}

fn redacted(text: &str) -> String {
    let text = without_runs(&text.replace(&super::program_name(), "program"));
    let lines = text.lines().map(|line| {
        let mut line = line.to_owned();
        if line.get(4..5) == Some(".") && line.trim_start().starts_with(|c: char| c.is_ascii_digit()) {
            line.replace_range(..8, "<time>");
        }
        for (from, to) in [
            ("(took ", ")"),
            ("Success [", "]"),
            ("Failure [", "]"),
            ("Failed [", "]"),
            ("Info [", "]"),
            ("\"time\":\"", "\""),
        ] {
            if let Some(at) = line.find(from).map(|at| at + from.len())
                && let Some(end) = line[at..].find(to)
            {
                line.replace_range(at..at + end, "<time>");
            }
        }
        line
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn op(name: &str, body: impl Fn(i64) -> Result<i64, Failure> + Send + Sync + 'static) -> Arc<OpDef> {
    let op = OpDef::builder(name).input::<i64>("x").retry(Retry::new(1)).returns::<Number>();
    Arc::new(op.coded([Coded::<i64>::CODEC]).blocking(move |mut args| body(args.take(0)?)))
}

/// Pages are extracted and loaded; page 1 cannot be.
fn pages(name: &str, bad: i64) -> Job {
    let extract = OpDef::builder("extract").returns::<Numbers>().coded([Coded::<i64>::CODEC]);
    let extract = Arc::new(extract.blocking(|_| Ok(Dynamic::from_values(0..3))));
    let load = op("load", move |page| {
        if page == bad {
            let failure = Failure::new("disk full").context(format!("cannot store page {page}"));
            return Err(failure.hint("delete something").not_retryable());
        }
        Ok(page)
    });
    let options = JobOptions::new(name).max_concurrent(1).description("Loads all pages. One by one.");
    Job::compose(options, || {
        let pages = Call::of(&extract).place::<Numbers>();
        pages.map(|page| Call::of(&load).input::<i64>(page).place::<Number>())
    })
}

fn one() -> Result<Definitions, Failure> {
    Ok(Definitions::new().job(pages("pages", -1)))
}

fn two() -> Result<Definitions, Failure> {
    Ok(one()?.job(pages("bad_pages", 1)))
}

//! A part of a job that takes what else it needs from an earlier run.

use super::*;
use crate::define::KeptOutput;
use crate::plan::{GivenInputs, Known, KnownEnd, Part};
use crate::value::Value;

#[test]
fn what_an_earlier_run_has_given_is_neither_asked_for_nor_lost() {
    let job = job(|| {
        let loaded = source("extract", &[]).map(|page| step("load", &[page]));
        sum("sum", loaded.collect());
    });
    let compiled = || Program::compile(&job).unwrap_or_else(|error| panic!("{error}"));
    let whole = Arc::new(compiled());
    let mut known = Known::new(&whole, None);
    let (_, extract) = known.step_mut("extract".parse().expect("a path"), &whole.ops[0]);
    let item = |key: &str| (key.to_owned(), Value::new(1_i64));
    extract.outputs[0] = KeptOutput::Items(vec![item("a"), item("b")]);
    extract.ended(KnownEnd::Succeeded);
    let selection = "load, sum".parse().unwrap_or_else(|error| panic!("{error}"));
    let inputs = GivenInputs::new();
    let part = Part { selection: Some(&selection), inputs: &inputs, earlier: Some(&known), stored: false };
    let mut problems = Vec::new();
    let program = compiled().select(part, &mut problems);
    assert!(problems.is_empty(), "{problems:?}");

    let mut log = Log::new("job", &[]);
    done(&mut log, "load[a]");
    log.start("load[b]");
    let recorded = recorded(&log);
    let asked = std::cell::RefCell::new(Vec::new());
    let readable = |value: &Asked<'_>| {
        asked.borrow_mut().push(asked_for(value));
        Err(LostCause::Memory)
    };
    let resumption = Resumption::of(&program, &program.plan, &recorded, (&readable, &|_, _| None));
    // Its item is there, so `load[a]` can run again for the sake of the sum.
    let lost: Vec<_> = resumption.lost.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!((lost, asked.into_inner()), (vec!["load[a]".to_owned()], vec!["load[a]".to_owned()]));
    assert_eq!(resumption.interrupted, ["load[b]".parse().expect("a path")]);
    assert!(resumption.gone.is_empty());
}

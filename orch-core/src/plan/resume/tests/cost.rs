//! What a wide map costs: counted, since a clock would tell of the machine.

use super::*;
use crate::event::Event;
use crate::event::sample::at;
use crate::ids::RunId;

#[test]
fn a_wide_map_is_walked_through_once() {
    let job = job(|| {
        let setup = step("setup", &[]);
        let loaded = source("extract", &[]).map(|page| step("load", &[step("trim", &[page]), setup]));
        sum("sum", loaded.collect());
        sum("again", loaded.collect());
    });
    let n = 1000;
    let program = Program::compile(&job).unwrap_or_else(|error| panic!("{error}"));
    let mut recorded = Recorded::default();
    let mut number = 0;
    let mut push = |text: &str, kind| {
        number += 1;
        let (run, step) = (RunId::from_u128(7), Some(text.parse().expect("a path")));
        let event = Event { time: at(0), run, step, attempt: 1, kind };
        recorded.apply(&Logged { number, has_value: true, event });
    };
    let output = |key| EventKind::StepOutput { output: "result".into(), key };
    push("setup", output(None));
    push("setup", EventKind::StepSuccess);
    for key in 0..n {
        push("extract", output(Some(key.into())));
        push(&format!("trim[{key}]"), output(None));
        push(&format!("trim[{key}]"), EventKind::StepSuccess);
        push(&format!("load[{key}]"), output(None));
        push(&format!("load[{key}]"), EventKind::StepSuccess);
    }
    let closed =
        EventKind::StreamClosed { output: "result".into(), count: n, orphaned: 0, orphans: Vec::new() };
    push("extract", closed);
    push("extract", EventKind::StepSuccess);
    let asked = std::cell::Cell::new(0);
    let readable = |value: &Asked<'_>| {
        asked.set(asked.get() + 1);
        if value.path.name() == "load" { Err(LostCause::Memory) } else { Ok(()) }
    };
    let resumption = Resumption::of(&program, &program.plan, &recorded, (&readable, &|_, _| None));
    // Each `load`, and for it its `trim`; once what `setup` gives.
    assert_eq!((resumption.lost.len() as u64, asked.get()), (n, 2 * n + 1));
}

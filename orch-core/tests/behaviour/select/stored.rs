//! What IO managers have stored of an earlier run.

use std::collections::BTreeMap;
use std::sync::Mutex;

use orch_core::io::{IoManager, Metadata, OutputAt};

use super::*;

/// What was stored, by path.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeMap<String, i64>>>);

impl IoManager<i64> for Shelf {
    fn store(&self, at: &OutputAt<'_>, value: &i64) -> Result<Metadata, Failure> {
        self.0.lock().unwrap().insert(at.relative_path(), *value);
        Ok(Metadata::new())
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64, Failure> {
        let shelf = self.0.lock().unwrap();
        let value = shelf.get(&at.relative_path()).copied();
        value.filter(|value| *value != 30).ok_or_else(|| Failure::new("there is no such file"))
    }
}

#[test]
fn what_an_earlier_run_has_stored_is_loaded_before_the_first_step() {
    let calls = Calls::new();
    let own = calls.clone();
    let extract = OpDef::builder("extract").io("shelf").returns::<Many>();
    let extract = Arc::new(extract.blocking(move |_| {
        own.add("extract".to_owned());
        Ok(Dynamic::from_iter([("a", 1), ("b", 2), ("c", 3)]))
    }));
    let own = calls.clone();
    let trim = OpDef::builder("trim").io("shelf").input::<i64>("x").returns::<Plain>();
    let trim = Arc::new(trim.asynchronous(move |mut args| {
        own.add("trim".to_owned());
        async move { Ok(args.take::<i64>(0)? * 10) }
    }));
    let load = op("load", &calls, |x| Ok(x + 1));
    let sum = sum(&calls);
    let job = Job::compose(JobOptions::new("pages").max_concurrent(1), || {
        let loaded = Call::of(&extract).place::<Many>().map(|page| call(&load, &[call(&trim, &[page])]));
        Call::of(&sum).input::<Vec<i64>>(loaded.collect()).place::<Plain>();
    });
    let (shelf, id) = (Shelf::default(), RunId::from_u128(7));
    job.runner().run_id(id).io("shelf", shelf.clone()).run_blocking().unwrap();
    calls.take();
    let later = |selection: &str| part(&job, selection).io("shelf", shelf.clone()).upstream_stored(id);
    let run = later("load[b]").run_blocking().unwrap();
    assert_eq!((calls.take(), output(&run, &load)), (vec!["load 20".to_owned()], vec![21]));
    later("trim[a]").run_blocking().unwrap();
    assert_eq!(calls.take(), ["trim"]);
    let (kinds, told) = refused(later("load[c], load[a]").run_blocking());
    assert_eq!(kinds, [ProblemKind::MissingInput]);
    assert_snapshot!(told, @r"
    the job `pages` cannot be planned
    error: the IO manager `shelf` cannot load `result` of `trim[c]` from the earlier run: there is no such file
      --> orch-core/tests/behaviour/select/stored.rs:_ (the step)
      hint: select `trim` too
    ");
    assert_snapshot!(refused(later("sum").run_blocking()).1, @r#"
    the job `pages` cannot be planned
    error: `sum` takes `xs` from `load`, which is not selected, and which items it had is not stored
      --> orch-core/tests/behaviour/select/stored.rs:_ (the step)
      --> orch-core/tests/behaviour/select/stored.rs:_ (what it needs)
      hint: select `load` too, or give a value, `ops.sum.inputs.xs` of the configuration or `.input("sum", "xs", value)`, or give an earlier run that has kept it, `.upstream(&run)`, or that has stored it, `--upstream RUN`
    "#);
    assert_snapshot!(refused(later("load").run_blocking()).1, @r"
    the job `pages` cannot be planned
    error: `load` runs for each item of `extract`, which is not selected, and which items it had is not stored
      --> orch-core/tests/behaviour/select/stored.rs:_ (the step)
      --> orch-core/tests/behaviour/select/stored.rs:_ (what it needs)
      hint: select `extract` too, or give an earlier run that has kept it, `.upstream(&run)`, or that has stored it, `--upstream RUN`
    ");
    assert_snapshot!(refused(part(&job, "load[a]").upstream_stored(id).run_blocking()).1, @r"
    the job `pages` cannot be planned
    error: the IO manager `shelf` cannot load `result` of `trim[a]` from the earlier run: it is not defined for `i64`
      --> orch-core/tests/behaviour/select/stored.rs:_ (the step)
      hint: select `trim` too
    ");
    assert_eq!(calls.take(), [""; 0]);
}

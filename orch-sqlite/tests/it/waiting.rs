//! A program that is stopped while it writes the list hinders nobody from looking, and nobody waits for it for ever.
//! (`docs/guarantees.md`, 9)

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use orch_core::storage::{ReadAssets, ReadRuns, RunQuery, WriteKeySets, WriteRuns, conformance};
use orch_sqlite::{Durability, Folder, Waiting};

use crate::folders::{events, id, make, record, run_to_its_end, storage, told};
use crate::programs::{program, said};

/// A program that keeps the list, and is stopped.
struct Stopped(Child);

impl Stopped {
    fn on(home: &Path) -> Self {
        let mut keeps = program("keep", home).spawn().expect("it can be begun");
        assert_eq!(said(&mut keeps).next().as_deref(), Some("kept"));
        let stopped = Self(keeps);
        stopped.signal("STOP");
        stopped
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(self.0.id().to_string()).status();
        assert!(sent.expect("there is `kill`").success());
    }

    fn goes_on(mut self) {
        self.signal("CONT");
        drop(self.0.stdin.take());
        self.0.wait().expect("it is ours");
    }
}

#[test]
fn a_check_waits_for_no_list_to_look_at_a_run_that_died_before_its_facts_were_known() {
    let (home, folder) = storage();
    drop(folder);
    let mut dies = program("tell", home.path()).spawn().expect("it can be begun");
    let mut says = said(&mut dies);
    assert_eq!(says.next().as_deref(), Some("held"));
    let stopped = Stopped::on(home.path());
    writeln!(dies.stdin.as_ref().expect("it is piped")).expect("it waits for this");
    assert_eq!(says.next().as_deref(), Some("told"));
    dies.kill().expect("it is ours");
    dies.wait().expect("it is ours");

    let waiting = Waiting::default().lasting(Duration::ZERO, Duration::ZERO);
    let folder = Folder::open_waiting(home.path(), Durability::Normal, waiting).expect("it is there");
    assert_eq!(folder.assets().expect("they can be read").len(), 0, "nobody could note it down");
    assert_eq!(folder.check().expect("it can be checked"), []);
    stopped.goes_on();
    let folder = Folder::open(home.path(), Durability::Normal).expect("it is there");
    assert_eq!(folder.assets().expect("they can be read").len(), 1);
    assert_eq!(folder.check().expect("it can be checked"), []);
}

#[test]
fn a_stopped_program_keeps_nobody_from_looking_and_is_named_to_who_writes() {
    let (home, folder) = storage();
    run_to_its_end(&folder, &record(1));
    folder.remove(id(1)).expect("it is over");
    let mut died = program("hold", home.path()).spawn().expect("it can be begun");
    assert_eq!(said(&mut died).next().as_deref(), Some("held"));
    died.kill().expect("it is ours");
    died.wait().expect("it is ours");
    let _under_way = make(&folder, 2);
    drop(folder);

    let stopped = Stopped::on(home.path());
    let waiting = Waiting::default().lasting(Duration::ZERO, Duration::ZERO);
    let folder = Folder::open_waiting(home.path(), Durability::Normal, waiting).expect("it is there");
    assert_eq!(folder.runs(&RunQuery::default()).expect("they can be read").len(), 2);
    assert_eq!(folder.run(id(1)).expect("it can be read").id, id(1));
    assert_eq!(events(&folder, id(2)), []);
    assert_eq!(folder.holder(id(1)).expect("it can be looked at"), None, "it has died");
    assert!(folder.holder(id(2)).expect("it can be looked at").is_some());
    assert_eq!(folder.assets().expect("they can be read").len(), 0);
    assert_eq!(folder.check().expect("it can be checked"), []);

    let mut refusals = Vec::new();
    let mut refused = |refused: orch_core::storage::StorageError| {
        refusals.push(format!("{refused}\n  hint: {}", refused.advice().unwrap_or("none")));
    };
    refused(folder.create(&record(3), &conformance::pinned()).err().expect("the list is kept"));
    refused(folder.add_keys("customers", &["acme"]).expect_err("the list is kept"));
    let process = format!("process {} on `{}`", stopped.0.id(), orch_sqlite::host());
    let refusals = told(home.path(), &refusals.join("\n")).replace(&process, "process PID on `HOST`");
    insta::assert_snapshot!(refusals, @"
    `HOME/instance.lock` cannot be locked: process PID on `HOST` keeps the list of runs locked
      hint: it takes long to clear many runs away or to make a list anew; if the process hangs, end it, and try again
    `HOME/instance.lock` cannot be locked: process PID on `HOST` keeps the list of runs locked
      hint: it takes long to clear many runs away or to make a list anew; if the process hangs, end it, and try again
    ");

    stopped.goes_on();
    let folder = Folder::open(home.path(), Durability::Normal).expect("it is there");
    drop(make(&folder, 3));
    assert_eq!(folder.check().expect("it can be checked"), []);
}

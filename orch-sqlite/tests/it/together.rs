//! Several at once on one folder.

use std::sync::mpsc;
use std::thread;

use orch_core::event::{Event, EventKind, Logged, RunStatus};
use orch_core::storage::{LogQuery, ReadRuns, Row, RunQuery, StorageErrorKind, WriteRuns, conformance};

use crate::folders::{at, events, id, make, open, storage};
use crate::programs::{program, said};

#[test]
fn a_reader_sees_what_was_committed_when_it_began() {
    let (_home, folder) = storage();
    let mut writer = make(&folder, 1);
    writer.commit(&conformance::step(id(1), 1)).expect("committed");
    let reader = folder.events(id(1)).expect("it can be read");
    let mut seen = 0;
    let mut each = |_: Logged| {
        // A writer is not held up by someone who is in the midst of reading.
        writer.commit(&conformance::step(id(1), 2)).expect("committed");
        seen += 1;
        std::ops::ControlFlow::Continue(())
    };
    reader.events(0, true, &mut each).expect("it can be read");
    assert_eq!(seen, 4);
    assert_eq!(events(&folder, id(1)).len(), 4 + 4 * 4);
}

/// Each thread hands in its part of a million events; one commits whatever came while the last commit ran.
#[test]
fn many_threads_share_a_journal() {
    let (threads, events) = (256, 1_000_000 / 256 + 1);
    let (_home, folder) = storage();
    let mut writer = make(&folder, 1);
    let (send, receive) = mpsc::channel();
    let producers: Vec<_> = (0..threads)
        .map(|thread| {
            let send = send.clone();
            thread::spawn(move || {
                let step = format!("load[{thread}]").parse().ok();
                for number in 0..events {
                    let kind =
                        Row::log(orch_core::event::LogLevel::Info, "test", number.to_string(), [].into());
                    let kind = if number % 2 == 0 { EventKind::StepSuccess } else { kind };
                    send.send(Event::new(at(number), id(1), step.clone(), 1, kind).into())
                        .expect("it is taken");
                }
            })
        })
        .collect();
    drop(send);
    let mut commits = 0;
    while let Ok(first) = receive.recv() {
        let batch: Vec<_> = std::iter::once(first).chain(receive.try_iter()).collect();
        writer.commit(&batch).expect("nobody is in the way");
        commits += 1;
        if commits % 100 == 0 {
            // Whoever looks on is not in the way.
            let query = LogQuery { step: Some("load[7]".to_owned()), ..LogQuery::default() };
            let reader = folder.events(id(1)).expect("it can be read");
            reader.logs(0, &query, &mut |_| std::ops::ControlFlow::Continue(())).expect("it can be read");
        }
    }
    producers.into_iter().for_each(|producer| producer.join().expect("no panic"));
    let written = crate::folders::events(&folder, id(1));
    assert_eq!(written.len() as u64, threads * events);
    let of_seven = written
        .iter()
        .filter(|logged| logged.event.step.as_ref().is_some_and(|step| step.to_string() == "load[7]"));
    assert!(of_seven.map(|logged| logged.event.time).is_sorted(), "the events of a thread are in order");
}

#[test]
fn two_programs_on_one_folder() {
    let (home, folder) = storage();
    let mut programs: Vec<_> = [1, 2]
        .map(|number| program(&format!("write {number}"), home.path()).spawn().expect("it can be begun"))
        .into();
    while programs.iter_mut().any(|program| program.try_wait().expect("it is ours").is_none()) {
        folder.runs(&RunQuery::default()).expect("the list can be read at any time");
        thread::yield_now();
    }
    for program in &mut programs {
        assert!(program.wait().expect("it is ours").success());
    }
    for number in [1, 2] {
        assert_eq!(events(&folder, id(number)).len(), 800);
        assert_eq!(folder.run(id(number + 100)).expect("it is listed").status, RunStatus::Success);
    }
    assert_eq!(folder.runs(&RunQuery::default()).expect("a list").len(), 4);
    assert_eq!(folder.check().expect("it can be checked"), []);
}

#[test]
fn who_is_killed_holds_nothing() {
    let (home, folder) = storage();
    let mut holder = program("hold", home.path()).spawn().expect("it can be begun");
    assert_eq!(said(&mut holder).next().as_deref(), Some("held"));
    let found = folder.holder(id(1)).expect("it is known").expect("it is held");
    assert_eq!(found.process, holder.id());
    let refused = folder.reopen(id(1)).err().expect("it is held");
    assert_eq!(*refused.kind(), StorageErrorKind::Held(found));
    assert_eq!(folder.run(id(1)).expect("it is listed").status, RunStatus::Running);

    holder.kill().expect("it can be killed");
    holder.wait().expect("it is ours");
    assert_eq!(open(home.path()).holder(id(1)).expect("it is known"), None);
    let mut writer = folder.reopen(id(1)).expect("nobody holds it");
    writer.commit(&conformance::step(id(1), 1)).expect("it goes on");
}

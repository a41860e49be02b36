//! Several at once on one folder.

use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use orch_core::define::{Dynamic, JobOptions, One, OpDef};
use orch_core::event::{Event, EventKind, Logged, RunStatus};
use orch_core::graph::{Call, Job, Out};
use orch_core::run::Definitions;
use orch_core::storage::{
    LogQuery, ReadRuns, Row, RunQuery, Storage, StorageErrorKind, WriteRuns, conformance,
};
use orch_sqlite::{Durability, Folder};

use crate::folders::{Empty, at, events, id, make, open, storage};
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

/// How many lines each of 256 steps logs, a million in all.
const LINES: usize = 1_000_000 / 256 + 1;

/// Each step logs its part of a million lines while all others do.
fn chatty() -> Definitions {
    let source = OpDef::builder("source").returns::<One<Dynamic<usize>, 2>>();
    let source = source.blocking(|_| Ok(Dynamic::from_values(0..256))).into();
    let chat = OpDef::builder("chat").input::<usize>("number").returns::<One<usize, 0>>();
    let all = Arc::new(Barrier::new(256));
    let chat = chat.blocking(move |mut args| {
        all.wait();
        (0..LINES).for_each(|line| tracing::info!("{line}"));
        args.take::<usize>(0)
    });
    let chat = chat.into();
    let options = JobOptions::new("chatty").max_concurrent(256).max_in_flight(512);
    Definitions::new().job(Job::compose(options, || {
        let items = Call::of(&source).place::<One<Dynamic<usize>, 2>>();
        items.map(|item: Out<usize>| Call::of(&chat).input::<usize>(item).place::<One<usize, 0>>());
    }))
}

#[test]
fn many_steps_at_once_write_a_million_events() {
    let (_home, folder) = storage();
    let folder = Arc::new(folder);
    let definitions = chatty();
    let runner = definitions.runner(&definitions.jobs()[0]).run_id(id(1));
    runner.record(&(Arc::clone(&folder) as Arc<dyn Storage>)).run_blocking().expect("nobody is in the way");
    let (mut lines, mut ended) = (HashMap::new(), 0);
    let written = events(&folder, id(1));
    for Logged { event, .. } in &written {
        match &event.kind {
            EventKind::Log { message, .. } => {
                let next: &mut usize = lines.entry(event.step.clone()).or_default();
                assert_eq!(**message, next.to_string(), "the lines of a step are in order, and none is lost");
                *next += 1;
            }
            EventKind::StepSuccess => ended += 1,
            _ => {}
        }
    }
    assert_eq!(lines.len(), 256);
    assert!(lines.values().all(|count| *count == LINES), "{lines:?}");
    assert_eq!(ended, 257, "the steps, and their source");
    assert!(written.len() > 1_000_000, "{} events", written.len());
    assert_eq!(folder.run(id(1)).expect("it is listed").status, RunStatus::Success);
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

/// It comes to an end only because it is told that somebody waits.
#[test]
fn who_opens_a_folder_while_its_list_is_being_made_is_told() {
    let home = Empty::new();
    let at = home.path().join("instance.lock");
    let making = File::options().create(true).truncate(false).write(true).open(at).expect("a file");
    making.lock().expect("nobody has it");
    let (tell, told) = mpsc::channel();
    let opened = Folder::open_telling(home.path(), Durability::Normal, move |holder| {
        tell.send(holder.cloned()).expect("it is waited for");
        making.unlock().expect("it is held");
    });
    assert!(opened.expect("it is free again").runs(&RunQuery::default()).expect("the list").is_empty());
    assert_eq!(told.recv().expect("it is told"), None, "who has not said so is not known");
}

//! Whoever follows a run is woken when a file of it changes.
//!
//! SQLite tells nobody of another process's commits. But each commit is written to the log beside the database, and on Linux
//! the system tells of that (inotify): nothing is looked at in vain. Elsewhere, and where the system has no watch left to
//! give, a reader looks ten times a second. On a folder of another machine only changes of this one are told; who follows a
//! run looks each second besides.

use std::path::Path;

use orch_core::storage::{Unwoken, Watch};

/// Watches the folder of a run from now on.
pub(crate) fn watch(folder: &Path) -> Box<dyn Watch> {
    #[cfg(target_os = "linux")]
    if let Ok(changes) = linux::Changes::of(folder) {
        return Box::new(changes);
    }
    let _ = folder;
    Box::new(Unwoken)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::OwnedFd;
    use std::path::Path;
    use std::time::Duration;

    use orch_core::storage::Watch;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
    use rustix::io::{Result, read};

    /// Changes of the files in a folder, told by the system.
    pub(super) struct Changes(OwnedFd);

    impl Changes {
        pub(super) fn of(folder: &Path) -> Result<Self> {
            let changes = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            inotify::add_watch(&changes, folder, WatchFlags::MODIFY | WatchFlags::CREATE)?;
            Ok(Self(changes))
        }
    }

    impl Watch for Changes {
        fn wait(&mut self, at_most: Duration) -> bool {
            let at_most = Timespec::try_from(at_most).ok();
            let mut changes = [PollFd::new(&self.0, PollFlags::IN)];
            if !matches!(poll(&mut changes, at_most.as_ref()), Ok(1..)) {
                return false;
            }
            // What changed does not matter; all that was told so far is one change.
            let mut told = [0; 4096];
            while matches!(read(&self.0, &mut told), Ok(1..)) {}
            true
        }
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ops::ControlFlow;
    use std::time::Duration;

    use jiff::Timestamp;
    use orch_core::ids::RunId;
    use orch_core::storage::{ReadRuns, RunRecord, WriteRuns, conformance};

    use crate::{Durability, Folder};

    #[test]
    fn a_commit_wakes_whoever_follows_the_run_and_reading_does_not() {
        let home = std::env::temp_dir().join(format!("orch-watched-{}", std::process::id()));
        let folder = Folder::open(&home, Durability::Normal).expect("a folder");
        let run = RunId::from_u128(7);
        let record = RunRecord::new(run, "job", BTreeMap::new(), Timestamp::UNIX_EPOCH);
        let mut writer = folder.create(&record, &conformance::pinned()).expect("a run");
        let mut watch = folder.watch(run).expect("a watch");
        let events = folder.events(run).expect("events");
        let read = || {
            let mut number = 0;
            let each = &mut |logged: orch_core::event::Logged| {
                number = logged.number;
                ControlFlow::Continue(())
            };
            events.events(0, true, each).expect("readable");
            number
        };
        assert_eq!((read(), watch.wait(Duration::ZERO)), (0, false));
        writer.commit(&conformance::step(run, 1)).expect("writable");
        // It was told before anybody waited.
        assert!(watch.wait(Duration::from_secs(60)));
        assert_eq!((read(), watch.wait(Duration::ZERO)), (4, false));
        let waiting = std::thread::spawn(move || watch.wait(Duration::from_secs(60)));
        writer.commit(&conformance::step(run, 2)).expect("writable");
        assert!(waiting.join().expect("nobody panics"));
        assert!(folder.watch(RunId::from_u128(8)).is_err());
        drop((writer, folder));
        std::fs::remove_dir_all(home).expect("the folder goes");
    }
}

//! A loss of power takes what was not yet on the disk, in whatever order the disk had it. What is left of a log is a
//! beginning of it, commit by commit, and the run goes on from there. (`docs/guarantees.md`, 6 and 7)
//!
//! The power is not cut here. Instead files are laid down as it could have left them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use orch_core::asset::{Materialization, MaterializationQuery};
use orch_core::event::{Logged, RunStatus};
use orch_core::storage::{ReadAssets, ReadRuns, WriteEvents, WriteRuns, conformance};
use orch_sqlite::{Folder, Retention};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::folders::{Empty, at, await_facts, events, id, make, open};

/// How SQLite's write-ahead log is laid out: a header, and before each page what the page is.
const HEADER: usize = 32;
const FRAME: usize = 24 + 4096;
/// What a disk writes whole, if it writes it at all.
const SECTOR: usize = 512;

/// All files of a home while a run is under way, by their names in it.
struct Files(BTreeMap<PathBuf, Vec<u8>>);

impl Files {
    fn of(home: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![home.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().expect("it is there") {
                let path = entry.expect("it is there").path();
                // What SQLite's processes share in memory is gone with them.
                let shared = path.extension().is_some_and(|extension| extension == "db-shm");
                if path.is_dir() {
                    folders.push(path);
                } else if !shared {
                    let name = path.strip_prefix(home).expect("it lies in it").to_owned();
                    files.insert(name, fs::read(&path).expect("it can be read"));
                }
            }
        }
        Self(files)
    }

    /// The same files, but that one of them is like this, or is not there.
    fn but(&self, name: &Path, like: Option<&[u8]>) -> Self {
        let mut files = self.0.clone();
        match like {
            Some(content) => files.insert(name.to_owned(), content.to_owned()),
            None => files.remove(name),
        };
        Self(files)
    }

    /// The same files, when it is written down in the log how much there is, as it is in this database.
    fn sealed(&self, database_then: &Path) -> Self {
        let home = self.lay_down();
        let log = Connection::open(home.path().join(database())).expect("the log");
        log.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).expect("it stays as it is");
        let then = database_then.to_string_lossy();
        log.execute("ATTACH DATABASE ?1 AS sealed", [then]).expect("it is there");
        let seal = "UPDATE main.seal SET (last, events, outline, sum) = (SELECT * FROM sealed.seal)";
        assert_eq!(log.execute(seal, []).expect("it can be written"), 1);
        drop(log);
        Self::of(home.path())
    }

    /// A home that has these files.
    fn lay_down(&self) -> Empty {
        let home = Empty::in_memory();
        for (name, content) in &self.0 {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().expect("it lies in the home")).expect("made");
            fs::write(path, content).expect("written");
        }
        home
    }

    /// From these files the run goes on, and this is what it has committed. Gives the home in which it has gone on.
    fn go_on_from(&self, left: &[Logged], place: &str) -> Empty {
        let home = self.lay_down();
        let folder = open(home.path());
        assert_eq!(folder.holder(id(1)).expect(place), None, "{place}");
        let mut expected = events(&folder, id(1));
        assert_eq!(expected.len(), left.len(), "{place}");
        assert!(expected == left, "{place}: other events than were committed");
        let mut writer = folder.reopen(id(1)).expect(place);
        let another = conformance::step(id(1), 1_000);
        writer.commit(&another).expect(place);
        let numbers = left.last().map_or(0, |last| last.number) + 1..;
        expected.extend(numbers.zip(another).map(|(number, entry)| Logged {
            number,
            event: entry.event,
            has_value: entry.value.is_some(),
        }));
        let died = Self::of(home.path());
        drop(writer);
        assert!(events(&folder, id(1)) == expected, "{place}");
        assert_eq!(folder.run(id(1)).expect(place).status, RunStatus::Running, "{place}");
        // Behind the new end of the log there may still stand what was written before: it does not come back.
        let died = died.lay_down();
        assert!(events(&open(died.path()), id(1)) == expected, "{place}, and then the process died");
        home
    }
}

/// The files at a moment, and what the run had committed by then.
struct Moment {
    files: Files,
    events: Vec<Logged>,
}

impl Moment {
    fn of(home: &Path) -> Self {
        Self { files: Files::of(home), events: events(&open(home), id(1)) }
    }

    /// Of a run that is under way and has made so many commits.
    fn of_commits(commits: u64) -> Self {
        let home = Empty::in_memory();
        let _under_way = under_way(home.path(), commits);
        Self::of(home.path())
    }

    /// What of the run has not been brought into its database.
    fn log(&self) -> &[u8] {
        &self.files.0[&log()]
    }

    /// The events that are left if this is left of the log: what was committed before the first byte that is not as it
    /// was written.
    fn left(&self, log: &[u8]) -> &[Logged] {
        let changed = self.log().iter().zip(log).position(|(written, left)| written != left);
        let whole = changed.unwrap_or(log.len());
        let lost = ends(self.log()).into_iter().filter(|end| *end > whole).count();
        &self.events[..self.events.len() - 4 * lost]
    }

    /// If this is left of the log, or nothing, the run goes on from what was committed before it ends.
    fn goes_on_after(&self, left: Option<&[u8]>, place: &str) {
        self.files.but(&log(), left).go_on_from(self.left(left.unwrap_or_default()), place);
    }
}

/// The write-ahead log of the run, within a home.
fn log() -> PathBuf {
    database().with_extension("db-wal")
}

fn database() -> PathBuf {
    format!("runs/{}/run.db", id(1)).into()
}

/// Where each commit in a write-ahead log ends: at the page with which the size of the database is told. What comes
/// from before it was last begun anew has other salts.
fn ends(log: &[u8]) -> Vec<usize> {
    let frames = log[HEADER..].chunks_exact(FRAME).take_while(|frame| frame[8..16] == log[16..24]);
    let ends = (1..).zip(frames).filter(|(_, frame)| frame[4..8] != [0; 4]);
    ends.map(|(number, _)| HEADER + number * FRAME).collect()
}

/// A step whose output has so many bytes.
fn commit(writer: &mut dyn WriteEvents, step: u64, bytes: usize) {
    let mut entries = conformance::step(id(1), step);
    if bytes > 0 {
        entries[2].value = Some(vec![7; bytes].into());
    }
    writer.commit(&entries).expect("committed");
}

/// A run of so many commits, which may have many pages each.
fn under_way(home: &Path, commits: u64) -> Box<dyn WriteEvents> {
    let mut writer = make(&open(home), 1);
    for step in 0..commits {
        commit(&mut *writer, step, if step % 5 == 3 { 9_000 } else { 0 });
    }
    writer
}

/// A sector of what nobody has written, another one in each place.
fn noise(place: usize) -> [u8; SECTOR] {
    let mut state = place as u64;
    [(); SECTOR].map(|()| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
}

#[test]
fn a_log_that_is_cut_off_ends_with_a_commit() {
    let moment = Moment::of_commits(24);
    let log = moment.log();
    assert_eq!((ends(log).len(), moment.events.len()), (24, 96), "each commit is one of the log's");
    assert_eq!(moment.left(&log[..log.len() - 1]).len(), 92);

    let frames = (HEADER..=log.len()).step_by(FRAME);
    // Frames have no whole number of these, so that all places within a frame have their turn.
    let between = (0..log.len()).step_by(5 * SECTOR);
    for end in frames.chain(between).chain([1, HEADER - 1, log.len() - 1]) {
        let place = format!("cut at {end}");
        moment.goes_on_after(Some(&log[..end]), &place);
        if end % SECTOR == 0 {
            // The file has got its length, and nothing was written there.
            let mut unwritten = log.to_owned();
            unwritten[end..].fill(0);
            moment.goes_on_after(Some(&unwritten), &format!("{place} and not shorter"));
        }
    }
    moment.goes_on_after(None, "lost");
}

#[test]
fn a_log_with_a_torn_sector_ends_with_the_commit_before_it() {
    let moment = Moment::of_commits(24);
    let log = moment.log();
    for start in (0..log.len()).step_by(SECTOR) {
        let end = log.len().min(start + SECTOR);
        let mut torn = log.to_owned();
        // Frames have no whole number of sectors, so each place within them has its turn with both.
        let with = if (start / SECTOR).is_multiple_of(2) { [0; SECTOR] } else { noise(start) };
        torn[start..end].copy_from_slice(&with[..end - start]);
        moment.goes_on_after(Some(&torn), &format!("torn at {start}"));
    }
}

/// A log that was brought into the database is begun anew at its beginning, and the rest of it stays as it was: there a
/// sector that was not written is a good one, of an older commit.
#[test]
fn what_a_log_was_before_it_was_begun_anew_does_not_come_back() {
    let home = Empty::in_memory();
    let mut writer = under_way(home.path(), 3);
    commit(&mut *writer, 3, 1_001 * 4_096);
    let before = Moment::of(home.path());
    assert_eq!((ends(before.log()).len(), before.events.len()), (4, 16));
    for step in 4..10 {
        commit(&mut *writer, step, if step == 7 { 9_000 } else { 0 });
    }
    let moment = Moment::of(home.path());
    drop(writer);
    let log = moment.log();
    let ends = ends(log);
    assert_eq!((ends.len(), moment.events.len()), (6, 40), "it was begun anew with the fifth commit");
    assert_eq!(log.len(), before.log().len() + FRAME, "with how much it was when it was brought there");

    let written = ends[ends.len() - 1];
    // Of its beginning nothing else is written before that is on the disk.
    moment.goes_on_after(Some(before.log()), "as it was");
    for start in (0..written).step_by(5 * SECTOR) {
        let place = format!("as it was from {start}");
        let start = start.max(HEADER);
        let mut torn = log.to_owned();
        let end = if start % (2 * SECTOR) == 0 { start + SECTOR } else { before.log().len() };
        torn[start..end].copy_from_slice(&before.log()[start..end]);
        moment.goes_on_after(Some(&torn), &place);
    }
    let mut torn = log.to_owned();
    torn[..HEADER].copy_from_slice(&noise(0)[..HEADER]);
    moment.goes_on_after(Some(&torn), "without its beginning");
}

/// While a log is brought into the database it is all on the disk, and of the database anything may be written.
#[test]
fn a_database_with_torn_sectors_has_all_that_its_log_has() {
    let home = Empty::in_memory();
    let writer = under_way(home.path(), 24);
    let mut moment = Moment::of(home.path());
    drop(writer);
    let new = &Files::of(home.path()).0[&database()];
    moment.files = moment.files.sealed(&home.path().join(database()));
    let old = &moment.files.0[&database()];
    let sectors = new.len() / SECTOR;
    let mut changed = 0;
    for sector in 0..sectors {
        let (start, end) = (sector * SECTOR, (sector + 1) * SECTOR);
        if old.get(start..end) == Some(&new[start..end]) {
            continue;
        }
        changed += 1;
        // Those before it are written, it is torn, and of those after it every other one is written.
        let mut torn = new.clone();
        torn[start..end].copy_from_slice(&noise(start));
        for start in (end..torn.len()).step_by(2 * SECTOR) {
            let stood = old.get(start..start + SECTOR).unwrap_or(&[0; SECTOR]);
            torn[start..start + SECTOR].copy_from_slice(stood);
        }
        // At last it gets its length.
        let length = if sector % 2 == 0 { torn.len() } else { old.len().max(end) };
        let files = moment.files.but(&database(), Some(&torn[..length]));
        let place = format!("the database is torn at {start}");
        let home = files.go_on_from(&moment.events, &place);
        assert_eq!(open(home.path()).check().expect(&place), [], "{place}");
    }
    assert!(changed > 50, "{changed} of {sectors} sectors");
}

#[test]
fn a_run_that_the_list_lacks_is_not_swept_away() {
    let mut moment = Moment::of_commits(3);
    // The list as it was before the run, as from a copy.
    moment.files = moment.files.but(Path::new("instance.db-wal"), None);
    let home = moment.files.lay_down();
    let folder = open(home.path());
    folder.gc(&Retention::default(), at(1)).expect("cleared");
    drop(folder);
    // So `check` advises.
    for file in ["instance.db", "instance.db-wal", "instance.db-shm"] {
        let _ = fs::remove_file(home.path().join(file));
    }
    let moment = Moment::of(home.path());
    assert_eq!(moment.events.len(), 12);
    moment.files.go_on_from(&moment.events, "the list is made anew");
}

/// What is known of assets lies in another file than the log that tells it: a loss of power may take the end of the one
/// and leave that of the other.
#[test]
fn what_is_known_of_assets_is_what_is_left_of_the_log() {
    let home = Empty::in_memory();
    let list = Path::new("instance.db-wal");
    let folder = open(home.path());
    let mut writer = make(&folder, 1);
    let begun = Files::of(home.path()).0[list].len();
    for number in 1..=6 {
        writer.commit(&conformance::asset(id(1), number, "orders", None)).expect("committed");
        await_facts(&folder);
    }
    let moment = Moment::of(home.path());
    let told = known(&open(home.path()));
    drop(writer);
    assert_eq!(told.len(), 6);
    let (of_run, log, known_in) = (log(), moment.log(), &moment.files.0[list]);
    assert!(known_in.len() >= begun + 6 * FRAME, "each commit has put its fact");
    for log_end in [HEADER].into_iter().chain(ends(log)) {
        for end in (begun..=known_in.len()).step_by(FRAME) {
            let place = format!("the log ends at {log_end}, the list at {end}");
            let left = moment.left(&log[..log_end]).len() / 4;
            let files = moment.files.but(&of_run, Some(&log[..log_end])).but(list, Some(&known_in[..end]));
            let looked_at = files.lay_down();
            assert_eq!(known(&open(looked_at.path())), told[..left], "{place}");
            // Whoever goes on at once gives other events the numbers of those that are lost.
            let taken_up = files.lay_down();
            let folder = open(taken_up.path());
            let mut writer = folder.reopen(id(1)).expect(&place);
            writer.commit(&conformance::asset(id(1), 7, "rates", None)).expect(&place);
            let mut expected: Vec<_> = told[..left].iter().map(|fact| fact.asset.to_string()).collect();
            expected.push("rates".to_owned());
            let found = known(&folder);
            assert!(found.iter().map(|fact| fact.asset.as_str()).eq(expected), "{place}: {found:?}");
            drop(writer);
            assert_eq!(folder.check().expect(&place), [], "{place}");
        }
    }
}

/// From the oldest.
fn known(folder: &Folder) -> Vec<Materialization> {
    let mut known = folder.materializations(&MaterializationQuery::default()).expect("the facts can be read");
    known.reverse();
    known
}

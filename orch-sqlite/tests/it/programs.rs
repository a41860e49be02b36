//! Programs on a folder, each a process of its own: this binary again, told by its environment what to do.

use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader, Write as _, stdin};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use orch_core::storage::{ReadAssets, ReadRuns, RunQuery, WriteKeySets, WriteRuns, conformance};
#[cfg(target_os = "linux")]
use orch_sqlite::Durability;

use crate::crash;
use crate::folders::{Empty, events, id, make, open, record, run_to_its_end};
use crate::status;

const WHAT: &str = "ORCH_TEST_PROGRAM";
const HOME: &str = "ORCH_TEST_HOME";

/// The program that does `what` in the folder.
pub(crate) fn program(what: &str, home: &Path) -> Command {
    let mut program = Command::new(env::current_exe().expect("the name of this program"));
    told(&mut program, what, home);
    program
}

/// The same by a copy of this binary: another user need not come to where it lies.
pub(crate) fn copied(what: &str, home: &Path, copy: &Path) -> Command {
    // Not by this process: others that it starts meanwhile would have the copy open to be written, and nothing could run it.
    let program = env::current_exe().expect("the name of this program");
    assert!(Command::new("cp").arg(program).arg(copy).status().expect("there is `cp`").success());
    let mut program = Command::new(copy);
    told(&mut program, what, home);
    program
}

/// The same, whose files can have no more than so many blocks, of 512 bytes or of 1024 by the shell.
pub(crate) fn limited(what: &str, home: &Path, blocks: u32) -> Command {
    let mut program = Command::new("sh");
    // Without the signal, that the file is too large is told as an error.
    let limit = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    program.arg("-c").arg(limit).arg(env::current_exe().expect("the name of this program"));
    told(&mut program, what, home);
    program
}

fn told(program: &mut Command, what: &str, home: &Path) {
    program.args(["programs::run", "--exact", "--nocapture"]).env(WHAT, what).env(HOME, home);
    program.stdout(Stdio::piped()).stdin(Stdio::piped());
}

/// What a program says, line by line, but for what the harness of tests says.
pub(crate) fn said(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let out: ChildStdout = child.stdout.take().expect("stdout is piped");
    BufReader::new(out)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| Some(line.strip_prefix("> ")?.to_owned()))
}

/// Says something as a line to whoever began the program.
#[expect(clippy::print_stdout, reason = "it is the program's output")]
pub(crate) fn say(what: &impl ToString) {
    println!("> {}", what.to_string().replace('\n', " |"));
}

/// Not a test but the program, if there is something to do.
#[test]
fn run() {
    let (Ok(what), Ok(home)) = (env::var(WHAT), env::var(HOME)) else { return };
    let home = Path::new(&home);
    match what.split_once(' ').unwrap_or((&what, "")) {
        ("keys", prefix) => {
            for number in 0..20 {
                let (own, common) = (format!("{prefix}-{number}"), format!("common-{number}"));
                open(home).add_keys("customers", &[&own, &common]).expect("added");
            }
        }
        ("write", number) => {
            let number: u64 = number.parse().expect("the number of the run");
            let folder = open(home);
            let mut writer = make(&folder, number);
            for step in 0..200 {
                writer.commit(&conformance::step(id(number), step)).expect("nobody is in the way");
                writer.update(&record(number)).expect("others wait for their turn");
            }
            drop(writer);
            run_to_its_end(&folder, &record(number + 100));
        }
        ("hold", _) => {
            let _writer = make(&open(home), 1);
            say(&"held");
            let mut end = String::new();
            stdin().read_line(&mut end).expect("it is killed before that");
        }
        ("tell", _) => {
            let mut writer = make(&open(home), 1);
            say(&"held");
            stdin().read_line(&mut String::new()).expect("it is told to go on");
            writer.commit(&conformance::asset(id(1), 1, "orders", None)).expect("the log is its own");
            say(&"told");
            stdin().read_line(&mut String::new()).expect("it is killed before that");
        }
        ("keep", _) => {
            let list = File::options().read(true).write(true).open(home.join("instance.lock"));
            let mut list = list.expect("it is there");
            list.lock().expect("nobody has it");
            list.set_len(0).expect("it can be written");
            writeln!(list, "{} {}", std::process::id(), orch_sqlite::host()).expect("it can be written");
            say(&"kept");
            let mut end = String::new();
            stdin().read_line(&mut end).expect("it is told to end");
        }
        ("fill", _) => fill(home),
        ("live", _) => crash::live(home),
        #[cfg(unix)]
        ("room", bytes) => crate::room::use_up(home, bytes.parse().expect("how large the values are")),
        #[cfg(target_os = "linux")]
        ("look", "and clear") => crate::faulty::look_and_clear(home),
        #[cfg(target_os = "linux")]
        ("list", _) => crate::faulty::list(home),
        #[cfg(target_os = "linux")]
        ("compact", _) => crate::faulty::compact(home),
        #[cfg(target_os = "linux")]
        ("act", "and die") => crate::faulty::act_and_die(home),
        #[cfg(target_os = "linux")]
        ("act", "full") => crate::faulty::act(home, Durability::Full),
        #[cfg(target_os = "linux")]
        ("act", _) => crate::faulty::act(home, Durability::Normal),
        ("open", _) => drop(open(home)),
        ("look", _) => look(home),
        (other, _) => panic!("there is no program `{other}`"),
    }
}

/// Looks at all there is, and tries to write.
fn look(home: &Path) {
    let folder = open(home);
    let runs = folder.runs(&RunQuery::default()).expect("a list");
    runs.iter().for_each(|run| say(&format!("{} {}", run.id, run.status.name())));
    say(&format!("{} events, held by {:?}", events(&folder, id(1)).len(), folder.holder(id(1))));
    say(&format!("{} assets", folder.assets().expect("they are known").len()));
    status::is_what_facts_say(&folder, "days");
    say(&format!("{} sets of keys", folder.info().expect("it can be read").key_sets));
    say(&format!("{:?}", folder.check().expect("it can be checked")));
    let elsewhere = Empty::of_all();
    let exported = folder.export(id(1), &elsewhere.path().join("parcel"));
    say(&format!("{} files exported", exported.expect("it can be written elsewhere").files));
    let refused = folder.create(&record(2), &conformance::pinned()).err().expect("nothing can be written");
    say(&format!("{refused}\nhint: {}", refused.advice().unwrap_or("none")));
    let refused = folder.add_keys("customers", &["beta"]).expect_err("nothing can be written");
    say(&refused);
}

/// Writes until that fails.
fn fill(home: &Path) {
    let folder = open(home);
    let mut writer = make(&folder, 1);
    let files = folder.artifacts(id(1)).expect("the files of the run");
    let large = files.write("large", &mut |out| Ok(out.write_all(&vec![7; 8 << 20])?));
    say(&large.expect_err("it does not fit").info());
    for step in 0.. {
        if let Err(failure) = writer.commit(&conformance::step(id(1), step)) {
            say(&step);
            say(&failure.info());
            return;
        }
    }
}

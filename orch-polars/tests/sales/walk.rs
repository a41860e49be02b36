#![expect(clippy::print_stdout, reason = "it tells the stories as a test runner does")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use crate::PROGRAM;

/// The chapter of the guide.
const CHAPTER: &str = "## A small product\n";

pub(crate) fn main() -> ExitCode {
    // What the test runner asks of each test binary.
    if env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<String> = env::args().skip(1).filter(|wanted| !wanted.starts_with('-')).collect();
    let stories: [(&str, fn()); 1] =
        [("each_command_of_the_guide_answers_what_stands_there", each_command_answers)];
    for (name, story) in stories {
        if wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted.as_str())) {
            story();
            println!("test {name} ... ok");
        }
    }
    ExitCode::SUCCESS
}

fn each_command_answers() {
    let guide = read("docs/guide.md");
    let (_, chapter) = guide.split_once(CHAPTER).expect("the chapter");
    let chapter = chapter.split_once("\n## ").map_or(chapter, |(chapter, _)| chapter);
    let mut shop = Shop::open();
    for block in chapter.split("\n```").skip(1).step_by(2) {
        match block.split_once('\n').expect("a block") {
            ("text", sessions) => shop.answer(sessions),
            ("diff", diff) => shop.change(diff),
            (language, _) => panic!("nobody runs {language}"),
        }
    }
    assert!(shop.answered >= 10, "{} commands", shop.answered);
    assert_eq!(shop.program, "changed");
    fs::remove_dir_all(shop.folder).expect("it is there");
}

/// A folder with the files of the tills, and the program as it is at present.
struct Shop {
    folder: PathBuf,
    program: &'static str,
    answered: usize,
}

impl Shop {
    fn open() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sales-{}", std::process::id()));
        let orders = folder.join("data/sales/orders");
        fs::create_dir_all(&orders).expect("a folder");
        let data = root().join("data/sales");
        fs::copy(data.join("products.csv"), folder.join("data/sales/products.csv")).expect("the price list");
        for day in fs::read_dir(data.join("orders")).expect("the days") {
            let day = day.expect("a day");
            fs::copy(day.path(), orders.join(day.file_name())).expect("a day");
        }
        Self { folder, program: "example", answered: 0 }
    }

    /// Runs the commands of a block, each behind a `$`, and compares what they answer.
    fn answer(&mut self, sessions: &str) {
        for session in sessions.split("$ ").skip(1) {
            let (command, shown) = session.split_once('\n').unwrap_or((session, ""));
            let told = self.run(command);
            assert_eq!(plain(shown), plain(&told), "$ {command}\n{told}");
            self.answered += 1;
        }
    }

    /// What a command answers: data, perhaps as a filter leaves it, and behind it all else.
    fn run(&self, command: &str) -> String {
        let (command, filter) = command.split_once(" | ").unwrap_or((command, "cat"));
        let mut called = match command.strip_prefix("sales ") {
            Some(args) => {
                let mut sales = Command::new(env::current_exe().expect("this program"));
                sales.args(args.split_whitespace().map(|word| word.trim_matches('\'')));
                // One step after the other, so that all is told in one order; what is drawn meanwhile is left out.
                if args.starts_with("materialize") && !args.contains("--dry-run") {
                    sales.args(["--max-concurrent", "1", "--progress", "none"]);
                }
                sales
            }
            None => {
                let mut shell = Command::new("sh");
                shell.args(["-c", command]);
                shell
            }
        };
        let called = called.current_dir(&self.folder).env(PROGRAM, self.program);
        // What a developer has set for himself must not change what the program says.
        let output = called.env_remove("RUST_LOG").env_remove("ORCH_HOME").output().expect("it can be run");
        let data = self.folder.join("data.txt");
        fs::write(&data, output.stdout).expect("it can be written");
        let mut shell = Command::new("sh");
        shell.args(["-c", filter]).stdin(fs::File::open(data).expect("it is there"));
        let filtered = shell.output().expect("it can be run");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        format!("{}{}", text(filtered.stdout), text(output.stderr))
    }

    /// From now on the program is the one with this change.
    fn change(&mut self, diff: &str) {
        let lines = |sign: char| -> String {
            let lines = diff.lines().filter_map(|line| line.strip_prefix(sign));
            lines.map(|line| format!("{line}\n")).collect()
        };
        let before = read("examples/sales/mart.rs");
        assert_eq!(before.matches(&lines('-')).count(), 1, "the example has what is changed");
        let after = before.replace(&lines('-'), &lines('+'));
        assert_eq!(after, read("orch-polars/tests/sales/changed.rs"), "and this is what comes of it");
        self.program = "changed";
    }
}

/// Without what differs from run to run: times, and the identifiers of runs and of this program; and however wide columns are.
fn plain(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = match (line.find(" ["), line.find("] ")) {
            (Some(open), Some(close)) if open < close => format!("{} {}", &line[..open], &line[close + 2..]),
            _ => line.to_owned(),
        };
        let line = line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
        ago(&line)
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    // The program is called by the name of its file.
    let name = env::current_exe().ok().and_then(|file| Some(file.file_stem()?.to_str()?.to_owned()));
    name.map_or_else(|| text.clone(), |name| text.replace(&name, "sales")).trim_end().to_owned()
}

/// A word, unless it is the identifier of a run or the hash of data; of a place in the source the file.
fn word(word: &str) -> &str {
    if let Some((place, line)) = word.rsplit_once(':')
        && line.parse::<u32>().is_ok()
    {
        return place.rsplit('/').next().unwrap_or(place);
    }
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    let is_hash = bare.len() >= 8
        && bare.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
        && bare.parse::<u64>().is_err()
        && !bare.starts_with("2024-");
    if is_hash { "#" } else { word }
}

/// The same, however long ago it was.
fn ago(line: &str) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    while let Some(at) = words.iter().position(|word| *word == "ago").filter(|at| *at > 0) {
        words.splice(at - 1..=at, ["just", "now"]);
    }
    words.join(" ")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

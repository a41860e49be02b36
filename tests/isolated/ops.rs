//! What is run in processes of its own: ops that do what no op should, and jobs of them.

use std::io::Write as _;
use std::process::Command;

use orch::prelude::*;

use crate::asked::{history, mistyped, served, signups, steady};

/// Prints a line, as code does that knows nothing of orch.
fn print(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("stdout");
}

/// Ends the process in the middle of the step.
#[op(isolate)]
fn dies(how: &str) -> i64 {
    print("about to");
    match how {
        "abort" => std::process::abort(),
        "segv" => loop {
            // The first one is taken by the standard library, which looks whether the stack is full.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::SEGV);
        },
        "kill" => {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            loop {
                std::thread::park();
            }
        }
        code => std::process::exit(code.parse().expect("an exit code")),
    }
}

#[job(max_concurrent = 1)]
pub(crate) fn abort() {
    dies(lit("abort"));
}

#[job(max_concurrent = 1)]
pub(crate) fn segv() {
    dies(lit("segv"));
}

#[job(max_concurrent = 1)]
pub(crate) fn kill() {
    dies(lit("kill"));
}

#[job(max_concurrent = 1)]
pub(crate) fn exit_3() {
    dies(lit("3"));
}

#[job(max_concurrent = 1)]
pub(crate) fn exit_0() {
    dies(lit("0"));
}

/// Dies once.
#[op(isolate, retry(max = 1))]
fn dies_once(context: Context) -> u32 {
    if context.attempt() == 1 {
        std::process::exit(9);
    }
    context.attempt()
}

#[job(max_concurrent = 1)]
pub(crate) fn second_chance() {
    dies_once();
}

/// Never returns, whatever it is told.
#[op(isolate, timeout = "200ms")]
fn spins() -> i64 {
    loop {
        std::hint::spin_loop();
    }
}

#[op(isolate)]
fn next(number: i64) -> i64 {
    number + 1
}

#[job(max_concurrent = 1)]
pub(crate) fn hard_timeout() {
    spins();
    next(lit(1));
}

/// Takes so much memory, and says how much that was.
#[op(isolate, memory = "256MiB")]
fn takes(bytes: usize) -> usize {
    vec![1_u8; bytes].iter().map(|byte| usize::from(*byte)).sum()
}

#[job(max_concurrent = 1)]
pub(crate) fn too_much() {
    takes(lit(1 << 20));
    takes(lit(1 << 30)).named("takes_more");
}

/// Prints, and logs.
#[op(isolate)]
fn talks(name: String) -> Result<String> {
    print(&format!("hello {name}"));
    tracing::info!(name, "has said hello");
    write!(std::io::stderr(), "no end of line")?;
    std::io::stdout().write_all(b"one\ntwo")?;
    Ok(name)
}

#[job(max_concurrent = 1)]
pub(crate) fn talk() {
    talks(talks(lit("you")));
}

/// The process that it runs in.
#[op(isolate)]
pub(crate) fn pid(_number: i64) -> u32 {
    std::process::id()
}

#[op(isolate)]
fn numbers(count: i64) -> Dynamic<i64> {
    Dynamic::from_values(0..count)
}

#[op]
pub(crate) fn distinct(mut pids: Vec<u32>) -> Vec<u32> {
    pids.sort_unstable();
    pids.dedup();
    pids
}

#[job(max_concurrent = 2)]
pub(crate) fn many() {
    distinct(numbers(lit(1000)).map(pid).collect());
}

/// Starts another process, and waits for longer than anyone else.
#[op(isolate)]
#[expect(clippy::zombie_processes, reason = "that is what it is for")]
fn has_children() -> i64 {
    let child = Command::new("sleep").arg("1000").spawn().expect("a process");
    print(&format!("pids {} {}", std::process::id(), child.id()));
    loop {
        std::thread::park();
    }
}

#[job(max_concurrent = 1)]
pub(crate) fn family() {
    has_children();
}

/// Stops when it is told to.
#[op(isolate)]
fn listens(context: Context) -> Result<i64> {
    print("listening");
    while !context.is_canceled() {
        std::thread::yield_now();
    }
    print("heard");
    Err("stopped".into())
}

#[job(max_concurrent = 1)]
pub(crate) fn obedient() {
    listens();
}

/// What it is given besides inputs.
#[derive(Config)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) password: Secret<String>,
}

pub(crate) struct Database {
    pid: u32,
}

/// Opened once in each process that needs it.
#[resource(close = disconnect)]
fn database() -> Database {
    tracing::info!("connected");
    Database { pid: std::process::id() }
}

fn disconnect(_database: &Database) {
    tracing::info!("disconnected");
}

/// What others could see of this process, and whether the password is there all the same.
#[op(isolate)]
pub(crate) fn looks(account: Config<Account>, db: Res<Database>) -> Result<(bool, String)> {
    assert_eq!(db.pid, std::process::id(), "opened here");
    let told = account.password.expose() == "canary-7" && account.name == "me";
    let seen = [std::fs::read("/proc/self/cmdline")?, std::fs::read("/proc/self/environ")?].concat();
    tracing::info!("the password is {}", account.password.expose());
    Ok((told, String::from_utf8_lossy(&seen).into_owned()))
}

#[op(isolate)]
fn looks_again(db: Res<Database>, _after: String) -> bool {
    db.pid == std::process::id()
}

#[job(max_concurrent = 1)]
pub(crate) fn secrets() {
    let (_, seen) = looks();
    looks_again(seen);
}

/// A value that is not there.
#[op]
fn no_such() -> Optional<i64> {
    Optional::none()
}

#[op]
fn pages() -> Dynamic<Page> {
    Dynamic::from_values([1, 2, 3].map(|number| Page(number, number.to_string())))
}

/// A type that serde knows.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Page(i64, String);

/// Fails for one, and panics for another.
#[op(retry(max = 1))]
async fn load(page: Page) -> Result<i64> {
    tokio::task::yield_now().await;
    match page.0 {
        2 => Err(Failure::new("torn").hint("mend it").with_metadata("page", 2).not_retryable()),
        number => Ok(number * 10),
    }
}

/// Succeeds the third time, and the second time says when that is to be.
#[op(retry(max = 3))]
fn hesitates(number: &i64, context: Context) -> Result<i64> {
    match context.attempt() {
        1 => panic!("at first"),
        2 => Err(Failure::retry_after(std::time::Duration::from_millis(1), "not yet")),
        _ => Ok(*number),
    }
}

/// Each attempt gives more of them.
#[op(retry(max = 1))]
fn grows(context: Context) -> Dynamic<i64> {
    match context.attempt() {
        1 => Dynamic::try_from_iter([Ok(("a", 1)), Err(Failure::new("torn"))]),
        _ => Dynamic::from_iter([("a", 1), ("b", 2)]),
    }
}

#[op]
fn distinct_numbers(numbers: &[i64]) -> usize {
    numbers.len()
}

#[job(max_concurrent = 1, executor = "process")]
pub(crate) fn retried() {
    let last = hesitates(hesitates(lit(1)));
    distinct_numbers(grows().after(last).map(next).collect());
}

#[op]
fn split(loaded: &i64) -> Result<(i64, String)> {
    tracing::debug!(loaded, "split");
    Ok((loaded + 1, format!("{loaded}")))
}

#[op]
fn sum(all: &[Keyed<std::result::Result<i64, StepFailure>>]) -> i64 {
    all.iter().filter_map(|keyed| keyed.value.as_ref().ok()).sum()
}

#[op]
fn join(texts: &[i64], absent: i64) -> i64 {
    texts.iter().sum::<i64>() + absent
}

#[op(timeout = "1h")]
fn broken_stream() -> Dynamic<i64> {
    Dynamic::try_from_values([Ok(7), Err(Failure::new("no more"))])
}

#[op]
fn two_streams() -> (Dynamic<i64>, Dynamic<String>) {
    (Dynamic::from_iter([("x", 1), ("y", 2)]), Dynamic::from_values(["z".to_owned()]))
}

#[op]
fn takes_text(text: String) -> String {
    text
}

/// All that can happen, each in the order of one slot.
#[job(max_concurrent = 1, executor = "process")]
pub(crate) fn mixed() {
    let loaded = pages().map(load);
    sum(loaded.collect_results());
    loaded.map(|loaded| split(loaded));
    let (xs, texts) = two_streams();
    join(xs.map(next).collect(), no_such());
    texts.map(takes_text);
    broken_stream().map(next);
    next(lit(1)).named("of_a_constant");
}

/// Gives one item, and never another.
#[op(isolate, timeout = "200ms")]
fn drips() -> Dynamic<i64> {
    Dynamic::from_values(std::iter::once(1).chain(std::iter::from_fn(|| {
        loop {
            std::hint::spin_loop();
        }
    })))
}

#[job(max_concurrent = 1)]
pub(crate) fn slow_items() {
    drips().map(next);
}

/// Ends the process for one of the items.
#[op(isolate)]
fn picky(number: i64) -> i64 {
    if number == 1 {
        std::process::exit(5);
    }
    number
}

#[job(max_concurrent = 1)]
pub(crate) fn crash_in_map() {
    numbers(lit(3)).map(picky);
}

/// Returns at once, and leaves behind someone who prints without end.
#[op(isolate)]
#[expect(clippy::zombie_processes, reason = "that is what it is for")]
fn leaves_noise() -> i64 {
    // Long lines, so that there are few of them.
    Command::new("yes").arg("x".repeat(8000)).spawn().expect("a process");
    1
}

#[job(max_concurrent = 1)]
pub(crate) fn noise() {
    next(leaves_noise());
}

/// All of them.
#[asset(io = "shelf")]
fn raw() -> i64 {
    20
}

/// Made in a process of its own, which says something of it and which version it is.
#[asset(isolate)]
fn apart(raw: i64, context: Context) -> i64 {
    context.add_metadata("process", std::process::id());
    context.set_data_version("v1");
    raw + 1
}

/// Two that are made in one process.
#[derive(Outputs)]
struct Split {
    #[asset]
    tens: Optional<i64>,
    #[asset]
    ones: Optional<i64>,
}

#[multi_asset(isolate, key_prefix = "split")]
fn divided(raw: i64, context: Context) -> Split {
    let wanted = format!("{} {}", context.wants::<tens>(), context.wants::<ones>());
    Split {
        tens: WithMetadata::new(raw / 10).metadata("wanted", wanted).data_version("v2").into(),
        ones: Optional::some(raw % 10),
    }
}

/// It makes no asset, and says something all the same.
#[op(isolate)]
fn said() -> WithMetadata<i64> {
    WithMetadata::new(1).metadata("rows", 3)
}

#[job(max_concurrent = 1)]
pub(crate) fn saying() {
    next(said());
}

/// Looks in a process of its own.
#[asset_check(asset = apart, isolate)]
fn looked_at(apart: i64) -> CheckResult {
    CheckResult::expect(apart < 0, format!("it is {apart}")).metadata("process", std::process::id())
}

/// Asks in a process of its own what is known of assets.
#[asset_check(asset = apart, isolate)]
fn compared(context: Context) -> Result<bool> {
    Ok(context.earlier_evaluations(1)?.is_empty())
}

/// What every place gives.
struct Shelf;

impl orch::io::IoManager<i64> for Shelf {
    fn store(&self, _: &orch::io::OutputAt<'_>, _: &i64) -> Result<orch::io::Metadata> {
        Ok(orch::io::Metadata::new())
    }

    fn load(&self, _: &orch::io::OutputAt<'_>) -> Result<i64> {
        Ok(41)
    }
}

pub(crate) fn definitions() -> Definitions {
    let jobs = [
        abort(),
        segv(),
        kill(),
        exit_3(),
        exit_0(),
        second_chance(),
        hard_timeout(),
        too_much(),
        talk(),
        many(),
        family(),
        obedient(),
        secrets(),
        mixed(),
        retried(),
        slow_items(),
        crash_in_map(),
        noise(),
        saying(),
    ];
    let definitions = Definitions::new().add_jobs(jobs).resource_from::<database>();
    definitions
        .assets(assets![
            raw,
            apart,
            tens,
            ones,
            served,
            signups,
            mistyped,
            steady,
            history,
            crate::observed::foreign,
            crate::observed::foreign_days
        ])
        .observations(observations![crate::observed::seen, crate::observed::seen_of_day])
        .checks(checks![looked_at, compared])
        .io("shelf", Shelf)
}

/// What a test has instead of the database.
pub(crate) fn fake() -> Database {
    Database { pid: std::process::id() }
}

/// Nothing that could be written down.
pub(crate) struct Connection(std::net::TcpListener);

#[op(isolate)]
fn opens() -> Result<Connection> {
    Ok(Connection(std::net::TcpListener::bind("127.0.0.1:0")?))
}

#[op(isolate)]
fn uses(connection: &Connection) -> bool {
    connection.0.local_addr().is_ok()
}

#[job]
pub(crate) fn unsendable() {
    uses(opens());
}

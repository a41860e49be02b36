//! The attributes, each with all that it takes.

#[expect(unused_imports, reason = "what is said of the attributes names them")]
use orch_core::{config, define, event, failure, graph, io, plan, run, value};

#[expect(unused_imports, reason = "as above")]
use crate::derives::{Config, Outputs};

pub use assets::{asset, external_asset, graph_asset, multi_asset};
pub use checks::asset_check;
pub use observations::asset_observation;

mod assets;
mod checks;
mod observations;

/// Makes an op of a function: a step that jobs can call.
///
/// The function stays as it is, for unit tests to call. Beside it stands a type of the same name, which is what the body
/// of a [`macro@job`] calls; one `use` brings both. So an op, like a type, cannot share a scope with a module of its name.
///
/// ```
/// use orch::prelude::*;
///
/// /// Keeps the lines that are not empty.
/// #[op(retry(max = 3, delay = "1s", backoff = "exponential"), tags(team = "data"))]
/// fn keep(text: &str, ctx: Context) -> Result<Vec<String>> {
///     let _ = ctx.attempt();
///     Ok(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
/// }
///
/// assert_eq!(keep("a\n\nb", Context::for_test("keep"))?, ["a", "b"]);
/// # Ok::<(), orch::Failure>(())
/// ```
///
/// # Parameters and what is returned
///
/// A parameter is an input, taken by value (`T`, which must be `Clone`: it is moved into the last step that needs it)
/// or by reference (`&T`, `&[T]`, `&str`: shared, never copied). The value itself borrows nothing: an input is a
/// `&[String]`, not a `&[&str]`. A parameter of type [`Context`](define::Context) is no input. What is returned is one
/// output, or several as a tuple or as a struct that derives [`Outputs`]; each may be [`Optional`](define::Optional) or
/// [`Dynamic`](define::Dynamic), and all may stand in a `Result`.
///
/// Some parameters are no inputs, but asked for and told by their type. Who calls the op in a job does not pass them:
///
/// | parameter | is |
/// |---|---|
/// | [`Context`](define::Context) | what the code sees of its run: step, attempt, mapping key, cancellation |
/// | [`Config<T>`](config::Config) | the configuration of the step, a type that derives [`Config`](macro@Config) |
/// | [`Res<T>`](define::Res) | a resource, opened once for the run; see [`macro@resource`]. The only one of its type, or of several the one whose key is the parameter's name, or that of `#[key = "replica"]` before it |
///
/// # Options
///
/// | option | says |
/// |---|---|
/// | `name = "other"` | the op's name; by default the function's |
/// | `description = "What it does."` | by default the first paragraph of the doc comment |
/// | `tags(team = "data", "acme.com/team" = "text")` | tags of every step; keys have ASCII letters, digits, `_`, `-` and `.`, and before them a prefix with a slash if need be; `orch/` is kept for orch |
/// | `priority = 5` | goes first among ready steps, if higher |
/// | `retry(max = 3, delay = "1s", backoff = "exponential", jitter = "full")` | how failed attempts are repeated; `backoff` is `none`, `linear` or `exponential`, `jitter` is `none`, `full` or `plus_minus` |
/// | `timeout = "1h 30m"` | the time that an attempt has, with a dynamic output the time of the call and then of each item; a sync op cannot be stopped by force, so with `retry` its attempts may overlap; one with `isolate` can |
/// | `isolate` | its steps run in a process of their own, so that a crash is a failed attempt and a timeout stops the code for good; inputs and outputs must be types of serde |
/// | `memory = "512MiB"` | with `isolate`, the memory that this process may ask for |
/// | `pool = "db"` | the pool in which its steps take their turn |
/// | `code_version = "2"` | the version of the code |
/// | `memoize` | in a recorded run a step does not run of which it is known what it would give |
/// | `fingerprint = "function"` | with `memoize`, this function alone counts as its code, and not what it calls; by default the source of the package, `"package"`, unless it has a `code_version` |
/// | `env = ["RATE"]` | with `memoize`, the environment variables that its code reads |
/// | `trust_resources` | with `memoize`, resources that the program gives as values are always the same, and so is what opens others; their configuration and variables count all the same |
/// | `io = "parquet"` | the IO manager that stores its outputs |
///
/// Durations have the units `ms`, `s`, `m`, `h` and `d`, sizes `B`, `kB`, `KiB`, `MB`, `MiB`, `GB`, `GiB`, `TB` and `TiB`.
///
/// # Memoization
///
/// A step of an op with `memoize` is passed over if a step of the op has succeeded in a recorded run that was made of the same: code,
/// types, configuration, declared variables, resources, and the data that each parameter is given. What that step has given is taken,
/// from the run that keeps it; when that run is removed, it is forgotten. An op that has a [`Context`](define::Context) depends on what
/// that says too, path with keys, job and tags, but for what is of one run alone: its identifier, attempt and time. Whatever has no version makes the step run: data that lives in
/// memory alone, a resource that is a value or whose code has no version, what [`macro@configured`] makes of a configuration. Outputs are types of serde or have an IO
/// manager that [keeps runs apart](io::IoManager::keeps_runs_apart), as those of `orch` do; none may be [`Dynamic`](define::Dynamic). [`Runner::without_memos`](run::Runner::without_memos), on the command line
/// `run --no-memos`, runs all steps. An asset says nothing of this: `materialize --stale` passes over it.
///
/// # Processes
///
/// An op with `isolate` runs in a process of the same program, a worker. It is started when it is needed, kept for the next
/// step, and ended with the run; its resources are opened there, for itself. What its [`Context`](define::Context) tells of assets
/// and dynamic partitions it asks of the process of the run. Unless [`macro@main`] is the program's `main`,
/// that begins with [`worker`](run::worker). What the op prints there becomes log events of the step: its stdout as lines of
/// the level `info` and the target `stdout`, its stderr as lines of the level `warn` and the target `stderr`. On systems that
/// are no Unix no run with such an op begins, unless it is [`in_process`](run::Runner::in_process), as tests are.
///
/// # Logging
///
/// Lines of `tracing` become events of the step. What an op prints with `println!` goes to stdout as it is: there it
/// disturbs the progress bar and stands among the events of `run --json`.
pub use orch_macros::op;

/// Makes an op of another one: the same but for its configuration, which the function makes.
///
/// A function without parameters fixes the configuration. With one, `&T` or `Config<T>`, the new op has a configuration of
/// its own, of another type, of which the function makes what the other op takes.
///
/// ```
/// use orch::prelude::*;
///
/// #[derive(Config, Default)]
/// struct Load {
///     #[config(default = 50, range = 1..=1000)]
///     batch: u32,
///     #[config(default)]
///     dry: bool,
/// }
///
/// #[op]
/// fn load(page: i64, config: Config<Load>) -> String {
///     format!("page {page}, {} at once", config.batch)
/// }
///
/// /// Loads in large batches.
/// #[configured(load)]
/// fn load_fast() -> Load {
///     Load { batch: 500, ..Load::default() }
/// }
///
/// #[derive(Config)]
/// struct Speed {
///     times: u32,
/// }
///
/// #[configured(load, name = "load_at")]
/// fn load_at_speed(speed: &Speed) -> Result<Load> {
///     let batch = speed.times.checked_mul(50).ok_or("nothing is as fast as that")?;
///     Ok(Load { batch, dry: false })
/// }
///
/// #[job]
/// fn pages() {
///     load_fast(lit(1));
///     load_at_speed(lit(2));
/// }
///
/// let config = RunConfig::new().set("ops.load_at.config.times=3");
/// let run = pages().runner().config(config).keep_outputs().run_blocking()?;
/// assert_eq!(run.output::<load_fast>(), "page 1, 500 at once");
/// assert_eq!(run.output::<load_at_speed>(), "page 2, 150 at once");
/// # Ok::<(), orch::Failure>(())
/// ```
///
/// All else is the other op's: its inputs and outputs, resources, retries and tags. In a job it is called as that one, and
/// another `#[configured]` may stand on it. What the function makes is checked as what is written in a file is; the function
/// is called before the run begins, once for each step, and what it cannot make of its configuration is told then. To
/// configure one call only, there are `.config(..)` and `.configured(..)` of [`Handle`](graph::Handle).
///
/// # Options
///
/// | option | says |
/// |---|---|
/// | `name = "other"` | the op's name; by default the function's |
/// | `description = "What it does."` | by default the first paragraph of the doc comment, else what the other op says |
pub use orch_macros::configured;

/// Makes a resource of a function that opens it: what the steps of a run share, such as a database or a client.
///
/// The function stays what it is. Beside it stands a type of the same name, by which a program takes it:
/// `Definitions::new().resource_from::<database>()`. Ops take what it returns as [`Res<T>`](define::Res).
///
/// ```
/// use orch::prelude::*;
///
/// struct Database {
///     rows: std::sync::Mutex<Vec<i64>>,
/// }
///
/// /// Where all ends up.
/// #[resource(close = flush)]
/// fn database() -> Result<Database> {
///     Ok(Database { rows: std::sync::Mutex::default() })
/// }
///
/// fn flush(database: &Database) {
///     println!("{} rows are flushed", database.rows.lock().unwrap().len());
/// }
///
/// #[op]
/// fn load(row: i64, db: Res<Database>) {
///     db.rows.lock().unwrap().push(row);
/// }
///
/// #[job]
/// fn rows() {
///     load(lit(1));
///     load(lit(2));
/// }
///
/// let definitions = Definitions::new().job(rows()).resource_from::<database>();
/// definitions.runner(&rows()).run_blocking()?;
/// // A test gives another one, which is neither opened nor closed.
/// rows().with(Database { rows: std::sync::Mutex::default() }).run_blocking()?;
/// # Ok::<(), orch::Failure>(())
/// ```
///
/// It is opened once for each run that needs it, before the first step, after the resources that it takes itself; and closed
/// after the last step, in reverse, also if the run failed or was canceled. The function may be async, and may return a
/// `Result`: if it fails, the run fails and no step begins. If closing fails, the run comes to what its steps came to, and
/// the program ends with exit code 1: what was to be written then may be lost. What returns a `Res<dyn Trait>` gives ops a `Res<dyn Trait>`.
///
/// A run waits for it to open and to close without bound as long as it is not canceled, so what may hang needs a timeout of
/// its own. What the functions log through `tracing` are log events of the run, of no step.
///
/// Its parameters are its configuration, a `Config<T>` read from `resources.<name>.config`, and other resources, `Res<T>`.
///
/// # Options
///
/// | option | says |
/// |---|---|
/// | `name = "other"` | its key: its name in configuration, and for ops where there are several of its type; by default the function's |
/// | `description = "What it is."` | by default the first paragraph of the doc comment |
/// | `close = function` | the function that closes it, `fn(&T)`, which may return a `Result`; without one it is dropped |
/// | `close_async = function` | the same, `async fn(&T)` |
/// | `code_version = "2"` | the version of its code, for assets and memoized ops that take it |
/// | `fingerprint = "function"` | this function alone counts as its code, and not what it calls; by default the source of the package, `"package"`, unless it has a `code_version` |
/// | `env = ["TOKEN_FILE"]` | the environment variables that it reads: with another value what was made with it counts as made of something else. Hashes of their values are recorded, so none may be a secret |
pub use orch_macros::resource;

/// Makes a job of a function: its body draws the graph by calling ops and graphs.
///
/// The function then gives the [`Job`](graph::Job). Its parameters, if it has some, are those of the function that builds
/// the job; the body's own value is ignored.
///
/// ```
/// use orch::prelude::*;
///
/// #[op]
/// fn pages(count: usize) -> Dynamic<usize> {
///     Dynamic::from_values(0..count)
/// }
///
/// #[op]
/// fn load(page: usize, factor: usize) -> usize {
///     page * factor
/// }
///
/// #[op]
/// fn report(loaded: Vec<usize>) -> usize {
///     loaded.iter().sum()
/// }
///
/// #[job(max_concurrent = 4, limit("db", 2))]
/// fn dex(factor: usize) {
///     let loaded = pages(lit(7)).map(|page| load(page, lit(factor)).tag("db", "dex"));
///     report(loaded.collect()).named("the_report");
/// }
///
/// assert_eq!(dex(2).name(), "dex");
/// ```
///
/// # The body
///
/// The body is ordinary Rust that runs once, when the job is built. In it, `op(..)` is the call of an op or graph: a
/// plain path whose last part begins with a small letter and which is not bound in the body, not in the standard library
/// and not a function of a type. So is `op` in `.map(op)`. Everything else stays as it is. To call a plain function,
/// write `(function)(..)`; without the parentheses the compiler says that it expected a type and found a function.
///
/// A struct pattern in a `let` or in the closure of a map, `let Split { small, .. } = split(x);`, takes the handles of
/// a struct of [`Outputs`] apart.
///
/// # What is said of a call
///
/// The handle that a call of an op gives says more of its step, as often as need be, `load(page).tag("db", "dex").priority(5)`:
///
/// | method | says |
/// |---|---|
/// | `.named("report_all")` | the step's name; by default the op's, with `_2`, `_3`, .. for further calls |
/// | `.tag("db", "dex")` | a tag, besides those of the op |
/// | `.priority(5)` | goes first among ready steps, if higher; before that of the op |
/// | `.retry(Retry::new(3))` | the retry policy, before those of the op and the job; also `Retry::new(3).delay(..)`, `.backoff(..)`, `.jitter(..)` |
/// | `.hook::<tell>()` | calls the hook `tell` when the step is over, see [`macro@success_hook`] |
/// | `.after(other)` | waits for another step, or for a tuple of them, without taking a value |
///
/// The handle stays what it was, so it feeds other calls. See [`Handle`](graph::Handle) for what is no step: constants,
/// items of a map, what is collected, and the call of a graph.
///
/// # Options
///
/// | option | says |
/// |---|---|
/// | `name`, `description`, `tags(..)` | as for [`macro@op`], said of the job and its runs; the command line takes `my-job` for `my_job` |
/// | `max_concurrent = 4` | how many steps run at once; by default as many as there are processors |
/// | `max_in_flight = 8` | how many items of one dynamic output are alive at once; by default twice as many |
/// | `order = "breadth_first"` | which ready step goes first; by default `depth_first` |
/// | `executor = "process"` | all steps run in processes of their own, as those of ops with `isolate` do; by default `in_process` |
/// | `retry(..)` | the policy of ops that have none |
/// | `hooks(tell, page_me)` | hooks of all its steps and of its runs, see [`macro@success_hook`] and [`macro@run_hook`] |
/// | `limit("db", 2)` | at most 2 steps with the tag `db` at once |
/// | `limit("db" = "prod", 2)` | at most 2 steps whose tag `db` is `prod` |
/// | `limit("db", 2, per_value)` | at most 2 steps for each value of the tag `db` |
///
/// `limit` may be given several times.
pub use orch_macros::job;

/// Makes a graph of a function: a part of a job, with inputs and outputs of its own, which may contain other graphs.
///
/// It takes and returns handles. Its steps have its name before theirs: `clean.trim`. The options are `name` and
/// `hooks(tell)`, hooks of all its steps; for the body see [`macro@job`].
///
/// A graph is several steps, so nothing is said of its call: `.named(..)`, `.tag(..)`, `.priority(..)`, `.retry(..)`, `.hook(..)`
/// and `.after(..)` stand in its body, at the ops' calls. What differs between its calls, or is waited for, can be a parameter.
/// Another step may wait for what a graph gives, `.after(cleaned)`: it waits for the step that makes it.
///
/// ```
/// use orch::prelude::*;
///
/// #[op]
/// fn double(x: i64) -> i64 {
///     x * 2
/// }
///
/// #[graph]
/// fn four_times(x: Out<i64>) -> Out<i64> {
///     double(double(x))
/// }
///
/// #[job]
/// fn numbers() {
///     four_times(four_times(lit(1)));
/// }
///
/// assert_eq!(numbers().name(), "numbers");
/// ```
pub use orch_macros::graph;

/// Makes a hook of a function: it is called when a step has succeeded, and changes nothing of it.
///
/// The function stays as it is, for unit tests to call with a context of their own. Beside it stands a type of the same
/// name, by which it is attached: to one call, `load(page).hook::<tell>()`; to all steps of a graph or job,
/// `#[graph(hooks(tell))]`, `#[job(hooks(tell))]`; or to those of all jobs, `Definitions::new().hook::<tell>()`. One that
/// is attached at several of these is called once for each step.
///
/// ```
/// use orch::prelude::*;
///
/// /// Tells the channel how much was loaded.
/// #[success_hook]
/// async fn tell(context: &HookContext) -> Result<()> {
///     println!("{} is done: {:?}", context.step(), context.outputs().get("result"));
///     Ok(())
/// }
///
/// #[op]
/// fn load(page: i64) -> i64 {
///     page
/// }
///
/// #[job]
/// fn pages() {
///     load(lit(7)).hook::<tell>();
/// }
///
/// let run = pages().run_blocking()?;
/// assert!(run.events().iter().any(|event| event.kind.name() == "HOOK_COMPLETED"));
///
/// // In a test the function is called as any other.
/// let context = HookContext::for_test("load[7]", StepOutcome::Success).with_metadata("result", "rows", 8);
/// futures::executor::block_on(tell(&context))?;
/// # Ok::<(), orch::Failure>(())
/// ```
///
/// # What it is told, and what becomes of it
///
/// A parameter of type [`HookContext`](define::HookContext) or a reference to one knows the run, the step, what it came to,
/// its error, and what IO managers say of its outputs. The function may be async, and may return a `Result<()>`.
///
/// A hook holds no slot, and what needs the step goes on without waiting for it; the run ends after it. Its failure or
/// panic is told as an event and by the summary, and fails nothing. What it logs through `tracing` becomes log events of
/// the step. A canceled run waits for hooks as long as its grace period is.
///
/// A step that is skipped because an optional output was left out has no hook called: nothing has gone wrong, and nothing
/// was to be done.
///
/// # Options
///
/// | option | says |
/// |---|---|
/// | `name = "other"` | the hook's name in events and plans; by default the function's |
/// | `description = "What it does."` | by default the first paragraph of the doc comment |
pub use orch_macros::success_hook;

/// Makes a hook of a function: it is called when a step has failed for good, and changes nothing of it.
///
/// All is as for [`macro@success_hook`], with one more option: `on(..)` says what it is called for, by default
/// `on(failed, timed_out)`.
///
/// | word | is the outcome of a step |
/// |---|---|
/// | `failed` | whose last attempt failed |
/// | `timed_out` | whose last attempt outlived its timeout |
/// | `canceled` | that had begun when the run was canceled |
/// | `not_executed` | that did not begin: a step that it needs failed, or the run was canceled before |
///
/// ```
/// use orch::prelude::*;
///
/// #[failure_hook(on(failed, timed_out, not_executed))]
/// fn complain(context: HookContext) {
///     eprintln!("{} {}: {:?}", context.step(), context.outcome().name(), context.error());
/// }
///
/// #[op]
/// fn load(page: i64) -> Result<i64> {
///     Err(Failure::new(format!("no page {page}")))
/// }
///
/// #[job(hooks(complain))]
/// fn pages() {
///     load(lit(7));
/// }
///
/// assert!(pages().run_blocking().is_err());
/// ```
pub use orch_macros::failure_hook;

/// Makes a hook of a function: it is called when a run is over, and changes nothing of it.
///
/// It is attached to a job, `#[job(hooks(page_me))]`, or to all, `Definitions::new().hook::<page_me>()`. It is called
/// after the hooks of the run's steps, and before resources are closed and the last event is told; not if the run broke
/// off, since then nobody knows what it came to. A parameter of type
/// [`RunHookContext`](define::RunHookContext) knows what the run came to and what failed. `on(..)` says what it is called
/// for, by default all of `on(success, failure, canceled)`; the rest is as for [`macro@success_hook`]. What it logs
/// are log events of the run, of no step. A run waits for it without bound as long as it is not canceled.
///
/// ```
/// use orch::prelude::*;
///
/// #[run_hook(on(failure))]
/// fn page_me(context: &RunHookContext) {
///     for (step, error) in context.first_failed() {
///         eprintln!("{}: {step}: {}", context.job(), error.message);
///     }
/// }
///
/// #[op]
/// fn load() -> Result<i64> {
///     Err("no page".into())
/// }
///
/// #[job(hooks(page_me))]
/// fn pages() {
///     load();
/// }
///
/// assert!(pages().run_blocking().is_err());
/// ```
pub use orch_macros::run_hook;

/// Makes the program's `main` of a function that returns what the program offers, or a `Result` of it.
///
/// The function has no parameters and is not async: what must be opened is opened when a run needs it.
///
/// ```no_run
/// use orch::prelude::*;
///
/// #[op]
/// fn hello(name: &str) {
///     println!("hello {name}");
/// }
///
/// #[job]
/// fn greeting() {
///     hello(lit("world"));
/// }
///
/// #[orch::main]
/// fn definitions() -> Definitions {
///     Definitions::new().job(greeting())
/// }
/// ```
#[cfg(feature = "cli")]
pub use orch_macros::main;

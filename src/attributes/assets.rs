//! The attributes that name data, each with all that it takes.

#[expect(unused_imports, reason = "what is said of the attributes names them")]
use orch_core::{define, event};

#[expect(unused_imports, reason = "as above")]
use super::{graph, job, op};

#[expect(unused_imports, reason = "as above")]
use crate::Outputs;

/// Makes an asset of a function: data with a name, made of other such data.
///
/// The function is an op, and stays what it is; all that is said of [`macro@op`] holds. Its parameters are named after the
/// assets that it takes, which the compiler finds as types of these names: of `raw_orders: &[i64]` it looks for the asset
/// `raw_orders`, and whether that is a `Vec<i64>`.
///
/// ```
/// use orch::prelude::*;
///
/// /// Orders as they come.
/// #[asset(group = "raw")]
/// fn raw_orders() -> Vec<i64> {
///     vec![30, 10, 20]
/// }
///
/// #[asset(group = "sales", key_prefix = "mart", code_version = "2", owners = ["data team"])]
/// fn orders(raw_orders: &[i64], ctx: Context) -> Vec<i64> {
///     ctx.add_metadata("orders", raw_orders.len());
///     let mut orders = raw_orders.to_vec();
///     orders.sort_unstable();
///     orders
/// }
///
/// let definitions = Definitions::new().assets(assets![raw_orders, orders]).asset_job("nightly", "group:sales");
///
/// // A test calls the function, or makes the asset and looks at it.
/// assert_eq!(orders(&[2, 1], Context::for_test("orders")), [1, 2]);
/// let all = definitions.materialize(&"*".parse()?);
/// let run = definitions.runner(&all).keep_outputs().run_blocking()?;
/// assert_eq!(run.output::<orders>(), &[10, 20, 30]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A run makes the assets that are selected. What they take of others is loaded as it was materialized last, wherever that was:
/// by an earlier run of this program, or by another program on the same instance. Each asset that is made is told by
/// the event [`AssetMaterialization`](event::EventKind::AssetMaterialization), and what it tells is kept apart from the run: it
/// stays when that is removed, and so does the latest value, be it written by serde's traits or by an IO manager.
///
/// # Parameters
///
/// | before a parameter | says |
/// |---|---|
/// | `#[from(path::to::asset)]` | it takes an asset of another name |
/// | `#[from(first, second)]` | it takes the values of several, as a `Vec` |
/// | `#[mapped(mapping)]` | which partitions it takes, a [`PartitionMapping`](crate::partition::PartitionMapping) |
/// | `#[stored]` | it takes the asset as its IO manager reads it as a value of this type: a `LazyFrame` of what was stored as a `DataFrame` |
/// | `#[stored(columns = ["id", "amount"])]` | of that only these columns, if the manager [takes columns](crate::io::IoManager::takes_columns) |
/// | `#[stored(together)]` | it takes all partitions that are mapped as one value of this type, if the manager [takes partitions](crate::io::IoManager::takes_partitions): one `LazyFrame` of many files |
///
/// A parameter that is not used may begin with `_`. An asset needs a parameter of another name, and `#[from(orders::orders)]`,
/// where a module has its name.
///
/// What is returned is one value, in a `Result` or not; an [`Optional`](define::Optional) one that is left out is not
/// materialized. Several steps that make one value are a [`macro@graph_asset`], one that makes several assets is a
/// [`macro@multi_asset`]. In the body of a [`macro@job`] it is called as the
/// op that it is, and materializes nothing.
///
/// What `#[stored]` reads, the program defines for the same key: `.io::<DataFrame>("lake", lake.clone()).io::<LazyFrame>("lake", lake)`.
/// Which assets are meant by a selection, [`select`](crate::select) tells.
///
/// # Partitions
///
/// An asset that takes a [`Partition<Daily>`](crate::partition::Partition), or says `partitions = Daily`, is made once for each day
/// that a run is for, by a step of its own, `sales[2024-01-31]`, and each day is a materialization of its own. What stands for
/// the days is a type that implements [`Partitioning`](crate::partition::Partitioning). Where keys come and go, as customers do, it
/// is [`BySet`](crate::partition::BySet), and [`Context::partitions`](crate::define::Context::partitions) adds some.
///
/// ```
/// use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
/// use orch::prelude::*;
///
/// struct Daily;
///
/// impl Partitioning for Daily {
///     type Kind = ByTime;
///
///     fn definition() -> PartitionsDefinition {
///         TimePartitions::daily("2024-01-01").until("2024-02-01").into()
///     }
/// }
///
/// #[asset]
/// fn sold(day: &Partition<Daily>) -> i64 {
///     i64::from(day.window().start.day())
/// }
///
/// /// Of the same day.
/// #[asset(partitions = Daily)]
/// fn revenue(sold: &i64) -> i64 {
///     sold * 10
/// }
///
/// /// Of all days.
/// #[asset]
/// fn total(revenue: &Partitions<i64>) -> i64 {
///     revenue.values().sum()
/// }
///
/// let definitions = Definitions::new().assets(assets![sold, revenue, total]);
/// let storage: std::sync::Arc<dyn orch::storage::Storage> = std::sync::Arc::new(orch::storage::Memory::new());
/// let all = definitions.materialize(&"*".parse()?);
/// let run = definitions.runner(&all).record(&storage).partition("*").keep_outputs().run_blocking()?;
/// assert_eq!(*run.output::<total>(), 4960);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What a parameter takes of an asset with partitions, its type says: `&T` is one, of the same key unless it is mapped; a
/// [`Partitions<T>`](crate::partition::Partitions) is all of which the asset is made, by key, whatever their number; an `Option<T>`
/// is one that may be missing, for values that are `Clone`; with `#[stored(together)]` all of which the asset is made are one value,
/// whatever their number, in which each part says of which partition it is. Which these
/// are follows from the definitions: of the same definition the same, of windows of time those that overlap, of a dimension
/// its own, all for an asset without partitions; `#[mapped(PartitionMapping::time_window(-1, -1))]` says otherwise. What is
/// taken, not made in the run and was never made is told before the run begins, unless the mapping says
/// [`allow_missing`](crate::partition::PartitionMapping::allow_missing).
///
/// # Earlier partitions of its own
///
/// A parameter that is named as the asset itself takes earlier partitions of that very asset, which `#[mapped(..)]` names: those of
/// windows of time that end before its own. Before the first there is none: `&Partitions<T>` is empty then, and an `Option<T>`, of
/// one, is `None`. An earlier one that exists is to be there: one that was never made is told before the run begins, also where an
/// `Option` is taken, unless the mapping says [`allow_missing`](crate::partition::PartitionMapping::allow_missing).
///
/// ```
/// use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
/// use orch::prelude::*;
///
/// struct Daily;
///
/// impl Partitioning for Daily {
///     type Kind = ByTime;
///
///     fn definition() -> PartitionsDefinition {
///         TimePartitions::daily("2024-01-01").until("2024-02-01").into()
///     }
/// }
///
/// #[asset]
/// fn sales(day: &Partition<Daily>) -> i64 {
///     i64::from(day.window().start.day())
/// }
///
/// /// What was sold up to a day.
/// #[asset(partitions = Daily)]
/// fn balance(
///     sales: &i64,
///     #[mapped(PartitionMapping::time_window(-1, -1))] balance: Option<i64>,
/// ) -> i64 {
///     balance.unwrap_or_default() + sales
/// }
///
/// let definitions = Definitions::new().assets(assets![sales, balance]);
/// let storage: std::sync::Arc<dyn orch::storage::Storage> = std::sync::Arc::new(orch::storage::Memory::new());
/// let all = definitions.materialize(&"*".parse()?);
/// let run = definitions.runner(&all).record(&storage).partition("*").keep_outputs().run_blocking()?;
/// let (_, last) = run.outputs::<balance>().last().expect("there are days");
/// assert_eq!(*last, 496);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A parameter of another name says `#[from(balance)]`. Each partition is made when those are there that it takes; if one of these
/// fails, it is skipped, and what does not follow from it goes on. So in a run, and in a backfill between its runs.
///
/// # Options
///
/// Those of [`macro@op`] but `name`, and:
///
/// | option | says |
/// |---|---|
/// | `key = "warehouse/orders"` | the key; by default the function's name. Its parts are made of ASCII letters, digits, `_`, `-` and `.` |
/// | `key_prefix = "warehouse"` | what stands before the key |
/// | `group = "sales"` | the group |
/// | `owners = ["data team"]` | who answers for it |
/// | `kind = "table"` or `kind = ["table", "csv"]` | of what kind it is |
/// | `metadata(source = "billing", budget = 100)` | what is known of it before it is made |
/// | `partitions = Daily` | by what it is partitioned, where no parameter takes its partition |
/// | `deps = [prices, raw::rates]` | assets that are to be there before, and that it reads by itself, so that their data counts as that of what it takes |
/// | `code_version = "2"` | the version of its code, which then counts alone, whatever the source |
/// | `fingerprint = "function"` | of the source this function alone counts, by its tokens: what it calls is not seen. By default, `"package"`, all of it does |
/// | `env = ["RATE"]` | environment variables that it reads; hashes of their values are recorded, so none may be a secret |
/// | `trust_resources` | resources that the program gives as values are always the same, and so is what opens others; their configuration and variables count all the same |
///
/// # What it depends on
///
/// With each materialization is recorded what it was made of, its [`Recipe`](crate::asset::Recipe): the version of the code, the
/// type, the configuration of its steps, its IO manager, variables, resources, and for each asset that it takes or waits for the
/// version of its data. If one of these is another now, the asset is *stale*; if nobody knows one of them, it is taken for stale.
/// `assets list` tells which are, `why ASSET` why, and `materialize --stale` makes them and what depends on them. A step that turns
/// out to take what the latest materialization was made of does not run then, [`Runner::memoize`](crate::run::Runner::memoize).
///
/// - **Code** without a version counts by a fingerprint of the source, which is made when it is compiled: of all Rust files of
///   the package, its build script among them, and all that lies in its `src`; of the files that these name with `include_str!` and
///   its siblings or with `#[path]`, and of targets that `Cargo.toml` has elsewhere, with their modules; of the variables that
///   `env!` and `option_env!` compile into it, so that a program with `env!("CARGO_MANIFEST_DIR")` is another one where it lies
///   elsewhere; of `Cargo.toml`, of packages that it depends on by a path, of the `Cargo.lock`, by which all other packages are
///   known, and of the features of the package. It is the source as it was when the crate was compiled last: a change that cargo
///   does not compile it for, such as in another binary of the package, counts from the next time on.
///
///   Where nobody can know what is read there is no fingerprint, so that the asset is made anew each time until it has a
///   `code_version` or `fingerprint = "function"`: of a path that is not made of texts, `concat!` and `env!`, of one in a
///   `macro_rules!` that leads from where that is called, of a file that is not there, of a variable of a package that it depends
///   on by a path, and of a package that was downloaded. Not seen, and not missed either, is what a build script or a macro of
///   another crate reads elsewhere, such as templates and queries: what a build script writes and the code includes does count.
///   The profile, the compiler and what cargo is told by its own configuration do not count.
/// - **Data** counts by its version: a hash of the value as serde writes it, or what the IO manager says of what it has stored,
///   [`DATA_VERSION`](crate::io::DATA_VERSION), as frames do; else the code says it, `ctx.set_data_version(..)`. An asset that
///   returns nothing, `()`, has none by itself. One that returns the path of something returns the same however that changes: let
///   it say a version.
/// - **An IO manager** counts by its key: another one stores in another place. What was stored by one that the program does not have
///   any more cannot be had, so that it is missing.
/// - **Configuration** counts with its defaults. Of a secret the reference counts, and not what stands behind it.
/// - **Resources** that are opened for each run count by their configuration, and so do those that they take. What one gives that
///   the program made is unknown.
pub use orch_macros::asset;

/// Makes an asset of a function that draws a graph, as [`macro@graph`] does: what the handle that it returns will give is the
/// asset. There may be maps in it.
///
/// ```
/// use orch::prelude::*;
///
/// #[asset]
/// fn pages() -> Vec<String> {
///     vec!["a b".to_owned(), "c".to_owned()]
/// }
///
/// #[op]
/// fn each(pages: Vec<String>) -> Dynamic<String> {
///     Dynamic::from_values(pages)
/// }
///
/// #[op]
/// fn words(page: &str) -> usize {
///     page.split(' ').count()
/// }
///
/// #[op]
/// fn sum(words: Vec<usize>) -> usize {
///     words.into_iter().sum()
/// }
///
/// /// The words of all pages, counted page by page.
/// #[graph_asset(group = "figures")]
/// fn total(pages: Out<Vec<String>>) -> Out<usize> {
///     sum(each(pages).map(words).collect())
/// }
///
/// let definitions = Definitions::new().assets(assets![pages, total]);
/// let run = definitions.runner(&definitions.materialize(&"*".parse()?)).keep_outputs().run_blocking()?;
/// assert_eq!(*run.output::<sum>(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Options
///
/// `key`, `key_prefix`, `group`, `owners`, `kind`, `tags`, `description`, `metadata`, `deps`, `partitions`, `code_version`, `env`
/// and `trust_resources`, as of [`macro@asset`]. How its steps are tried again or stored is said of their ops.
///
/// It is made whole or passed over whole: if what it takes is made anew in the same run and comes out with the same data, none of its
/// steps runs, [`Runner::memoize`](crate::run::Runner::memoize). To know that they wait for all that the graph takes, if there is a
/// materialization that could be taken.
pub use orch_macros::graph_asset;

/// Makes several assets of a function: what it returns is a struct that derives [`macro@Outputs`], each of whose fields is an
/// asset.
///
/// One step makes them, in one go: tables of one database, the parts of one download. The function is an op, and its parameters
/// are those of an [`macro@asset`]; other assets name each of the fields as they name any asset.
///
/// ```
/// use orch::prelude::*;
///
/// #[derive(Outputs)]
/// struct Shop {
///     /// What was ordered.
///     #[asset(kind = "table")]
///     orders: WithMetadata<Vec<i64>>,
///     /// Who has ordered; only where it is asked for.
///     #[asset(owners = ["crm team"])]
///     customers: Optional<Vec<String>>,
/// }
///
/// #[multi_asset(key_prefix = "shop", group = "sales")]
/// fn download(ctx: Context) -> Result<Shop> {
///     let orders = WithMetadata::new(vec![30, 10]).metadata("source", "till");
///     let customers = ctx.wants::<customers>().then(|| vec!["Ada".to_owned()]).into();
///     Ok(Shop { orders, customers })
/// }
///
/// #[asset]
/// fn revenue(orders: &[i64]) -> i64 {
///     orders.iter().sum()
/// }
///
/// let definitions = Definitions::new().assets(assets![orders, customers, revenue]);
/// let job = definitions.materialize(&"+revenue".parse()?);
/// let run = definitions.runner(&job).keep_outputs().run_blocking()?;
/// assert_eq!(*run.output::<revenue>(), 40);
/// assert_eq!(run.output::<download>().customers, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// All of the fields are listed. Each is materialized on its own, with what is known of it alone, has checks of its own, and
/// is shown on its own. What the code says by its [`Context`](define::Context) is said of each of them; of one alone it is said with
/// its value, [`WithMetadata`](define::WithMetadata).
///
/// # When not all are asked for
///
/// A field is made whenever its step runs, unless it is an [`Optional`](define::Optional): whoever selects `shop/customers` above
/// gets `shop/orders` too, and is told. An optional one is made only if it is selected; the code asks
/// [`Context::wants`](define::Context::wants), and what it gives unasked is dropped. Who takes one that is not made takes what was
/// made of it last. A step is passed over as up to date only if all that is wanted of it is.
///
/// # Options
///
/// | option | of | says |
/// |---|---|---|
/// | those of [`macro@op`] | the function | of the step: its name, its retries, the IO manager that stores all fields |
/// | `key_prefix`, `group` | the function | of each field; a group of its own goes before |
/// | `deps`, `code_version`, `fingerprint`, `env`, `trust_resources`, `partitions` | the function | of each field, as of an [`macro@asset`] |
/// | `key`, `group`, `owners`, `kind`, `tags`, `description`, `metadata` | the `#[asset(..)]` of a field | of this one, as of an [`macro@asset`] |
pub use orch_macros::multi_asset;

/// Names an asset that others make: a head without a body, whose return type says what it is in memory.
///
/// ```
/// use orch::prelude::*;
///
/// /// Euros for a dollar, which another program materializes on this instance.
/// #[external_asset(key = "fx/rate", owners = ["treasury"])]
/// fn rate() -> f64;
///
/// #[asset]
/// fn price(rate: f64) -> f64 {
///     100.0 * rate
/// }
///
/// let definitions = Definitions::new().assets(assets![rate, price]);
/// let error = definitions.materialize(&"fx/rate".parse()?).try_plan().unwrap_err();
/// assert!(error.to_string().contains("`fx/rate` is external: others make it"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is taken as any other asset, by what the instance knows of it, or with `io = "parquet"` from where that IO manager finds
/// it under its key. It is never made. Which version of it is there, an
/// [`asset_observation`](macro@crate::asset_observation) finds out; with `partitions`, of each of them. What is only named in `deps` of
/// others returns `()`: `fn table() -> ();`.
///
/// # Options
///
/// `key`, `key_prefix`, `group`, `owners`, `kind`, `tags`, `description`, `metadata`, `io` and `partitions`, as of [`macro@asset`].
pub use orch_macros::external_asset;

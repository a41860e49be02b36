//! The attribute that finds out versions of what others make, with all that it takes.

#[expect(unused_imports, reason = "what is said of the attribute names them")]
use orch_core::{asset, define, event, run};

#[expect(unused_imports, reason = "as above")]
use super::op;

/// Makes an observation of a function: it finds out which version there is of an asset that others make.
///
/// Of an [`external_asset`](macro@crate::external_asset) nobody tells orch that its data has changed, so what is made of it is
/// never known to be up to date. An observation looks: it returns the version that is there, and with another version what is made
/// of the asset is to be made anew, with the same it is as it was.
///
/// ```
/// use orch::prelude::*;
/// use orch::run::LatestFacts;
///
/// /// What a dollar is worth.
/// #[external_asset(io = "rates")]
/// fn rate() -> f64;
///
/// /// The day of the rate, as the bank says it.
/// #[asset_observation(asset = rate)]
/// fn published(bank: Res<Bank>, context: Context) -> Result<DataVersion> {
///     context.add_metadata("source", "the bank");
///     Ok(DataVersion::new(&bank.day))
/// }
///
/// #[asset]
/// fn price(rate: f64) -> f64 {
///     100.0 * rate
/// }
///
/// struct Bank {
///     day: String,
/// }
/// # struct Rates;
/// # impl orch::io::IoManager<f64> for Rates {
/// #     fn store(&self, _: &orch::io::OutputAt<'_>, _: &f64) -> Result<orch::io::Metadata> { Ok(Default::default()) }
/// #     fn load(&self, _: &orch::io::OutputAt<'_>) -> Result<f64> { Ok(0.9) }
/// # }
///
/// let definitions = Definitions::new()
///     .assets(assets![rate, price])
///     .observations(observations![published])
///     .resource(Bank { day: "2024-01-31".to_owned() })
///     .io("rates", Rates);
///
/// // A run of all looks before it makes the price, and so knows of which rate it is made.
/// let all = definitions.materialize(&"*".parse()?);
/// let run = definitions.runner(&all).keep_events().run_blocking()?;
/// let story = orch::report::story(run.events());
/// assert!(story.contains("ASSET_OBSERVATION rate.published rate 2024-01-31"));
/// # Ok::<(), orch::Failure>(())
/// ```
///
/// The function stays what it is, and is an op: it may be `async`, and take configuration, resources and its context. It takes no
/// assets, since it looks where others put theirs; of one with partitions it takes the one that it looks at. It returns a [`DataVersion`](asset::DataVersion), made of anything that can be
/// shown, by itself or in a `Result`, or a [`WithMetadata<DataVersion>`](define::WithMetadata); as an `Option` of that where there
/// may be nothing. What it says by its context of the data, `context.add_metadata(..)`, is kept with the version; the version is the one that it returns.
///
/// # When it looks, and what follows
///
/// In a run in which its asset is selected, the observation is a step before what is made of the asset, named after both:
/// `rate.published`. The event [`AssetObservation`](event::EventKind::AssetObservation) tells what it has found, which is kept
/// apart from the run, as materializations are; and what the run makes of the asset is made of that version. If it fails, nothing
/// is made of the asset in this run, since nobody knows of what. An asset that is not selected is taken as it was observed last.
///
/// | the version | what was made of the asset |
/// |---|---|
/// | was never observed | is never known to be up to date |
/// | is the one of which it was made | stands |
/// | is another one | is stale, and what depends on it waits for it |
/// | is there no more, or only now | likewise |
///
/// A run of what is stale, `materialize --stale`, looks each time at what is selected, and passes over what is made of the same
/// version. Observations look alone in the job of [`observe_assets`](run::Definitions::observe_assets), `assets observe`: then it
/// is known what is stale, and nothing is made.
///
/// # Where nothing is there
///
/// One that returns an `Option` says by `None` that nothing is there by now. Then what takes the asset does without it, if it can, as
/// it does without [what was never materialized](macro@crate::asset): of partitions as an `Option<T>`, or by a mapping that
/// says `allow_missing()`; of an asset without any as `#[stored] rate: Option<T>`. Nothing is loaded for it. What cannot do without is told what is not there: a run that looks itself fails
/// where it would take it, one that does not is refused. What names the asset in `deps` is made. All of it is made of the fact that nothing was
/// there, so that it is stale as soon as something is; and what was made of something is stale when nothing is there any more.
///
/// One that fails has found out neither: nobody knows of what would be made. `why` and `assets show` tell that the last look failed, and
/// why, until a later one succeeds.
///
/// An asset has one observation.
///
/// # Partitions
///
/// Of an asset with partitions each has a version of its own, such as a file for each day. The observation takes the one that it
/// looks at, and is a step for each:
///
/// ```
/// use orch::prelude::*;
/// use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
///
/// struct Daily;
///
/// impl Partitioning for Daily {
///     type Kind = ByTime;
///
///     fn definition() -> PartitionsDefinition {
///         TimePartitions::daily("2024-01-01").into()
///     }
/// }
///
/// /// `raw/2024-01-31.csv`
/// #[external_asset(partitions = Daily)]
/// fn raw() -> ();
///
/// /// When the file of the day was written last.
/// #[asset_observation(asset = raw)]
/// fn written(day: &Partition<Daily>) -> Result<DataVersion> {
///     let file = std::fs::metadata(format!("raw/{}.csv", day.key()))?;
///     Ok(DataVersion::new(file.modified()?.duration_since(std::time::UNIX_EPOCH)?.as_nanos()))
/// }
///
/// #[asset(deps = [raw])]
/// fn sales(day: &Partition<Daily>) -> Result<String> {
///     Ok(std::fs::read_to_string(format!("raw/{}.csv", day.key()))?)
/// }
///
/// let definitions = Definitions::new().assets(assets![raw, sales]).observations(observations![written]);
/// let all = definitions.materialize(&"*".parse()?);
/// assert!(all.plan().to_string().contains("observes asset raw"));
/// # Ok::<(), orch::Failure>(())
/// ```
///
/// It looks at those that the run takes, whatever is made of them: of a week at its seven days, with a mapping of its own at those
/// that this names, of what has no partitions at all that exist. Where what is made takes the very partition alone, it begins when
/// that one was looked at; else when all that are taken were. With `--stale` only that is made anew of which another version is
/// there: `materialize '+sales' --stale --partition 2024-01-01..2024-01-31`. Alone it looks at those that it is told,
/// `assets observe raw --partition latest`.
///
/// One that is not there has no version: let the observation return `None`. The run tells it by name, and makes of the others all that
/// is made of them. If the look fails, it makes nothing of that partition, not even what would do without it.
///
/// A backfill looks in each of its runs at the partitions that this run takes, be it for a check, if they were selected. What has no partitions every
/// one of them would look at: look before, `assets observe`.
///
/// # Options
///
/// | option | says |
/// |---|---|
/// | `asset = path::to::rate` | the asset that it looks at |
/// | `name = "other"` | its name, with which that of its step ends; by default the function's |
/// | `description = "What it looks for."` | by default the first paragraph of the doc comment |
/// | `tags`, `priority`, `retry`, `timeout`, `pool`, `isolate`, `memory` | as of [`macro@op`] |
pub use orch_macros::asset_observation;

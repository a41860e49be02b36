use crate::asset::AssetKey;
use crate::ids::RunId;
use crate::run::RunError;

/// Something that happened in a backfill, for whoever watches it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum BackfillEvent<'a> {
    /// A run begins, or goes on.
    #[non_exhaustive]
    Begins {
        /// The run.
        run: RunId,
        /// What it makes.
        makes: Makes<'a>,
        /// Whether it was interrupted before.
        resumed: bool,
    },
    /// A run is over.
    #[non_exhaustive]
    Ended {
        /// The run.
        run: RunId,
        /// What it was to make.
        makes: Makes<'a>,
        /// Why it did not succeed.
        error: Option<&'a RunError>,
        /// How many units are not yet done, under way or given up.
        left: u64,
    },
    /// No run could begin, for a reason that concerns this one alone.
    #[non_exhaustive]
    Refused {
        /// What it was to make.
        makes: Makes<'a>,
        /// Why.
        why: &'a str,
    },
    /// It was canceled: no run begins any more.
    Canceled,
}

/// What a run of a backfill makes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Makes<'a> {
    /// The assets.
    pub assets: &'a [AssetKey],
    /// The partitions, as selections are written; none of an asset without.
    pub partitions: Option<&'a str>,
}

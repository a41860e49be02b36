mod definitions;
mod keys;
mod oracle;
mod stories;
mod zones;

use jiff::Timestamp;

use super::{TimePartitions, Windows};
use crate::partition::error::PartitionError;

fn windows(definition: &TimePartitions) -> Windows {
    Windows::new(definition).unwrap()
}

/// The error of a definition that cannot hold.
fn refused(definition: &TimePartitions) -> PartitionError {
    Windows::new(definition).unwrap_err()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The keys of some windows, with the starts in UTC.
fn starts(windows: &Windows, indexes: std::ops::Range<u64>) -> String {
    let line = |index| format!("{}  {}\n", windows.key(index), windows.start(index));
    indexes.map(line).collect()
}

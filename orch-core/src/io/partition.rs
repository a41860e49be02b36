use crate::partition::PartitionsDefinition;

/// The name of the one dimension of an asset whose partitions have no others.
const DIMENSION: &str = "partition";

/// Which partition of an asset.
#[derive(Clone, Copy, Debug)]
pub struct PartitionAt<'a> {
    key: &'a str,
    definition: &'a PartitionsDefinition,
}

/// What a partition is in one of its dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DimensionAt<'a> {
    /// The name of the dimension; `partition` where there is but one, which has no name of its own.
    pub name: &'a str,
    /// The value of the key in it: all of the key where there is but one.
    pub value: &'a str,
    /// Whether it is partitioned by windows of time whose keys are dates, such as `2024-01-31`.
    pub is_date: bool,
}

impl<'a> PartitionAt<'a> {
    /// The partition of this key, of those of a definition.
    #[must_use]
    pub fn new(key: &'a str, definition: &'a PartitionsDefinition) -> Self {
        Self { key, definition }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &'a str {
        self.key
    }

    /// What it is in each dimension, in the order of their names: `date` and `region` of `2024-01-31|eu`.
    #[must_use]
    pub fn dimensions(&self) -> Vec<DimensionAt<'a>> {
        let at = |(name, value, definition): (&'a str, &'a str, &PartitionsDefinition)| DimensionAt {
            name,
            value,
            is_date: matches!(definition, PartitionsDefinition::Time(time) if time.is_date(value)),
        };
        if let PartitionsDefinition::Product(product) = self.definition {
            let (dimensions, values) = (product.dimensions(), self.key.split('|'));
            // A key of another number of values is none of these, and what it is there nobody knows.
            if dimensions.len() == values.clone().count() {
                let each = dimensions.zip(values).map(|((name, of), value)| (name, value, of));
                return each.map(at).collect();
            }
        }
        vec![at((DIMENSION, self.key, self.definition))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partition::TimePartitions;

    fn dimensions(key: &str, definition: impl Into<PartitionsDefinition>) -> String {
        let definition = definition.into();
        let dimensions = PartitionAt::new(key, &definition).dimensions();
        let told = dimensions.iter().map(|DimensionAt { name, value, is_date }| {
            format!("{name}={value}{}", if *is_date { " (a date)" } else { "" })
        });
        told.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_partition_has_a_value_in_each_dimension() {
        let regions = PartitionsDefinition::of(["eu", "us"]);
        assert_eq!(dimensions("eu", regions.clone()), "partition=eu");
        let product = PartitionsDefinition::product()
            .by("region", regions)
            .by("day", TimePartitions::daily("2024-01-01"))
            .by("customer", PartitionsDefinition::dynamic("customers"));
        assert_eq!(
            dimensions("acme|2024-01-31|eu", product.clone()),
            "customer=acme, day=2024-01-31 (a date), region=eu"
        );
        assert_eq!(dimensions("2024-01-31|eu", product), "partition=2024-01-31|eu");
    }

    #[test]
    fn dates_are_what_windows_of_days_and_more_are_called_by() {
        let days = TimePartitions::daily("2024-01-01");
        assert_eq!(dimensions("2024-01-31", days.clone()), "partition=2024-01-31 (a date)");
        assert_eq!(
            dimensions("2024-01-07", TimePartitions::weekly("2024-01-01")),
            "partition=2024-01-07 (a date)"
        );
        assert_eq!(dimensions("2024-01-31", days.clone().key_format("%F")), "partition=2024-01-31 (a date)");
        // Of another order it would be another date.
        assert_eq!(dimensions("2024-01-02", days.key_format("%Y-%d-%m")), "partition=2024-01-02");
        let hours = TimePartitions::hourly("2024-01-01");
        assert_eq!(dimensions("2024-01-31-06:00", hours), "partition=2024-01-31-06:00");
        assert_eq!(
            dimensions("2024-01-31", PartitionsDefinition::of(["2024-01-31"])),
            "partition=2024-01-31"
        );
    }
}

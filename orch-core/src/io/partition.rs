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
        if let PartitionsDefinition::Product(product) = self.definition {
            let (names, values) = (product.dimensions().map(|(name, _)| name), self.key.split('|'));
            // A key of another number of values is none of these, and what it is there nobody knows.
            if names.len() == values.clone().count() {
                return names.zip(values).map(|(name, value)| DimensionAt { name, value }).collect();
            }
        }
        vec![DimensionAt { name: DIMENSION, value: self.key }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partition::TimePartitions;

    fn dimensions(key: &str, definition: impl Into<PartitionsDefinition>) -> String {
        let definition = definition.into();
        let dimensions = PartitionAt::new(key, &definition).dimensions();
        let told = dimensions.iter().map(|DimensionAt { name, value }| format!("{name}={value}"));
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
            "customer=acme, day=2024-01-31, region=eu"
        );
        assert_eq!(dimensions("2024-01-31|eu", product), "partition=2024-01-31|eu");
    }
}

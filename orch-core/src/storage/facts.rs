use std::sync::Arc;

use crate::asset::{AssetKey, Materialization, Recipe, ValueAt};
use crate::event::{Encoded, Event, EventKind};
use crate::ids::StepPath;
use crate::io::{ASSET_FILES, ArtifactRef, STAMP};

/// What is known of an asset at a glance.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AssetRecord {
    /// The asset.
    pub key: AssetKey,
    /// How many materializations of it are known, or observations.
    pub materializations: u64,
    /// The latest of them.
    pub latest: Materialization,
}

impl AssetRecord {
    /// An asset of which so many materializations are known.
    #[must_use]
    pub fn new(latest: Materialization, materializations: u64) -> Self {
        Self { key: latest.asset.clone(), materializations, latest }
    }

    /// The one of this asset, of records in the order of their keys, as [`ReadAssets::assets`](super::ReadAssets::assets) gives them.
    #[must_use]
    pub fn find<'a>(records: &'a [Self], key: &AssetKey) -> Option<&'a Self> {
        records.binary_search_by(|record| record.key.cmp(key)).ok().map(|at| &records[at])
    }
}

/// Takes the facts about assets from the events of a run, in the order of its log.
///
/// A fact is told in one turn with the output that is the asset's value, so whoever has the one has the other. The output of an
/// observation is the version of data that lies elsewhere.
#[derive(Debug, Default)]
pub struct Facts {
    /// The output that was told last.
    output: Option<Output>,
}

#[derive(Debug)]
struct Output {
    step: Option<StepPath>,
    at: ValueAt,
    stamp: Option<Arc<str>>,
    value: Option<Encoded>,
}

impl Facts {
    /// Takes one event, by its number in the log and with the value that was committed with it. If it tells of a
    /// materialization or an observation, it gives the fact, with its value if that lies with the fact.
    pub fn take(
        &mut self,
        number: u64,
        event: &Event,
        value: Option<&Encoded>,
    ) -> Option<(Materialization, Option<Encoded>)> {
        match &event.kind {
            EventKind::StepOutput { key: None, .. } => {
                let at = if value.is_some() { ValueAt::Fact } else { ValueAt::Nowhere };
                self.output =
                    Some(Output { step: event.step.clone(), at, stamp: None, value: value.cloned() });
            }
            EventKind::HandledOutput { io, metadata, .. } => {
                let output = self.output.as_mut().filter(|output| output.step == event.step)?;
                output.at = match ArtifactRef::of(metadata) {
                    Some(file) if **io == *ASSET_FILES => ValueAt::File(file),
                    _ => ValueAt::Io(io.to_string()),
                };
                output.stamp = metadata.get(STAMP).and_then(|told| told.as_str()).map(Into::into);
            }
            EventKind::AssetMaterialization {
                asset,
                partition,
                metadata,
                code_version,
                data_version,
                inputs,
                recipe,
            } => {
                let output = self.output.take().filter(|output| output.step == event.step);
                let (value_at, stamp, value) = output
                    .map_or((ValueAt::Nowhere, None, None), |output| (output.at, output.stamp, output.value));
                let fact = Materialization {
                    asset: asset.clone(),
                    partition: partition.as_deref().map(str::to_owned),
                    run: event.run,
                    event: number,
                    time: event.time,
                    metadata: metadata.clone(),
                    code_version: code_version.clone(),
                    data_version: data_version.clone(),
                    inputs: inputs.clone(),
                    recipe: recipe.clone(),
                    value: value_at,
                    stamp,
                };
                return Some((fact, value));
            }
            EventKind::AssetObservation { asset, partition, data_version, metadata } => {
                self.output = None;
                let fact = Materialization {
                    asset: asset.clone(),
                    partition: partition.as_deref().map(str::to_owned),
                    run: event.run,
                    event: number,
                    time: event.time,
                    metadata: metadata.clone(),
                    code_version: None,
                    data_version: data_version.clone(),
                    inputs: Vec::new(),
                    recipe: Recipe::new(),
                    value: ValueAt::Elsewhere,
                    stamp: None,
                };
                return Some((fact, None));
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use std::collections::BTreeMap;

    use super::*;
    use crate::ids::RunId;

    const SMALL: Option<&[u8]> = Some(b"7");

    /// What these events of steps tell of materializations; their numbers are from 1.
    fn told(events: Vec<(&str, EventKind, Option<&[u8]>)>) -> String {
        let mut facts = Facts::default();
        let mut told = Vec::new();
        for (number, (step, kind, value)) in (1..).zip(events) {
            let step = step.parse().expect("a path");
            let event = Event::new(Timestamp::UNIX_EPOCH, RunId::from_u128(1), Some(step), 1, kind);
            let value = value.map(|value| Encoded::from(value.to_vec()));
            if let Some((fact, value)) = facts.take(number, &event, value.as_ref()) {
                let bytes = value.map(|value| value.bytes().to_vec());
                told.push(format!("{} by event {}: {:?}, {bytes:?}", fact.asset, fact.event, fact.value));
            }
        }
        told.join("\n")
    }

    fn output(key: Option<&str>) -> EventKind {
        EventKind::StepOutput { output: "result".into(), key: key.map(Into::into) }
    }

    fn handled(io: &str, file: Option<&str>) -> EventKind {
        let file = file.map(|file| ArtifactRef { file: file.to_owned(), bytes: 3, blake3: "b0b".to_owned() });
        let metadata = file.map(|file| file.metadata()).unwrap_or_default();
        EventKind::HandledOutput { output: "result".into(), io: io.into(), metadata }
    }

    fn materialized(asset: &str) -> EventKind {
        EventKind::AssetMaterialization {
            asset: asset.parse().expect("a key"),
            partition: None,
            metadata: BTreeMap::new(),
            code_version: None,
            data_version: Some(Arc::from("1")),
            inputs: Vec::new(),
            recipe: Recipe::new(),
        }
    }

    fn observed(asset: &str) -> EventKind {
        EventKind::AssetObservation {
            asset: asset.parse().expect("a key"),
            partition: None,
            data_version: Some(Arc::from("1")),
            metadata: BTreeMap::new(),
        }
    }

    #[test]
    fn a_fact_says_where_the_output_lies_that_was_told_before_it() {
        let events = vec![
            ("small", output(None), SMALL),
            ("small", materialized("small"), None),
            ("large", output(None), None),
            ("large", handled(ASSET_FILES, Some("large/1")), None),
            ("large", materialized("large"), None),
            ("table", output(None), None),
            ("table", handled("warehouse", None), None),
            ("table", materialized("table"), None),
            ("memory", output(None), None),
            ("memory", materialized("memory"), None),
            ("outside", materialized("outside"), None),
            ("foreign.written", output(None), SMALL),
            ("foreign.written", observed("foreign"), None),
        ];
        insta::assert_snapshot!(told(events), @r#"
        small by event 2: Fact, Some([55])
        large by event 5: File(ArtifactRef { file: "large/1", bytes: 3, blake3: "b0b" }), None
        table by event 8: Io("warehouse"), None
        memory by event 10: Nowhere, None
        outside by event 11: Nowhere, None
        foreign by event 13: Elsewhere, None
        "#);
    }

    #[test]
    fn no_output_is_that_of_another_asset() {
        let events = vec![
            ("one", output(None), SMALL),
            ("other", materialized("other"), None),
            ("both", output(None), SMALL),
            ("both", materialized("first"), None),
            ("both", materialized("second"), None),
            ("items", output(Some("a")), SMALL),
            ("items", materialized("items"), None),
            ("one", output(None), None),
            ("other", handled(ASSET_FILES, Some("other/1")), None),
            ("one", materialized("one"), None),
        ];
        insta::assert_snapshot!(told(events), @r"
        other by event 2: Nowhere, None
        first by event 4: Fact, Some([55])
        second by event 5: Nowhere, None
        items by event 7: Nowhere, None
        one by event 10: Nowhere, None
        ");
    }
}

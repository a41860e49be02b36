use crate::asset::{AssetKey, Materialization, ValueAt};
use crate::event::{Encoded, Event, EventKind};
use crate::ids::StepPath;
use crate::io::{ASSET_FILES, ArtifactRef};

/// What is known of an asset at a glance.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AssetRecord {
    /// The asset.
    pub key: AssetKey,
    /// How many materializations of it are known.
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
}

/// Takes the facts about assets from the events of a run, in the order of its log.
///
/// A fact is told in one turn with the output that is the asset's value, so whoever has the one has the other.
#[derive(Debug, Default)]
pub struct Facts {
    /// The output that was told last.
    output: Option<Output>,
}

#[derive(Debug)]
struct Output {
    step: Option<StepPath>,
    at: ValueAt,
    value: Option<Encoded>,
}

impl Facts {
    /// Takes one event, by its number in the log and with the value that was committed with it. If it tells of a
    /// materialization, it gives the fact, with its value if that lies with the fact.
    pub fn take(
        &mut self,
        number: u64,
        event: &Event,
        value: Option<&Encoded>,
    ) -> Option<(Materialization, Option<Encoded>)> {
        match &event.kind {
            EventKind::StepOutput { key: None, .. } => {
                let at = if value.is_some() { ValueAt::Fact } else { ValueAt::Nowhere };
                self.output = Some(Output { step: event.step.clone(), at, value: value.cloned() });
            }
            EventKind::HandledOutput { io, metadata, .. } => {
                let output = self.output.as_mut().filter(|output| output.step == event.step)?;
                output.at = match ArtifactRef::of(metadata) {
                    Some(file) if **io == *ASSET_FILES => ValueAt::File(file),
                    _ => ValueAt::Io(io.to_string()),
                };
            }
            EventKind::AssetMaterialization {
                asset,
                partition,
                metadata,
                code_version,
                data_version,
                inputs,
            } => {
                let output = self.output.take().filter(|output| output.step == event.step);
                let (value_at, value) =
                    output.map_or((ValueAt::Nowhere, None), |output| (output.at, output.value));
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
                    value: value_at,
                };
                return Some((fact, value));
            }
            _ => {}
        }
        None
    }
}

use serde_json::Value as Json;

use super::code::{self, Attempt};
use super::local::Shared;
use crate::asset::AssetKey;
use crate::define::Product;
use crate::engine::{Produced, Stored, Written};
use crate::failure::Failure;
use crate::ids::{MappingKey, StepPath};
use crate::io::{DATA_VERSION, Metadata, OutputAt, STAMP};
use crate::value::Value;

/// What the state gives to be stored, on its way through the IO manager of the op.
impl Shared {
    /// Has it stored; what the IO manager logs, and its panics, are the attempt's. What it hands on takes the value's place.
    pub(super) fn store(
        &self,
        step: usize,
        path: &StepPath,
        produced: &mut Produced,
        attempt: &mut Option<Attempt>,
    ) -> Result<Vec<Stored>, Failure> {
        match produced {
            Produced::Outputs { products, written } => {
                let values = products.iter_mut().enumerate().filter_map(|(output, product)| match product {
                    Product::Value(value) => Some((output, value)),
                    Product::Absent | Product::Items(_) => None,
                });
                values
                    .filter(|(output, _)| self.is_stored(step, *output, written))
                    .map(|(output, value)| self.store_value(step, path, output, None, value, attempt))
                    .collect()
            }
            Produced::Item { output, key, number, value, .. } => {
                let key = key.clone().unwrap_or_else(|| (*number).into());
                self.store_value(step, path, *output, Some(&key), value, attempt).map(|stored| vec![stored])
            }
        }
    }

    /// Whether there is something to be done for the value of an output: what is written with its event is done.
    fn is_stored(&self, step: usize, output: usize, written: &Written) -> bool {
        self.program.ops[step].io().is_some() || written.is_file(output)
    }

    fn store_value(
        &self,
        step: usize,
        path: &StepPath,
        output: usize,
        key: Option<&MappingKey>,
        value: &mut Value,
        attempt: &mut Option<Attempt>,
    ) -> Result<Stored, Failure> {
        let op = &self.program.ops[step];
        let definition = &op.outputs()[output];
        let asset = self.program.asset(step, output);
        let partition = asset.and_then(|asset| asset.partition_at(path));
        let at = OutputAt::new(self.run.run, &self.run.job, path, &definition.name).item(key);
        let of = &self.program.plan.partitions;
        let at = asset.map_or(at, |asset| asset.placed(at, partition.as_deref(), of));
        let Some(io) = op.io() else {
            return self
                .store_file(definition, &at, value, attempt)
                .map(|stored| Stored { output, ..stored });
        };
        let manager = self.io.get(io, definition.ty).ok_or_else(|| {
            Failure::contract(format!("there is no IO manager `{io}` for `{}`", definition.ty.name()))
        })?;
        // A panic must not take the worker with it: nobody would report the attempt, and the run would never end.
        let metadata = code::run(attempt, || manager.store(&at, value)).and_then(|stored| stored).map_err(
            |failure| failure.context(format!("the IO manager `{io}` could not store `{}`", definition.name)),
        )?;
        asset.map_or(Ok(()), |asset| check_told(io, &asset.key, &metadata))?;
        if self.is_taken(step, output) {
            let handed = code::run(attempt, || {
                let handed = manager.hand_on(&at, value, &metadata)?;
                handed.into_iter().for_each(|handed| *value = handed);
                Ok(())
            });
            handed.and_then(|handed| handed).map_err(|failure| {
                let name = &definition.name;
                failure
                    .context(format!("the IO manager `{io}` could not hand on `{name}`, which it has stored"))
            })?;
        }
        Ok(Stored { output, io: io.into(), metadata })
    }
}

/// Refuses what an IO manager tells of an asset under a name of ours and nobody could take: it would be as if it had told nothing.
fn check_told(io: &str, asset: &AssetKey, metadata: &Metadata) -> Result<(), Failure> {
    let told = [DATA_VERSION, STAMP].into_iter().filter_map(|name| Some((name, metadata.get(name)?)));
    for (name, value) in told {
        let given = match value {
            Json::String(_) => continue,
            Json::Null => "null".to_owned(),
            Json::Bool(value) => format!("the boolean {value}"),
            Json::Number(value) => format!("the number {value}"),
            Json::Array(_) => "a list".to_owned(),
            Json::Object(_) => "an object".to_owned(),
        };
        let told = format!(
            "the IO manager `{io}` tells `{name}` of the asset `{asset}` as {given}, and not as a text"
        );
        let hint = match value {
            Json::Null => format!("leave `{name}` out if there is none"),
            _ => format!("make a text of it: `(\"{name}\".to_owned(), value.to_string().into())`"),
        };
        return Err(Failure::contract(told).hint(hint));
    }
    Ok(())
}

use super::code;
use super::local::Shared;
use crate::define::{ItemStream, Product, Products};
use crate::engine::{Message, Stored, Token};
use crate::failure::Failure;
use crate::ids::{MappingKey, StepPath};
use crate::io::OutputAt;
use crate::value::Value;

/// Outputs on their way through the IO manager of their op, between the code's return and its report.
impl Shared {
    /// Whether the step's outputs are stored.
    pub(super) fn stores(&self, step: usize) -> bool {
        self.program.ops[step].io().is_some()
    }

    pub(super) fn store_products(
        &self,
        token: Token,
        step: usize,
        path: &StepPath,
        products: Products,
    ) -> Message {
        let stored = products.iter().enumerate().filter_map(|(output, product)| match product {
            Product::Value(value) => self.store(step, path, output, None, value).transpose(),
            Product::Absent | Product::Items(_) => None,
        });
        match stored.collect() {
            Ok(stored) => Message::Returned { token, result: Ok(products), stored },
            Err(failure) => Message::Returned { token, result: Err(failure), stored: Vec::new() },
        }
    }

    pub(super) fn store_item(
        &self,
        token: Token,
        step: usize,
        path: &StepPath,
        (output, number): (usize, u64),
        (key, value): (Option<MappingKey>, Value),
        rest: ItemStream,
    ) -> Message {
        let at = key.clone().unwrap_or_else(|| number.into());
        match self.store(step, path, output, Some(&at), &value) {
            Ok(stored) => Message::Item { token, key, value, stored, rest },
            Err(failure) => Message::Broke { token, failure },
        }
    }

    fn store(
        &self,
        step: usize,
        path: &StepPath,
        output: usize,
        key: Option<&MappingKey>,
        value: &Value,
    ) -> Result<Option<Stored>, Failure> {
        let op = &self.program.ops[step];
        let Some(io) = op.io() else { return Ok(None) };
        let definition = &op.outputs()[output];
        let manager = self.io.get(io, definition.ty).ok_or_else(|| {
            Failure::contract(format!("there is no IO manager `{io}` for `{}`", definition.ty.name()))
        })?;
        let at =
            OutputAt { run: self.run.run, job: &self.run.job, step: path, output: &definition.name, key };
        // A panic must not take the worker with it: nobody would report the attempt, and the run would never end.
        let metadata = code::run(&mut None, || manager.store(&at, value)).and_then(|stored| stored).map_err(
            |failure| failure.context(format!("the IO manager `{io}` could not store `{}`", definition.name)),
        )?;
        Ok(Some(Stored { output, io: io.into(), metadata }))
    }
}

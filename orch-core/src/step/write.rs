use std::io::{self, Write};

use super::code::{self, Attempt, LogTo};
use super::local::Shared;
use super::piece::Done;
use crate::define::{OutputDef, Product, Products, Said};
use crate::engine::{Form, Stored, Written};
use crate::event::Encoded;
use crate::failure::Failure;
use crate::io::{ARTIFACTS, ASSET_FILES, EncodeError, OutputAt};
use crate::value::Value;

/// What is larger is a file: a file costs several waits for the disk, and the log should stay small.
const INLINE: usize = 16 << 10;

/// Values on their way into the record of the run, in the form that the codecs of their types give them. Those of ops
/// that name an IO manager are the manager's.
impl Shared {
    /// Writes down what code has given, as far as it is small. The rest is found to be a file, which is made when the state
    /// has found it to be new. Of an item, `output` is the output that it is one of.
    pub(super) fn write(
        &self,
        step: usize,
        output: usize,
        done: &Done,
        attempt: &mut Option<Attempt>,
    ) -> Written {
        let said = match done {
            Done::Returned(Ok(products)) => said(products, attempt),
            _ => None,
        };
        let op = &self.program.ops[step];
        if self.files.is_none() || op.io().is_some() {
            return Written { forms: Vec::new(), said };
        }
        let forms = match done {
            Done::Returned(Ok(products)) => {
                let outputs = op.outputs().iter().enumerate();
                let values = outputs.zip(products).filter_map(|((number, output), product)| match product {
                    Product::Value(value) => Some((number, output, value)),
                    Product::Absent | Product::Items(_) => None,
                });
                values
                    .filter_map(|(number, output, value)| Some((number, small(output, value, attempt)?)))
                    .collect()
            }
            Done::Item((_, value), _) => {
                let form = small(&op.outputs()[output], value, attempt);
                form.map(|form| (output, form)).into_iter().collect()
            }
            Done::Returned(Err(_)) | Done::Ended | Done::Broke(_) => Vec::new(),
        };
        Written { forms, said }
    }

    /// Makes a file of a value.
    pub(super) fn store_file(
        &self,
        output: &OutputDef,
        at: &OutputAt<'_>,
        value: &Value,
        attempt: &mut Option<Attempt>,
    ) -> Result<Stored, Failure> {
        // Of an asset it is no file of the run: it stays when that is removed, until the next one is there.
        let files =
            self.files.as_ref().map(|files| if at.asset.is_some() { &files.assets } else { &files.run });
        let (Some(artifacts), Some(codec)) = (files, output.codec) else {
            return Err(Failure::contract(format!("there is nothing to write `{}` with", output.name)));
        };
        let mut refused = false;
        let mut write = |out: &mut dyn Write| {
            codec.encode(value, out).map_err(|error| match error {
                EncodeError::Write(error) => Failure::from(error),
                EncodeError::Value(error) => {
                    refused = true;
                    Failure::new(error)
                }
            })
        };
        let name = match at.asset {
            Some(_) => format!("{}/run={}", at.relative_path(), at.run),
            None => at.relative_path(),
        };
        let written = code::run(attempt, || artifacts.write(&name, &mut write)).and_then(|written| written);
        let file =
            written.map_err(|failure| failure.context(format!("`{}` cannot be recorded", output.name)));
        // A value that its own type refuses is the step's failure. That there is no room for it is none of the step's: the
        // run breaks off, as it does where its journal cannot be written.
        if let (Err(failure), false, Some(Attempt { to: LogTo::Run(dispatcher), .. })) =
            (&file, refused, attempt)
        {
            dispatcher.unrecorded(failure);
        }
        let file = file?;
        let io = if at.asset.is_some() { ASSET_FILES } else { ARTIFACTS };
        Ok(Stored { output: 0, io: io.into(), metadata: file.metadata() })
    }
}

/// All that an attempt has said of the assets that its step makes. Where it makes none, the log of the step warns of it.
pub(in crate::step) fn said(products: &Products, attempt: &mut Option<Attempt>) -> Option<Box<Said>> {
    match attempt.as_ref().and_then(|attempt| attempt.said.as_ref()) {
        Some(saying) => {
            saying.hear(products);
            saying.take()
        }
        None => {
            if let Some((_, said)) = products.said().first() {
                let what = said
                    .metadata
                    .keys()
                    .next()
                    .map_or_else(|| "a data version".to_owned(), |name| format!("`{name}`"));
                let _ = code::run(attempt, || {
                    tracing::warn!("{what} is said of no asset: the step makes none");
                });
            }
            None
        }
    }
}

/// A value in the form in which an event carries it, unless it is too large for that; none if it cannot be written.
fn small(output: &OutputDef, value: &Value, attempt: &mut Option<Attempt>) -> Option<Form> {
    let codec = output.codec?;
    let mut bytes = Inline(Vec::new());
    // `Serialize` is the user's code.
    match code::run(attempt, || codec.encode(value, &mut bytes)) {
        Ok(Ok(())) => Some(Form::Inline(Encoded::from(bytes.0))),
        Ok(Err(EncodeError::Write(_))) => Some(Form::File),
        Ok(Err(EncodeError::Value(error))) => unwritten(output, &error, attempt),
        Err(panic) => unwritten(output, &panic.to_string(), attempt),
    }
}

/// A value that its own type refuses to write is as good as one of a type that cannot be written.
fn unwritten(output: &OutputDef, error: &str, attempt: &mut Option<Attempt>) -> Option<Form> {
    let name = &output.name;
    let _ = code::run(attempt, || {
        tracing::warn!("`{name}` is kept in memory alone, since it cannot be written: {error}");
    });
    None
}

/// Takes no more than an event can carry.
struct Inline(Vec<u8>);

impl Write for Inline {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > INLINE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::event::{EventKind, LogLevel};
use crate::failure::Failure;
use crate::ids::MappingKey;

/// What happened as two columns of a table: the name of its kind, and its fields as a JSON object, if it has any.
///
/// So a storage can write and read many events without knowing their kinds. Buffers are kept from one event to the next.
///
/// ```
/// use orch_core::event::EventKind;
/// use orch_core::storage::Row;
///
/// let mut row = Row::default();
/// let kind = row.read("STEP_INPUT", Some(r#"{"input":"page"}"#)).unwrap();
/// assert_eq!(row.write(&kind).unwrap(), ("STEP_INPUT", Some(r#"{"input":"page"}"#)));
/// assert_eq!(row.write(&EventKind::StepSuccess).unwrap(), ("STEP_SUCCESS", None));
/// ```
#[derive(Debug, Default)]
pub struct Row {
    buffer: Vec<u8>,
    names: Vec<Arc<str>>,
}

/// So many names are looked through more quickly than one is allocated.
const NAMES: usize = 8;

/// The fields of the kinds of which a log has most, without the detour by which serde finds a kind by its tag.
#[derive(Deserialize)]
struct Waited {
    waited: Duration,
}

#[derive(Deserialize)]
struct Input<'a> {
    #[serde(borrow)]
    input: Cow<'a, str>,
    #[serde(default)]
    gathered: Option<usize>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    output: Cow<'a, str>,
    #[serde(default)]
    key: Option<MappingKey>,
}

impl Row {
    /// The columns of what happened: its name, and its fields if it has any.
    ///
    /// # Errors
    /// If it is no JSON, which no event is.
    pub fn write(&mut self, kind: &EventKind) -> Result<(&'static str, Option<&str>), Failure> {
        let name = kind.name();
        self.buffer.clear();
        serde_json::to_writer(&mut self.buffer, kind)?;
        // What stands before the fields: `{"event":"STEP_INPUT"`, and then a comma or the end.
        let tag = r#"{"event":"""#.len() + name.len();
        if self.buffer.get(tag) != Some(&b',') {
            return Ok((name, None));
        }
        self.buffer[tag] = b'{';
        Ok((name, Some(std::str::from_utf8(&self.buffer[tag..])?)))
    }

    /// What happened, by its columns.
    ///
    /// # Errors
    /// If there is no such kind, or these are not its fields.
    pub fn read(&mut self, name: &str, fields: Option<&str>) -> Result<EventKind, Failure> {
        let kind = match (name, fields) {
            ("STEP_SUCCESS", None) => EventKind::StepSuccess,
            ("STEP_START", Some(fields)) => {
                EventKind::StepStart { waited: serde_json::from_str::<Waited>(fields)?.waited }
            }
            ("STEP_INPUT", Some(fields)) => {
                let Input { input, gathered } = serde_json::from_str(fields)?;
                EventKind::StepInput { input: self.name(&input), gathered }
            }
            ("STEP_OUTPUT", Some(fields)) => {
                let Output { output, key } = serde_json::from_str(fields)?;
                EventKind::StepOutput { output: self.name(&output), key }
            }
            (name, fields) => {
                let fields = fields.and_then(|fields| fields.strip_prefix('{'));
                let (comma, fields) = fields.map_or(("", "}"), |fields| (",", fields));
                serde_json::from_str(&format!(r#"{{"event":"{name}"{comma}{fields}"#))?
            }
        };
        Ok(kind)
    }

    /// The name, shared with those read before: a log names the same few inputs and outputs over and over.
    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.iter().find(|known| ***known == *name) {
            return Arc::clone(known);
        }
        if self.names.len() == NAMES {
            self.names.clear();
        }
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        name
    }

    /// A log line, by columns of its own: storages keep these apart and look for them by level and message.
    #[must_use]
    pub fn log(
        level: LogLevel,
        target: impl Into<Arc<str>>,
        message: impl Into<String>,
        fields: BTreeMap<String, String>,
    ) -> EventKind {
        EventKind::Log { level, target: target.into(), message: message.into(), fields }
    }
}

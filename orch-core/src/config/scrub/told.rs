use std::collections::BTreeMap;

use serde_json::Value;

use super::Scrubber;
use crate::asset::{MetadataValue, TypedMetadata};
use crate::failure::ErrorInfo;

/// What a run tells, without secrets: errors, log lines, what IO managers say of what they store.
impl Scrubber {
    /// Whether there is nothing to be found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.forms.is_none()
    }

    pub(crate) fn text(&self, text: &mut String) {
        if let std::borrow::Cow::Owned(scrubbed) = self.scrub(text) {
            *text = scrubbed;
        }
    }

    pub(crate) fn texts(&self, texts: &mut BTreeMap<String, String>) {
        if !self.is_empty() {
            let told = std::mem::take(texts).into_iter();
            texts.extend(
                told.map(|(name, text)| (self.scrub(&name).into_owned(), self.scrub(&text).into_owned())),
            );
        }
    }

    pub(crate) fn error(&self, mut error: ErrorInfo) -> ErrorInfo {
        if self.is_empty() {
            return error;
        }
        self.text(&mut error.message);
        error.causes.iter_mut().for_each(|cause| self.text(cause));
        error.hint.iter_mut().for_each(|hint| self.text(hint));
        self.metadata(&mut error.metadata);
        error
    }

    pub(crate) fn metadata(&self, metadata: &mut BTreeMap<String, Value>) {
        if !self.is_empty() {
            let told = std::mem::take(metadata).into_iter();
            metadata.extend(told.map(|(name, mut value)| {
                self.json(&mut value);
                (self.scrub(&name).into_owned(), value)
            }));
        }
    }

    /// What is said of an asset, by its names.
    pub(crate) fn typed(&self, metadata: TypedMetadata) -> TypedMetadata {
        if self.is_empty() {
            return metadata;
        }
        let scrubbed = metadata.into_iter().map(|(name, value)| {
            let mut json = serde_json::to_value(&value).unwrap_or_default();
            self.json(&mut json);
            // A value that is no longer what it was, as a moment with a secret in it, is told as the text that it became.
            let value = serde_json::from_value(json)
                .unwrap_or_else(|_| MetadataValue::Text(self.scrub(&value.to_string()).into_owned()));
            (self.scrub(&name).into_owned(), value)
        });
        scrubbed.collect()
    }

    fn json(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(fields) => {
                let told = std::mem::take(fields).into_iter();
                fields.extend(told.map(|(name, mut field)| {
                    self.json(&mut field);
                    (self.scrub(&name).into_owned(), field)
                }));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

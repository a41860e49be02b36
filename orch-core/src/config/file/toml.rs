use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::{DEPTH, Source, duplicate, too_deep};
use crate::config::path::ConfigStep;
use crate::config::{
    ConfigPath, ConfigProblem, ConfigProblemKind as Kind, Entry, Node, Origin, Value, scalar,
};

/// How many names that stand twice are looked for in the text before, each from its beginning.
const SOUGHT: usize = 100;

/// The map in a text of TOML.
pub(super) fn read(source: &Source<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Node> {
    let (table, errors) = DeTable::parse_recoverable(source.text());
    let mut reader = Reader { source, problems, path: ConfigPath::root(), depth: 0, keys: Vec::new() };
    let entries = reader.table(table.get_ref());
    let mut keys = std::mem::take(&mut reader.keys);
    keys.sort_by_key(|(.., at)| *at);
    for (number, error) in errors.into_iter().enumerate() {
        let span = error.span().unwrap_or_default();
        let again = source.origin(span.start);
        let duplicate_key = error.message() == "duplicate key" && number < SOUGHT;
        let first = duplicate_key.then(|| first(source.text(), &keys, &span)).flatten();
        problems.push(match first {
            Some((key, path, at)) => duplicate(&path, &key, again, source.origin(at)),
            None => {
                let message = format!("this is not TOML: {}", error.message());
                ConfigProblem::new(Kind::Syntax, ConfigPath::root(), message).at(again)
            }
        });
    }
    Some(Node { value: Value::Map(entries), origin: source.origin(0) })
}

/// A name, the map in which it is, and its first byte.
type Key = (Arc<str>, ConfigPath, usize);

/// Where a name stands first that stands again here. The parser tells the second place alone.
fn first(text: &str, keys: &[Key], again: &Range<usize>) -> Option<Key> {
    let line = |at: usize| text[..at].rfind('\n').map_or(0, |end| end + 1);
    let header = |at: usize| {
        text[at..].lines().next().unwrap_or_default().split('#').next().unwrap_or_default().trim()
    };
    let name = text.get(again.clone())?.trim_matches(['"', '\'']);
    let start = line(again.start);
    if header(start).starts_with('[') {
        // A header is written as the one before, or told without it.
        let mut at = 0;
        for line in text[..start].split_inclusive('\n') {
            if header(at) == header(start) {
                let column = again.start - start;
                return Some((name.into(), ConfigPath::root(), at + column.min(line.len())));
            }
            at += line.len();
        }
        return None;
    }
    let before =
        |(key, _, at): &&Key| *at < again.start && &**key == name && !header(line(*at)).starts_with('[');
    keys.iter().rev().find(before).cloned()
}

struct Reader<'a> {
    source: &'a Source<'a>,
    problems: &'a mut Vec<ConfigProblem>,
    path: ConfigPath,
    depth: usize,
    /// All names with their places, and the maps that they are in.
    keys: Vec<Key>,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>) -> Vec<Entry> {
        let mut sorted: Vec<_> = table.iter().collect();
        // They come by name; the file has an order of its own.
        sorted.sort_by_key(|(key, _)| key.span().start);
        sorted
            .into_iter()
            .map(|(key, value)| {
                let start = key.span().start;
                let key: Arc<str> = key.get_ref().as_ref().into();
                self.keys.push((Arc::clone(&key), self.path.clone(), start));
                let node = self.within(ConfigStep::Key(Arc::clone(&key)), value);
                Entry::new(key, self.source.origin(start), node)
            })
            .collect()
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>) -> Node {
        let origin = self.source.origin(value.span().start);
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(date) => Value::Text(date.to_string()),
            DeValue::Integer(number) => self.number(whole(number), &origin),
            DeValue::Float(number) => {
                let text = number.as_str();
                let word = matches!(text.trim_start_matches(['+', '-']), "inf" | "nan");
                let number = if word {
                    Err("`inf` and `nan` are no numbers that can be kept")
                } else {
                    scalar::number(text)
                };
                self.number(number, &origin)
            }
            DeValue::Array(_) | DeValue::Table(_) if self.depth == DEPTH => {
                self.problems.push(too_deep(&self.path, origin.clone()));
                Value::Null
            }
            DeValue::Array(items) => {
                let items = items.iter().enumerate();
                Value::List(items.map(|(at, item)| self.within(ConfigStep::Index(at), item)).collect())
            }
            DeValue::Table(table) => Value::Map(self.table(table)),
        };
        Node { value, origin }
    }

    fn number(&mut self, number: Result<Option<serde_json::Number>, &'static str>, origin: &Origin) -> Value {
        match number {
            Ok(Some(number)) => Value::Number(number),
            Ok(None) => Value::Null,
            Err(why) => {
                self.problems
                    .push(ConfigProblem::new(Kind::Syntax, self.path.clone(), why).at(origin.clone()));
                Value::Null
            }
        }
    }

    fn within(&mut self, step: ConfigStep, value: &Spanned<DeValue<'_>>) -> Node {
        self.path.push(step);
        self.depth += 1;
        let node = self.value(value);
        self.depth -= 1;
        self.path.pop();
        node
    }
}

fn whole(number: &DeInteger<'_>) -> Result<Option<serde_json::Number>, &'static str> {
    let value = i128::from_str_radix(number.as_str(), number.radix()).ok();
    let kept = value.and_then(|value| {
        let positive = u64::try_from(value).map(serde_json::Number::from);
        positive.or_else(|_| i64::try_from(value).map(serde_json::Number::from)).ok()
    });
    kept.map(Some).ok_or("the whole number is too large, it does not fit 64 bits")
}

use unicode_width::UnicodeWidthStr;

use super::reference::Reference;
use super::scalar::quoted;
use super::{Node, Origin, Value};

/// What is in effect, as YAML in which each value is followed by where it comes from: `# default`,
/// `# conf/a.yaml:3:14`, `# env BATCH`, `# --set`. Secrets are the references that stand for them.
///
/// ```
/// use orch_core::config::{Node, show};
///
/// assert_eq!(show(&Node::from_set("load.batch=50")?), "load:\n  batch: 50  # --set\n");
/// # Ok::<(), orch_core::config::ConfigError>(())
/// ```
#[must_use]
pub fn show(effective: &Node) -> String {
    let mut lines = Vec::new();
    match &effective.value {
        Value::Map(entries) if entries.is_empty() => {}
        _ => write(effective, 0, "", &mut lines),
    }
    aligned(&lines)
}

/// A line, and the comment that follows it.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) comment: Option<String>,
}

/// Lines with their comments one below the other; a long line holds back no others.
pub(super) fn aligned(lines: &[Line]) -> String {
    /// How wide a line may be for its comment to stand with the others.
    const WIDE: usize = 48;
    let wide = |line: &Line| line.text.width();
    let column =
        lines.iter().filter(|line| line.comment.is_some()).map(wide).filter(|wide| *wide <= WIDE).max();
    let column = column.unwrap_or(0);
    let mut text = String::new();
    for line in lines {
        text.push_str(&line.text);
        if let Some(comment) = &line.comment {
            let gap = if line.text.is_empty() { 0 } else { column.saturating_sub(wide(line)) + 2 };
            text.extend(std::iter::repeat_n(' ', gap));
            text.push_str("# ");
            text.push_str(comment);
        }
        text.push('\n');
    }
    text
}

/// A value after what stands before it on its line: a name, the dash of an item.
fn write(node: &Node, indent: usize, before: &str, lines: &mut Vec<Line>) {
    let scalar = |value: &str, lines: &mut Vec<Line>| {
        let space = if before.is_empty() || before.ends_with(' ') { "" } else { " " };
        lines.push(Line { text: format!("{before}{space}{value}"), comment: Some(origin(&node.origin)) });
    };
    match &node.value {
        Value::Null => scalar("null", lines),
        Value::Bool(value) => scalar(&value.to_string(), lines),
        Value::Number(number) => scalar(&number.to_string(), lines),
        Value::Text(text) => scalar(&quoted(text), lines),
        Value::List(items) if items.is_empty() => scalar("[]", lines),
        Value::Map(entries) if entries.is_empty() => scalar("{}", lines),
        Value::Map(_) if Reference::of(node).is_some() => match Reference::of(node) {
            Some(Reference::Env(name)) => scalar(&format!("{{env: {}}}", quoted(name)), lines),
            Some(Reference::File(path)) => scalar(&format!("{{file: {}}}", quoted(path)), lines),
            None => {}
        },
        Value::List(items) => {
            begin(before, lines);
            for item in items {
                write(item, indent + 2, &format!("{:indent$}- ", ""), lines);
            }
        }
        Value::Map(entries) => {
            // The first name of a map in a list stands beside the dash.
            let mut dash = before.ends_with("- ").then(|| before.to_owned());
            if dash.is_none() {
                begin(before, lines);
            }
            for entry in entries {
                let lead = dash.take().unwrap_or_else(|| " ".repeat(indent));
                write(&entry.node, indent + 2, &format!("{lead}{}:", quoted(&entry.key)), lines);
            }
        }
    }
}

/// The line before what is nested, if there is one.
fn begin(before: &str, lines: &mut Vec<Line>) {
    if !before.is_empty() {
        lines.push(Line { text: before.trim_end().to_owned(), comment: None });
    }
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Env { name, .. } => format!("env {name}"),
        // The place in the tree says what was set.
        Origin::Set(_) => "--set".to_owned(),
        other => other.to_string(),
    }
}

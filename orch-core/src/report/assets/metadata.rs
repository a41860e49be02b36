use std::fmt::Write as _;

use serde_json::Value;

use super::super::columns::clip;
use super::super::palette::{Palette, Role};
use super::super::table::{Cell, table, table_of};
use super::super::text::one_line;
use super::super::words::{count, moment};
use super::plot::number;
use crate::asset::{Column, ColumnSource, MetadataValue, Table, TypedMetadata};

/// How wide the names are of what is said in one line.
pub(super) const NAME: usize = 12;

/// How many rows of a table are drawn, and how many columns a value in it takes.
const ROWS: usize = 20;
const WIDTH: usize = 40;

/// What is said of a materialization, each as what it is: first what takes one line, then what takes several.
pub(super) fn metadata(values: &TypedMetadata, palette: Palette) -> String {
    let (mut lines, mut blocks) = (String::new(), String::new());
    for (name, value) in values {
        let name = palette.paint(Role::Faint, &format!("{:<NAME$}", one_line(name)));
        match told(value, palette) {
            Told::Line(text) => {
                let _ = writeln!(lines, "{name} {text}");
            }
            Told::Block(text) => {
                let _ = writeln!(blocks, "{}", name.trim_end());
                text.lines().for_each(|line| {
                    let _ = writeln!(blocks, "{}", format!("  {line}").trim_end());
                });
            }
        }
    }
    lines + &blocks
}

enum Told {
    Line(String),
    Block(String),
}

fn told(value: &MetadataValue, palette: Palette) -> Told {
    match value {
        MetadataValue::Text(text) | MetadataValue::Markdown(text) => match text.trim_end().contains('\n') {
            true => Told::Block(text.trim_end().lines().map(|line| one_line(line) + "\n").collect()),
            false => Told::Line(one_line(text)),
        },
        MetadataValue::Url(text) | MetadataValue::Path(text) => Told::Line(one_line(text)),
        MetadataValue::Timestamp(time) => Told::Line(moment(*time)),
        MetadataValue::Json(json @ (Value::Array(_) | Value::Object(_))) => Told::Block(format!("{json:#}")),
        MetadataValue::Table(table) => Told::Block(rows(table, palette)),
        MetadataValue::TableSchema(columns) if !columns.is_empty() => Told::Block(schema(columns, palette)),
        MetadataValue::ColumnLineage(columns) if !columns.is_empty() => {
            let line = |(column, sources): (&String, &Vec<ColumnSource>)| {
                let sources: Vec<_> =
                    sources.iter().map(|source| format!("{}.{}", source.asset, source.column)).collect();
                format!("{} <- {}\n", one_line(column), one_line(&sources.join(", ")))
            };
            Told::Block(columns.iter().map(line).collect())
        }
        MetadataValue::Float(value) => Told::Line(number(*value)),
        value => Told::Line(value.to_string()),
    }
}

fn rows(of: &Table, palette: Palette) -> String {
    let head: Vec<_> = of.columns.iter().map(|column| one_line(&column.name)).collect();
    let head: Vec<_> = head.iter().map(String::as_str).collect();
    let row = |values: &Vec<Value>| {
        let cell = |at| Cell::from(values.get(at).map_or_else(String::new, plain));
        (0..head.len()).map(cell).collect()
    };
    let mut text = table_of(&head, of.rows.iter().take(ROWS).map(row).collect(), palette);
    let more = of.rows.len().saturating_sub(ROWS);
    if more > 0 {
        let _ = writeln!(text, "and {}", count(more as u64, "more row", "more rows"));
    }
    text
}

/// A value within a table.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => clip(&one_line(text), WIDTH),
        value => clip(&value.to_string(), WIDTH),
    }
}

fn schema(columns: &[Column], palette: Palette) -> String {
    let row = |column: &Column| {
        let description = column.description.as_deref().map(one_line).unwrap_or_default();
        [Cell::of(Role::Name, one_line(&column.name)), one_line(&column.ty).into(), description.into()]
    };
    table(["column", "type", ""], columns.iter().map(row).collect(), palette)
}

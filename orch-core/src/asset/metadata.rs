use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is said of a materialization, by names of one's own: `rows`, `path`, `accuracy`.
pub type TypedMetadata = BTreeMap<String, MetadataValue>;

/// One thing that is worth knowing of a materialization, with what it is, so that it can be shown as that: a number is
/// plotted over time, a table is drawn, a path can be copied.
///
/// ```
/// use orch_core::asset::MetadataValue;
///
/// assert_eq!(MetadataValue::from(3), MetadataValue::Int(3));
/// assert_eq!(MetadataValue::from("daily").to_string(), "daily");
/// assert_eq!(MetadataValue::RowCount(800).number(), Some(800.0));
/// assert_eq!(MetadataValue::markdown("**800** rows").number(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
#[non_exhaustive]
pub enum MetadataValue {
    /// A text.
    Text(String),
    /// A text in Markdown.
    Markdown(String),
    /// An address.
    Url(String),
    /// Where something lies in a file system.
    Path(String),
    /// A whole number.
    Int(i64),
    /// A number. One that is not finite has no form in JSON, and is kept as text.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// A moment, in UTC.
    Timestamp(Timestamp),
    /// Whatever JSON says.
    Json(serde_json::Value),
    /// Rows of a table.
    Table(Table),
    /// The columns that a table has.
    TableSchema(Vec<Column>),
    /// Of each column the columns of other assets that it is made of.
    ColumnLineage(BTreeMap<String, Vec<ColumnSource>>),
    /// How many rows there are.
    RowCount(u64),
}

/// A small table, to be looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each with as many values as there are columns.
    pub rows: Vec<Vec<serde_json::Value>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The type of its values, as whoever made it calls it: `i64`, `str`.
    #[serde(rename = "type", alias = "dtype")]
    pub ty: String,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A column of another asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSource {
    /// The asset.
    pub asset: super::AssetKey,
    /// Its column.
    pub column: String,
}

impl Column {
    /// A column of this name and type.
    #[must_use]
    pub fn new(name: impl Into<String>, ty: impl Into<String>) -> Self {
        Self { name: name.into(), ty: ty.into(), description: None }
    }
}

impl MetadataValue {
    /// A text in Markdown.
    #[must_use]
    pub fn markdown(text: impl Into<String>) -> Self {
        Self::Markdown(text.into())
    }

    /// An address.
    #[must_use]
    pub fn url(url: impl Into<String>) -> Self {
        Self::Url(url.into())
    }

    /// Where something lies in a file system.
    #[must_use]
    pub fn path(path: impl AsRef<std::path::Path>) -> Self {
        Self::Path(path.as_ref().display().to_string())
    }

    /// The same in a form that JSON can hold: a number that is not finite is a text.
    pub(crate) fn written(self) -> Self {
        match self {
            Self::Float(number) => float(number),
            other => other,
        }
    }

    /// As a number, where it is one: what can be plotted over time.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::RowCount(rows) => Some(*rows as f64),
            _ => None,
        }
    }
}

impl fmt::Display for MetadataValue {
    /// In one line; what has many parts is told by their number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Markdown(text) | Self::Url(text) | Self::Path(text) => {
                write!(f, "{}", text.escape_debug())
            }
            Self::Int(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Bool(yes) => yes.fmt(f),
            Self::Timestamp(time) => time.fmt(f),
            Self::Json(json) => json.fmt(f),
            Self::Table(table) => parts(f, table.rows.len(), "row"),
            Self::TableSchema(columns) => {
                let columns: Vec<_> =
                    columns.iter().map(|column| format!("{}: {}", column.name, column.ty)).collect();
                f.write_str(&columns.join(", "))
            }
            Self::ColumnLineage(columns) => parts(f, columns.len(), "column"),
            Self::RowCount(rows) => rows.fmt(f),
        }
    }
}

fn parts(f: &mut fmt::Formatter<'_>, number: usize, part: &str) -> fmt::Result {
    write!(f, "{number} {part}{}", if number == 1 { "" } else { "s" })
}

macro_rules! metadata_from {
    ($($from:ty => |$value:ident| $to:expr;)*) => {$(
        impl From<$from> for MetadataValue {
            fn from($value: $from) -> Self {
                $to
            }
        }
    )*};
}
metadata_from! {
    &str => |text| Self::Text(text.to_owned());
    String => |text| Self::Text(text);
    &std::path::Path => |path| Self::path(path);
    std::path::PathBuf => |path| Self::path(path);
    bool => |yes| Self::Bool(yes);
    i32 => |number| Self::Int(number.into());
    i64 => |number| Self::Int(number);
    u32 => |number| Self::Int(number.into());
    u64 => |number| whole(number);
    usize => |number| whole(number as u64);
    f32 => |number| float(number.into());
    f64 => |number| float(number);
    Timestamp => |time| Self::Timestamp(time);
    serde_json::Value => |json| Self::Json(json);
    Table => |table| Self::Table(table);
}

/// Beyond what a signed number holds it is a float, as it would be in JSON.
fn whole(number: u64) -> MetadataValue {
    i64::try_from(number).map_or(MetadataValue::Float(number as f64), MetadataValue::Int)
}

fn float(number: f64) -> MetadataValue {
    if number.is_finite() { MetadataValue::Float(number) } else { MetadataValue::Text(number.to_string()) }
}

/// What an IO manager says of an output it stored, with what it is: its plain JSON is told apart by form and by the names
/// that the managers of frames use.
pub(crate) fn typed(metadata: &BTreeMap<String, serde_json::Value>) -> TypedMetadata {
    let schema = metadata.get("schema").and_then(columns).unwrap_or_default();
    let value = |(name, json): (&String, &serde_json::Value)| {
        let value = match (name.as_str(), json) {
            ("path" | "file", serde_json::Value::String(path)) => MetadataValue::Path(path.clone()),
            ("rows", json) if json.is_u64() => MetadataValue::RowCount(json.as_u64().unwrap_or_default()),
            ("schema", json) if let Some(columns) = columns(json) => MetadataValue::TableSchema(columns),
            ("sample", json) if let Some(table) = table(json, &schema) => MetadataValue::Table(table),
            (_, json) if let Some(table) = table(json, &[]) => MetadataValue::Table(table),
            (_, serde_json::Value::String(text)) => MetadataValue::Text(text.clone()),
            (_, serde_json::Value::Bool(yes)) => MetadataValue::Bool(*yes),
            (_, json) => match (json.as_i64(), json.as_f64()) {
                (Some(number), _) => MetadataValue::Int(number),
                (None, Some(number)) => MetadataValue::Float(number),
                (None, None) => MetadataValue::Json(json.clone()),
            },
        };
        (name.clone(), value)
    };
    metadata.iter().map(value).collect()
}

fn columns(json: &serde_json::Value) -> Option<Vec<Column>> {
    serde_json::from_value(json.clone()).ok()
}

/// A list of objects, if it is one: its rows, and as columns the names there are, of the types that are known of them.
fn table(json: &serde_json::Value, known: &[Column]) -> Option<Table> {
    let objects: Option<Vec<_>> = json.as_array()?.iter().map(serde_json::Value::as_object).collect();
    let objects = objects.filter(|objects| !objects.is_empty())?;
    let mut names = Vec::new();
    for name in objects.iter().flat_map(|object| object.keys()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let column = |name: &&String| {
        let known = known.iter().find(|column| column.name == **name).cloned();
        let values = || objects.iter().filter_map(|object| object.get(*name));
        known.unwrap_or_else(|| Column::new(*name, type_of(values())))
    };
    let row = |object: &&serde_json::Map<String, serde_json::Value>| {
        names.iter().map(|name| object.get(*name).cloned().unwrap_or_default()).collect()
    };
    Some(Table { columns: names.iter().map(column).collect(), rows: objects.iter().map(row).collect() })
}

/// What such values are together, but for those that are null.
fn type_of<'a>(values: impl Iterator<Item = &'a serde_json::Value>) -> &'static str {
    let types = values.filter_map(|value| match value {
        serde_json::Value::Null => None,
        serde_json::Value::Bool(_) => Some("bool"),
        serde_json::Value::String(_) => Some("text"),
        serde_json::Value::Number(number) if number.is_f64() => Some("float"),
        serde_json::Value::Number(_) => Some("int"),
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => Some("json"),
    });
    let together = types.reduce(|one, other| match (one, other) {
        (one, other) if one == other => one,
        ("int" | "float", "int" | "float") => "float",
        _ => "json",
    });
    together.unwrap_or("null")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_say_what_they_are_and_read_back() {
        let lineage =
            ColumnSource { asset: "raw/orders".parse().expect("a key"), column: "price".to_owned() };
        let values = [
            MetadataValue::from("a\nb"),
            MetadataValue::markdown("**bold**"),
            MetadataValue::url("https://example.org"),
            MetadataValue::path("data/orders.csv"),
            7_i64.into(),
            u64::MAX.into(),
            2.5.into(),
            f64::NAN.into(),
            true.into(),
            Timestamp::UNIX_EPOCH.into(),
            serde_json::json!({"a": [1]}).into(),
            Table { columns: vec![Column::new("a", "i64")], rows: vec![vec![1.into()]] }.into(),
            MetadataValue::TableSchema(vec![Column::new("a", "i64"), Column::new("b", "str")]),
            MetadataValue::ColumnLineage([("total".to_owned(), vec![lineage])].into()),
            MetadataValue::RowCount(800),
        ];
        let told = values.map(|value| {
            let json = serde_json::to_string(&value).expect("it is JSON");
            assert_eq!(serde_json::from_str::<MetadataValue>(&json).expect("as written"), value);
            format!("{value}  <-  {json}")
        });
        insta::assert_snapshot!(told.join("\n"), @r#"
        a\nb  <-  {"type":"text","value":"a\nb"}
        **bold**  <-  {"type":"markdown","value":"**bold**"}
        https://example.org  <-  {"type":"url","value":"https://example.org"}
        data/orders.csv  <-  {"type":"path","value":"data/orders.csv"}
        7  <-  {"type":"int","value":7}
        18446744073709552000  <-  {"type":"float","value":1.8446744073709552e+19}
        2.5  <-  {"type":"float","value":2.5}
        NaN  <-  {"type":"text","value":"NaN"}
        true  <-  {"type":"bool","value":true}
        1970-01-01T00:00:00Z  <-  {"type":"timestamp","value":"1970-01-01T00:00:00Z"}
        {"a":[1]}  <-  {"type":"json","value":{"a":[1]}}
        1 row  <-  {"type":"table","value":{"columns":[{"name":"a","type":"i64"}],"rows":[[1]]}}
        a: i64, b: str  <-  {"type":"table_schema","value":[{"name":"a","type":"i64"},{"name":"b","type":"str"}]}
        1 column  <-  {"type":"column_lineage","value":{"total":[{"asset":"raw/orders","column":"price"}]}}
        800  <-  {"type":"row_count","value":800}
        "#);
    }

    #[test]
    fn what_io_managers_say_is_told_apart() {
        let said = serde_json::json!({
            "path": "lake/orders.parquet", "rows": 3, "bytes": 812, "mean": 1.5, "sorted": true,
            "schema": [{"name": "id", "type": "i64"}], "sample": [{"id": 1}], "format": "parquet",
            "statistics": [{"name": "id", "nulls": 0, "min": 1}, {"name": "day", "nulls": 1.5, "min": "2024", "tags": []}],
            "empty": [], "list": [1, 2],
        });
        let said: BTreeMap<String, serde_json::Value> = serde_json::from_value(said).expect("a map");
        let told: Vec<_> = typed(&said).iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        bytes: Int(812)
        empty: Json(Array [])
        format: Text("parquet")
        list: Json(Array [Number(1), Number(2)])
        mean: Float(1.5)
        path: Path("lake/orders.parquet")
        rows: RowCount(3)
        sample: Table(Table { columns: [Column { name: "id", ty: "i64", description: None }], rows: [[Number(1)]] })
        schema: TableSchema([Column { name: "id", ty: "i64", description: None }])
        sorted: Bool(true)
        statistics: Table(Table { columns: [Column { name: "name", ty: "text", description: None }, Column { name: "nulls", ty: "float", description: None }, Column { name: "min", ty: "json", description: None }, Column { name: "tags", ty: "json", description: None }], rows: [[String("id"), Number(0), Number(1), Null], [String("day"), Number(1.5), String("2024"), Array []]] })
        "#);
    }
}

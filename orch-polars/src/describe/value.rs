//! One value of a frame as JSON.

use polars::prelude::AnyValue;
use serde_json::Value;

/// A text beyond this is cut.
const LONGEST: usize = 100;

/// A list beyond this is cut.
const MOST_ITEMS: usize = 10;

/// What is cut ends in this.
const CUT: &str = "…";

/// The value as JSON, if JSON has such values, else as text. What is long is cut.
pub(crate) fn json(value: &AnyValue<'_>) -> Value {
    match value {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(value) => (*value).into(),
        // By way of its digits, else 0.1 would be 0.10000000149.
        AnyValue::Float32(value) => value.to_string().parse().map_or(Value::Null, float),
        AnyValue::Float64(value) => float(*value),
        AnyValue::Binary(bytes) => binary(bytes),
        AnyValue::BinaryOwned(bytes) => binary(bytes),
        AnyValue::List(items) => {
            let mut list: Vec<_> = items.iter().take(MOST_ITEMS).map(|item| json(&item)).collect();
            if items.len() > MOST_ITEMS {
                list.push(CUT.into());
            }
            list.into()
        }
        value if value.is_integer() => integer(value),
        value => cut(value.get_str().map_or_else(|| value.to_string(), str::to_owned)),
    }
}

fn integer(value: &AnyValue<'_>) -> Value {
    let small = value.extract::<i64>().map(Value::from);
    let large = || value.extract::<u64>().map(Value::from);
    small.or_else(large).unwrap_or_else(|| cut(value.to_string()))
}

/// JSON has no name for what is no finite number.
fn float(value: f64) -> Value {
    if value.is_finite() { value.into() } else { value.to_string().into() }
}

fn binary(bytes: &[u8]) -> Value {
    let shown = &bytes[..bytes.len().min(LONGEST / 4)];
    let more = if shown.len() < bytes.len() { CUT } else { "" };
    format!("{}{more}", shown.escape_ascii()).into()
}

fn cut(mut text: String) -> Value {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push_str(CUT);
    }
    text.into()
}

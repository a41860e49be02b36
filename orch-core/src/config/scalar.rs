use serde_json::Number;

use super::Value;

/// What a plain text means by the core schema of YAML 1.2: `null`, `true`, `50`, `0x1f`, `1e3`; anything else, such as
/// `yes`, is text.
///
/// # Errors
/// Why a text that is a number by these rules can be none here.
pub(super) fn resolve(text: &str) -> Result<Value, &'static str> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match number(text)? {
            Some(number) => Value::Number(number),
            None => Value::Text(text.to_owned()),
        },
    })
}

/// The number that a text spells, none if it spells none.
///
/// # Errors
/// If the number is infinite, none at all, or larger than can be kept without loss.
pub(super) fn number(text: &str) -> Result<Option<Number>, &'static str> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    match digits {
        ".inf" | ".Inf" | ".INF" => return Err("infinity is no number that can be kept"),
        ".nan" | ".NaN" | ".NAN" if digits.len() == text.len() => {
            return Err("`.nan` is no number that can be kept");
        }
        _ => {}
    }
    let all = |digits: &str, radix| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    let signless = digits.len() == text.len();
    match digits.get(..2) {
        Some("0x") if signless && all(&digits[2..], 16) => return whole(false, &digits[2..], 16).map(Some),
        Some("0o") if signless && all(&digits[2..], 8) => return whole(false, &digits[2..], 8).map(Some),
        _ => {}
    }
    if all(digits, 10) {
        return whole(negative, digits, 10).map(Some);
    }
    if !is_float(digits) {
        return Ok(None);
    }
    let value: f64 = text.parse().map_err(|_| "this is no number")?;
    Number::from_f64(value).map(Some).ok_or("the number is too large")
}

/// A whole number of digits, within the range of what 64 bits hold.
fn whole(negative: bool, digits: &str, radix: u32) -> Result<Number, &'static str> {
    let value = i128::from_str_radix(digits, radix).ok().map(|value| if negative { -value } else { value });
    let kept = value.and_then(|value| {
        u64::try_from(value).map(Number::from).or_else(|_| i64::try_from(value).map(Number::from)).ok()
    });
    kept.ok_or("the whole number is too large, it does not fit 64 bits")
}

/// `12.5`, `.5`, `5.`, `1e3`, without a sign.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    (!whole.is_empty() || !fraction.is_empty())
        && digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// A text as it is written in YAML: as it is, if it can be misread by neither people nor programs, else in quotes.
pub(super) fn quoted(text: &str) -> String {
    let first = |c: char| c.is_alphabetic() || matches!(c, '_' | '/' | '.');
    let rest = |c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '.' | '-');
    let plain = text.starts_with(first) && text.chars().all(rest);
    // Words that older YAML takes for truth values.
    let truth = ["yes", "no", "on", "off", "y", "n"].iter().any(|word| text.eq_ignore_ascii_case(word));
    if plain && !truth && matches!(resolve(text), Ok(Value::Text(_))) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
                || u32::from(c) & 0xfffe == 0xfffe =>
            {
                quoted.push_str(&format!("\\U{:08x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

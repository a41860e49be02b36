use std::cmp::Ordering;

use serde_json::Number;

use super::{Check, Kind};
use crate::config::Node;
use crate::config::schema::Facets;

/// The widths of whole numbers that schemas name, with their ranges. Those of 128 bits hold all that can be written.
const WIDTHS: [(&str, i128, i128); 10] = [
    ("int8", i8::MIN as i128, i8::MAX as i128),
    ("int16", i16::MIN as i128, i16::MAX as i128),
    ("int32", i32::MIN as i128, i32::MAX as i128),
    ("int64", i64::MIN as i128, i64::MAX as i128),
    ("int", isize::MIN as i128, isize::MAX as i128),
    ("uint8", 0, u8::MAX as i128),
    ("uint16", 0, u16::MAX as i128),
    ("uint32", 0, u32::MAX as i128),
    ("uint64", 0, u64::MAX as i128),
    ("uint", 0, usize::MAX as i128),
];

impl<'a> Check<'a> {
    pub(super) fn number(&mut self, node: &Node, number: &Number, facets: &Facets<'a>) {
        let below = |bound: &Number| compare(number, bound) == Ordering::Less;
        let above = |bound: &Number| compare(number, bound) == Ordering::Greater;
        let low = facets.all("minimum").filter_map(|word| word.as_number()).find(|bound| below(bound));
        let high = facets.all("maximum").filter_map(|word| word.as_number()).find(|bound| above(bound));
        let over =
            facets.all("exclusiveMinimum").filter_map(|word| word.as_number()).find(|bound| !above(bound));
        let under =
            facets.all("exclusiveMaximum").filter_map(|word| word.as_number()).find(|bound| !below(bound));
        let width = facets.text("format").and_then(|format| WIDTHS.iter().find(|(name, ..)| *name == format));
        let narrow = width.filter(|(_, least, most)| exact(number).is_some_and(|n| n < *least || n > *most));

        // A width that a type has says more than the bounds that follow from it.
        let (least, most) = (facets.word("minimum"), facets.word("maximum"));
        let allowed = match (least, most) {
            (Some(least), Some(most)) => Some(format!("from {least} to {most}")),
            _ => None,
        };
        let wrong = match (low, high, over, under) {
            (Some(_), ..) | (_, Some(_), ..) if allowed.is_some() => allowed,
            (Some(least), ..) => Some(format!("at least {least}")),
            (_, Some(most), ..) => Some(format!("at most {most}")),
            (_, _, Some(bound), _) => Some(format!("more than {bound}")),
            (.., Some(bound)) => Some(format!("less than {bound}")),
            _ => narrow.map(|(_, least, most)| format!("from {least} to {most}")),
        };
        if let Some(wrong) = wrong {
            let found = self.number_found(number);
            self.report(Kind::WrongValue, node, &format!("is to be {wrong}, but is {found}"));
            return;
        }
        let step =
            facets.all("multipleOf").filter_map(|word| word.as_number()).find(|step| !multiple(number, step));
        if let Some(step) = step {
            let found = self.number_found(number);
            self.report(Kind::WrongValue, node, &format!("is to be a multiple of {step}, but is {found}"));
        }
    }

    fn number_found(&self, number: &Number) -> String {
        if self.hidden { "another".to_owned() } else { number.to_string() }
    }
}

/// A number as a whole one, if it is: `3.0` is.
pub(super) fn whole(number: &Number) -> Option<Number> {
    exact(number).and_then(|whole| {
        u64::try_from(whole).map(Number::from).or_else(|_| i64::try_from(whole).map(Number::from)).ok()
    })
}

/// Whether two numbers are the same, however they are written.
pub(super) fn same(a: &Number, b: &Number) -> bool {
    compare(a, b) == Ordering::Equal
}

/// A number as a whole one, without loss.
fn exact(number: &Number) -> Option<i128> {
    if let Some(whole) = number.as_i64() {
        return Some(i128::from(whole));
    }
    if let Some(whole) = number.as_u64() {
        return Some(i128::from(whole));
    }
    // Beyond the whole numbers that are exact there, a float says nothing of which is meant.
    number
        .as_f64()
        .filter(|float| float.fract() == 0.0 && float.abs() <= 2f64.powi(64))
        .map(|float| float as i128)
}

fn compare(a: &Number, b: &Number) -> Ordering {
    match (exact(a), exact(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        // There is no NaN in a `Number`.
        _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
    }
}

fn multiple(number: &Number, step: &Number) -> bool {
    match (exact(number), exact(step)) {
        (_, Some(0)) => true,
        (Some(number), Some(step)) => number % step == 0,
        _ => {
            let (number, step) = (number.as_f64().unwrap_or_default(), step.as_f64().unwrap_or(1.0));
            let quotient = number / step;
            // 0.3 is a multiple of 0.1, though not in the last bit.
            (quotient - quotient.round()).abs() <= 1e-9 * quotient.abs().max(1.0)
        }
    }
}

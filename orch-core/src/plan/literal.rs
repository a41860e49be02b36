use crate::ids::stable_hash;
use crate::value::Value;

/// How many characters of a text are shown.
const SHOWN: usize = 40;

/// A constant as Rust writes it, if its type is a number, `bool`, `char` or text: what changes in it, changes in the plan.
/// Of a long text the beginning is shown, and its hash stands for the rest.
pub(super) fn written(value: &Value) -> Option<String> {
    text(value).map(quoted).or_else(|| uncut(value))
}

/// The same, of a long text all of it: two constants of a type that are written alike are the same.
pub(crate) fn uncut(value: &Value) -> Option<String> {
    macro_rules! first_of {
        ($($T:ty)*) => {
            None$(.or_else(|| value.get::<$T>().map(|value| format!("{value:?}"))))*
        };
    }
    let text = text(value).map(|text| format!("{text:?}"));
    text.or_else(|| first_of!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64 bool char))
}

fn text(value: &Value) -> Option<&str> {
    value.get::<String>().map(String::as_str).or_else(|| value.get::<&'static str>().copied())
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => {
            let mut quoted = format!("{:?}", &text[..end]);
            quoted.pop();
            format!("{quoted}…\" #{:08x}", stable_hash(text) as u32)
        }
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Data;

    fn of<T: Data>(value: T) -> Option<String> {
        written(&Value::new(value))
    }

    #[test]
    fn numbers_and_texts_are_shown_and_nothing_else() {
        let shown =
            [of(19_i64), of(-1_i8), of(1.0_f64), of(true), of('\''), of("anna"), of("ann\na".to_owned())];
        let shown: Vec<_> = shown.into_iter().flatten().collect();
        assert_eq!(shown, ["19", "-1", "1.0", "true", r"'\''", r#""anna""#, r#""ann\na""#]);
        assert_eq!((of(vec![1]), of(()), of(Some("x"))), (None, None, None));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(of("ä".repeat(40)), Some(format!("\"{}\"", "ä".repeat(40))));
        let cut = |text: String, shown: &str| of(text).is_some_and(|written| written.starts_with(shown));
        assert!(cut("ä".repeat(41), &format!("\"{}…\" #", "ä".repeat(40))));
        assert!(cut("'\"".repeat(21), &format!("\"{}…\" #", "'\\\"".repeat(20))));
    }

    #[test]
    fn what_changes_in_a_long_text_changes_what_is_shown() {
        let query = |day: u8| format!("select name, type1 from pokemon where generation = 1 and day = {day}");
        let shown = "\"select name, type1 from pokemon where ge…\" #b3377be4";
        assert_eq!(of(query(1)), Some(shown.to_owned()));
        assert_ne!(of(query(1)), of(query(2)));
    }
}

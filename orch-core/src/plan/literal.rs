use crate::value::Value;

/// How many characters of a text are shown.
const SHOWN: usize = 40;

/// A constant as Rust writes it, if its type is a number, `bool`, `char` or text: what changes in it, changes in the plan.
pub(super) fn written(value: &Value) -> Option<String> {
    macro_rules! first_of {
        ($($T:ty)*) => {
            None$(.or_else(|| value.get::<$T>().map(|value| format!("{value:?}"))))*
        };
    }
    let text = value.get::<String>().map(String::as_str).or_else(|| value.get::<&'static str>().copied());
    text.map(quoted)
        .or_else(|| first_of!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64 bool char))
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => {
            let mut quoted = format!("{:?}", &text[..end]);
            quoted.pop();
            quoted + "…\""
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
        assert_eq!(of("ä".repeat(41)), Some(format!("\"{}…\"", "ä".repeat(40))));
        assert_eq!(of("'\"".repeat(21)), Some(format!("\"{}…\"", "'\\\"".repeat(20))));
    }
}

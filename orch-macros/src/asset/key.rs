//! The form of an asset's key, as the list of assets checks it too; here it is told at the user's word.

use syn::LitStr;

/// How long each part of a key may be.
const LONGEST: usize = 100;

/// Why no asset can have this key, and what to write instead.
pub(super) fn refusal(key: &LitStr) -> Option<String> {
    let (key, fits) = (key.value(), |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if let Some(odd) = key.chars().find(|&c| !fits(c) && c != '/') {
        let plain: String = key.chars().map(|c| if fits(c) || c == '/' { c } else { '_' }).collect();
        return Some(format!(
            "the key of an asset cannot have {odd:?}: write ASCII letters, digits, `_`, `-` and `.`, and `/` between its \
             parts: `{plain}`"
        ));
    }
    let odd = key.split('/').find(|part| matches!(*part, "" | "." | "..") || part.len() > LONGEST)?;
    Some(match odd {
        "" => "each part of an asset's key has a name: `warehouse/orders`".to_owned(),
        "." | ".." => format!("`{odd}` would lead elsewhere as a path: give this part of the key a name"),
        _ => format!("each part of an asset's key has {LONGEST} characters at most"),
    })
}

/// The name of the step that makes the asset: names of steps have neither slashes nor dots.
pub(super) fn step_name(key: &str) -> String {
    key.replace('/', "__").replace(['.', '-'], "_")
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    #[test]
    fn keys_of_the_documented_form_are_accepted_and_nothing_else_is() {
        let refusal = |key: &str| refusal(&LitStr::new(key, Span::call_site()));
        for key in ["orders", "warehouse/orders", "a-b_c.d/e", &"a".repeat(100)] {
            assert_eq!(refusal(key), None);
        }
        for key in ["", "my orders", "größe", "/orders", "a//b", "a/..", &"a".repeat(101)] {
            assert!(refusal(key).is_some(), "{key}");
        }
        assert_eq!(step_name("ware-house/orders.v2"), "ware_house__orders_v2");
    }
}

use super::{Check, Kind};
use crate::config::Node;
use crate::config::schema::Facets;
use crate::config::words::cut;

impl<'a> Check<'a> {
    pub(super) fn text(&mut self, node: &Node, text: &str, facets: &Facets<'a>) {
        let length = text.chars().count() as u64;
        let least = facets.all("minLength").filter_map(|word| word.as_u64()).max().unwrap_or(0);
        let most = facets.all("maxLength").filter_map(|word| word.as_u64()).min().unwrap_or(u64::MAX);
        let wanted = match (least, most) {
            _ if (least..=most).contains(&length) => None,
            (1, 1) => Some("a single character".to_owned()),
            (1, _) if length == 0 => Some("a text that is not empty".to_owned()),
            _ if length < least => Some(format!("at least {least} characters long")),
            _ => Some(format!("at most {most} characters long")),
        };
        if let Some(wanted) = wanted {
            let found = match length {
                0 => "is empty".to_owned(),
                _ => format!("has {length}"),
            };
            self.report(Kind::WrongValue, node, &format!("is to be {wanted}, but {found}"));
        }
        for pattern in facets.all("pattern").filter_map(|word| word.as_str()) {
            match regex_lite::Regex::new(pattern) {
                Ok(regex) if regex.is_match(text) => {}
                Ok(_) => {
                    let found = self.found(node);
                    let pattern = cut(pattern);
                    self.report(
                        Kind::WrongValue,
                        node,
                        &format!("is to match the pattern {pattern}, but is {found}"),
                    );
                }
                Err(error) => {
                    self.misunderstood(
                        node,
                        &format!("the pattern {} of its schema is none: {error}", cut(pattern)),
                    );
                }
            }
        }
    }
}

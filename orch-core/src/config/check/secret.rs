use super::{Check, Kind};
use crate::config::path::ConfigStep;
use crate::config::reference::Reference;
use crate::config::schema::Facets;
use crate::config::{ConfigProblem, Node, Value};

impl<'a> Check<'a> {
    /// A secret: a reference, and one that leads to something. What stands there instead is shown in no message.
    pub(super) fn secret(&mut self, node: &Node, facets: &Facets<'a>) {
        if node.value == Value::Null && facets.types().is_some_and(|types| types.contains(&"null")) {
            return;
        }
        let subject = self.path.subject();
        let problem =
            |kind, message| ConfigProblem::new(kind, self.path.clone(), message).at(node.origin.clone());
        let problem = match Reference::of(node) {
            Some(_) if self.env.leaves_secrets() => return,
            Some(Reference::Env(name)) => {
                if self.env.get(name).is_some() {
                    return;
                }
                let message =
                    format!("{subject} is a secret in the environment variable `{name}`, which is not set");
                problem(Kind::Reference, message)
                    .hint(format!("set it where the program is started: {name}=.."))
            }
            Some(Reference::File(path)) => {
                if std::path::Path::new(path).is_file() {
                    return;
                }
                let message = format!("{subject} is a secret in the file `{path}`, which is not there");
                problem(Kind::Reference, message).hint("a relative path begins at the working directory")
            }
            None if let Value::Map(entries) = &node.value => {
                let message = format!(
                    "{subject} is a secret, and refers to it by something else than `env` or `file` alone"
                );
                let latest = entries.iter().max_by_key(|entry| entry.layer);
                let at = latest.map_or(&node.origin, |entry| &entry.at).clone();
                let problem = ConfigProblem::new(Kind::Secret, self.path.clone(), message).at(at);
                problem.hint("write `{env: NAME}` or `{file: PATH}`")
            }
            None => {
                let name = match self.path.steps().last() {
                    Some(ConfigStep::Key(key)) => variable(key),
                    _ => "NAME".to_owned(),
                };
                let message = format!("{subject} is a secret, and a secret is not written down");
                problem(Kind::Secret, message)
                    .hint(format!("refer to it: `{{env: {name}}}`, or `{{file: PATH}}` for one in a file"))
            }
        };
        self.problems.push(problem);
    }
}

/// What a variable for a field would be called: `DB_PASSWORD` of `db-password`.
fn variable(key: &str) -> String {
    let name: String =
        key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

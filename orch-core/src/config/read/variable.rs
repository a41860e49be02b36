use serde::de::DeserializeOwned;

use super::{ReadError, read_with_secrets};
use crate::config::reference::Reference;
use crate::config::{EnvVars, Node, Origin, Secret, Value};

/// As [`read`](super::read), of a value that no schema describes, with the texts of all secrets that were resolved.
///
/// Only the type knows where `{env: NAME}` is a map like any other. Where it refuses one, what the variable holds is read
/// in its place.
pub(crate) fn read_undescribed<T: DeserializeOwned>(
    node: &Node,
    env: &EnvVars,
) -> Result<(T, Vec<Secret<String>>), ReadError> {
    let mut node = node.clone();
    // Each time round there is one reference less.
    loop {
        let mut error = match read_with_secrets(&node, env) {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        let refused = ["invalid type: map,", "unknown variant `env`,"];
        let refused = refused.iter().any(|begin| error.message.starts_with(begin));
        let Some(found) = node.at_mut(&error.path).filter(|_| refused) else { return Err(error) };
        let Some(Reference::Env(name)) = Reference::of(found) else { return Err(error) };
        let Some(text) = env.get(name) else {
            error.message = format!("the environment variable `{name}` is not set");
            return Err(error);
        };
        let origin = Origin::Env { name: name.into(), asked: Box::new(found.origin.clone()) };
        *found = Node { value: Value::Text(text), origin };
    }
}

use super::read::read_with_secrets;
use super::{Config, ConfigDef, Configurable, EnvVars, Node, Origin, ReadError, Scrubber, check, write};
use crate::failure::{Failure, quietly};
use crate::ids::Place;
use crate::value::TypeInfo;

impl ConfigDef {
    /// The configuration type `Outer`, of which `map` makes this one, for a function that takes this one.
    ///
    /// What it makes is checked by the schema of this one. A [`Secret`](super::Secret) may be handed on, as a reference to
    /// where it is kept; what `map` says when it fails or panics is told without it.
    #[must_use]
    #[track_caller]
    pub fn mapped<Outer: Configurable, Inner: Configurable>(
        &self,
        map: impl Fn(Config<Outer>) -> Result<Inner, Failure> + Send + Sync + 'static,
    ) -> Self {
        let (inner, place) = (self.clone(), Place::caller());
        let read = move |node: &Node, env: &EnvVars| {
            let (value, secrets) = read_with_secrets::<Outer>(node, env)?;
            let scrubber = Scrubber::new(&secrets);
            let refused = |message: String| {
                let origin = match &node.origin {
                    Origin::Default => Origin::Code(place.clone()),
                    given => given.clone(),
                };
                ReadError::new(origin, message)
            };
            let unusable =
                |why: String| refused(format!("what is made of it cannot be used: {}", scrubber.scrub(&why)));
            if inner.ty() != TypeInfo::of::<Inner>() {
                let (found, wanted) = (TypeInfo::of::<Inner>().name(), inner.ty().name());
                return Err(unusable(format!("it is a `{found}`, not a `{wanted}`")));
            }
            let made = quietly(|| map(Config::new(value))).and_then(|made| made);
            let made = made.map_err(|failure| {
                refused(format!("nothing can be made of it: {}", scrubber.error(failure.info())))
            })?;
            let made = write(&made, &node.origin).map_err(|error| unusable(error.to_string()))?;
            let made = check(&made, &inner.schema(), env).map_err(|error| {
                let problems: Vec<_> = error.problems().iter().map(|problem| problem.message()).collect();
                unusable(problems.join("; "))
            })?;
            let mut read = inner.read(&made, env).map_err(|error| match error.path.is_root() {
                true => unusable(error.message),
                false => unusable(format!("`{}`: {}", error.path, error.message)),
            })?;
            // What it was made of may be in it without being a secret of its own.
            read.secrets = read.secrets.iter().cloned().chain(secrets).collect();
            Ok(read)
        };
        Self::of::<Outer>().reading(read)
    }
}

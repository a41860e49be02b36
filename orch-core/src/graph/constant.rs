use super::compose::{self, SourceKind};
use super::{Node, Out};
use crate::value::{Data, TypeInfo, Value};

/// A constant, as an input.
///
/// The plan shows it if it is a number, a `bool`, a `char` or a text, so a secret is no constant: let the op read it from
/// where it is kept.
#[must_use]
pub fn lit<T: Data>(value: T) -> Out<T> {
    compose::with(|composition| {
        composition.graph.literals.push(Value::new(value));
        let kind = SourceKind::Literal(composition.graph.literals.len() - 1);
        Out::new(composition.add_source(kind, 0, TypeInfo::of::<T>()))
    })
}

/// What the body of a job or graph calls as `lit(5)`, by the type of that name, as it calls ops: a constant, as an input.
///
/// Since it is a type and no function, it stands beside a function of that name, such as that of polars: `use` all of both, and
/// in a body `lit(5)` is a constant, elsewhere whatever the function says. What draws by hand calls the function [`lit()`].
///
/// The plan shows a constant if it is a number, a `bool`, a `char` or a text, so a secret is none: let the op read it from where
/// it is kept.
#[derive(Debug)]
pub struct Lit {}

#[diagnostic::do_not_recommend]
impl Node for Lit {
    type Call = Self;

    fn node() -> Self {
        Self {}
    }
}

impl Lit {
    /// The constant.
    #[must_use]
    pub fn call<T: Data>(self, value: T) -> Out<T> {
        lit(value)
    }
}

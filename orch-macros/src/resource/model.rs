use proc_macro2::{Ident, TokenStream};
use syn::{ItemFn, LitStr, Path, ReturnType, Type, Visibility, parse_quote};

use crate::asset::Recipe;
use crate::attr::{Known, Options};
use crate::diag::Diag;
use crate::parameter::{self, Asked};
use crate::{func, policy};

const OPTIONS: Known = Known {
    owner: "`#[resource]`",
    options: &["name", "description", "close", "close_async", "code_version", "fingerprint", "env"],
    repeated: &[],
    elsewhere: &[
        ("trust_resources", "`#[asset]` and `#[op]`"),
        ("io", "`#[op]`"),
        ("retry", "`#[op]`"),
        ("timeout", "`#[op]`"),
        ("pool", "`#[op]`"),
    ],
};

/// What closes it, in an error.
const FUNCTION: &str = "the name of a function";

/// A resource as its author wrote it.
pub(super) struct Resource {
    pub(super) function: Ident,
    pub(super) visibility: Visibility,
    pub(super) conditions: TokenStream,
    pub(super) is_async: bool,
    pub(super) key: LitStr,
    pub(super) description: Option<String>,
    /// By what its code is known, and the variables that it reads.
    pub(super) recipe: Recipe,
    pub(super) code_version: Option<LitStr>,
    pub(super) close: Option<Close>,
    pub(super) parameters: Vec<(Asked, bool)>,
    pub(super) opened: Opened,
}

/// The function that closes it.
pub(super) struct Close {
    pub(super) function: Path,
    pub(super) is_async: bool,
}

/// What the function returns.
pub(super) struct Opened {
    /// The whole `Result` and the type of its value, if it is one.
    pub(super) fallible: Option<(Type, Type)>,
    /// The `T` of the `Res<T>` that ops take.
    pub(super) ty: Type,
    /// Whether the function returns a `Res<T>` itself.
    pub(super) shared: bool,
}

impl Resource {
    pub(super) fn read(options: TokenStream, item: &ItemFn, diag: &Diag) -> Self {
        let mut options = Options::read(&OPTIONS, options, diag);
        let asked = func::parameters(&item.sig).filter_map(|parameter| {
            let by_reference = matches!(func::ungrouped(&parameter.ty), Type::Reference(_));
            Asked::read(parameter).map(|asked| (asked, by_reference))
        });
        Self {
            function: item.sig.ident.clone(),
            visibility: item.vis.clone(),
            conditions: func::conditions(&item.attrs),
            is_async: item.sig.asyncness.is_some(),
            key: policy::name(&mut options, &item.sig.ident, diag),
            description: options
                .text("description", "\"What it is.\"")
                .map(|text| text.value())
                .or_else(|| func::description(&item.attrs)),
            recipe: Recipe::of_function(&mut options, item, diag, true),
            code_version: options.text("code_version", "\"2\""),
            close: Close::read(&mut options, diag),
            parameters: asked.collect(),
            opened: Opened::read(item),
        }
    }
}

impl Close {
    fn read(options: &mut Options<'_>, diag: &Diag) -> Option<Self> {
        let blocking = options.path("close", FUNCTION, "shut_down");
        let asynchronous = options.path("close_async", FUNCTION, "shut_down");
        if let (Some(_), Some(second)) = (&blocking, &asynchronous) {
            diag.error_at(second, "a resource is closed once: keep one of `close` and `close_async`");
        }
        let is_async = blocking.is_none();
        blocking.or(asynchronous).map(|function| Self { function, is_async })
    }
}

impl Opened {
    fn read(item: &ItemFn) -> Self {
        let whole: Type = match &item.sig.output {
            ReturnType::Default => parse_quote!(()),
            ReturnType::Type(_, ty) => func::ungrouped(ty).clone(),
        };
        let value = func::result_value(&whole).map(|value| func::ungrouped(value).clone());
        let ty = value.clone().unwrap_or_else(|| whole.clone());
        let fallible = value.map(|value| (whole, value));
        match parameter::argument(&ty, "Res") {
            Some(inner) => Self { fallible, ty: inner.clone(), shared: true },
            None => Self { fallible, ty, shared: false },
        }
    }
}

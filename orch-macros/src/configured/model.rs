use proc_macro2::{Ident, Span, TokenStream};
use syn::parse::{ParseStream, Parser as _};
use syn::{ItemFn, LitStr, Path, ReturnType, Token, Type, Visibility, parse_quote};

use crate::attr::{Known, Options};
use crate::diag::Diag;
use crate::{func, parameter, policy};

const OPTIONS: Known = Known {
    owner: "`#[configured]`",
    options: &["name", "description"],
    repeated: &[],
    elsewhere: &[
        ("tags", "`#[op]`"),
        ("priority", "`#[op]`"),
        ("retry", "`#[op]`"),
        ("timeout", "`#[op]`"),
        ("pool", "`#[op]`"),
        ("code_version", "`#[op]`"),
        ("io", "`#[op]`"),
    ],
};

/// An op that is another one but for its configuration, as its author wrote it.
pub(super) struct Configured {
    /// The other one.
    pub(super) op: Path,
    pub(super) function: Ident,
    pub(super) visibility: Visibility,
    pub(super) conditions: TokenStream,
    pub(super) name: LitStr,
    pub(super) description: Option<String>,
    /// The configuration of its own, of which it makes the other's; none if there is nothing to give.
    pub(super) outer: Option<Outer>,
    pub(super) returns: Returns,
}

/// How the function takes its configuration.
pub(super) struct Outer {
    pub(super) ty: Type,
    pub(super) passing: Passing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// `Config<T>`
    Shared,
    /// `&Config<T>`
    SharedReference,
    /// `&T`
    Reference,
}

/// What the function returns.
pub(super) struct Returns {
    /// The whole `Result`, if it is one.
    pub(super) fallible: Option<Type>,
    /// The configuration.
    pub(super) value: Type,
}

impl Configured {
    /// None if it does not say which op it is.
    pub(super) fn read(options: TokenStream, item: &ItemFn, diag: &Diag) -> Option<Self> {
        let (op, options) = split(options, diag)?;
        let mut options = Options::read(&OPTIONS, options, diag);
        let whole = match &item.sig.output {
            ReturnType::Default => parse_quote!(()),
            ReturnType::Type(_, ty) => func::ungrouped(ty).clone(),
        };
        Some(Self {
            op,
            function: item.sig.ident.clone(),
            visibility: item.vis.clone(),
            conditions: func::conditions(&item.attrs),
            name: policy::name(&mut options, &item.sig.ident, diag),
            description: options
                .text("description", "\"What it does.\"")
                .map(|text| text.value())
                .or_else(|| func::description(&item.attrs)),
            outer: func::parameters(&item.sig).next().and_then(|parameter| Outer::read(&parameter.ty)),
            returns: match func::result_value(&whole) {
                Some(value) => Returns { value: value.clone(), fallible: Some(whole.clone()) },
                None => Returns { value: whole, fallible: None },
            },
        })
    }
}

/// The op, which stands first, and the options after it.
fn split(tokens: TokenStream, diag: &Diag) -> Option<(Path, TokenStream)> {
    let parser = |input: ParseStream<'_>| {
        let begin = input.fork();
        let path: Path = input.call(Path::parse_mod_style)?;
        if !input.is_empty() && !input.peek(Token![,]) {
            // `name = \"..\"`, or something that only begins like a path.
            return Err(begin.error(""));
        }
        input.parse::<Option<Token![,]>>()?;
        Ok((path, input.parse()?))
    };
    let first = tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    let message = "say first which op is configured: `#[configured(load)]`";
    parser.parse2(tokens).map_err(|_| diag.error(first, message)).ok()
}

impl Outer {
    /// None of a type that the function cannot take.
    pub(super) fn read(ty: &Type) -> Option<Self> {
        let (inner, by_reference) = match func::ungrouped(ty) {
            Type::Reference(reference) => (func::ungrouped(&reference.elem), true),
            ty => (ty, false),
        };
        match parameter::argument(inner, "Config") {
            Some(ty) if by_reference => Some(Self { ty: ty.clone(), passing: Passing::SharedReference }),
            Some(ty) => Some(Self { ty: ty.clone(), passing: Passing::Shared }),
            None if by_reference => Some(Self { ty: inner.clone(), passing: Passing::Reference }),
            None => None,
        }
    }
}

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use syn::spanned::Spanned as _;
use syn::{ItemFn, LitStr, ReturnType, Type, Visibility, parse_quote, parse_quote_spanned};

use crate::attr::{Known, Options};
use crate::diag::Diag;
use crate::func;
use crate::parameter::Asked;
use crate::policy::{self, Retry};

pub(super) const OPTIONS: Known = Known {
    owner: "`#[op]`",
    options: &[
        "name",
        "description",
        "tags",
        "priority",
        "retry",
        "timeout",
        "isolate",
        "memory",
        "pool",
        "code_version",
        "io",
    ],
    repeated: &[],
    elsewhere: &[
        ("max_concurrent", "`#[job]`"),
        ("max_in_flight", "`#[job]`"),
        ("order", "`#[job]`"),
        ("executor", "`#[job]`"),
        ("limit", "`#[job]`"),
        ("max", "`retry(..)`"),
        ("delay", "`retry(..)`"),
        ("backoff", "`retry(..)`"),
        ("jitter", "`retry(..)`"),
    ],
};

/// An op as its author wrote it.
pub(super) struct Op {
    pub(super) function: Ident,
    pub(super) visibility: Visibility,
    pub(super) conditions: TokenStream,
    pub(super) is_async: bool,
    pub(super) settings: Settings,
    pub(super) parameters: Vec<Parameter>,
    pub(super) returns: Returns,
}

/// What the options say.
pub(super) struct Settings {
    pub(super) name: LitStr,
    pub(super) description: Option<String>,
    pub(super) tags: Vec<(String, LitStr)>,
    pub(super) priority: Option<i64>,
    pub(super) retry: Option<Retry>,
    pub(super) timeout: Option<Duration>,
    pub(super) isolate: bool,
    /// In bytes.
    pub(super) memory: Option<u64>,
    pub(super) pool: Option<LitStr>,
    pub(super) code_version: Option<LitStr>,
    pub(super) io: Option<LitStr>,
}

/// One parameter of the function.
pub(super) enum Parameter {
    Context { by_reference: bool },
    Asked { asked: Box<Asked>, by_reference: bool },
    Input { name: Ident, ty: Box<Type>, by_reference: bool },
}

/// What the function returns: whether it can fail, and its outputs.
pub(super) struct Returns {
    /// The whole `Result` and the type of its value, if it is one.
    pub(super) fallible: Option<(Type, Type)>,
    pub(super) outputs: Outputs,
}

pub(super) enum Outputs {
    One(Box<Type>),
    Tuple(Vec<Type>),
}

impl Op {
    pub(super) fn read(options: TokenStream, item: &ItemFn, diag: &Diag) -> Self {
        Self {
            function: item.sig.ident.clone(),
            visibility: item.vis.clone(),
            conditions: func::conditions(&item.attrs),
            is_async: item.sig.asyncness.is_some(),
            settings: Settings::read(options, item, diag),
            parameters: func::parameters(&item.sig).map(Parameter::read).collect(),
            returns: Returns::read(item),
        }
    }
}

impl Settings {
    fn read(options: TokenStream, item: &ItemFn, diag: &Diag) -> Self {
        let mut options = Options::read(&OPTIONS, options, diag);
        let range = i128::from(i64::MIN)..=i128::from(i64::MAX);
        // Asked for first: `memory` says something of the process that this gives the op.
        let given = options.has("isolate");
        let isolate = options.flag("isolate");
        let memory = options.size("memory", "\"512MiB\"").filter(|(_, text)| {
            if !given {
                let message = "`memory` bounds a process that the op has for itself: write `isolate` too, \
                               `#[op(isolate, memory = ..)]`";
                diag.error(text.span(), message);
            }
            given
        });
        Self {
            name: policy::name(&mut options, &item.sig.ident, diag),
            description: options
                .text("description", "\"What it does.\"")
                .map(|text| text.value())
                .or_else(|| func::description(&item.attrs)),
            tags: policy::tags(&mut options, diag),
            priority: options
                .integer("priority", &range, "5")
                .and_then(|priority| i64::try_from(priority).ok()),
            retry: Retry::read(&mut options, diag),
            timeout: options.duration("timeout", Duration::from_millis(1), "\"30s\""),
            isolate,
            memory: memory.map(|(bytes, _)| bytes),
            pool: options.text("pool", "\"db\""),
            code_version: options.text("code_version", "\"2\""),
            io: options.text("io", "\"parquet\""),
        }
    }
}

impl Parameter {
    fn read(parameter: &syn::PatType) -> Self {
        let (ty, by_reference) = match func::ungrouped(&parameter.ty) {
            Type::Reference(reference) => (func::ungrouped(&reference.elem), true),
            ty => (ty, false),
        };
        if func::last_segment(ty)
            .is_some_and(|segment| segment.ident == "Context" && segment.arguments.is_none())
        {
            return Self::Context { by_reference };
        }
        if let Some(asked) = Asked::read(parameter) {
            return Self::Asked { asked: Box::new(asked), by_reference };
        }
        let ty = match ty {
            // What can be borrowed only is passed as what owns it.
            Type::Slice(slice) if by_reference => {
                let element = &slice.elem;
                parse_quote_spanned!(element.span()=> ::std::vec::Vec<#element>)
            }
            Type::Path(path) if by_reference && path.path.is_ident("str") => {
                parse_quote_spanned!(path.span()=> ::std::string::String)
            }
            ty => ty.clone(),
        };
        // A parameter without a name is refused; this one lets the model be whole.
        let name = func::plain_name(parameter)
            .cloned()
            .unwrap_or_else(|| Ident::new("unnamed", parameter.pat.span()));
        Self::Input { name, ty: Box::new(ty), by_reference }
    }
}

impl Returns {
    fn read(item: &ItemFn) -> Self {
        let whole = match &item.sig.output {
            ReturnType::Default => {
                return Self { fallible: None, outputs: Outputs::One(Box::new(parse_quote!(()))) };
            }
            ReturnType::Type(_, ty) => func::ungrouped(ty).clone(),
        };
        match func::result_value(&whole) {
            Some(value) => Self {
                outputs: Outputs::read(func::ungrouped(value)),
                fallible: Some((whole.clone(), value.clone())),
            },
            None => Self { outputs: Outputs::read(&whole), fallible: None },
        }
    }
}

impl Outputs {
    fn read(ty: &Type) -> Self {
        match ty {
            Type::Tuple(tuple) if tuple.elems.len() > 1 => Self::Tuple(tuple.elems.iter().cloned().collect()),
            ty => Self::One(Box::new(ty.clone())),
        }
    }

    pub(super) fn types(&self) -> &[Type] {
        match self {
            Self::One(ty) => std::slice::from_ref(ty),
            Self::Tuple(types) => types,
        }
    }
}

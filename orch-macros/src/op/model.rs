use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use syn::spanned::Spanned as _;
use syn::{ItemFn, LitStr, ReturnType, Type, Visibility, parse_quote, parse_quote_spanned};

use crate::asset::{Recipe, fingerprint_of};
use crate::attr::{Known, Options};
use crate::diag::Diag;
use crate::func;
use crate::names::{CHECK_RESULT, CHECK_RETURN, DATA_VERSION, Name, OBSERVATION_RETURN, WITH_METADATA};
use crate::parameter::Asked;
use crate::policy::{self, Retry};

const OPTIONS: Known = Known {
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
        "memoize",
        "fingerprint",
        "env",
        "trust_resources",
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
pub(crate) struct Op {
    pub(crate) function: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) conditions: TokenStream,
    pub(crate) is_async: bool,
    pub(crate) settings: Settings,
    /// Of the source of the function, by which a run that goes on finds that it is another.
    pub(crate) fingerprint: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) returns: Returns,
}

/// What the options say.
pub(crate) struct Settings {
    pub(crate) name: LitStr,
    pub(crate) description: Option<String>,
    pub(crate) tags: Vec<(String, LitStr)>,
    pub(crate) priority: Option<i64>,
    pub(crate) retry: Option<Retry>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) isolate: bool,
    /// In bytes.
    pub(crate) memory: Option<u64>,
    pub(crate) pool: Option<LitStr>,
    pub(crate) code_version: Option<LitStr>,
    pub(crate) memoize: Option<Memoize>,
    pub(crate) io: Option<LitStr>,
}

/// That the steps of an op are memoized: what they depend on beside inputs and configuration.
pub(crate) struct Memoize {
    pub(crate) recipe: Recipe,
    /// Whether they look at their context.
    pub(crate) context: bool,
}

/// One parameter of the function.
pub(crate) enum Parameter {
    Context { by_reference: bool },
    Asked { asked: Box<Asked>, by_reference: bool },
    Input { name: Ident, ty: Box<Type>, by_reference: bool },
}

/// What the function returns: whether it can fail, and its outputs.
pub(crate) struct Returns {
    /// Of a check or an observation: what is made of the type, which is the one output.
    pub(crate) found: Option<Found>,
    /// The whole `Result` and the type of its value, if it is one.
    pub(crate) fallible: Option<(Type, Type)>,
    pub(crate) outputs: Outputs,
}

/// What a check has found, or an observation, as the function returns it.
pub(crate) struct Found {
    pub(crate) ty: Type,
    /// The trait that makes the output of it, and its method.
    pub(crate) made_by: (Name, &'static str),
}

pub(crate) enum Outputs {
    One(Box<Type>),
    Tuple(Vec<Type>),
}

impl Op {
    pub(super) fn read(options: TokenStream, item: &ItemFn, diag: &Diag) -> Self {
        let mut options = Options::read(&OPTIONS, options, diag);
        let name = policy::name(&mut options, &item.sig.ident, diag);
        let memoize = memoize(&mut options, item, diag);
        Self::of(item, Settings { memoize, ..Settings::read(&mut options, name, item, diag) })
    }

    /// The op that a check is, of these settings.
    pub(crate) fn of_check(item: &ItemFn, settings: Settings) -> Self {
        Self { returns: Returns::of_check(item), ..Self::of(item, settings) }
    }

    /// The op that an observation is, of these settings.
    pub(crate) fn of_observation(item: &ItemFn, settings: Settings) -> Self {
        Self { returns: Returns::of_observation(item), ..Self::of(item, settings) }
    }

    /// An op of these settings.
    pub(crate) fn of(item: &ItemFn, settings: Settings) -> Self {
        Self {
            function: item.sig.ident.clone(),
            visibility: item.vis.clone(),
            conditions: func::conditions(&item.attrs),
            is_async: item.sig.asyncness.is_some(),
            settings,
            fingerprint: fingerprint_of(item),
            parameters: func::parameters(&item.sig).map(Parameter::read).collect(),
            returns: Returns::read(item),
        }
    }
}

/// Whether the steps of an op are memoized; what is said of that alone is refused else.
fn memoize(options: &mut Options<'_>, item: &ItemFn, diag: &Diag) -> Option<Memoize> {
    // Asked for first: the options say something of what this asks for.
    let given = options.has("memoize");
    let memoize = options.flag("memoize");
    for name in ["fingerprint", "env", "trust_resources"] {
        if let Some(place) = options.place(name).filter(|_| !given) {
            let message = format!(
                "`{name}` says what counts when the steps of the op are memoized: write `memoize` too, or leave it out"
            );
            diag.error_at(place, message);
        }
    }
    let recipe = Recipe::of_function(options, item, diag, given);
    let mut parameters = func::parameters(&item.sig).map(Parameter::read);
    let context = parameters.any(|parameter| matches!(parameter, Parameter::Context { .. }));
    memoize.then_some(Memoize { recipe, context })
}

impl Settings {
    /// What the options of an op say, of which others may stand beside these.
    pub(crate) fn read(options: &mut Options<'_>, name: LitStr, item: &ItemFn, diag: &Diag) -> Self {
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
            name,
            description: options
                .text("description", "\"What it does.\"")
                .map(|text| text.value())
                .or_else(|| func::description(&item.attrs)),
            tags: policy::tags(options, diag),
            priority: options
                .integer("priority", &range, "5")
                .and_then(|priority| i64::try_from(priority).ok()),
            retry: Retry::read(options, diag),
            timeout: options.duration("timeout", Duration::from_millis(1), "\"30s\""),
            isolate,
            memory: memory.map(|(bytes, _)| bytes),
            pool: options.text("pool", "\"db\""),
            code_version: options.text("code_version", "\"2\""),
            memoize: None,
            io: options.text("io", "\"parquet\""),
        }
    }
}

impl Parameter {
    pub(crate) fn read(parameter: &syn::PatType) -> Self {
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
                return Self::values(parse_quote!(()));
            }
            ReturnType::Type(_, ty) => func::ungrouped(ty).clone(),
        };
        match func::result_value(&whole) {
            Some(value) => Self {
                outputs: Outputs::read(func::ungrouped(value)),
                fallible: Some((whole.clone(), value.clone())),
                found: None,
            },
            None => Self { outputs: Outputs::read(&whole), fallible: None, found: None },
        }
    }

    fn of_check(item: &ItemFn) -> Self {
        Self::found(item, (CHECK_RETURN, "into_result"), |span| {
            let result = CHECK_RESULT.at(span);
            parse_quote!(#result)
        })
    }

    fn of_observation(item: &ItemFn) -> Self {
        Self::found(item, (OBSERVATION_RETURN, "into_version"), |span| {
            let (known, version) = (WITH_METADATA.at(span), DATA_VERSION.at(span));
            parse_quote!(#known<#version>)
        })
    }

    /// What is made of the type, of which the output is, at its place.
    fn found(item: &ItemFn, made_by: (Name, &'static str), output: fn(Span) -> Type) -> Self {
        match &item.sig.output {
            ReturnType::Default => Self::values(parse_quote!(())),
            ReturnType::Type(_, ty) => {
                let found = Found { ty: (**ty).clone(), made_by };
                Self { found: Some(found), ..Self::values(output(ty.span())) }
            }
        }
    }

    /// Nothing that can fail.
    fn values(ty: Type) -> Self {
        Self { found: None, fallible: None, outputs: Outputs::One(Box::new(ty)) }
    }
}

impl Outputs {
    fn read(ty: &Type) -> Self {
        match ty {
            Type::Tuple(tuple) if tuple.elems.len() > 1 => Self::Tuple(tuple.elems.iter().cloned().collect()),
            ty => Self::One(Box::new(ty.clone())),
        }
    }

    pub(crate) fn types(&self) -> &[Type] {
        match self {
            Self::One(ty) => std::slice::from_ref(ty),
            Self::Tuple(types) => types,
        }
    }
}

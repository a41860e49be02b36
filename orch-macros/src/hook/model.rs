use proc_macro2::{Ident, TokenStream};
use quote::ToTokens as _;
use syn::{ItemFn, LitStr, ReturnType, Type, Visibility};

use crate::attr::{self, Entry, Key, Known, Options, Value};
use crate::diag::Diag;
use crate::func;
use crate::parameter::Asked;
use crate::policy;

/// Which of the three attributes it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Success,
    Failure,
    Run,
}

impl Kind {
    /// How messages name it.
    pub(super) fn attribute(self) -> &'static str {
        match self {
            Self::Success => "#[success_hook]",
            Self::Failure => "#[failure_hook]",
            Self::Run => "#[run_hook]",
        }
    }

    /// The type of what its function is told.
    pub(super) fn context(self) -> &'static str {
        match self {
            Self::Success | Self::Failure => "HookContext",
            Self::Run => "RunHookContext",
        }
    }

    fn options(self) -> Known {
        let owner = match self {
            Self::Success => "`#[success_hook]`",
            Self::Failure => "`#[failure_hook]`",
            Self::Run => "`#[run_hook]`",
        };
        match self {
            Self::Success => Known {
                owner,
                options: &["name", "description"],
                repeated: &[],
                elsewhere: &[("on", "`#[failure_hook]` and `#[run_hook]`")],
            },
            Self::Failure | Self::Run => {
                Known { owner, options: &["name", "description", "on"], repeated: &[], elsewhere: &[] }
            }
        }
    }

    /// What `on(..)` takes, and the variants that it stands for.
    fn outcomes(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Success => &[],
            Self::Failure => &[
                ("failed", "Failed"),
                ("timed_out", "TimedOut"),
                ("canceled", "Canceled"),
                ("not_executed", "NotExecuted"),
            ],
            Self::Run => &[("success", "Success"), ("failure", "Failure"), ("canceled", "Canceled")],
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::Success | Self::Failure => "on(failed, timed_out)",
            Self::Run => "on(failure, canceled)",
        }
    }
}

/// A hook as its author wrote it.
pub(super) struct Hook {
    pub(super) kind: Kind,
    pub(super) function: Ident,
    pub(super) visibility: Visibility,
    pub(super) conditions: TokenStream,
    pub(super) is_async: bool,
    pub(super) name: LitStr,
    pub(super) description: Option<String>,
    /// Variants of the kind's outcome; none for what the kind has by default.
    pub(super) on: Option<Vec<&'static str>>,
    pub(super) parameters: Vec<Parameter>,
    /// What it returns, if it says so.
    pub(super) returned: Option<Type>,
}

/// One parameter of the function.
pub(super) enum Parameter {
    /// What it is told.
    Context { by_reference: bool },
    /// A resource.
    Asked { asked: Box<Asked>, by_reference: bool },
}

impl Hook {
    pub(super) fn read(kind: Kind, options: TokenStream, item: &ItemFn, diag: &Diag) -> Self {
        let mut options = Options::read(&kind.options(), options, diag);
        Self {
            kind,
            function: item.sig.ident.clone(),
            visibility: item.vis.clone(),
            conditions: func::conditions(&item.attrs),
            is_async: item.sig.asyncness.is_some(),
            name: policy::name(&mut options, &item.sig.ident, diag),
            description: options
                .text("description", "\"What it does.\"")
                .map(|text| text.value())
                .or_else(|| func::description(&item.attrs)),
            on: on(kind, &mut options, diag),
            parameters: func::parameters(&item.sig).map(Parameter::read).collect(),
            returned: returned(&item.sig.output),
        }
    }
}

impl Parameter {
    /// Whatever is no context is refused.
    fn read(parameter: &syn::PatType) -> Self {
        let by_reference = matches!(func::ungrouped(&parameter.ty), Type::Reference(_));
        match Asked::read(parameter) {
            Some(asked) => Self::Asked { asked: Box::new(asked), by_reference },
            None => Self::Context { by_reference },
        }
    }
}

/// `on(failed, timed_out)`
fn on(kind: Kind, options: &mut Options<'_>, diag: &Diag) -> Option<Vec<&'static str>> {
    let (list, word) = options.list("on", kind.example())?;
    let outcomes = kind.outcomes();
    let words: Vec<&str> = outcomes.iter().map(|(word, _)| *word).collect();
    let before = diag.count();
    let mut chosen = Vec::new();
    for entry in attr::entries(list, diag) {
        let place = entry.place();
        let Entry { key: Some(Key { text, .. }), value: Value::Missing(_) } = entry else {
            diag.error_at(place, format!("`on` takes words: `{}`", kind.example()));
            continue;
        };
        match outcomes.iter().find(|(word, _)| *word == text) {
            Some((_, variant)) if chosen.contains(variant) => {
                diag.error_at(place, format!("`{text}` is given twice: keep one of them"));
            }
            Some((_, variant)) => chosen.push(*variant),
            None => diag.error_at(place, unknown(kind, &text, &words)),
        }
    }
    if chosen.is_empty() && diag.count() == before {
        let message = format!("a hook is called for something: `{}`, or leave `on` out", kind.example());
        diag.error_at(word.to_token_stream(), message);
    }
    (!chosen.is_empty()).then_some(chosen)
}

fn unknown(kind: Kind, text: &str, words: &[&'static str]) -> String {
    if kind == Kind::Failure && text == "success" {
        return "a failure hook is not called for success: write another function with `#[success_hook]`"
            .to_owned();
    }
    let near = attr::nearest(words, text).map(|near| format!(": did you mean `{near}`?"));
    let listed = || format!(": {} is called for {}", kind.attribute(), attr::listed(words));
    format!("unknown outcome `{text}`{}", near.unwrap_or_else(listed))
}

/// The type that is returned, if it says one.
fn returned(output: &ReturnType) -> Option<Type> {
    match output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(func::ungrouped(ty).clone()),
    }
}

//! Parameters that are told by their type: what a function asks for besides its inputs.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{
    Attribute, Expr, ExprLit, GenericArgument, ItemFn, Lit, LitStr, Meta, PatType, PathArguments, Type,
};

use crate::diag::Diag;
use crate::func;
use crate::policy::internal;

/// What a parameter asks for, if it is no input.
pub(crate) enum Asked {
    /// `Config<T>`
    Config(Type),
    /// `Res<T>`, and the key before it, `#[key = "replica"]`.
    Resource { name: Ident, ty: Type, key: Option<LitStr> },
}

impl Asked {
    /// What a parameter of this type, taken by value or by reference, asks for.
    pub(crate) fn read(parameter: &PatType) -> Option<Self> {
        let ty = by_value(&parameter.ty);
        if let Some(ty) = argument(ty, "Config") {
            return Some(Self::Config(ty.clone()));
        }
        let ty = argument(ty, "Res")?.clone();
        let name = func::plain_name(parameter).cloned();
        let name = name.unwrap_or_else(|| Ident::new("unnamed", parameter.pat.span()));
        Some(Self::Resource { name, ty, key: key(parameter) })
    }

    /// What it is, in an error.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Config(_) => "a configuration",
            Self::Resource { .. } => "a resource",
        }
    }

    /// The type of the configuration, if it is that.
    pub(crate) fn config(&self) -> Option<&Type> {
        match self {
            Self::Config(ty) => Some(ty),
            Self::Resource { .. } => None,
        }
    }

    /// The call that tells the builder of it.
    pub(crate) fn declared(&self) -> TokenStream {
        match self {
            Self::Config(ty) => {
                let method = internal("config");
                quote!(.#method::<#ty>())
            }
            Self::Resource { ty, key: Some(key), .. } => {
                let method = internal("resource_by_key");
                quote!(.#method::<#ty>(#key))
            }
            Self::Resource { name, ty, key: None } => {
                let (method, name) = (internal("resource"), func::text(name));
                quote!(.#method::<#ty>(#name))
            }
        }
    }

    /// The call that fetches it of what the function is given.
    pub(crate) fn fetched(&self, args: &Ident, resources: &mut usize) -> TokenStream {
        match self {
            Self::Config(ty) => quote!(#args.config::<#ty>()?),
            Self::Resource { ty, .. } => {
                let index = *resources;
                *resources += 1;
                quote!(#args.resource::<#ty>(#index)?)
            }
        }
    }
}

/// Whether it is a configuration, taken by value.
pub(crate) fn is_config(parameter: &PatType) -> bool {
    argument(&parameter.ty, "Config").is_some()
}

/// Refuses what is asked for twice, and keys where there is nothing to name.
pub(crate) fn check(owner: &str, item: &ItemFn, diag: &Diag) {
    let mut configured = false;
    for parameter in func::parameters(&item.sig) {
        let asked = Asked::read(parameter);
        if matches!(asked, Some(Asked::Config(_))) && std::mem::replace(&mut configured, true) {
            diag.error_at(
                &parameter.ty,
                format!("{owner} has one configuration: make one type of both, with a field for each"),
            );
        }
        if asked.is_some()
            && let Type::Reference(reference) = func::ungrouped(&parameter.ty)
            && let Some(token) = &reference.mutability
        {
            diag.error(token.span, format!("what {owner} asks for is shared and only read: leave out `mut`"));
        }
        for attribute in parameter.attrs.iter().filter(|attribute| is_key(attribute)) {
            if !matches!(asked, Some(Asked::Resource { .. })) {
                diag.error_at(
                    attribute,
                    "a key names a resource: it stands before a parameter of type `Res<..>`",
                );
            } else if key(parameter).is_none() {
                diag.error_at(attribute, "the key of a resource is a text: `#[key = \"replica\"]`");
            }
        }
        if let Type::Path(path) = by_value(&parameter.ty)
            && let Some(segment) = path.path.segments.last()
            && segment.arguments.is_none()
        {
            match &*segment.ident.to_string() {
                "Res" => {
                    diag.error_at(&parameter.ty, "say of which type the resource is: `Res<Database>`");
                }
                "Config" => {
                    diag.error_at(&parameter.ty, "say of which type the configuration is: `Config<Load>`");
                }
                _ => {}
            }
        }
    }
}

/// The function as its author wrote it, without the keys, which are for the macro.
///
/// What is asked for is taken by value, as one would take it anywhere else, and clippy's `needless_pass_by_value` is not to
/// complain of it.
pub(crate) fn without_keys(item: &ItemFn) -> ItemFn {
    let mut item = item.clone();
    let by_value = |parameter: &PatType| {
        let is_reference = matches!(func::ungrouped(&parameter.ty), Type::Reference(_));
        !is_reference && (Asked::read(parameter).is_some() || is_context(&parameter.ty))
    };
    if func::parameters(&item.sig).any(by_value) {
        item.attrs.push(syn::parse_quote!(#[allow(clippy::needless_pass_by_value)]));
    }
    for input in &mut item.sig.inputs {
        if let syn::FnArg::Typed(parameter) = input {
            parameter.attrs.retain(|attribute| !is_key(attribute));
        }
    }
    item
}

fn is_key(attribute: &Attribute) -> bool {
    attribute.path().is_ident("key")
}

fn key(parameter: &PatType) -> Option<LitStr> {
    let attribute = parameter.attrs.iter().find(|attribute| is_key(attribute))?;
    match &attribute.meta {
        Meta::NameValue(meta) => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether it is one of the contexts of steps and hooks.
fn is_context(ty: &Type) -> bool {
    let segment = func::last_segment(ty).filter(|segment| segment.arguments.is_none());
    let name = segment.map(|segment| segment.ident.to_string()).unwrap_or_default();
    matches!(&*name, "Context" | "HookContext" | "RunHookContext")
}

/// The type without a `&` before it.
pub(crate) fn by_value(ty: &Type) -> &Type {
    match func::ungrouped(ty) {
        Type::Reference(reference) => func::ungrouped(&reference.elem),
        ty => ty,
    }
}

/// The `P` of an `Option<Partition<P>>`, each by reference or not.
pub(crate) fn optional_partition(ty: &Type) -> Option<&Type> {
    argument(by_value(argument(by_value(ty), "Option")?), "Partition")
}

/// What is wrong with a parameter of such a type, and how it is written.
pub(crate) fn one_partition(name: &TokenStream, ty: &str) -> String {
    format!("it is made for one partition, which is always there: write `{name}: {ty}`")
}

/// The `T` of a `Name<T>`, however the path to it begins.
pub(crate) fn argument<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let segment = func::last_segment(ty).filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) if arguments.args.len() == 1 => Some(ty),
        _ => None,
    }
}

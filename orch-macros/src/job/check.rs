use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::{GenericArgument, ItemFn, PathArguments, ReturnType, Signature, Type};

use super::body::is_primitive;
use crate::diag::Diag;
use crate::func;
use crate::owned;
use crate::parameter::{self, Asked};

/// Refuses what no job can be. Says whether the body can be that of a job.
pub(super) fn job(item: &ItemFn, diag: &Diag) -> bool {
    let (before, signature) = (diag.count(), &item.sig);
    drawn("#[job]", signature, diag);
    parameter::check("a job", item, diag);
    for parameter in func::parameters(signature) {
        match Asked::read(parameter) {
            Some(Asked::Resource { .. }) => {
                let message =
                    "resources are for steps: take it in the ops that use it, which need no word of it here";
                diag.error_at(&parameter.ty, message);
            }
            Some(Asked::Config(ty)) if !parameter::is_config(parameter) => {
                let ty = owned::written(&ty);
                diag.error_at(
                    &parameter.ty,
                    format!("a job takes its configuration by value: `Config<{ty}>`"),
                );
            }
            _ => {}
        }
    }
    if let ReturnType::Type(_, ty) = &signature.output {
        let message = "a job has no return type: the function gives the job itself, and the results of its steps are \
                       asked of a run; a part of a job that hands on handles is a `#[graph]`";
        diag.error_at(ty, message);
    }
    diag.count() == before
}

/// Refuses what no graph can be. Says whether the body can be that of a graph.
pub(crate) fn graph(attribute: &str, signature: &Signature, diag: &Diag) -> bool {
    let before = diag.count();
    drawn(attribute, signature, diag);
    for parameter in func::parameters(signature) {
        match Asked::read(parameter) {
            Some(Asked::Resource { .. }) => {
                let message =
                    "resources are for steps: take it in the ops that use it, which need no word of it here";
                diag.error_at(&parameter.ty, message);
            }
            Some(Asked::Config(_)) => {
                let message = "configuration is of jobs and ops: let the job hand on what it makes of its own, \
                               `config.map(|config| ..)`, as an `Out<T>`";
                diag.error_at(&parameter.ty, message);
            }
            None => {}
        }
    }
    diag.count() == before
}

/// Refuses a graph that returns a value, since it was written as an op is. Of the parameters alone this cannot be known:
/// a number of repetitions is a value too.
pub(crate) fn takes_values(signature: &Signature, diag: &Diag) -> bool {
    if names_handle(signature, diag) {
        return true;
    }
    let ReturnType::Type(_, returned) = &signature.output else { return false };
    if !is_value(returned) {
        return false;
    }
    let values: Vec<_> = func::parameters(signature).filter(|parameter| is_value(&parameter.ty)).collect();
    let handle = |ty: &Type| match func::ungrouped(ty) {
        Type::Tuple(tuple) => {
            let handles: Vec<_> = tuple.elems.iter().map(|ty| format!("Out<{}>", written(ty))).collect();
            format!("({})", handles.join(", "))
        }
        ty => format!("Out<{}>", written(ty)),
    };
    let mut wanted: Vec<_> = values
        .iter()
        .filter_map(|parameter| {
            Some(format!("`{}: {}`", func::plain_name(parameter)?, handle(&parameter.ty)))
        })
        .collect();
    wanted.push(format!("`-> {}`", handle(returned)));
    let message = format!(
        "a graph takes and returns handles, since its body runs when the job is built: write {}",
        wanted.join(", ")
    );
    match values.first() {
        Some(first) => diag.error_at(&first.ty, message),
        None => diag.error_at(returned, message),
    }
    true
}

/// Whether a signature names a `Handle<T>`, which is refused.
pub(super) fn has_handle(signature: &Signature) -> bool {
    !handles(signature).is_empty()
}

/// The parameters that are a `Handle<T>`, by their names, and what is returned, each with its type and the `T`.
fn handles(signature: &Signature) -> Vec<(Option<&Ident>, &Type, &Type)> {
    let parameters =
        func::parameters(signature).map(|parameter| (func::plain_name(parameter), &*parameter.ty));
    let returned = match &signature.output {
        ReturnType::Type(_, ty) => Some((None, &**ty)),
        ReturnType::Default => None,
    };
    let handle = |(name, ty)| Some((name, ty, parameter::argument(ty, "Handle")?));
    parameters.chain(returned).filter_map(handle).collect()
}

/// Refuses `Handle<T>`, which is what handles have in common and no type.
fn names_handle(signature: &Signature, diag: &Diag) -> bool {
    let handles = handles(signature);
    let Some((_, first, _)) = handles.first() else { return false };
    let wanted: Vec<_> = handles
        .iter()
        .map(|(name, _, value)| match name {
            Some(name) => format!("`{name}: Out<{}>`", written(value)),
            None => format!("`-> Out<{}>`", written(value)),
        })
        .collect();
    diag.error_at(first, format!("the handle of a value is an `Out<T>`: write {}", wanted.join(", ")));
    true
}

/// A type of the language or the standard library that is no handle and contains none, as far as its name tells.
fn is_value(ty: &Type) -> bool {
    match func::ungrouped(ty) {
        Type::Reference(reference) => is_value(&reference.elem),
        Type::Tuple(tuple) => !tuple.elems.is_empty() && tuple.elems.iter().all(is_value),
        ty => func::last_segment(ty).is_some_and(|segment| match &segment.arguments {
            PathArguments::None => {
                let name = segment.ident.to_string();
                name == "String" || is_primitive(&name)
            }
            PathArguments::AngleBracketed(arguments) => {
                matches!(&*segment.ident.to_string(), "Vec" | "Option")
                    && arguments
                        .args
                        .iter()
                        .all(|argument| matches!(argument, GenericArgument::Type(ty) if is_value(ty)))
            }
            PathArguments::Parenthesized(_) => false,
        }),
    }
}

/// The type as its author wrote it, owned: of `&str` the handle is one of `String`.
fn written(ty: &Type) -> String {
    match func::ungrouped(ty) {
        Type::Reference(reference) => written(&reference.elem),
        ty if ty.to_token_stream().to_string() == "str" => "String".to_owned(),
        ty => owned::written(ty),
    }
}

/// What holds for both: the body runs when the job is built, and nothing waits in it.
fn drawn(attribute: &str, signature: &Signature, diag: &Diag) {
    func::check_plain(attribute, signature, diag);
    if let Some(token) = &signature.asyncness {
        let message = format!(
            "`{attribute}` is not async: its body draws the graph and ends; make the ops async instead"
        );
        diag.error(token.span, message);
    }
    if let Some(token) = &signature.constness {
        diag.error(token.span, format!("`{attribute}` cannot be const: leave it out"));
    }
}

use quote::ToTokens as _;
use syn::{GenericParam, ItemFn, Pat, PatType, ReturnType, Signature, Type};

use super::metadata;
use crate::diag::Diag;
use crate::func;
use crate::owned;
use crate::parameter::{self, Asked};

/// Refuses signatures that no op can have; the compiler checks the types.
pub(crate) fn signature(attribute: &str, item: &ItemFn, diag: &Diag) -> bool {
    let (before, signature) = (diag.count(), &item.sig);
    func::check_plain(attribute, signature, diag);
    parameter::check("an op", item, diag);
    generics(signature, diag);
    let mut context = false;
    for parameter in func::parameters(signature) {
        pattern(parameter, diag);
        parameter_type(attribute, parameter, &mut context, diag);
    }
    return_type(&signature.output, diag);
    diag.count() == before
}

/// A step is one function with known types: the plan names them, and values are stored by them.
fn generics(signature: &Signature, diag: &Diag) {
    if let Some(parameter) = signature.generics.params.first() {
        let (span, what, instead) = match parameter {
            GenericParam::Type(ty) => {
                (ty.ident.span(), "generic", "write an op for each type, which calls a generic function")
            }
            GenericParam::Const(ty) => {
                (ty.ident.span(), "generic", "pass the number as an input, `n: usize`")
            }
            GenericParam::Lifetime(lifetime) => (
                lifetime.lifetime.span(),
                "generic over lifetimes",
                "leave them out: inputs may be taken as `&T`",
            ),
        };
        diag.error(span, format!("an op cannot be {what}: {instead}"));
    } else if let Some(clause) = &signature.generics.where_clause {
        diag.error(
            clause.where_token.span,
            "an op has no `where` clause, since its types are known: leave it out",
        );
    }
}

fn pattern(parameter: &PatType, diag: &Diag) {
    if func::plain_name(parameter).is_some() {
        return;
    }
    let instead = match &*parameter.pat {
        Pat::Wild(_) => "give it a name, which may begin with `_`: `_unused`",
        _ => "give it a name and take it apart in the body, with `let`",
    };
    diag.error_at(&parameter.pat, format!("an input of an op has a name: {instead}"));
}

fn parameter_type(attribute: &str, parameter: &PatType, context: &mut bool, diag: &Diag) {
    let ty = func::ungrouped(&parameter.ty);
    if let Some(span) = func::impl_trait(ty) {
        diag.error(span, "an input of an op has one known type: write it instead of `impl ..`");
    }
    let inner = match ty {
        Type::Reference(reference) => {
            if let Some(token) = &reference.mutability
                && Asked::read(parameter).is_none()
            {
                let message = "an op cannot change its input, which other steps may share: take it by value, \
                               `mut x: T`, and return the changed value";
                diag.error(token.span, message);
            }
            func::ungrouped(&reference.elem)
        }
        ty => ty,
    };
    if func::last_segment(inner)
        .is_some_and(|segment| segment.ident == "Context" && segment.arguments.is_none())
    {
        if std::mem::replace(context, true) {
            diag.error_at(inner, "an op has one context: leave out this parameter");
        }
    } else if Asked::read(parameter).is_some() {
        // What it asks for is checked with all that is asked for.
    } else if let Type::Reference(reference) = inner {
        diag.error(reference.and_token.span, "an input is taken as `T` or `&T`: leave out one `&`");
    } else if attribute != "#[op]"
        && let Some(of) = parameter::optional_partition(inner)
        && !parameter.attrs.iter().any(|attribute| attribute.path().is_ident("from"))
    {
        let name = parameter.pat.to_token_stream();
        let wanted = format!("&Partition<{}>", owned::written(of));
        diag.error_at(&parameter.ty, parameter::one_partition(&name, &wanted));
    } else {
        metadata::of_input(ty, inner, diag);
        borrows(ty, inner, diag);
    }
}

/// An input is borrowed as a whole, from the value that the run keeps.
fn borrows(ty: &Type, inner: &Type, diag: &Diag) {
    let outer = match ty {
        Type::Reference(outer) => Some(outer),
        _ => None,
    };
    if let Some(reference) = owned::borrowed(inner) {
        let reborrow = if outer.is_some() { "&" } else { "" };
        let owned = owned::owned(inner);
        diag.error_at(reference, format!("an input owns its data: write `{reborrow}{owned}`"));
    } else if let Some(lifetime) = outer.and_then(|outer| outer.lifetime.as_ref())
        && lifetime.ident == "static"
    {
        let written = owned::written(inner);
        diag.error_at(lifetime, format!("an input is borrowed only while the op runs: write `&{written}`"));
    }
}

/// Whether the type that is returned is one that an op can have, whatever else is wrong with the signature.
pub(crate) fn is_output_known(item: &ItemFn) -> bool {
    let diag = Diag::new();
    return_type(&item.sig.output, &diag);
    let fits = diag.finish().is_empty();
    fits && item.sig.generics.params.is_empty()
}

fn return_type(output: &ReturnType, diag: &Diag) {
    let ReturnType::Type(_, ty) = output else { return };
    if let Some(span) = func::impl_trait(ty) {
        diag.error(span, "an op returns one known type: write it instead of `impl ..`; for many values, return `Dynamic<T>`");
        return;
    }
    let value = match func::last_segment(ty) {
        Some(segment) if segment.ident == "Result" => match &segment.arguments {
            syn::PathArguments::None => {
                let message =
                    "say here what the op returns, so that jobs can use it: `Result<T>` or `Result<T, E>`";
                diag.error(segment.ident.span(), message);
                return;
            }
            syn::PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
                Some(syn::GenericArgument::Type(value)) => value,
                _ => return,
            },
            syn::PathArguments::Parenthesized(_) => return,
        },
        _ => ty,
    };
    metadata::of_output(value, diag);
    match func::ungrouped(value) {
        Type::Tuple(tuple) if tuple.elems.len() > 8 => {
            diag.error_at(
                tuple.elems.iter().nth(8),
                "a tuple of outputs has at most 8 elements: return a struct that derives `Outputs`",
            );
        }
        value => {
            if let Some(reference) = owned::borrowed(value) {
                let owned = owned::owned(value);
                diag.error_at(reference, format!("an output owns its data: write `{owned}`"));
            }
        }
    }
}

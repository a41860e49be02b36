//! The model of an annotated function: what all macros ask of one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::{
    Attribute, Expr, FnArg, GenericArgument, ItemFn, Lit, Meta, Pat, PatType, PathArguments, Safety,
    Signature, Type,
};

use crate::diag::Diag;

/// Reads the function that an attribute stands on; if it is none, gives back the user's tokens with the error, so that
/// nothing else in the file is affected.
pub(crate) fn parse(attribute: &str, item: &TokenStream) -> Result<ItemFn, TokenStream> {
    syn::parse2(item.clone()).map_err(|error| {
        // A half-written function has errors of its own, which the compiler tells better from the tokens themselves.
        let is_function = item.clone().into_iter().any(|token| token.to_string() == "fn");
        let error = match item.clone().into_iter().next() {
            Some(first) if !is_function => syn::Error::new(
                first.span(),
                format!("`{attribute}` stands on functions only: move it to one"),
            ),
            _ => error,
        };
        let error = error.to_compile_error();
        quote!(#item #error)
    })
}

/// Whether the function stands in an `impl` block or trait; its hidden type could not stand beside it.
pub(crate) fn is_method(signature: &Signature) -> bool {
    signature.receiver().is_some()
}

/// Refuses what neither an op nor a graph nor a job can be.
pub(crate) fn check_plain(attribute: &str, signature: &Signature, diag: &Diag) {
    check_free(attribute, signature, "take the value as a parameter, `value: &Type`", diag);
    check_rust(attribute, signature, diag);
}

/// Refuses methods.
pub(crate) fn check_free(attribute: &str, signature: &Signature, instead: &str, diag: &Diag) {
    if let Some(receiver) = signature.receiver() {
        diag.error(
            receiver.self_token.span,
            format!("`{attribute}` stands on free functions, not on methods: {instead}"),
        );
    }
}

/// Refuses what is no safe function of Rust with a fixed number of parameters.
pub(crate) fn check_rust(attribute: &str, signature: &Signature, diag: &Diag) {
    if let Safety::Unsafe(token) = &signature.safety {
        diag.error(
            token.span,
            format!("`{attribute}` cannot stand on an unsafe function: wrap the unsafe code in a safe one"),
        );
    }
    if let Some(abi) = &signature.abi {
        diag.error(
            abi.extern_token.span,
            format!("`{attribute}` stands on Rust functions: leave out `extern`"),
        );
    }
    if let Some(variadic) = &signature.variadic {
        diag.error(
            variadic.dots.spans[0],
            format!("`{attribute}` stands on functions with a fixed number of parameters"),
        );
    }
}

/// The parameters without `self`.
pub(crate) fn parameters(signature: &Signature) -> impl Iterator<Item = &PatType> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(parameter) => Some(parameter),
        FnArg::Receiver(_) => None,
    })
}

/// The name of a parameter that is a plain name, `mut` or not.
pub(crate) fn plain_name(parameter: &PatType) -> Option<&Ident> {
    match &*parameter.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(&pat.ident),
        _ => None,
    }
}

/// A name as people read it, without the `r#` of a raw identifier.
pub(crate) fn text(name: &Ident) -> String {
    name.unraw().to_string()
}

/// The first `impl Trait` in a type.
pub(crate) fn impl_trait(ty: &Type) -> Option<Span> {
    struct Find(Option<Span>);
    impl<'ast> syn::visit::Visit<'ast> for Find {
        fn visit_type_impl_trait(&mut self, node: &'ast syn::TypeImplTrait) {
            self.0.get_or_insert(node.impl_token.span);
        }
    }
    let mut find = Find(None);
    syn::visit::Visit::visit_type(&mut find, ty);
    find.0
}

/// The last segment of a type that is a path: `Context` of `orch::define::Context`.
pub(crate) fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ungrouped(ty) {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

/// The `T` of a `Result<T>` or `Result<T, E>`, however the path to it begins.
pub(crate) fn result_value(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Result")?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// A type without parentheses and the invisible groups of `macro_rules!`.
pub(crate) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => ungrouped(&inner.elem),
        Type::Group(inner) => ungrouped(&inner.elem),
        other => other,
    }
}

/// Whether a type is `()`.
pub(crate) fn is_unit(ty: &Type) -> bool {
    matches!(ungrouped(ty), Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// The first paragraph of the doc comment, its lines joined.
pub(crate) fn description(attributes: &[Attribute]) -> Option<String> {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let paragraph: Vec<&str> = text
        .lines()
        .map(str::trim)
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty())
        .collect();
    (!paragraph.is_empty()).then(|| paragraph.join(" "))
}

/// The attributes that decide whether the function exists: what stands beside it must follow it.
pub(crate) fn conditions(attributes: &[Attribute]) -> TokenStream {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .map(|attribute| attribute.to_token_stream())
        .collect()
}

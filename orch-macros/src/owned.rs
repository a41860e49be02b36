//! What a type borrows, and how it is written so that it owns its data: values outlive the step that makes them.

use proc_macro2::Span;
use quote::ToTokens as _;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{ParenthesizedGenericArguments, Type, TypeFnPtr, TypeReference, parse_quote_spanned};

use crate::func;

/// The first reference in a type to what does not live for ever. Those of functions, `fn(&str)` and `dyn Fn(&str)`, are
/// not borrowed by the value.
pub(crate) fn borrowed(ty: &Type) -> Option<&TypeReference> {
    struct Find<'ast>(Option<&'ast TypeReference>);
    impl<'ast> Visit<'ast> for Find<'ast> {
        fn visit_type_reference(&mut self, node: &'ast TypeReference) {
            if self.0.is_none() && is_borrow(node) {
                self.0 = Some(node);
            }
            visit::visit_type_reference(self, node);
        }
        fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}
        fn visit_parenthesized_generic_arguments(&mut self, _: &'ast ParenthesizedGenericArguments) {}
    }
    let mut find = Find(None);
    find.visit_type(ty);
    find.0
}

/// Whether a type names a lifetime or borrows, such as `&'static str`.
pub(crate) fn names_lifetime(ty: &Type) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_type_reference(&mut self, _: &'ast TypeReference) {
            self.0 = true;
        }
        fn visit_lifetime(&mut self, _: &'ast syn::Lifetime) {
            self.0 = true;
        }
    }
    let mut find = Find(false);
    find.visit_type(ty);
    find.0
}

/// The type with `T` for `&T`, `String` for `&str` and `Vec<T>` for `&[T]`, as its author would write it.
pub(crate) fn owned(ty: &Type) -> String {
    let mut ty = ty.clone();
    Owner.visit_type_mut(&mut ty);
    written(&ty)
}

/// A named lifetime other than `'static` is a parameter of the function, which is refused itself.
fn is_borrow(reference: &TypeReference) -> bool {
    reference.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident == "_")
}

struct Owner;

impl VisitMut for Owner {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Reference(reference) = ty
            && is_borrow(reference)
        {
            let span = Span::call_site();
            *ty = match func::ungrouped(&reference.elem) {
                Type::Slice(slice) => {
                    let element = &slice.elem;
                    parse_quote_spanned!(span=> Vec<#element>)
                }
                Type::Path(path) if path.path.is_ident("str") => parse_quote_spanned!(span=> String),
                Type::TraitObject(object) => parse_quote_spanned!(span=> Arc<#object>),
                elem => elem.clone(),
            };
            return self.visit_type_mut(ty);
        }
        visit_mut::visit_type_mut(self, ty);
    }

    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}

    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {}
}

/// The type as its author wrote it; tokens alone have spaces between all of them.
pub(crate) fn written(ty: &Type) -> String {
    let mut text = String::new();
    for word in ty.to_token_stream().to_string().split_whitespace() {
        let is_letter = |c: char| c.is_alphanumeric() || c == '_';
        let lifetime = text
            .rsplit(|c: char| !is_letter(c) && c != '\'')
            .next()
            .is_some_and(|last| last.starts_with('\''));
        let apart = text.ends_with([',', ';', '+', '='])
            || text.ends_with("->")
            || word.starts_with(['+', '='])
            || word.starts_with("->")
            || lifetime && !word.starts_with(['>', ',', ';'])
            || text.ends_with(is_letter) && word.starts_with(is_letter);
        if apart && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ty: &str, expected: Option<&str>) {
        let ty: Type = syn::parse_str(ty).unwrap();
        assert_eq!(borrowed(&ty).map(|_| owned(&ty)).as_deref(), expected);
    }

    #[test]
    fn what_is_borrowed_is_owned() {
        check("Vec<&str>", Some("Vec<String>"));
        check("Option<&[&i64]>", Some("Option<Vec<i64>>"));
        check("(&'_ str, [Vec<&Page>; 2])", Some("(String, [Vec<Page>; 2])"));
        check(
            "HashMap<&str, Box<dyn Fn(&str) -> i64 + Send>>",
            Some("HashMap<String, Box<dyn Fn(&str) -> i64 + Send>>"),
        );
        check("Vec<&dyn Shape>", Some("Vec<Arc<dyn Shape>>"));
        check("Box<dyn Iterator<Item = &mut i64>>", Some("Box<dyn Iterator<Item = i64>>"));
        check("HashMap<&str, &'static [u8]>", Some("HashMap<String, &'static [u8]>"));
    }

    #[test]
    fn what_lives_for_ever_is_owned_already() {
        check("Vec<&'static str>", None);
        check("fn(&str) -> &str", None);
        check("Arc<dyn Fn(&str) -> i64 + Send + Sync>", None);
        check("Vec<String>", None);
    }
}

use syn::{ItemFn, PatType, ReturnType, Type};

use super::model::Outer;
use crate::diag::Diag;
use crate::{func, owned, parameter};

/// Refuses functions that make no configuration, or of what is not there before a run begins.
pub(super) fn signature(item: &ItemFn, diag: &Diag) -> bool {
    let (before, signature) = (diag.count(), &item.sig);
    func::check_free("#[configured]", signature, "take a configuration as a parameter, `&Speed`", diag);
    func::check_rust("#[configured]", signature, diag);
    if let Some(token) = &signature.asyncness {
        let message = "the function that makes a configuration is not async: it is called before the run begins, when \
                       nothing can be waited for";
        diag.error(token.span, message);
    }
    if let Some(parameter) = signature.generics.params.first() {
        diag.error_at(parameter, "a configured op cannot be generic: its configuration has one known type");
    }
    for (position, parameter) in func::parameters(signature).enumerate() {
        self::parameter(position, parameter, diag);
    }
    match &signature.output {
        ReturnType::Default => {
            let message =
                "the function returns the configuration that the op takes: `-> Load`, or `-> Result<Load>`";
            diag.error(signature.ident.span(), message);
        }
        ReturnType::Type(_, ty) => {
            let value = func::result_value(ty).unwrap_or(ty);
            if let Some(span) = func::impl_trait(ty) {
                diag.error(span, "a configuration has one known type: write it instead of `impl ..`");
            } else if let Some(inner) = parameter::argument(value, "Config") {
                let inner = owned::written(inner);
                diag.error_at(value, format!("the function returns the value itself: write `{inner}`"));
            } else if let Some(reference) = owned::borrowed(value) {
                let owned = owned::owned(value);
                diag.error_at(reference, format!("a configuration owns its data: write `{owned}`"));
            }
        }
    }
    diag.count() == before
}

fn parameter(position: usize, parameter: &PatType, diag: &Diag) {
    let ty = func::ungrouped(&parameter.ty);
    if let Type::Reference(reference) = ty
        && let Some(token) = &reference.mutability
    {
        diag.error(token.span, "a configuration is only read: write `&T`");
    } else if let Some(span) = func::impl_trait(ty) {
        diag.error(span, "a configuration has one known type: write it instead of `impl ..`");
    } else if is_of_a_run(ty) {
        let message = "the function is called before the run begins, and takes only a configuration of its own: `&Speed`";
        diag.error_at(&parameter.ty, message);
    } else if position > 0 {
        let message = "the function takes one configuration: make one type of all, with a field for each";
        diag.error_at(&parameter.ty, message);
    } else if Outer::read(ty).is_none() {
        let ty = owned::written(ty);
        let message =
            format!("the function takes its configuration by reference: `&{ty}`, or as `Config<{ty}>`");
        diag.error_at(&parameter.ty, message);
    }
}

/// What ops take, and what is not there yet.
fn is_of_a_run(ty: &Type) -> bool {
    let ty = match ty {
        Type::Reference(reference) => &*reference.elem,
        ty => ty,
    };
    func::last_segment(ty).is_some_and(|segment| segment.ident == "Res" || segment.ident == "Context")
}

use syn::{ItemFn, ReturnType};

use crate::diag::Diag;
use crate::parameter::{self, Asked};
use crate::{func, owned};

const NOTHING: &str = "a resource is what the function returns: `-> Database`, or `-> Result<Database>`";

/// Refuses functions that open nothing, or ask for what nobody could give.
pub(super) fn function(item: &ItemFn, diag: &Diag) -> bool {
    let before = diag.count();
    func::check_free("#[resource]", &item.sig, "take what it needs as `Res<T>` or `Config<T>`", diag);
    func::check_rust("#[resource]", &item.sig, diag);
    parameter::check("a resource", item, diag);
    if let Some(parameter) = item.sig.generics.params.first() {
        diag.error_at(
            parameter,
            "a resource cannot be generic: write a function for each type, which calls a generic one",
        );
    }
    for parameter in func::parameters(&item.sig) {
        if Asked::read(parameter).is_none() {
            let message = "a resource is opened before any step runs, and takes its configuration and other resources: \
                           `Config<T>`, `Res<T>`";
            diag.error_at(parameter, message);
        }
    }
    match &item.sig.output {
        ReturnType::Default => diag.error(item.sig.ident.span(), NOTHING),
        ReturnType::Type(_, ty) if func::is_unit(func::result_value(ty).unwrap_or(ty)) => {
            diag.error_at(ty, NOTHING);
        }
        ReturnType::Type(_, ty) => {
            if let Some(span) = func::impl_trait(ty) {
                let message = "a resource has one known type: write it instead of `impl ..`; of a trait, return \
                               `Res<dyn Trait>`";
                diag.error(span, message);
            } else if let Some(reference) = owned::borrowed(func::result_value(ty).unwrap_or(ty)) {
                let owned = owned::owned(func::result_value(ty).unwrap_or(ty));
                diag.error_at(reference, format!("a resource owns its data: write `{owned}`"));
            }
        }
    }
    diag.count() == before
}

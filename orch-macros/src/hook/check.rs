use syn::{ItemFn, PatType, ReturnType, Type};

use super::model::Kind;
use crate::diag::Diag;
use crate::func;
use crate::parameter::{self, Asked};

/// Refuses signatures that no hook can have.
pub(super) fn signature(kind: Kind, item: &ItemFn, diag: &Diag) -> bool {
    let (before, signature) = (diag.count(), &item.sig);
    parameter::check("a hook", item, diag);
    let instead = "leave `self` out, and let the function find what it needs by itself";
    func::check_free(kind.attribute(), signature, instead, diag);
    func::check_rust(kind.attribute(), signature, diag);
    if let Some(parameter) = signature.generics.params.first() {
        diag.error_at(
            parameter,
            "a hook cannot be generic: write one function, which may call a generic one",
        );
    } else if let Some(clause) = &signature.generics.where_clause {
        diag.error(clause.where_token.span, "a hook has no `where` clause: leave it out");
    }
    let mut told = false;
    for parameter in func::parameters(signature) {
        match Asked::read(parameter) {
            Some(Asked::Resource { .. }) => {}
            Some(Asked::Config(_)) => {
                let message = "a hook takes no configuration: let a resource take it, and the hook the resource, `Res<T>`";
                diag.error_at(&parameter.ty, message);
            }
            None => self::parameter(kind, parameter, &mut told, diag),
        }
    }
    return_type(&signature.output, diag);
    diag.count() == before
}

fn parameter(kind: Kind, parameter: &PatType, told: &mut bool, diag: &Diag) {
    let (ty, reference) = match func::ungrouped(&parameter.ty) {
        Type::Reference(reference) => (func::ungrouped(&reference.elem), Some(reference)),
        ty => (ty, None),
    };
    let name = func::last_segment(ty)
        .filter(|segment| segment.arguments.is_none())
        .map(|segment| segment.ident.to_string())
        .unwrap_or_default();
    let wanted = kind.context();
    let owner = if kind == Kind::Run { "a hook of runs" } else { "a hook of steps" };
    match name.as_str() {
        name if name == wanted => {
            if let Some(token) = reference.and_then(|reference| reference.mutability.as_ref()) {
                diag.error(token.span, format!("a hook cannot change what it is told: write `&{wanted}`"));
            } else if std::mem::replace(told, true) {
                diag.error_at(ty, "a hook is told once: leave out this parameter");
            }
        }
        "HookContext" | "RunHookContext" | "Context" => {
            diag.error_at(ty, format!("{owner} is told by `{wanted}`, not by `{name}`"));
        }
        _ => {
            let message = format!(
                "{owner} takes no inputs: ask for what it is told, `context: {wanted}`, which knows {}; or for a resource, `Res<T>`",
                match kind {
                    Kind::Run => "the run, what it came to and what failed",
                    _ => "the step, what it came to and what is said of its outputs",
                }
            );
            diag.error_at(&parameter.ty, message);
        }
    }
}

/// What it is beyond that the trait `Finish` says, at the type.
fn return_type(output: &ReturnType, diag: &Diag) {
    if let ReturnType::Type(_, ty) = output
        && matches!(func::ungrouped(ty), Type::ImplTrait(_) | Type::Never(_))
    {
        diag.error_at(ty, "nobody takes what a hook returns: write `Result<()>`, or leave it out");
    }
}

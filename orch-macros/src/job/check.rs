use syn::{ReturnType, Signature};

use crate::diag::Diag;
use crate::func;

/// Refuses what no job can be.
pub(super) fn job(signature: &Signature, diag: &Diag) {
    drawn("#[job]", signature, diag);
    if let ReturnType::Type(_, ty) = &signature.output {
        let message = "a job has no return type: the function gives the job itself, and the results of its steps are \
                       asked of a run; a part of a job that hands on handles is a `#[graph]`";
        diag.error_at(ty, message);
    }
}

/// Refuses what no graph can be.
pub(super) fn graph(signature: &Signature, diag: &Diag) {
    drawn("#[graph]", signature, diag);
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

use proc_macro2::TokenStream;
use syn::{ReturnType, Signature};

use crate::diag::Diag;
use crate::func;

/// There are none.
pub(super) fn options(options: TokenStream, diag: &Diag) {
    if !options.is_empty() {
        diag.error_at(options, "`#[orch::main]` takes no options: write `#[orch::main]`");
    }
}

/// Refuses what cannot be a program.
pub(super) fn signature(signature: &Signature, diag: &Diag) -> bool {
    let before = diag.count();
    func::check_plain("#[orch::main]", signature, diag);
    if signature.ident == "main" {
        let message =
            "`#[orch::main]` writes `main` itself: give this function another name, such as `definitions`";
        diag.error(signature.ident.span(), message);
    }
    if let Some(token) = &signature.asyncness {
        let message = "`#[orch::main]` is not async: it only names jobs and resources; what must be opened is opened \
                       when a run needs it";
        diag.error(token.span, message);
    }
    if let Some(parameter) = signature.generics.params.first() {
        diag.error_at(parameter, "`#[orch::main]` is not generic: leave out the parameters");
    }
    if let Some(parameter) = func::parameters(signature).next() {
        let message = "`#[orch::main]` has no parameters: the command line is read for it, and the rest comes from the \
                       environment";
        diag.error_at(&parameter.pat, message);
    }
    if matches!(signature.output, ReturnType::Default) {
        let message =
            "`#[orch::main]` returns what the program offers: `-> Definitions` or `-> Result<Definitions>`";
        diag.error(signature.ident.span(), message);
    }
    diag.count() == before
}

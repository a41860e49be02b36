//! How an output's type is told to be a plain value, an optional one, a dynamic one or a struct of outputs.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::names::{DEFAULT_FIT, DEFAULT_KIND, FIT};

/// The traits that must be in scope for [`of`] and [`fit`]; by `as _`, so that they bring no name.
pub(crate) fn imports() -> TokenStream {
    quote! {
        use #DEFAULT_KIND as _;
        use #DEFAULT_FIT as _;
    }
}

/// The kind that the type says of itself, as the argument of `Output`: found by name, so the compiler's own lookup
/// decides, and an alias is as good as the type.
pub(crate) fn of(ty: &impl ToTokens) -> TokenStream {
    quote!({ <#ty>::__ORCH_KIND })
}

/// The same for all but the one place where a type is checked: a type that no op can return passes, and is not refused
/// a second time.
pub(crate) fn fit(ty: &impl ToTokens) -> TokenStream {
    let kind = of(ty);
    quote!({ #FIT::<#ty, #kind>::KIND })
}

/// Such a kind where the traits are not in scope.
pub(crate) fn alone(kind: &TokenStream) -> TokenStream {
    let imports = imports();
    quote!({ #imports #kind })
}

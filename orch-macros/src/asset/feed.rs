//! What feeds the parameters of an asset, or of a check: other assets.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned as _;

use super::model::Source;
use crate::names::ASSET;

/// What the definition says of them.
pub(crate) fn depends(sources: &[Source], deps: &[Path]) -> TokenStream {
    let takes = sources.iter().flat_map(|source| {
        // What is read from where it is stored is there before; no value of it is handed over.
        let how = if matches!(source, Source::Stored(..)) { "after" } else { "takes" };
        source.paths().iter().map(move |path| on(how, path))
    });
    let after = deps.iter().map(|path| on("after", path));
    quote!(#(#takes)* #(#after)*)
}

/// That it depends on an asset, at the user's word.
fn on(how: &str, path: &Path) -> TokenStream {
    let (asset, how) = (ASSET.at(path.span()), Ident::new(how, path.span()));
    quote_spanned!(path.span()=> .#how(<#path as #asset>::asset))
}

/// The arguments of the call in a job, and the name of what they are taken from.
pub(crate) fn arguments(sources: &[Source], function: Span) -> (Ident, TokenStream) {
    // A name of the user's own place: so all of an argument stands at his word, where the compiler says that it does not fit.
    let upstream = |span: Span| Ident::new("__upstream", span);
    let arguments = sources.iter().map(|source| {
        let one = |path: &Path| {
            let upstream = upstream(path.span());
            quote_spanned!(path.span()=> #upstream.of::<#path>())
        };
        match source {
            Source::One(path) => one(path),
            Source::Stored(path, ty) => {
                let upstream = upstream(path.span());
                quote_spanned!(path.span()=> #upstream.stored::<#path, #ty>())
            }
            Source::Several(paths) => {
                let several = paths.iter().map(one);
                quote!([#(#several),*])
            }
        }
    });
    (upstream(function), quote!(#(#arguments),*))
}

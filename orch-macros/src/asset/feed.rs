//! What feeds the parameters of an asset, or of a check: other assets.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Path, Type};

use super::source::{Source, Takes};
use crate::names::{ASSET, PARTITION_MAPPING};

/// What the definition says of them.
pub(crate) fn depends(sources: &[Source], deps: &[Path]) -> TokenStream {
    let takes = sources.iter().filter(|source| !source.own).flat_map(|source| {
        let how = match source.takes {
            Takes::Stored(..) | Takes::StoredIfThere(..) => "takes_stored",
            Takes::Partitions(_) | Takes::StoredPartitions(..) | Takes::StoredTogether(..) => {
                "takes_partitions"
            }
            Takes::One(_) | Takes::OneAs(..) | Takes::Several(_) | Takes::Partition(_) => "takes",
        };
        let mapped = match (&source.takes, &source.mapped) {
            (Takes::StoredIfThere(..), Some(mapping)) => Some(quote!(.mapped((#mapping).allow_missing()))),
            (Takes::StoredIfThere(..), None) => {
                Some(quote!(.mapped(#PARTITION_MAPPING::default().allow_missing())))
            }
            (_, mapping) => mapping.as_ref().map(|mapping| quote!(.mapped(#mapping))),
        };
        source.paths().iter().map(move |path| {
            let (depends, taken) = (on(how, path), taken_as(&source.takes));
            quote!(#depends #mapped #taken)
        })
    });
    let own = sources.iter().filter(|source| source.own).filter_map(takes_own);
    let after = deps.iter().map(|path| on("after", path));
    quote!(#(#takes)* #(#own)* #(#after)*)
}

/// That it takes earlier partitions of its own, at the user's word; none where that cannot be, which is told.
fn takes_own(source: &Source) -> Option<TokenStream> {
    let (path, mapping) = (source.paths().first()?, source.mapped.as_ref()?);
    Some(match &source.takes {
        Takes::OneAs(_, ty) => {
            let asset = ASSET.at(path.span());
            quote_spanned!(path.span()=> .takes_own_as::<<#path as #asset>::Value, #ty, _>(#mapping))
        }
        Takes::StoredIfThere(..) => quote_spanned!(path.span()=> .takes_own_stored(#mapping)),
        Takes::Partitions(_) | Takes::StoredPartitions(..) | Takes::StoredTogether(..) => {
            quote_spanned!(path.span()=> .takes_own_partitions(#mapping))
        }
        Takes::One(_) | Takes::Stored(..) | Takes::Several(_) | Takes::Partition(_) => return None,
    })
}

/// As what it takes the value, where the types say it.
fn taken_as(takes: &Takes) -> Option<TokenStream> {
    let Takes::OneAs(path, ty) = takes else { return None };
    let asset = ASSET.at(path.span());
    Some(quote_spanned!(ty.span()=> .taken_as::<<#path as #asset>::Value, #ty, _>()))
}

/// That it depends on an asset, at the user's word.
fn on(how: &str, path: &Path) -> TokenStream {
    let (asset, how) = (ASSET.at(path.span()), Ident::new(how, path.span()));
    quote_spanned!(path.span()=> .#how(<#path as #asset>::asset))
}

/// The arguments of the call in a job, and the name of what they are taken from. `partitions` is the type of those that are
/// made.
pub(crate) fn arguments(
    sources: &[Source],
    partitions: Option<&Type>,
    function: Span,
) -> (Ident, TokenStream) {
    // A name of the user's own place: so all of an argument stands at his word, where the compiler says that it does not fit.
    let upstream = |span: Span| Ident::new("__upstream", span);
    let arguments = sources.iter().map(|source| {
        let columns = &source.columns;
        let one = |path: &Path| {
            let upstream = upstream(path.span());
            quote_spanned!(path.span()=> #upstream.of::<#path>())
        };
        match &source.takes {
            Takes::One(path) => one(path),
            Takes::OneAs(path, ty) => {
                let upstream = upstream(path.span());
                quote_spanned!(path.span()=> #upstream.taken_as::<#path, #ty, _>())
            }
            Takes::Partitions(path) => {
                let upstream = upstream(path.span());
                quote_spanned!(path.span()=> #upstream.partitions::<#path>())
            }
            Takes::Stored(path, ty) => {
                let upstream = upstream(path.span());
                quote_spanned!(path.span()=> #upstream.stored::<#path, #ty>(&[#(#columns),*]))
            }
            Takes::StoredIfThere(path, ty) => {
                let upstream = upstream(path.span());
                quote_spanned!(path.span()=> #upstream.stored_if_there::<#path, #ty>(&[#(#columns),*]))
            }
            Takes::StoredPartitions(path, ty) => {
                let upstream = upstream(path.span());
                quote_spanned!(path.span()=> #upstream.stored_partitions::<#path, #ty>(&[#(#columns),*]))
            }
            Takes::StoredTogether(path, ty) => {
                let upstream = upstream(path.span());
                quote_spanned!(path.span()=> #upstream.stored_together::<#path, #ty>(&[#(#columns),*]))
            }
            Takes::Several(paths) => {
                let several = paths.iter().map(one);
                quote!([#(#several),*])
            }
            Takes::Partition(of) => {
                // Of those that the asset says to have: another one is an argument that does not fit.
                let upstream = upstream(of.span());
                quote_spanned!(of.span()=> #upstream.partition::<#partitions>())
            }
        }
    });
    (upstream(function), quote!(#(#arguments),*))
}

use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Fields, FieldsNamed, GenericParam};

use super::model::Outputs;
use crate::diag::Diag;

/// The fields, if the type is a struct that can be outputs.
pub(super) fn shape<'i>(item: &'i DeriveInput, diag: &Diag) -> Option<&'i FieldsNamed> {
    let before = diag.count();
    if let Some(parameter) = item.generics.params.first() {
        let span = match parameter {
            GenericParam::Type(ty) => ty.ident.span(),
            GenericParam::Const(constant) => constant.ident.span(),
            GenericParam::Lifetime(lifetime) => lifetime.lifetime.span(),
        };
        diag.error(
            span,
            "a struct of outputs is not generic: each output has one known type that owns its data",
        );
    }
    let fields = match &item.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if fields.named.is_empty() => {
                diag.error(
                    item.ident.span(),
                    "a struct of outputs has fields, one for each output: add one, or return `()`",
                );
                None
            }
            Fields::Named(fields) => Some(fields),
            Fields::Unnamed(fields) => {
                let message =
                    "outputs are named after fields: use `{ name: T, .. }`, or let the op return a tuple";
                diag.error(fields.paren_token.span.open(), message);
                None
            }
            Fields::Unit => {
                diag.error(
                    item.ident.span(),
                    "a struct of outputs has fields, one for each output: add one, or return `()`",
                );
                None
            }
        },
        Data::Enum(data) => {
            let message = "`Outputs` is for structs: to give one of several outputs, use a struct with `Optional<T>` fields";
            diag.error(data.enum_token.span(), message);
            None
        }
        Data::Union(data) => {
            diag.error(data.union_token.span(), "`Outputs` is for structs with named fields");
            None
        }
    };
    fields.filter(|_| diag.count() == before)
}

/// Two outputs of one op differ in name: steps and runs tell them apart by it.
pub(super) fn names(outputs: &Outputs, diag: &Diag) {
    for (at, output) in outputs.outputs.iter().enumerate() {
        let name = output.name.value();
        if let Some(other) = outputs.outputs[..at].iter().find(|other| other.name.value() == name) {
            let message = format!(
                "the output `{name}` is there already, from field `{}`: give one another name",
                other.field
            );
            diag.error(output.name.span(), message);
        }
    }
}

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::{DeriveInput, Field, FieldsNamed, LitStr, Meta, Type, Visibility};

use super::asset::FieldAsset;
use crate::attr::{Known, Options};
use crate::diag::Diag;
use crate::policy;

const OPTIONS: Known = Known { owner: "`#[output(..)]`", options: &["name"], repeated: &[], elsewhere: &[] };

/// A struct whose fields are outputs.
pub(super) struct Outputs {
    pub(super) ident: Ident,
    pub(super) visibility: Visibility,
    pub(super) outputs: Vec<Output>,
}

/// One field.
pub(super) struct Output {
    pub(super) field: Ident,
    pub(super) visibility: Visibility,
    pub(super) name: LitStr,
    pub(super) ty: Type,
    pub(super) asset: Option<FieldAsset>,
}

impl Outputs {
    pub(super) fn read(item: &DeriveInput, fields: &FieldsNamed, diag: &Diag) -> Self {
        Self {
            ident: item.ident.clone(),
            visibility: item.vis.clone(),
            outputs: fields.named.iter().filter_map(|field| Output::read(field, diag)).collect(),
        }
    }
}

impl Output {
    fn read(field: &Field, diag: &Diag) -> Option<Self> {
        let ident = field.ident.clone()?;
        let mut name = LitStr::new(&ident.unraw().to_string(), ident.span());
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("output")) {
            match &attribute.meta {
                Meta::List(list) => {
                    let mut options = Options::read(&OPTIONS, list.tokens.clone(), diag);
                    name = policy::name(&mut options, &ident, diag);
                }
                _ => diag.error(ident.span(), "`#[output]` takes a name: `#[output(name = \"other\")]`"),
            }
        }
        let asset = FieldAsset::read(field, diag);
        Some(Self { field: ident, visibility: field.vis.clone(), name, ty: field.ty.clone(), asset })
    }
}

use std::mem;

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Data, DeriveInput, Expr, Field, LitStr, Macro, Meta, Path, Token};

use super::range::Range;
use crate::attr::{Known, Options};
use crate::diag::Diag;

const OF_STRUCTS: Known = Known {
    owner: "`#[config(..)]` of a struct",
    options: &["default", "rename_all"],
    repeated: &[],
    elsewhere: &[
        ("tag", "an enum"),
        ("range", "a field"),
        ("length", "a field"),
        ("rename", "a field or variant"),
    ],
};

const OF_ENUMS: Known = Known {
    owner: "`#[config(..)]` of an enum",
    options: &["tag", "rename_all"],
    repeated: &[],
    elsewhere: &[
        ("default", "a field or struct"),
        ("range", "a field"),
        ("length", "a field"),
        ("rename", "a field or variant"),
    ],
};

const OF_VARIANTS: Known = Known {
    owner: "`#[config(..)]` of a variant",
    options: &["rename", "rename_all"],
    repeated: &[],
    elsewhere: &[
        ("tag", "the enum"),
        ("default", "a field or struct"),
        ("range", "a field"),
        ("length", "a field"),
    ],
};

const OF_FIELDS: Known = Known {
    owner: "`#[config(..)]` of a field",
    options: &["default", "range", "length", "rename"],
    repeated: &[],
    elsewhere: &[("tag", "an enum"), ("rename_all", "a struct or enum")],
};

/// A type that is configuration.
pub(super) struct Config {
    pub(super) ident: Ident,
    /// The type itself, to be taken apart and put together as a mirror: `Self` replaced by its name.
    pub(super) item: DeriveInput,
    pub(super) default: bool,
    pub(super) tag: Option<LitStr>,
    pub(super) rename_all: Option<LitStr>,
    /// Of an enum; none of a struct.
    pub(super) variants: Vec<Variant>,
    /// All fields, those of variants too, in their order.
    pub(super) fields: Vec<Setting>,
}

/// What is said of one variant.
pub(super) struct Variant {
    pub(super) rename: Option<LitStr>,
    pub(super) rename_all: Option<LitStr>,
}

/// What is said of one field.
pub(super) struct Setting {
    pub(super) field: Field,
    pub(super) default: Option<Default>,
    pub(super) range: Option<Range>,
    pub(super) length: Option<Range>,
    pub(super) rename: Option<LitStr>,
}

/// What an absent field is.
pub(super) enum Default {
    /// `default`: what its type has.
    OfType,
    /// `default = 50`
    Value(Expr),
}

impl Config {
    pub(super) fn read(item: &DeriveInput, diag: &Diag) -> Self {
        let ident = item.ident.clone();
        let mut item = item.clone();
        NameSelf(&ident).visit_derive_input_mut(&mut item);
        let is_enum = matches!(item.data, Data::Enum(_));
        let mut options = options(if is_enum { &OF_ENUMS } else { &OF_STRUCTS }, &item.attrs, diag);
        let default = match options.expression("default", "..") {
            None => false,
            Some(None) => true,
            Some(Some(value)) => {
                let message = "of a struct it is `default` alone, the struct's own `Default`; a value is said of a field";
                diag.error_at(value, message);
                false
            }
        };
        let tag = options.text("tag", "\"kind\"");
        let rename_all = options.text("rename_all", "\"snake_case\"");
        let mut variants = Vec::new();
        let mut fields = Vec::new();
        match &item.data {
            Data::Struct(data) => {
                fields.extend(data.fields.iter().map(|field| Setting::read(field, &ident, diag)));
            }
            Data::Enum(data) => {
                for variant in &data.variants {
                    let mut options = self::options(&OF_VARIANTS, &variant.attrs, diag);
                    variants.push(Variant {
                        rename: options.text("rename", "\"other\""),
                        rename_all: options.text("rename_all", "\"snake_case\""),
                    });
                    fields.extend(variant.fields.iter().map(|field| Setting::read(field, &ident, diag)));
                }
            }
            Data::Union(_) => {}
        }
        Self { ident, item, default, tag, rename_all, variants, fields }
    }
}

impl Setting {
    fn read(field: &Field, ident: &Ident, diag: &Diag) -> Self {
        let mut options = options(&OF_FIELDS, &field.attrs, diag);
        let default = options.expression("default", "50").map(|value| match value {
            None => Default::OfType,
            Some(mut value) => {
                NameSelf(ident).visit_expr_mut(&mut value);
                Default::Value(value)
            }
        });
        let mut range = |name| {
            let mut given = options.expression(name, "1..=1000")?;
            given.iter_mut().for_each(|given| NameSelf(ident).visit_expr_mut(given));
            Range::read(name, given, &field.ident, diag)
        };
        let (range, length) = (range("range"), range("length"));
        let rename = options.text("rename", "\"other\"");
        Self { field: field.clone(), default, range, length, rename }
    }
}

/// The options in all `#[config(..)]` of an item, as if they stood in one.
fn options<'d>(known: &Known, attributes: &[Attribute], diag: &'d Diag) -> Options<'d> {
    let mut tokens = TokenStream::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("config")) {
        match &attribute.meta {
            Meta::List(list) => {
                tokens.extend(list.tokens.clone());
                tokens.extend(<Token![,]>::default().to_token_stream());
            }
            other => diag.error_at(other, "options stand in parentheses: `#[config(default = 50)]`"),
        }
    }
    Options::read(known, tokens, diag)
}

/// The options in all attributes of this name, `#[serde(default, rename = "x")]`, so far as they can be read; serde and
/// schemars say themselves what is wrong with theirs.
pub(super) fn metas(attributes: &[Attribute], name: &str) -> Vec<Meta> {
    let attributes = attributes.iter().filter(|attribute| attribute.path().is_ident(name));
    let metas = attributes.filter_map(|attribute| {
        attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()
    });
    metas.flatten().collect()
}

/// Whether one of these options is there in an attribute of serde's or schemars'.
pub(super) fn says(attributes: &[Attribute], options: &[&str]) -> bool {
    let is_named = |meta: &Meta| options.iter().any(|option| meta.path().is_ident(option));
    ["serde", "schemars"].iter().any(|name| metas(attributes, name).iter().any(is_named))
}

/// Writes the type's name for `Self`, which would be the mirror.
struct NameSelf<'i>(&'i Ident);

impl VisitMut for NameSelf<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        if let Some(first) = path.segments.first_mut()
            && first.ident == "Self"
        {
            first.ident = Ident::new(&self.0.to_string(), first.ident.span());
        }
        visit_mut::visit_path_mut(self, path);
    }

    /// `vec![Self::FIRST]`: what a macro is given is tokens and no more.
    fn visit_macro_mut(&mut self, called: &mut Macro) {
        called.tokens = self.in_tokens(mem::take(&mut called.tokens));
    }

    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
}

impl NameSelf<'_> {
    fn in_tokens(&self, tokens: TokenStream) -> TokenStream {
        let named = |token| match token {
            TokenTree::Ident(ident) if ident == "Self" => {
                Ident::new(&self.0.to_string(), ident.span()).into()
            }
            TokenTree::Group(group) => {
                let mut named = Group::new(group.delimiter(), self.in_tokens(group.stream()));
                named.set_span(group.span());
                named.into()
            }
            other => other,
        };
        tokens.into_iter().map(named).collect()
    }
}

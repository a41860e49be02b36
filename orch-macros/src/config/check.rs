use syn::spanned::Spanned as _;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Data, DeriveInput, Fields, GenericParam, TypeReference};

use super::kind::Kind;
use super::model::{Config, Setting, metas};
use super::range::Range;
use crate::diag::Diag;
use crate::owned;

/// Whether the type can be configuration at all.
pub(super) fn shape(item: &DeriveInput, diag: &Diag) {
    if let Some(parameter) = item.generics.params.first() {
        let span = match parameter {
            GenericParam::Type(ty) => ty.ident.span(),
            GenericParam::Const(constant) => constant.ident.span(),
            GenericParam::Lifetime(lifetime) => lifetime.lifetime.span(),
        };
        diag.error(
            span,
            "configuration is not generic: a file knows no types, so name the type of each field",
        );
    }
    match &item.data {
        Data::Struct(data) => match &data.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() != 1 => {
                let message = "configuration has names: write `{ name: T, .. }`; without them it can have one field only, \
                               whose value it then is";
                diag.error(fields.paren_token.span.open(), message);
            }
            Fields::Unit => {
                let message = "configuration has fields: add one, or braces, `{}`, if there will be some";
                diag.error(item.ident.span(), message);
            }
            Fields::Named(_) | Fields::Unnamed(_) => {}
        },
        Data::Enum(data) if data.variants.is_empty() => {
            diag.error(item.ident.span(), "an enum of configuration has variants to choose from: add one");
        }
        Data::Enum(_) => {}
        Data::Union(data) => {
            diag.error(
                data.union_token.span(),
                "configuration is a struct or an enum: nothing tells what a union contains",
            );
        }
    }
}

/// The rules by which serde writes names.
const RULES: [&str; 8] = [
    "lowercase",
    "UPPERCASE",
    "PascalCase",
    "camelCase",
    "snake_case",
    "SCREAMING_SNAKE_CASE",
    "kebab-case",
    "SCREAMING-KEBAB-CASE",
];

/// What is said of the type and its variants.
pub(super) fn whole(config: &Config, diag: &Diag) {
    let given = [
        ("tag", config.tag.is_some()),
        ("default", config.default),
        ("rename_all", config.rename_all.is_some()),
    ];
    twice(&config.item.attrs, &given, diag);
    if let Data::Enum(data) = &config.item.data {
        for (variant, said) in data.variants.iter().zip(&config.variants) {
            let given = [("rename", said.rename.is_some()), ("rename_all", said.rename_all.is_some())];
            twice(&variant.attrs, &given, diag);
        }
    }
    let of_variants = config.variants.iter().filter_map(|variant| variant.rename_all.as_ref());
    for rule in config.rename_all.iter().chain(of_variants) {
        if !RULES.contains(&rule.value().as_str()) {
            let rules: Vec<_> = RULES.iter().map(|rule| format!("\"{rule}\"")).collect();
            diag.error_at(rule, format!("`rename_all` takes one of {}", rules.join(", ")));
        }
    }
    if let (Some(_), Data::Enum(data)) = (&config.tag, &config.item.data) {
        for variant in &data.variants {
            if let Fields::Unnamed(fields) = &variant.fields
                && fields.unnamed.len() != 1
            {
                let message = "with a tag the fields of a variant stand beside it, and so have names: write `{ name: T, .. }`";
                diag.error_at(fields, message);
            }
        }
    }
}

/// What can be told of the fields from their types as they are written.
pub(super) fn fields(config: &Config, diag: &Diag) {
    for setting in &config.fields {
        borrowed(setting, diag);
        let given = [("default", setting.default.is_some()), ("rename", setting.rename.is_some())];
        twice(&setting.field.attrs, &given, diag);
        let kind = Kind::of(&setting.field.ty);
        if let Some(range) = &setting.range {
            numbers_only(kind, range, diag);
        }
        if let Some(length) = &setting.length {
            texts_and_lists_only(kind, length, diag);
        }
    }
}

/// Configuration owns what it has: the file that it was read from is gone when a step begins. What lives for ever could
/// not be read from one.
fn borrowed(setting: &Setting, diag: &Diag) {
    let mut ty = setting.field.ty.clone();
    WithoutLifetimes.visit_type_mut(&mut ty);
    if let Some(reference) = owned::borrowed(&ty) {
        diag.error_at(reference, format!("configuration owns its data: write `{}`", owned::owned(&ty)));
    }
}

struct WithoutLifetimes;

impl VisitMut for WithoutLifetimes {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference.lifetime = None;
        visit_mut::visit_type_reference_mut(self, reference);
    }
}

/// What our options say, serde's can say as well.
fn twice(attributes: &[Attribute], given: &[(&str, bool)], diag: &Diag) {
    for (name, _) in given.iter().filter(|(_, given)| *given) {
        let theirs = metas(attributes, "serde").into_iter().find(|meta| meta.path().is_ident(name));
        if let Some(theirs) = theirs {
            diag.error_at(theirs, format!("`{name}` is given twice: keep that of `#[config(..)]`"));
        }
    }
}

fn numbers_only(kind: Kind, range: &Range, diag: &Diag) {
    let message = match kind {
        Kind::Integer | Kind::Float | Kind::Unknown => return,
        Kind::Text | Kind::List => "`range` is of numbers; how long this may be says `length`",
        Kind::Other => "`range` is of numbers, and this is none: leave it out",
    };
    diag.error_at(&range.written, message);
}

fn texts_and_lists_only(kind: Kind, length: &Range, diag: &Diag) {
    let message = match kind {
        Kind::Text | Kind::List | Kind::Unknown => return,
        Kind::Integer | Kind::Float => {
            "`length` is of texts and lists; how large a number may be says `range`"
        }
        Kind::Other => "`length` is of texts and lists, and this is none: leave it out",
    };
    diag.error_at(&length.written, message);
}

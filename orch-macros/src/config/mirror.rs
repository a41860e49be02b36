use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{
    Attribute, Data, DeriveInput, Expr, Fields, Lit, LitStr, Meta, Path, Token, Type, Visibility, parse_quote,
};

use super::kind::Kind;
use super::model::{Config, Default, Setting, metas, says};
use super::range::{Bound, integer};
use crate::func;
use crate::names::{DESCRIBED, PART, PART_OF, SCHEMARS, SERDE};

/// A type with the same fields, and all that is said of them in the words of serde and schemars.
pub(super) struct Mirror {
    pub(super) ident: Ident,
    pub(super) item: DeriveInput,
    /// What its attributes name.
    pub(super) beside: TokenStream,
}

impl Mirror {
    pub(super) fn of(config: &Config) -> Self {
        let mut item = config.item.clone();
        let ident = format_ident!("__Orch{}", config.ident);
        item.ident = ident.clone();
        item.vis = Visibility::Inherited;
        item.attrs = kept(&item.attrs);
        item.attrs.extend(container(config));
        let mut beside = container_default(config, &ident);
        let mut settings = config.fields.iter().enumerate();
        let mut mirrored = |fields: &mut Fields| {
            for (field, (at, setting)) in fields.iter_mut().zip(&mut settings) {
                field.vis = Visibility::Inherited;
                field.attrs = kept(&field.attrs);
                field.attrs.extend(of_field(setting, at, &mut beside));
            }
        };
        match &mut item.data {
            Data::Struct(data) => mirrored(&mut data.fields),
            Data::Enum(data) => {
                for (variant, said) in data.variants.iter_mut().zip(&config.variants) {
                    variant.attrs = kept(&variant.attrs);
                    variant.discriminant = None;
                    variant
                        .attrs
                        .extend(said.rename.iter().map(|name| parse_quote!(#[serde(rename = #name)])));
                    variant.attrs.extend(
                        said.rename_all.iter().map(|rule| parse_quote!(#[serde(rename_all = #rule)])),
                    );
                    mirrored(&mut variant.fields);
                }
            }
            Data::Union(_) => {}
        }
        Self { ident, item, beside }
    }
}

/// Whether serde or schemars is told to do without what the field's type has of its own.
fn is_read_otherwise(attributes: &[Attribute]) -> bool {
    let otherwise = [
        "with",
        "serialize_with",
        "deserialize_with",
        "skip",
        "skip_serializing",
        "skip_deserializing",
        "bound",
    ];
    says(attributes, &otherwise)
}

/// The attributes that say something of configuration; others were meant for the type itself.
fn kept(attributes: &[Attribute]) -> Vec<Attribute> {
    let names = ["doc", "serde", "schemars", "deprecated"];
    let is_kept = |attribute: &&Attribute| names.iter().any(|name| attribute.path().is_ident(name));
    attributes.iter().filter(is_kept).cloned().collect()
}

/// What is said of the type as a whole.
fn container(config: &Config) -> Vec<Attribute> {
    let own = &config.item.attrs;
    let remote = config.ident.to_string();
    let (serde, schemars) = (SERDE.to_string(), SCHEMARS.to_string());
    let mut attributes: Vec<Attribute> = vec![
        parse_quote!(#[serde(crate = #serde, remote = #remote)]),
        parse_quote!(#[schemars(crate = #schemars)]),
    ];
    let mut say = |attribute: Attribute| attributes.push(attribute);
    if !says(own, &["rename"]) {
        say(parse_quote!(#[serde(rename = #remote)]));
    }
    let is_enum = matches!(config.item.data, Data::Enum(_));
    match &config.rename_all {
        Some(rule) => say(parse_quote!(#[serde(rename_all = #rule)])),
        None if is_enum && !says(own, &["rename_all"]) => {
            say(parse_quote!(#[serde(rename_all = "snake_case")]));
        }
        None => {}
    }
    if let Some(tag) = &config.tag {
        say(parse_quote!(#[serde(tag = #tag)]));
    }
    if config.default {
        say(parse_quote!(#[serde(default)]));
    }
    if !says(own, &["deny_unknown_fields", "transparent"]) {
        say(match reads_what_is_of_others(config) {
            true => parse_quote!(#[schemars(deny_unknown_fields)]),
            false => parse_quote!(#[serde(deny_unknown_fields)]),
        });
    }
    attributes
}

/// Whether serde shows the type keys that belong to others, so that it must not refuse them: fields that are flattened
/// take theirs out of those of the whole, and so does an enum that is told apart by a tag. The schema refuses unknown keys
/// all the same.
fn reads_what_is_of_others(config: &Config) -> bool {
    let content = metas(&config.item.attrs, "serde").iter().any(|meta| meta.path().is_ident("content"));
    let tagged = (config.tag.is_some() || says(&config.item.attrs, &["tag"])) && !content;
    tagged || config.fields.iter().any(|setting| says(&setting.field.attrs, &["flatten"]))
}

/// The default of a whole struct is of the struct, where schemars wants the mirror's.
fn container_default(config: &Config, mirror: &Ident) -> TokenStream {
    let theirs = metas(&config.item.attrs, "serde").into_iter().find(|meta| meta.path().is_ident("default"));
    let value = match theirs {
        Some(Meta::NameValue(meta)) => match &meta.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(path) => path.parse::<Path>().ok().map(|path| quote!(#path())),
                _ => None,
            },
            _ => None,
        },
        Some(_) => Some(quote!(::core::default::Default::default())),
        None => config.default.then(|| quote!(::core::default::Default::default())),
    };
    let (Some(value), Data::Struct(data)) = (value, &config.item.data) else { return TokenStream::new() };
    let ident = &config.ident;
    let members: Vec<_> = data.fields.members().collect();
    quote! {
        #[automatically_derived]
        impl ::core::default::Default for #mirror {
            fn default() -> Self {
                let whole: #ident = #value;
                Self { #(#members: whole.#members),* }
            }
        }
    }
}

/// What is said of a field, and in `beside` what that names.
fn of_field(setting: &Setting, at: usize, beside: &mut TokenStream) -> Vec<Attribute> {
    let mut attributes: Vec<Attribute> = Vec::new();
    if !is_read_otherwise(&setting.field.attrs) {
        let ty = &setting.field.ty;
        // What is made of these texts stands where the texts do.
        let span = func::last_segment(ty).map_or_else(|| ty.span(), |last| last.ident.span());
        let text = |tokens: TokenStream| LitStr::new(&tokens.to_string(), span);
        let bound = text(quote!(#ty: #PART<{ <#PART_OF<#ty>>::IS }>));
        let described = text(quote!(<#PART_OF<#ty> as #DESCRIBED<{ <#PART_OF<#ty>>::IS }>>::By));
        attributes.push(parse_quote!(#[serde(bound = #bound)]));
        attributes.push(parse_quote!(#[schemars(with = #described)]));
    }
    if let Some(name) = &setting.rename {
        attributes.push(parse_quote!(#[serde(rename = #name)]));
    }
    match &setting.default {
        Some(Default::OfType) => attributes.push(parse_quote!(#[serde(default)])),
        Some(Default::Value(value)) => {
            let function = format_ident!("default_{at}", span = Span::mixed_site());
            let path = function.to_string();
            let (ty, value) = (&setting.field.ty, converted(value, &setting.field.ty));
            beside.extend(quote! {
                fn #function() -> #ty {
                    #value
                }
            });
            attributes.push(parse_quote!(#[serde(default = #path)]));
        }
        None => {}
    }
    if let Some(range) = &setting.range {
        let is_integer = Kind::of(&setting.field.ty) == Kind::Integer;
        let least = range.least.iter().map(|least| quote!("minimum" = #least));
        let most = range.most.iter().map(|most| match most {
            Bound::With(most) => quote!("maximum" = #most),
            Bound::Without(most) => match integer(most).filter(|_| is_integer) {
                Some(most) => {
                    let most = Literal::i128_unsuffixed(most - 1);
                    quote!("maximum" = #most)
                }
                None => quote!("exclusiveMaximum" = #most),
            },
        });
        let bounds: Punctuated<TokenStream, Token![,]> = least.chain(most).collect();
        attributes.push(parse_quote!(#[schemars(extend(#bounds))]));
    }
    if let Some(length) = &setting.length {
        let least = length.least.iter().map(|least| quote!(min = #least));
        let most = length.most.iter().map(|most| match most {
            Bound::With(most) => quote!(max = #most),
            Bound::Without(most) => quote!(max = #most - 1),
        });
        let bounds: Punctuated<TokenStream, Token![,]> = least.chain(most).collect();
        attributes.push(parse_quote!(#[schemars(length(#bounds))]));
    }
    attributes
}

/// A text in quotes is no `String` yet, nor a `PathBuf`.
fn converted(value: &Expr, ty: &Type) -> TokenStream {
    let is_text = matches!(value, Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)));
    let owns_text = func::last_segment(ty)
        .is_some_and(|last| ["String", "PathBuf", "Box", "Arc", "Cow"].iter().any(|name| last.ident == name));
    match is_text && owns_text {
        true => quote!(::core::convert::From::from(#value)),
        false => quote!(#value),
    }
}

//! What feeds the parameters of an asset.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, ExprArray, FnArg, ItemFn, LitStr, Meta, PatType, Path, Token, Type};

use crate::attr::{Known, Options};
use crate::diag::Diag;
use crate::owned::written;
use crate::{func, parameter};

/// What stands before a parameter for these macros alone.
const FROM: &str = "from";
const STORED: &str = "stored";
const MAPPED: &str = "mapped";

/// What feeds a parameter.
pub(crate) struct Source {
    pub(crate) takes: Takes,
    /// Which partitions it takes, `#[mapped(..)]`.
    pub(crate) mapped: Option<Expr>,
    /// The columns that are read of what is stored, `#[stored(columns = [..])]`; all if none are named.
    pub(crate) columns: Vec<LitStr>,
    /// Whether it is earlier partitions of the asset itself that it takes.
    pub(crate) own: bool,
}

/// What it is that feeds a parameter.
pub(crate) enum Takes {
    /// The value of an asset.
    One(Path),
    /// The value of an asset, or an `Option` of it, as this type.
    OneAs(Path, Box<Type>),
    /// Those of several, as a `Vec`.
    Several(Vec<Path>),
    /// The values of partitions of an asset, by key.
    Partitions(Path),
    /// An asset as its IO manager reads it as a value of this type.
    Stored(Path, Box<Type>),
    /// The same, or none if it is not there.
    StoredIfThere(Path, Box<Type>),
    /// Partitions of an asset, each read so.
    StoredPartitions(Path, Box<Type>),
    /// Partitions of an asset, all of which are read as one value of this type.
    StoredTogether(Path, Box<Type>),
    /// The partition that is made, of those of this type.
    Partition(Box<Type>),
}

impl Source {
    /// A parameter may be named after an asset whose path is known, wherever that stands; what is wrong with it is said of the
    /// parameter.
    pub(crate) fn name_as(&mut self, asset: &Path) {
        let path = match &mut self.takes {
            Takes::One(path)
            | Takes::OneAs(path, _)
            | Takes::Partitions(path)
            | Takes::Stored(path, _)
            | Takes::StoredIfThere(path, _)
            | Takes::StoredPartitions(path, _)
            | Takes::StoredTogether(path, _) => path,
            Takes::Several(_) | Takes::Partition(_) => return,
        };
        if asset.segments.last().is_none_or(|last| !path.is_ident(&last.ident)) {
            return;
        }
        let here = path.span();
        let tokens = asset.to_token_stream().into_iter().map(|mut token| {
            token.set_span(here);
            token
        });
        if let Ok(named) = syn::parse2(tokens.collect()) {
            *path = named;
        }
    }

    /// The assets that it takes.
    pub(crate) fn paths(&self) -> &[Path] {
        match &self.takes {
            Takes::One(path)
            | Takes::OneAs(path, _)
            | Takes::Partitions(path)
            | Takes::Stored(path, _)
            | Takes::StoredIfThere(path, _)
            | Takes::StoredPartitions(path, _)
            | Takes::StoredTogether(path, _) => std::slice::from_ref(path),
            Takes::Several(paths) => paths,
            Takes::Partition(_) => &[],
        }
    }
}

/// Refuses what stands before a parameter that is this, and is fed by no asset.
pub(super) fn refuse(parameter: &PatType, what: &str, diag: &Diag) {
    let mut odd = [FROM, STORED, MAPPED].into_iter();
    let odd = odd.find_map(|name| parameter.attrs.iter().find(|attribute| attribute.path().is_ident(name)));
    if let Some(odd) = odd {
        diag.error_at(odd, format!("this parameter is {what}, and takes no asset"));
    }
}

/// What feeds each of these parameters, as far as that can be told. What is made for partitions is for one at a time.
pub(super) fn read_all<'a>(parameters: impl Iterator<Item = &'a PatType>, diag: &Diag) -> Vec<Source> {
    let (mut sources, mut first): (Vec<Source>, Option<&PatType>) = (Vec::new(), None);
    for parameter in parameters {
        if !is_from(parameter)
            && let Some(of) = parameter::optional_partition(value_of(parameter))
        {
            // Of a function that is an op it is told with what is wrong with its parameters.
            if parameter::argument(func::ungrouped(&parameter.ty), "Out").is_some() {
                let name = parameter.pat.to_token_stream();
                diag.error_at(
                    &parameter.ty,
                    parameter::one_partition(&name, &format!("Out<Partition<{}>>", written(of))),
                );
            }
            continue;
        }
        let Some(source) = read(parameter, diag) else { continue };
        match (&source.takes, first) {
            (Takes::Partition(_), Some(first)) => {
                let message = format!(
                    "`{}` is the partition for which it is made, and there is no other: leave one of the two out; partitions of two kinds are dimensions of one, `PartitionsDefinition::product()`",
                    first.pat.to_token_stream()
                );
                diag.error_at(&parameter.ty, message);
                continue;
            }
            (Takes::Partition(_), None) => first = Some(parameter),
            _ => {}
        }
        sources.push(source);
    }
    sources
}

/// Whether it says of which asset it is.
fn is_from(parameter: &PatType) -> bool {
    parameter.attrs.iter().any(|attribute| attribute.path().is_ident(FROM))
}

/// What feeds a parameter: the asset of its name, or those that `#[from(..)]` before it names; with `#[stored]` as it is read
/// from where it is stored. What is a `Partition<P>` is fed by no asset.
fn read(parameter: &PatType, diag: &Diag) -> Option<Source> {
    let attribute = |name: &str| parameter.attrs.iter().find(|attribute| attribute.path().is_ident(name));
    let ty = value_of(parameter);
    if let Some(of) = parameter::argument(ty, "Partition") {
        refuse(parameter, "the partition that is made", diag);
        return Some(Source {
            takes: Takes::Partition(Box::new(of.clone())),
            mapped: None,
            columns: Vec::new(),
            own: false,
        });
    }
    let stored = attribute(STORED).map(|given| Stored::read(given, diag));
    let (together, columns) = stored.map_or((None, Vec::new()), |stored| (stored.together, stored.columns));
    let mapped = attribute(MAPPED).and_then(|given| mapping(given, diag));
    let paths = match attribute(FROM) {
        // A parameter without a name is refused as such.
        None => vec![named_after(func::plain_name(parameter)?).into()],
        Some(given) => named(given, diag)?,
    };
    let takes = match <[Path; 1]>::try_from(paths) {
        Ok([path]) => {
            let (partitions, optional) =
                (parameter::argument(ty, "Partitions"), parameter::argument(ty, "Option"));
            if let (Some(word), Some(_)) = (&together, partitions) {
                let message = "`together` makes one value of all partitions, and `Partitions` has each by its key: leave one of the two out";
                diag.error_at(word, message);
            }
            match (attribute(STORED), partitions, optional) {
                (Some(_), None, _) if together.is_some() => Takes::StoredTogether(path, Box::new(ty.clone())),
                (None, None, None) => Takes::One(path),
                // The asset itself may be an `Option`: which of the two is meant, its type says.
                (None, None, Some(_)) => Takes::OneAs(path, Box::new(ty.clone())),
                (None, Some(_), _) => Takes::Partitions(path),
                (Some(_), None, None) => Takes::Stored(path, Box::new(ty.clone())),
                (Some(_), None, Some(value)) => Takes::StoredIfThere(path, Box::new(value.clone())),
                (Some(_), Some(each), _) => Takes::StoredPartitions(path, Box::new(each.clone())),
            }
        }
        Err(several) => {
            for odd in [STORED, MAPPED].into_iter().filter_map(attribute) {
                let name = odd.path().get_ident().map(ToString::to_string).unwrap_or_default();
                diag.error_at(odd, format!("`#[{name}]` is said of a parameter that takes one asset"));
            }
            Takes::Several(several)
        }
    };
    Some(Source { takes, mapped, columns, own: false })
}

/// The type of the value that a parameter takes, be it by reference or, in a graph, as a handle.
fn value_of(parameter: &PatType) -> &Type {
    let ty = match func::ungrouped(&parameter.ty) {
        Type::Reference(reference) => func::ungrouped(&reference.elem),
        ty => ty,
    };
    parameter::argument(ty, "Out").unwrap_or(ty)
}

/// The asset that a parameter of this name is named after: what is not used may begin with `_`.
fn named_after(name: &Ident) -> Ident {
    let text = name.to_string();
    match text.trim_start_matches('_') {
        used if used.is_empty() || used.len() == text.len() => name.clone(),
        used => Ident::new(used, name.span()),
    }
}

/// `#[from(path::to::asset)]`
fn named(given: &Attribute, diag: &Diag) -> Option<Vec<Path>> {
    let paths = given.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
    match paths {
        Ok(paths) if !paths.is_empty() => Some(paths.into_iter().collect()),
        _ => {
            diag.error_at(
                given,
                "it names the asset that feeds the parameter: `#[from(path::to::asset)]`, or several for a `Vec` of their values",
            );
            None
        }
    }
}

/// `#[mapped(PartitionMapping::last())]`
fn mapping(given: &Attribute, diag: &Diag) -> Option<Expr> {
    let mapping = given.parse_args::<Expr>();
    if mapping.is_err() {
        let message = "it says which partitions are taken: `#[mapped(PartitionMapping::last())]`";
        diag.error_at(given, message);
    }
    mapping.ok()
}

/// What `#[stored(..)]` says.
#[derive(Default)]
struct Stored {
    /// The word itself.
    together: Option<TokenStream>,
    columns: Vec<LitStr>,
}

const OPTIONS: Known =
    Known { owner: "`#[stored]`", options: &["together", "columns"], repeated: &[], elsewhere: &[] };

impl Stored {
    /// `#[stored]`, or `#[stored(together, columns = ["name", ..])]`
    fn read(given: &Attribute, diag: &Diag) -> Self {
        let tokens = match &given.meta {
            Meta::Path(_) => return Self::default(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(_) => {
                diag.error_at(given, "it stands alone, or takes options: `#[stored(together)]`");
                return Self::default();
            }
        };
        let mut options = Options::read(&OPTIONS, tokens, diag);
        let together = options.place("together").filter(|_| options.flag("together"));
        let none = options.place("columns").filter(|given| {
            syn::parse2::<ExprArray>(given.clone()).is_ok_and(|columns| columns.elems.is_empty())
        });
        if let Some(none) = none {
            diag.error_at(none, "it names the columns that are read: leave it out for all of them");
        }
        let columns = options.texts("columns", "[\"name\", \"price\"]");
        for (at, name) in columns.iter().enumerate() {
            if columns[..at].iter().any(|before| before.value() == name.value()) {
                diag.error_at(name, format!("the column `{}` is named twice", name.value()));
            }
        }
        Self { together, columns }
    }
}

/// The function without what is for these macros alone.
pub(crate) fn without_sources(item: &ItemFn) -> ItemFn {
    let mut item = item.clone();
    for input in &mut item.sig.inputs {
        if let FnArg::Typed(parameter) = input {
            let own = |attribute: &Attribute| {
                [FROM, STORED, MAPPED].iter().any(|name| attribute.path().is_ident(name))
            };
            parameter.attrs.retain(|attribute| !own(attribute));
        }
    }
    item
}

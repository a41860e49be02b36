use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Attribute, ItemFn, LitStr, PatType, Path, ReturnType, Signature, Token, Type, Visibility};

use super::recipe::Recipe;
use super::source::{self, Source, Takes};
use super::{key, own};
use crate::attr::{self, Entry, Key, Known, Options, Value};
use crate::diag::Diag;
use crate::op::model::{Parameter, Settings};
use crate::{func, parameter, policy};

const OPTIONS: Known = Known {
    owner: "`#[asset]`",
    options: &[
        "key",
        "key_prefix",
        "group",
        "owners",
        "kind",
        "tags",
        "description",
        "metadata",
        "deps",
        "code_version",
        "fingerprint",
        "env",
        "trust_resources",
        "io",
        "partitions",
        "retry",
        "timeout",
        "pool",
        "priority",
        "isolate",
        "memory",
    ],
    repeated: &[],
    elsewhere: &[("name", "`#[op]`"), ("memoize", MEMOIZE), ("max_concurrent", "`#[job]`")],
};

const GRAPH: Known = Known {
    owner: "`#[graph_asset]`",
    options: &[
        "key",
        "key_prefix",
        "group",
        "owners",
        "kind",
        "tags",
        "description",
        "metadata",
        "deps",
        "code_version",
        "partitions",
        "env",
        "trust_resources",
    ],
    repeated: &[],
    elsewhere: &[
        ("fingerprint", "`#[asset]`"),
        ("io", "the `#[op]` that makes the value"),
        ("retry", "the `#[op]`s of the graph"),
        ("timeout", "the `#[op]`s of the graph"),
        ("pool", "the `#[op]`s of the graph"),
        ("name", "`#[graph]`"),
        ("memoize", "the `#[op]`s of the graph"),
    ],
};

const EXTERNAL: Known = Known {
    owner: "`#[external_asset]`",
    options: &[
        "key",
        "key_prefix",
        "group",
        "owners",
        "kind",
        "tags",
        "description",
        "metadata",
        "io",
        "partitions",
    ],
    repeated: &[],
    elsewhere: &[
        ("deps", "`#[asset]`; what others make is made of what they say"),
        ("retry", "`#[asset]`"),
        ("code_version", "`#[asset]`"),
        ("fingerprint", "`#[asset]`"),
        ("env", "`#[asset]`"),
        ("trust_resources", "`#[asset]`"),
    ],
};

/// What `partitions` takes, in an error.
pub(crate) const PARTITIONS: &str = "the type that stands for them, without quotes";

const METADATA: &str = r#"metadata(source = "billing", rows = 100)"#;

/// Whose option that is, and how an asset does without it.
const MEMOIZE: &str =
    "`#[op]` (an asset that would come out as it is, is passed over by `materialize --stale`)";

/// An asset as its author wrote it.
pub(super) struct Asset {
    pub(super) function: Ident,
    pub(super) conditions: TokenStream,
    pub(super) key: LitStr,
    pub(super) said: Said,
    pub(super) code_version: Option<LitStr>,
    pub(super) recipe: Recipe,
    pub(super) io: Option<LitStr>,
    /// The type that stands for its partitions.
    pub(super) partitions: Option<Type>,
    /// What feeds each parameter that is an input, in order.
    pub(super) sources: Vec<Source>,
    pub(super) deps: Vec<Path>,
}

/// What is said of the data.
pub(crate) struct Said {
    pub(super) description: Option<String>,
    pub(super) group: Option<LitStr>,
    pub(super) owners: Vec<LitStr>,
    pub(super) kinds: Vec<LitStr>,
    pub(super) tags: Vec<(String, LitStr)>,
    pub(super) metadata: Vec<(String, TokenStream)>,
}

/// The type of the value whose handle a graph returns.
pub(super) fn graph_value(item: &ItemFn, diag: &Diag) -> Option<Type> {
    let message = "a graph that makes an asset returns the handle of its value: `-> Out<T>`";
    match &item.sig.output {
        ReturnType::Type(_, ty) => {
            let value = parameter::argument(ty, "Out");
            if value.is_none() {
                diag.error_at(ty, message);
            }
            value.cloned()
        }
        ReturnType::Default => {
            diag.error(item.sig.ident.span(), message);
            None
        }
    }
}

/// Refuses a graph of any type.
pub(super) fn has_known_type(signature: &Signature, diag: &Diag) -> bool {
    let generic = generic(signature);
    let is_known = generic.is_none();
    generic.into_iter().for_each(|error| diag.push(error));
    is_known
}

fn generic(signature: &Signature) -> Option<syn::Error> {
    let generic = signature.generics.params.first()?;
    Some(syn::Error::new(generic.span(), "an asset has one known type: leave the generics out"))
}

impl Asset {
    /// Whether it is known what feeds all of its parameters.
    pub(super) fn is_fed(&self, item: &ItemFn) -> bool {
        inputs(item).count() == self.sources.len()
    }

    /// Of a function, and the settings of the op that it is.
    pub(super) fn of_op(options: TokenStream, item: &ItemFn, diag: &Diag) -> (Self, Settings) {
        let mut options = Options::read(&OPTIONS, options, diag);
        let key = asset_key(&mut options, &item.sig.ident, diag);
        let deps = options.path_array("deps", "[orders]");
        let partitions = options.path("partitions", PARTITIONS, "Daily");
        let said = Said::beside(&mut options, diag);
        let recipe = Recipe::of_function(&mut options, item, diag, true);
        let name = LitStr::new(&key::step_name(&key.value()), item.sig.ident.span());
        let settings = Settings::read(&mut options, name, item, diag);
        let said = Said { description: settings.description.clone(), tags: settings.tags.clone(), ..said };
        let asset = Self {
            function: item.sig.ident.clone(),
            conditions: func::conditions(&item.attrs),
            key,
            said,
            code_version: settings.code_version.clone(),
            recipe,
            io: None,
            partitions: None,
            sources: sources(item, diag),
            deps,
        };
        (asset.partitioned(partitions, diag), settings)
    }

    /// Of a function that draws a graph, and the name of the graph.
    pub(super) fn of_graph(options: TokenStream, item: &ItemFn, diag: &Diag) -> (Self, LitStr) {
        let mut options = Options::read(&GRAPH, options, diag);
        let key = asset_key(&mut options, &item.sig.ident, diag);
        let name = LitStr::new(&key::step_name(&key.value()), item.sig.ident.span());
        let partitions = options.path("partitions", PARTITIONS, "Daily");
        let asset = Self {
            function: item.sig.ident.clone(),
            conditions: func::conditions(&item.attrs),
            key,
            partitions: None,
            recipe: Recipe::of_graph(&mut options, diag),
            deps: options.path_array("deps", "[orders]"),
            code_version: options.text("code_version", "\"2\""),
            io: None,
            said: Said::read(&mut options, &item.attrs, diag),
            sources: source::read_all(func::parameters(&item.sig), diag),
        };
        (asset.partitioned(partitions, diag), name)
    }

    /// Of what others make.
    pub(super) fn of_head(options: TokenStream, head: &Head, diag: &Diag) -> Self {
        let mut options = Options::read(&EXTERNAL, options, diag);
        let function = &head.signature.ident;
        if let Some(input) = head.signature.inputs.first() {
            diag.error_at(input, "what others make is made of what they say: leave the parameters out; what it is partitioned by is an option, `#[external_asset(partitions = Daily)]`");
        }
        if matches!(head.signature.output, ReturnType::Default) {
            let message = format!(
                "say what it is in memory, so that others can take it: `fn {function}() -> DataFrame;`"
            );
            diag.error_at(function, message);
        }
        let partitions = options.path("partitions", PARTITIONS, "Daily");
        let asset = Self {
            function: function.clone(),
            conditions: func::conditions(&head.attributes),
            partitions: None,
            key: asset_key(&mut options, function, diag),
            io: options.text("io", "\"parquet\""),
            said: Said::read(&mut options, &head.attributes, diag),
            code_version: None,
            recipe: Recipe::default(),
            sources: Vec::new(),
            deps: Vec::new(),
        };
        asset.partitioned(partitions, diag)
    }

    fn partitioned(mut self, said: Option<Path>, diag: &Diag) -> Self {
        self.partitions = partitions(said, &self.sources);
        own::find(&mut self.sources, &self.function, self.partitions.is_some(), diag);
        self
    }
}

/// The partitions that assets are said to have; else those of the partition that a parameter takes.
pub(crate) fn partitions(said: Option<Path>, sources: &[Source]) -> Option<Type> {
    let said = said.map(|path| syn::parse_quote!(#path));
    let taken = sources.iter().find_map(|source| match &source.takes {
        Takes::Partition(of) => Some((**of).clone()),
        _ => None,
    });
    said.or(taken)
}

impl Said {
    pub(crate) fn read(options: &mut Options<'_>, attributes: &[Attribute], diag: &Diag) -> Self {
        Self {
            description: options
                .text("description", "\"What it is.\"")
                .map(|text| text.value())
                .or_else(|| func::description(attributes)),
            tags: policy::tags(options, diag),
            ..Self::beside(options, diag)
        }
    }

    /// What is said of an asset and not of an op.
    fn beside(options: &mut Options<'_>, diag: &Diag) -> Self {
        Self {
            description: None,
            group: group(options, diag),
            owners: each_once("owners", options.texts("owners", "[\"data team\"]"), diag),
            kinds: each_once("kind", options.texts("kind", "\"table\""), diag),
            tags: Vec::new(),
            metadata: metadata(options, diag),
        }
    }
}

/// The group that is given.
pub(crate) fn group(options: &mut Options<'_>, diag: &Diag) -> Option<LitStr> {
    options.text("group", "\"sales\"").filter(|group| is_text("group", group, diag))
}

/// What is said of an option in these words, each of which is there and once.
fn each_once(name: &str, texts: Vec<LitStr>, diag: &Diag) -> Vec<LitStr> {
    let mut each: Vec<LitStr> = Vec::new();
    for text in texts {
        if each.iter().any(|other| other.value() == text.value()) {
            let message = format!("`{name}` has {:?} twice: keep one of them", text.value());
            diag.error_at(&text, message);
        } else if is_text(name, &text, diag) {
            each.push(text);
        }
    }
    each
}

/// Refuses an empty text.
fn is_text(name: &str, text: &LitStr, diag: &Diag) -> bool {
    let is_text = !text.value().trim().is_empty();
    if !is_text {
        diag.error_at(text, format!("`{name}` has no text here: give it one, or leave it out"));
    }
    is_text
}

/// The key: the one given, else the function's name, below a prefix if there is one.
fn asset_key(options: &mut Options<'_>, function: &Ident, diag: &Diag) -> LitStr {
    let key = named(options, function, diag);
    match key_prefix(options, diag) {
        Some(prefix) => LitStr::new(&format!("{}/{}", prefix.value(), key.value()), key.span()),
        None => key,
    }
}

/// The key that is given, else this name.
pub(crate) fn named(options: &mut Options<'_>, name: &Ident, diag: &Diag) -> LitStr {
    let given = part_of_key(options.text("key", "\"warehouse/orders\""), diag);
    given.unwrap_or_else(|| LitStr::new(&name.unraw().to_string(), name.span()))
}

/// What stands before keys.
pub(crate) fn key_prefix(options: &mut Options<'_>, diag: &Diag) -> Option<LitStr> {
    part_of_key(options.text("key_prefix", "\"warehouse\""), diag)
}

fn part_of_key(given: Option<LitStr>, diag: &Diag) -> Option<LitStr> {
    let given = given?;
    let refused = key::refusal(&given).map(|why| diag.error_at(&given, why));
    refused.is_none().then_some(given)
}

/// `metadata(source = "billing", rows = 100)`
fn metadata(options: &mut Options<'_>, diag: &Diag) -> Vec<(String, TokenStream)> {
    if !options.has("metadata") {
        return Vec::new();
    }
    let Some((list, _)) = options.list("metadata", METADATA) else { return Vec::new() };
    let mut metadata: Vec<(String, TokenStream)> = Vec::new();
    for entry in attr::entries(list, diag) {
        let place = entry.place();
        match entry {
            Entry { key: Some(Key { text, .. }), .. } if metadata.iter().any(|(name, _)| *name == text) => {
                diag.error_at(place, format!("the metadata `{text}` is given twice: keep one of them"));
            }
            Entry { key: Some(Key { text, .. }), value }
                if !matches!(value, Value::Missing(_) | Value::List(..)) =>
            {
                metadata.push((text, value.place()));
            }
            _ => diag.error_at(place, format!("metadata is a name and a value: `{METADATA}`")),
        }
    }
    metadata
}

/// The parameters that are inputs.
pub(crate) fn inputs(item: &ItemFn) -> impl Iterator<Item = &PatType> {
    func::parameters(&item.sig)
        .filter(|parameter| matches!(Parameter::read(parameter), Parameter::Input { .. }))
}

/// What feeds each of them, as far as that can be told. The other parameters are fed by no asset.
pub(crate) fn sources(item: &ItemFn, diag: &Diag) -> Vec<Source> {
    for parameter in func::parameters(&item.sig) {
        match Parameter::read(parameter) {
            Parameter::Input { .. } => {}
            Parameter::Context { .. } => source::refuse(parameter, "the context of the step", diag),
            Parameter::Asked { asked, .. } => source::refuse(parameter, asked.name(), diag),
        }
    }
    source::read_all(inputs(item), diag)
}

/// The head of a function: `pub fn orders() -> DataFrame;`
pub(super) struct Head {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) signature: Signature,
    /// What it is in memory.
    pub(super) value: Type,
}

impl Parse for Head {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (attributes, visibility) = (input.call(Attribute::parse_outer)?, input.parse()?);
        let signature: Signature = input.parse()?;
        if input.peek(syn::token::Brace) {
            let message = "what others make has no body here: end it with `;`, or make it with `#[asset]`";
            return Err(syn::Error::new(input.span(), message));
        }
        if let Some(error) = generic(&signature) {
            return Err(error);
        }
        input.parse::<Token![;]>()?;
        let value = match &signature.output {
            ReturnType::Type(_, ty) => (**ty).clone(),
            ReturnType::Default => syn::parse_quote!(()),
        };
        if let Some(of) = func::last_segment(&value)
            && let name @ ("Result" | "Optional" | "Dynamic") = &*of.ident.to_string()
        {
            let message = format!(
                "others make the value, and it is there as such: write its type without `{name}<..>`, or `Option<T>` \
                 where it may be that it is not there"
            );
            return Err(syn::Error::new(of.ident.span(), message));
        }
        Ok(Self { attributes, visibility, signature, value })
    }
}

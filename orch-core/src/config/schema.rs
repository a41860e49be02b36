use schemars::Schema;
use serde_json::{Map, Value as Json};

/// The word in a schema that says that a value is a secret: only a reference to it may be written down.
pub(super) const SECRET: &str = "x-orch-secret";

/// How many references lead from one to the next at most, so that a circle of them is seen.
const REFERENCES: usize = 64;

/// Words that constrain a value and that are not understood. A schema that has one would be checked in part only, so it is
/// refused. All other words that are not read constrain nothing: `title`, `examples`, `contentEncoding`, `x-..`.
const FOREIGN: [&str; 10] = [
    "if",
    "then",
    "else",
    "contains",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "propertyNames",
    "unevaluatedItems",
    "$dynamicRef",
];

/// The words of one schema, as an object of JSON.
pub(super) type Words = Map<String, Json>;

/// A schema with all that it refers to.
#[derive(Clone, Copy)]
pub(super) struct Schemas<'a> {
    root: &'a Json,
}

/// The words of a schema and of all that hold for the same value: those that it refers to and those of `allOf`.
#[derive(Default)]
pub(super) struct Facets<'a> {
    /// The words, those of the schema itself first.
    pub(super) words: Vec<&'a Words>,
    /// Whether nothing at all fits: the schema `false`.
    pub(super) never: bool,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(schema: &'a Schema) -> Self {
        Self { root: schema.as_value() }
    }

    pub(super) fn root(self) -> &'a Json {
        self.root
    }

    /// All that holds for a value of this schema, but for the choices, of which one holds.
    ///
    /// # Errors
    /// What cannot be understood.
    pub(super) fn facets(self, schema: &'a Json) -> Result<Facets<'a>, String> {
        let mut facets = Facets::default();
        self.collect(schema, &mut facets, REFERENCES)?;
        Ok(facets)
    }

    fn collect(self, schema: &'a Json, facets: &mut Facets<'a>, left: usize) -> Result<(), String> {
        let words = match schema {
            Json::Object(words) => words,
            Json::Bool(fits) => {
                facets.never |= !fits;
                return Ok(());
            }
            _ => return Err("a schema is neither an object nor true or false".to_owned()),
        };
        if let Some(foreign) = FOREIGN.iter().find(|word| words.contains_key(**word)) {
            return Err(format!("the word `{foreign}` of its schema is not understood"));
        }
        let Some(left) = left.checked_sub(1) else {
            return Err("its schema refers to itself without end".to_owned());
        };
        match words.get("not") {
            None | Some(Json::Bool(false)) => {}
            // Not anything: how `schemars` describes a type without values.
            Some(Json::Bool(true)) => facets.never = true,
            Some(Json::Object(any)) if any.is_empty() => facets.never = true,
            Some(_) => return Err("the word `not` of its schema is not understood".to_owned()),
        }
        facets.words.push(words);
        if let Some(reference) = words.get("$ref") {
            self.collect(self.target(reference)?, facets, left)?;
        }
        match words.get("allOf") {
            Some(Json::Array(all)) => all.iter().try_for_each(|schema| self.collect(schema, facets, left)),
            _ => Ok(()),
        }
    }

    /// What `{"$ref": "#/$defs/Name"}` means.
    fn target(self, reference: &Json) -> Result<&'a Json, String> {
        let text = reference.as_str().unwrap_or_default();
        let pointer = text.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        pointer.ok_or_else(|| format!("its schema refers to `{text}`, which is not there"))
    }
}

impl<'a> Facets<'a> {
    /// What the first that has this word says with it.
    pub(super) fn word(&self, word: &str) -> Option<&'a Json> {
        self.words.iter().find_map(|words| words.get(word))
    }

    /// What all that have this word say with it.
    pub(super) fn all(&self, word: &str) -> impl Iterator<Item = &'a Json> {
        self.words.iter().filter_map(move |words| words.get(word))
    }

    /// What is said as a text with this word.
    pub(super) fn text(&self, word: &str) -> Option<&'a str> {
        self.word(word).and_then(Json::as_str)
    }

    /// Whether it is a secret.
    pub(super) fn secret(&self) -> bool {
        self.all(SECRET).any(|word| word == &Json::Bool(true))
    }

    /// The types a value may have; none if any.
    pub(super) fn types(&self) -> Option<Vec<&'a str>> {
        let mut types: Option<Vec<&str>> = None;
        for word in self.all("type") {
            let these: Vec<&str> = match word {
                Json::Array(types) => types.iter().filter_map(Json::as_str).collect(),
                one => one.as_str().into_iter().collect(),
            };
            types = Some(match types {
                Some(types) => types.into_iter().filter(|name| these.contains(name)).collect(),
                None => these,
            });
        }
        types
    }

    /// The fields of a map: names with their schemas, in the order of the source.
    pub(super) fn fields(&self) -> Vec<(&'a str, &'a Json)> {
        let mut fields: Vec<(&str, &Json)> = Vec::new();
        for (name, schema) in self.all("properties").filter_map(Json::as_object).flatten() {
            // Of two that speak of the same field the first is the nearer; `true` says nothing.
            match fields.iter_mut().find(|(found, _)| found == name) {
                Some((_, found)) if *found == &Json::Bool(true) => *found = schema,
                Some(_) => {}
                None => fields.push((name, schema)),
            }
        }
        fields
    }

    /// The names of fields that must be there.
    pub(super) fn required(&self) -> Vec<&'a str> {
        let mut required: Vec<&str> = Vec::new();
        for name in self.all("required").filter_map(Json::as_array).flatten().filter_map(Json::as_str) {
            if !required.contains(&name) {
                required.push(name);
            }
        }
        required
    }

    /// The choices of which one must hold.
    pub(super) fn choices(&self) -> impl Iterator<Item = &'a [Json]> {
        self.words.iter().flat_map(|words| {
            ["oneOf", "anyOf"].iter().filter_map(|word| words.get(*word)?.as_array().map(Vec::as_slice))
        })
    }

    /// The first of these fields that can only be one text, and so says what the map is.
    pub(super) fn tag(&self, required: &[&'a str]) -> Option<&'a str> {
        let fields = self.fields();
        let one =
            |name: &&str| fields.iter().any(|(field, schema)| field == name && schema.get("const").is_some());
        required.iter().copied().find(|name| one(name))
    }

    /// The only values there are: those of `const` and `enum`.
    pub(super) fn values(&self) -> Option<Vec<&'a Json>> {
        match (self.word("const"), self.word("enum")) {
            (Some(only), _) => Some(vec![only]),
            (None, Some(Json::Array(values))) => Some(values.iter().collect()),
            _ => None,
        }
    }
}

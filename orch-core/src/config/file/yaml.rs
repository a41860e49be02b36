use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};

use super::{DEPTH, Source, duplicate, too_deep};
use crate::config::path::ConfigStep;
use crate::config::{
    ConfigPath, ConfigProblem, ConfigProblemKind as Kind, Entry, Node, Origin, Value, scalar,
};

/// How large all that aliases repeat may be, in bytes.
const REPEATED: usize = 16 << 20;

/// What a value takes apart from its text, about, in bytes.
const NODE: usize = 128;

/// The value in a text of YAML, if there is one.
pub(super) fn read(source: &Source<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Node> {
    let place = |marker: &Marker| source.place(marker.line(), marker.col() + 1);
    document(source.text(), &place, problems)
}

/// The value that a text is in YAML, of which all comes from one origin.
///
/// # Errors
/// The column, from 1, and what is wrong there.
pub(crate) fn flow(text: &str, origin: &Origin) -> Result<Node, (usize, String)> {
    let mut problems = Vec::new();
    let node = document(text, &|_| origin.clone(), &mut problems);
    if problems.is_empty() {
        return Ok(node.unwrap_or(Node { value: Value::Null, origin: origin.clone() }));
    }
    // Read again as the file that it is not, problems know their columns.
    let source = Source::new("", text);
    let mut problems = Vec::new();
    read(&source, &mut problems);
    let problem = problems.swap_remove(0);
    let column = match problem.places().next() {
        Some(Origin::File { column, .. }) => *column as usize,
        _ => 1,
    };
    Err((column, problem.message().to_owned()))
}

fn document(
    text: &str,
    place: &dyn Fn(&Marker) -> Origin,
    problems: &mut Vec<ConfigProblem>,
) -> Option<Node> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        place,
        problems,
        path: ConfigPath::root(),
        depth: 0,
        anchors: HashMap::new(),
        repeated: 0,
    };
    match reader.document() {
        Ok(node) => node,
        Err(Stop(problem)) => {
            problems.push(*problem);
            None
        }
    }
}

/// What ends the reading at once: nothing after it could be told for sure.
struct Stop(Box<ConfigProblem>);

struct Reader<'a, 't> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    place: &'a dyn Fn(&Marker) -> Origin,
    problems: &'a mut Vec<ConfigProblem>,
    path: ConfigPath,
    depth: usize,
    /// The values with anchors, with their sizes in bytes; those that are not finished are missing.
    anchors: HashMap<usize, (Node, usize)>,
    repeated: usize,
}

impl<'t> Reader<'_, 't> {
    fn document(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root.map(|(node, _)| node)),
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                Event::DocumentStart(_) if root.is_some() => {
                    let problem =
                        self.problem(Kind::Syntax, "there is more than one document in the file", &span);
                    return Err(stop(
                        problem
                            .hint("keep one, without `---`; several files can be given one after the other"),
                    ));
                }
                Event::DocumentStart(_) => {
                    let (event, span) = self.next()?;
                    root = Some(self.value(event, &span)?);
                }
                _ => {
                    return Err(stop(self.problem(
                        Kind::Syntax,
                        "this is not YAML: a value outside a document",
                        &span,
                    )));
                }
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Stop> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(stop(self.syntax(&error))),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// A value and its size in bytes.
    fn value(&mut self, event: Event<'t>, span: &Span) -> Result<(Node, usize), Stop> {
        let origin = (self.place)(&span.start);
        let (value, size, anchor) = match event {
            Event::Alias(anchor) => return self.alias(anchor, origin, span),
            Event::Scalar(text, style, anchor, tag) => {
                let size = NODE + text.len();
                (self.scalar(&text, style, tag.as_deref(), span), size, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(tag.as_deref(), "seq", span)?;
                let (items, size) = self.list()?;
                (Value::List(items), size, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(tag.as_deref(), "map", span)?;
                let (entries, size) = self.map()?;
                (Value::Map(entries), size, anchor)
            }
            _ => return Err(stop(self.problem(Kind::Syntax, "this is not YAML: a value is expected", span))),
        };
        let node = Node { value, origin };
        // 0 is no anchor.
        if anchor > 0 {
            self.repeat(size, span)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok((node, size))
    }

    /// What stands elsewhere. A copy keeps the places of what is copied.
    fn alias(&mut self, anchor: usize, origin: Origin, span: &Span) -> Result<(Node, usize), Stop> {
        let Some(size) = self.anchors.get(&anchor).map(|(_, size)| *size) else {
            self.problems.push(self.problem(
                Kind::Syntax,
                "an alias refers to a value that it is in itself",
                span,
            ));
            return Ok((Node { value: Value::Null, origin }, NODE));
        };
        self.repeat(size, span)?;
        Ok(self.anchors[&anchor].clone())
    }

    /// Counts what is there once more.
    fn repeat(&mut self, size: usize, span: &Span) -> Result<(), Stop> {
        self.repeated = self.repeated.saturating_add(size);
        if self.repeated > REPEATED {
            let message = format!("aliases make the configuration larger than {} MiB", REPEATED >> 20);
            return Err(stop(self.problem(Kind::TooLarge, &message, span)));
        }
        Ok(())
    }

    /// Begins a list or a map.
    fn begin(&mut self, tag: Option<&Tag>, kind: &str, span: &Span) -> Result<(), Stop> {
        if let Some(tag) = tag
            && !(tag.is_yaml_core_schema() && tag.suffix == kind)
        {
            self.problems.push(self.tag(tag, span));
        }
        if self.depth == DEPTH {
            return Err(stop(too_deep(&self.path, (self.place)(&span.start))));
        }
        Ok(())
    }

    fn list(&mut self) -> Result<(Vec<Node>, usize), Stop> {
        let (mut items, mut size) = (Vec::new(), NODE);
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok((items, size));
            }
            let (item, its) = self.within(ConfigStep::Index(items.len()), event, &span)?;
            size += its;
            items.push(item);
        }
    }

    fn map(&mut self) -> Result<(Vec<Entry>, usize), Stop> {
        let (mut entries, mut size) = (Vec::new(), NODE);
        let mut seen: HashMap<Arc<str>, Origin> = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok((entries, size));
            }
            let at = (self.place)(&span.start);
            let key = self.key(event, &span)?;
            let (event, span) = self.next()?;
            let (node, its) = self.within(ConfigStep::Key(Arc::clone(&key)), event, &span)?;
            size += its + NODE + key.len();
            match seen.get(&key) {
                Some(first) => self.problems.push(duplicate(&self.path, &key, at, first.clone())),
                None => {
                    seen.insert(Arc::clone(&key), at.clone());
                    entries.push(Entry::new(key, at, node));
                }
            }
        }
    }

    /// A name: a text, or what a number or a truth value is written as.
    fn key(&mut self, event: Event<'t>, span: &Span) -> Result<Arc<str>, Stop> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                if &*text == "<<" && style == ScalarStyle::Plain {
                    let problem =
                        self.problem(Kind::Syntax, "`<<` merges no maps, as YAML 1.2 knows it no more", span);
                    self.problems.push(
                        problem.hint("write the names out, or keep them in a file that is given before"),
                    );
                }
                if anchor > 0 {
                    let node =
                        Node { value: Value::Text(text.to_string()), origin: (self.place)(&span.start) };
                    self.anchors.insert(anchor, (node, NODE + text.len()));
                }
                Ok(text.as_ref().into())
            }
            Event::Alias(_) => {
                Err(stop(self.problem(Kind::Syntax, "a name is written out, and no alias", span)))
            }
            _ => {
                Err(stop(self.problem(Kind::Syntax, "a name is a text, and neither a list nor a map", span)))
            }
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Value {
        let resolved = match tag {
            Some(tag) if !(tag.is_yaml_core_schema() || tag.handle.is_empty() && tag.suffix == "!") => {
                self.problems.push(self.tag(tag, span));
                return Value::Null;
            }
            Some(tag) if tag.suffix == "str" || !tag.is_yaml_core_schema() => {
                return Value::Text(text.to_owned());
            }
            None if style != ScalarStyle::Plain => return Value::Text(text.to_owned()),
            _ => scalar::resolve(text),
        };
        match (resolved, tag.map(|tag| tag.suffix.as_str())) {
            (Ok(Value::Number(number)), Some("float" | "int")) => Value::Number(number),
            (Ok(Value::Bool(value)), Some("bool")) => Value::Bool(value),
            (Ok(Value::Null), Some("null")) => Value::Null,
            (Ok(value), None) => value,
            (Ok(_), Some(suffix)) => {
                self.problems.push(self.problem(
                    Kind::Syntax,
                    &format!("this is no value of the tag `!!{suffix}`"),
                    span,
                ));
                Value::Null
            }
            (Err(why), _) => {
                let problem = self.problem(Kind::Syntax, why, span);
                self.problems.push(problem.hint("in quotes it is a text"));
                Value::Null
            }
        }
    }

    fn within(&mut self, step: ConfigStep, event: Event<'t>, span: &Span) -> Result<(Node, usize), Stop> {
        self.path.push(step);
        self.depth += 1;
        let value = self.value(event, span);
        self.depth -= 1;
        self.path.pop();
        value
    }

    fn tag(&self, tag: &Tag, span: &Span) -> ConfigProblem {
        self.problem(Kind::Syntax, &format!("the tag `{tag}` has no meaning here"), span)
    }

    fn syntax(&self, error: &ScanError) -> ConfigProblem {
        let place = (self.place)(error.marker());
        // The parser looks ahead, and has a bound of its own.
        if error.info().contains("recursion limit") {
            return too_deep(&self.path, place);
        }
        let why = match error.info() {
            why if why.contains("<document start>") => "something follows the end of the value",
            why => why,
        };
        let message = format!("this is not YAML: {why}");
        ConfigProblem::new(Kind::Syntax, self.path.clone(), message).at(place)
    }

    fn problem(&self, kind: Kind, message: &str, span: &Span) -> ConfigProblem {
        ConfigProblem::new(kind, self.path.clone(), message).at((self.place)(&span.start))
    }
}

fn stop(problem: ConfigProblem) -> Stop {
    Stop(Box::new(problem))
}

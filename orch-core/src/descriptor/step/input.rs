use super::super::draft::{Draft, StepDraft};
use super::super::job::ENOUGH;
use super::super::maps::Maps;
use super::super::model::{InputModel, StepModel};
use super::super::source::{self, OutputRef};
use super::super::{DescriptorProblem, DescriptorProblemKind as Kind, Registry};
use super::Feed;
use crate::config::{ConfigPath, Origin};
use crate::define::{InputDef, OpDef};
use crate::value::TypeInfo;

/// What feeds the inputs of an op, one for each; none if something is wrong, which is added to the problems or was before.
pub(super) fn feeds(
    draft: &Draft,
    maps: &Maps,
    step: usize,
    op: &OpDef,
    registry: &Registry,
    problems: &mut Vec<DescriptorProblem>,
) -> Option<Vec<Feed>> {
    let here = &draft.steps[step];
    let model = here.model.as_ref()?;
    names(here, model, op, problems);
    // Where the maps are not known, what can be read where is not looked at.
    let around = maps.around(step);
    let mut feeds = Vec::with_capacity(op.inputs().len());
    for input in op.inputs() {
        let Some(given) = model.inputs.get(&*input.name) else { continue };
        let mut check = Check { draft, maps, here, around: around.as_deref(), op, input, registry, problems };
        feeds.extend(check.feed(given));
    }
    (feeds.len() == op.inputs().len()).then_some(feeds)
}

/// Looks whether there is what inputs refer to, where the op is not known and so nothing else can be said of them.
pub(super) fn references(draft: &Draft, step: usize, problems: &mut Vec<DescriptorProblem>) {
    let here = &draft.steps[step];
    for (name, given) in here.model.iter().flat_map(|model| &model.inputs) {
        let path = ["inputs", name.as_str()];
        let mut resolve =
            |text: &str, at: Origin| problems.extend(source::resolve(draft, text, &at).err().flatten());
        match given {
            InputModel::Step(text) => resolve(text, here.origin(&path)),
            InputModel::Steps(texts) => {
                for (item, text) in texts.iter().enumerate() {
                    resolve(text, here.item(&path, item));
                }
            }
            InputModel::Collect(model) => resolve(&model.collect, here.origin(&["inputs", name, "collect"])),
            InputModel::Value(_) => {}
        }
    }
}

/// Inputs that the op has not, and those that it has and that are fed nothing.
fn names(here: &StepDraft, model: &StepModel, op: &OpDef, problems: &mut Vec<DescriptorProblem>) {
    let known = || op.inputs().iter().map(|input| &*input.name);
    for name in model.inputs.keys().filter(|name| !known().any(|known| known == name.as_str())) {
        let message = format!("the op `{}` has no input `{}`", op.name(), name.escape_debug());
        problems.push(
            DescriptorProblem::new(Kind::UnknownInput, message)
                .at(here.origin(&["inputs", name]))
                .hint(source::known(name, known(), "its inputs")),
        );
    }
    let missing = op.inputs().iter().filter(|input| !model.inputs.contains_key(&*input.name));
    let missing: Vec<_> = missing.map(|input| format!("`{}: {}`", input.name, input.ty.name())).collect();
    if let [first, ..] = missing.as_slice() {
        let (inputs, are) = if missing.len() == 1 { ("input", "is") } else { ("inputs", "are") };
        let name = first.trim_matches('`').split(':').next().unwrap_or_default();
        let message = format!("the {inputs} {} of `{}` {are} fed nothing", missing.join(" and "), here.name);
        problems.push(DescriptorProblem::new(Kind::MissingInput, message).at(here.at.clone()).hint(format!(
            "write what feeds it: `inputs: {{ {name}: a_step }}`, or `{name}: {{ value: .. }}` for a constant"
        )));
    }
}

/// The check of one input.
struct Check<'a> {
    draft: &'a Draft,
    maps: &'a Maps,
    here: &'a StepDraft,
    /// The maps that the step stands in.
    around: Option<&'a [OutputRef]>,
    op: &'a OpDef,
    input: &'a InputDef,
    registry: &'a Registry,
    problems: &'a mut Vec<DescriptorProblem>,
}

impl Check<'_> {
    fn feed(&mut self, given: &InputModel) -> Option<Feed> {
        let name = &*self.input.name;
        match given {
            InputModel::Step(text) => {
                let at = self.here.origin(&["inputs", name]);
                let output = self.resolve(text, &at)?;
                let ty = output.def(self.draft)?.ty;
                let readable = self.readable(output, &at);
                // Whoever forgot to collect is told that, and not of the type of what is to be collected.
                let form_alone = !readable && self.gathers(ty);
                let fits =
                    form_alone || self.fits(ty == self.input.ty, &format!("`{}`", ty.name()), output, &at);
                (readable && fits).then_some(Feed::Output(output))
            }
            InputModel::Steps(texts) => self.list(texts),
            InputModel::Collect(model) => {
                let at = self.here.origin(&["inputs", name, "collect"]);
                let element = self.resolve(&model.collect, &at)?;
                self.collect(element, &at)
            }
            InputModel::Value(_) => self.constant(),
        }
    }

    fn resolve(&mut self, text: &str, at: &Origin) -> Option<OutputRef> {
        match source::resolve(self.draft, text, at) {
            Ok(output) => Some(output),
            Err(problem) => {
                self.problems.extend(problem.map(|problem| match problem.kind() {
                    Kind::UnknownStep => problem.or_hint("a constant is written `{ value: .. }`"),
                    _ => problem,
                }));
                None
            }
        }
    }

    /// Whether the input is made of many values of this type.
    fn gathers(&self, ty: TypeInfo) -> bool {
        self.input.gathers.iter().any(|gather| gather.element() == ty)
    }

    fn list(&mut self, texts: &[String]) -> Option<Feed> {
        let path = ["inputs", &*self.input.name];
        let mut elements = Vec::with_capacity(texts.len());
        let mut gather = None;
        for (item, text) in texts.iter().enumerate() {
            if self.problems.len() >= ENOUGH {
                break;
            }
            let at = self.here.item(&path, item);
            let Some(output) = self.resolve(text, &at) else { continue };
            let Some(ty) = output.def(self.draft).map(|def| def.ty) else { continue };
            gather = self.input.gathers.iter().find(|gather| gather.plain() && gather.element() == ty);
            let readable = self.readable(output, &at);
            if self.fits(gather.is_some(), &format!("a list of `{}`", ty.name()), output, &at) && readable {
                elements.push(output);
            }
        }
        if texts.is_empty() {
            gather = self.input.gathers.iter().find(|gather| gather.plain());
            if gather.is_none() {
                let (input, ty) = (self.named(), self.input.ty.name());
                let message = format!("{input} takes `{ty}` and is fed a list");
                self.problem(Kind::TypeMismatch, message, &self.here.origin(&path), "");
            }
        }
        let complete = elements.len() == texts.len();
        gather.filter(|_| complete).map(|gather| Feed::List(elements, *gather))
    }

    fn collect(&mut self, element: OutputRef, at: &Origin) -> Option<Feed> {
        let ty = element.def(self.draft)?.ty;
        let gather = self.input.gathers.iter().find(|gather| gather.element() == ty).copied();
        let fits = self.fits(gather.is_some(), &format!("all values of type `{}`", ty.name()), element, at);
        let mut maps = self.maps.around(element.step)?;
        if element.is_dynamic(self.draft) {
            maps.push(element);
        }
        let name = element.name(self.draft);
        let Some(map) = maps.pop() else {
            let message = format!("`{name}` is one value, so there is nothing to collect");
            let hint = format!("write `{}: {name}`", self.input.name);
            self.problem(Kind::NotDynamic, message, at, &hint);
            return None;
        };
        let around = self.around?;
        let over = map.name(self.draft);
        if !around.starts_with(&maps) {
            let outer = maps.last().map_or_else(String::new, |map| map.name(self.draft));
            let message = format!(
                "`{}` collects `{name}` of the map over `{over}`, which is within the map over `{outer}`",
                self.here.name
            );
            let hint = format!(
                "`collect` closes one map: write `map: {outer}`, and collect what this step gives elsewhere"
            );
            self.problem(Kind::LeakedFromMap, message, at, &hint);
            return None;
        }
        if around.get(maps.len()) == Some(&map) {
            let message = format!(
                "`{}` stands in the map over `{over}` and would wait for the end of it",
                self.here.name
            );
            let hint = format!("leave out `map: {over}`, or take one value, `{}: {name}`", self.input.name);
            self.problem(Kind::Circle, message, at, &hint);
            return None;
        }
        fits.then_some(Feed::Collect { element, map, gather: gather? })
    }

    fn constant(&mut self) -> Option<Feed> {
        let path = ["inputs", &*self.input.name, "value"];
        let node = self.here.value(&path)?;
        let Some(read) = self.input.from_config else {
            let message = format!(
                "{} takes `{}`, which cannot be written as a value",
                self.named(),
                self.input.ty.name()
            );
            let hint = "feed it by a step, or let its type implement serde's `Deserialize`";
            self.problem(Kind::InvalidValue, message, &node.origin, hint);
            return None;
        };
        match read(node, self.registry.env_vars()) {
            Ok(read) => Some(Feed::Constant(read)),
            Err(error) => {
                let step = ConfigPath::root().key("steps").key(&*self.here.name);
                let path = path.iter().fold(step, |path, key| path.key(*key));
                self.problems.push(DescriptorProblem::unread(&path, &error).of_kind(Kind::InvalidValue));
                None
            }
        }
    }

    /// Whether the value of an output, or one item of it, can be read where the step stands.
    fn readable(&mut self, output: OutputRef, at: &Origin) -> bool {
        let (Some(around), Some(mut maps)) = (self.around, self.maps.around(output.step)) else {
            return true;
        };
        let dynamic = output.is_dynamic(self.draft);
        if dynamic {
            maps.push(output);
        }
        if around.starts_with(&maps) {
            return true;
        }
        let (input, name, text) = (self.named(), &self.input.name, output.name(self.draft));
        let (here, over) =
            (&self.here.name, maps.last().map_or_else(String::new, |map| map.name(self.draft)));
        let (kind, message) = if dynamic {
            (Kind::NotMapped, format!("{input} is fed `{text}`, a dynamic output, which is many values"))
        } else {
            let message = format!(
                "{input} is fed `{text}`, which runs once for each item of `{over}`, as `{here}` does not"
            );
            (Kind::LeakedFromMap, message)
        };
        let ty = output.def(self.draft).map(|def| def.ty);
        let all = match ty {
            Some(ty) if !self.gathers(ty) => {
                format!(
                    "to take all, let the op take `Vec<{}>` and write `{name}: {{ collect: {text} }}`",
                    ty.name()
                )
            }
            _ => format!("to take all, write `{name}: {{ collect: {text} }}`"),
        };
        let hint = match maps.starts_with(around) && ty == Some(self.input.ty) {
            true => format!("to run `{here}` once for each, write `map: {over}`; {all}"),
            // It takes a list, or stands in an unrelated map.
            false => all,
        };
        self.problem(kind, message, at, &hint);
        false
    }

    /// Tells that a type does not match, if so.
    fn fits(&mut self, fits: bool, found: &str, output: OutputRef, at: &Origin) -> bool {
        if fits {
            return true;
        }
        let message = format!("{} takes `{}` and is fed {found}", self.named(), self.input.ty.name());
        let mut problem = DescriptorProblem::new(Kind::TypeMismatch, message)
            .at(at.clone())
            .at_as("the op", Origin::Code(self.op.place.clone()));
        if let Some(fed) = &self.draft.steps[output.step].op {
            problem = problem.at_as("what feeds it", Origin::Code(fed.place.clone()));
        }
        let ty = output.def(self.draft).map(|def| def.ty);
        if let Some(hint) = ty.and_then(|ty| self.remedy(ty, output)) {
            problem = problem.hint(hint);
        }
        self.problems.push(problem);
        false
    }

    /// What to write where only the form is wrong.
    fn remedy(&self, ty: TypeInfo, output: OutputRef) -> Option<String> {
        let (name, text) = (&self.input.name, output.name(self.draft));
        if ty == self.input.ty {
            return Some(format!("write `{name}: {text}`"));
        }
        let gather = self.input.gathers.iter().find(|gather| gather.element() == ty)?;
        let mapped = output.is_dynamic(self.draft) || self.maps.over(output.step).is_some();
        match mapped {
            true => Some(format!("to take all, write `{name}: {{ collect: {text} }}`")),
            false => gather.plain().then(|| format!("a list of one is written `{name}: [{text}]`")),
        }
    }

    fn problem(&mut self, kind: Kind, message: String, at: &Origin, hint: &str) {
        let problem = DescriptorProblem::new(kind, message).at(at.clone());
        self.problems.push(if hint.is_empty() { problem } else { problem.hint(hint) });
    }

    fn named(&self) -> String {
        format!("the input `{}` of `{}`", self.input.name, self.here.name)
    }
}

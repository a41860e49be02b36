use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::define::{Needs, Provider, ResourceDef, ResourceNeed, Resources, Unanswered, resource_type};
use crate::ids::{Place, nearest, quoted};
use crate::plan::{Problem, ProblemKind};

/// Which resource answers which need, found before anything runs.
pub(super) struct Wiring {
    resources: Resources,
    /// What is to be opened, each after what it needs itself.
    pub(super) order: Vec<usize>,
}

/// Someone who needs resources, as messages name him.
pub(super) struct Needer<'a> {
    /// "the op `load`"
    pub(super) who: String,
    pub(super) needs: &'a Needs,
    /// What stands there: "the step".
    pub(super) what: &'static str,
    pub(super) place: &'a Place,
}

impl Wiring {
    /// Answers all needs, and those of what answers them.
    pub(super) fn of<'a>(
        resources: Resources,
        needers: impl IntoIterator<Item = Needer<'a>>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut search = Search {
            resources: &resources,
            marks: vec![Mark::New; resources.iter().len()],
            order: Vec::new(),
        };
        for needer in needers {
            let answers = search.answers(&needer, problems);
            answers.into_iter().for_each(|at| search.visit(at, &mut Vec::new(), problems));
        }
        let order = search.order;
        let me = Self { resources, order };
        me.same_keys(problems);
        me
    }

    /// By its key a resource is configured and told of.
    fn same_keys(&self, problems: &mut Vec<Problem>) {
        let mut seen = HashMap::new();
        for def in self.order.iter().filter_map(|&at| self.opened(at)) {
            if let Some(first) = seen.insert(def.key(), def) {
                problems.push(
                    Problem::new(
                        ProblemKind::DuplicateName,
                        format!("two resources are called `{}`", def.key()),
                    )
                    .at("first", first.place.clone())
                    .at("second", def.place.clone())
                    .hint("give one of them another name: `#[resource(name = \"..\")]`"),
                );
            }
        }
    }

    /// What is to be opened under number `at`; none for a value, which is there.
    pub(super) fn opened(&self, at: usize) -> Option<&Arc<ResourceDef>> {
        match &self.resources.at(at).by {
            Provider::Opened(def) => Some(def),
            Provider::Value(_) => None,
        }
    }

    /// The numbers of what answers these needs, in their order. All have an answer, if there was no problem.
    pub(super) fn answers(&self, needs: &Needs) -> Vec<usize> {
        needs.resources().iter().filter_map(|need| self.resources.answer(need).ok()).collect()
    }

    /// The numbers of all that these needs take, and what that takes in turn, in ascending order.
    pub(super) fn all_of<'a>(&self, needs: impl IntoIterator<Item = &'a Needs>) -> BTreeSet<usize> {
        let mut all = BTreeSet::new();
        let mut found: Vec<usize> = needs.into_iter().flat_map(|needs| self.answers(needs)).collect();
        while let Some(at) = found.pop() {
            if all.insert(at)
                && let Some(def) = self.opened(at)
            {
                found.extend(self.answers(def.needs()));
            }
        }
        all
    }

    pub(super) fn resources(&self) -> &Resources {
        &self.resources
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    /// What it needs is being looked at.
    Open,
    Done,
}

struct Search<'a> {
    resources: &'a Resources,
    marks: Vec<Mark>,
    order: Vec<usize>,
}

impl Search<'_> {
    fn answers(&self, needer: &Needer<'_>, problems: &mut Vec<Problem>) -> Vec<usize> {
        let mut answers = Vec::new();
        for need in needer.needs.resources() {
            match self.resources.answer(need) {
                Ok(at) => answers.push(at),
                Err(why) => {
                    let problem = self.problem(needer, need, &why);
                    // Of an op that is called twice, once.
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
        }
        answers
    }

    /// Puts a resource into the order, after what it needs; `chain` is who is waiting for it.
    fn visit(&mut self, at: usize, chain: &mut Vec<usize>, problems: &mut Vec<Problem>) {
        let provided = Arc::clone(self.resources.at(at));
        let Provider::Opened(def) = &provided.by else { return };
        match self.marks[at] {
            Mark::Done => return,
            Mark::Open => {
                let circle = chain.iter().skip_while(|&&other| other != at);
                let names: Vec<_> =
                    circle.map(|&other| format!("`{}`", self.resources.at(other).name())).collect();
                problems.push(
                    Problem::new(
                        ProblemKind::ResourceCircle,
                        format!(
                            "resources need each other in a circle: {} needs `{}`",
                            names.join(" needs "),
                            provided.name()
                        ),
                    )
                    .at("the resource", def.place.clone())
                    .hint("let one of them be opened without the other"),
                );
                return;
            }
            Mark::New => {}
        }
        self.marks[at] = Mark::Open;
        chain.push(at);
        let who = format!("the resource `{}`", def.key());
        let needer = Needer { who, needs: def.needs(), what: "the resource", place: &def.place };
        for needed in self.answers(&needer, problems) {
            self.visit(needed, chain, problems);
        }
        chain.pop();
        self.marks[at] = Mark::Done;
        self.order.push(at);
    }

    fn problem(&self, needer: &Needer<'_>, need: &ResourceNeed, why: &Unanswered) -> Problem {
        let (who, name, ty) = (&needer.who, &need.name, resource_type(need.ty));
        let of_type: Vec<_> = self.resources.iter().filter(|provided| provided.ty == need.ty).collect();
        let keys: Vec<String> = of_type.iter().filter_map(|provided| provided.key.clone()).collect();
        let (kind, message, hint) = match why {
            Unanswered::Missing if need.by_key => {
                let near = nearest(name, keys.iter().map(String::as_str));
                let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
                let there = if keys.is_empty() {
                    format!("there is none of type `{ty}` with a key")
                } else {
                    format!("of type `{ty}` there are {}", quoted(&keys))
                };
                (
                    ProblemKind::MissingResource,
                    format!("{who} needs the resource `{name}` of type `{ty}`, which is not there"),
                    format!("{near}{there}; give one with `.resource_as(\"{name}\", ..)`"),
                )
            }
            Unanswered::Missing => {
                // The same name under another type is most likely what is meant.
                let other = self.resources.iter().find(|provided| provided.key.as_deref() == Some(&**name));
                let other = other.map(|other| format!("; `{name}` is a `{}`", other.type_name()));
                (
                    ProblemKind::MissingResource,
                    format!("{who} needs a resource of type `{ty}`, and there is none{}", other.unwrap_or_default()),
                    "give the program one, `Definitions::new().resource(..)` or `.resource_from::<..>()`, or the job, \
                     `job().with(..)`"
                        .to_owned(),
                )
            }
            Unanswered::Ambiguous => (
                ProblemKind::AmbiguousResource,
                format!("{who} needs a resource of type `{ty}`, of which there are {}", of_type.len()),
                format!(
                    "call the parameter `{name}` by the key of the one that is meant: {}; or write `#[key = \"..\"]` before it",
                    if keys.is_empty() {
                        "they have none, give them with `.resource_as(\"key\", ..)`".to_owned()
                    } else {
                        quoted(&keys)
                    }
                ),
            ),
        };
        let problem = Problem::new(kind, message).at(needer.what, needer.place.clone());
        let problem =
            of_type.iter().fold(problem, |problem, one| problem.at("one of this type", one.place.clone()));
        match self.resources.iter().find_map(|provided| Some((provided, provided.function()?))) {
            Some((provided, function)) if of_type.is_empty() => {
                problem.at("a function, given as a value", provided.place.clone()).hint(format!(
                    "to give what the function opens, name it as a type, `.resource_from::<{function}>()`"
                ))
            }
            _ => problem.hint(hint),
        }
    }
}

use super::ask::Answer;
use super::shape::{Taken, scope_of};
use super::walk::{At, Blocked, State, Walk};
use crate::plan::Source;

/// Whether something that is needed will come.
#[derive(Clone, Copy)]
enum Comes {
    Yes,
    No(Blocked),
}

/// What has been found of collects, for each and each frame that it lies in.
type Gathered = Vec<Vec<Option<Comes>>>;

impl Walk<'_> {
    /// Finds what would have to run and cannot, since something that it needs will not come; says whether there is any that
    /// was not known.
    ///
    /// What takes a value stands after what gives it in the plan, so one pass finds all that follows from what is known;
    /// only what a source has left that cannot run again is not known before it is asked for.
    pub(super) fn sweep(&mut self) -> bool {
        let plan = &self.program.plan;
        let gathered = plan.collects.iter().map(|collect| {
            let around = self.shape.parent(collect.map + 1);
            vec![None; self.frames[around].len()]
        });
        let mut gathered: Gathered = gathered.collect();
        let mut found = false;
        for at in self.all() {
            let instance = self.at(at);
            if instance.blocked.is_some() || !matches!(instance.state, State::Open | State::Lost) {
                continue;
            }
            if let Comes::No(blocked) = self.all_of(at, &mut gathered) {
                let instance = self.at_mut(at);
                instance.blocked = Some(blocked);
                if instance.state == State::Lost {
                    instance.state = State::Succeeded;
                }
                found = true;
            }
        }
        found
    }

    /// Whether all comes that a step waits for; a failure goes before what was left out.
    fn all_of(&self, at: At, gathered: &mut Gathered) -> Comes {
        let step = &self.program.plan.steps[at.step];
        let scope = scope_of(step.map);
        let inputs =
            step.inputs.iter().map(|input| self.source_comes(&input.source, scope, at.frame, gathered));
        let mut all: Vec<Comes> = inputs.collect();
        for &other in &step.after {
            let around = self.around(scope, at.frame, scope_of(self.program.plan.steps[other].map));
            let other = At { step: other, frame: around };
            if self.is_final(other) && self.state(other) != State::Succeeded {
                all.push(self.nothing_of(other));
            }
        }
        first(&all).unwrap_or(Comes::Yes)
    }

    fn source_comes(&self, source: &Source, scope: usize, frame: usize, gathered: &mut Gathered) -> Comes {
        let taken = match source {
            Source::Output { step, output } => Taken::Output { step: *step, output: *output },
            Source::Item { map } => Taken::Item { map: *map },
            Source::Collect { collect } => Taken::Collect { collect: *collect },
            Source::Literal { .. } | Source::Config { .. } => return Comes::Yes,
            Source::List { elements, .. } => {
                let all: Vec<_> = elements
                    .iter()
                    .map(|element| self.source_comes(element, scope, frame, gathered))
                    .collect();
                let none_comes = all.iter().all(|comes| matches!(comes, Comes::No(_)));
                return match first(&all) {
                    Some(Comes::No(blocked)) if blocked.failed || none_comes => Comes::No(blocked),
                    _ => Comes::Yes,
                };
            }
        };
        let frame = self.around(scope, frame, self.shape.scope(&self.program.plan, taken));
        match taken {
            Taken::Output { step, output } => {
                let at = At { step, frame };
                self.value_comes(at, self.answer(at, output), self.has_left(at, output))
            }
            Taken::Item { map } => {
                self.value_comes(self.source(map, frame), self.answer_for_item(map, frame), true)
            }
            Taken::Collect { collect } => {
                if let Some(known) = gathered[collect][frame] {
                    return known;
                }
                let comes = self.collect_comes(collect, frame, gathered);
                gathered[collect][frame] = Some(comes);
                comes
            }
        }
    }

    fn value_comes(&self, at: At, answer: Answer, has_left: bool) -> Comes {
        match (self.state(at), answer) {
            (_, Answer::Readable) => Comes::Yes,
            // It is asked for only now that it will not be made anew.
            (_, Answer::NotAsked) if has_left => Comes::Yes,
            _ if self.is_final(at) => self.nothing_of(at),
            (State::Succeeded, Answer::None) => Comes::No(Blocked { root: at, failed: false }),
            _ => Comes::Yes,
        }
    }

    fn collect_comes(&self, collect: usize, frame: usize, gathered: &mut Gathered) -> Comes {
        let collect = &self.program.plan.collects[collect];
        let at = At { step: self.program.plan.maps[collect.map].step, frame };
        if !self.is_closed(collect.map, frame) {
            // Of what is emitted anew nobody knows which items there will be.
            return if self.is_final(at) { self.nothing_of(at) } else { Comes::Yes };
        }
        let items = self.items[collect.map][frame].clone();
        let items = items.filter(|&item| !self.frames[collect.map + 1][item].orphan);
        let all: Vec<_> = items
            .map(|item| self.source_comes(&collect.element, collect.map + 1, item, gathered))
            .map(|comes| match comes {
                // A failure is handed on as a value.
                Comes::No(blocked) if blocked.failed && collect.results => Comes::Yes,
                comes => comes,
            })
            .collect();
        let none_comes = all.iter().all(|comes| matches!(comes, Comes::No(_)));
        match first(&all) {
            Some(Comes::No(blocked)) if blocked.failed || none_comes => Comes::No(blocked),
            _ => Comes::Yes,
        }
    }

    /// Nothing comes of a step that has failed, was skipped or cannot run.
    fn nothing_of(&self, at: At) -> Comes {
        let failed = !self.lacks_nothing(at);
        Comes::No(self.at(at).blocked.unwrap_or(Blocked { root: at, failed }))
    }
}

/// The first failure, else the first that was left out, if any does not come.
fn first(all: &[Comes]) -> Option<Comes> {
    let failed = |comes: &&Comes| matches!(comes, Comes::No(Blocked { failed: true, .. }));
    let missing = |comes: &&Comes| matches!(comes, Comes::No(_));
    all.iter().find(failed).or_else(|| all.iter().find(missing)).copied()
}

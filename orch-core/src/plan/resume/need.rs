use std::collections::VecDeque;

use super::ask::Answer;
use super::shape::{Taken, scope_of, take};
use super::walk::{At, State, Walk};
use crate::event::LostCause;

/// What has been found to be needed, so that nothing is looked at twice, and what is yet to be looked at.
pub(super) struct Needed {
    /// Steps that run, whose inputs are yet to be looked at. A queue and not calls, as chains are long.
    running: VecDeque<At>,
    /// For each collect and each frame that it lies in.
    collects: Vec<Vec<bool>>,
}

impl Walk<'_> {
    /// Finds what is lost: from all that has not ended to what it needs, and so on.
    pub(super) fn spread(&mut self) {
        let plan = &self.program.plan;
        let collects = plan.collects.iter().map(|collect| {
            let around = self.shape.parent(collect.map + 1);
            vec![false; self.frames[around].len()]
        });
        let mut needed = Needed { collects: collects.collect(), running: VecDeque::new() };
        for at in self.all() {
            if self.state(at) == State::Lost {
                self.at_mut(at).state = State::Succeeded;
            }
            match self.state(at) {
                _ if self.at(at).blocked.is_some() => {}
                State::Succeeded if self.at(at).again => {
                    self.begin_again(at);
                    self.lose(at, &mut needed);
                }
                State::Open => needed.running.push_back(at),
                State::Succeeded if self.has_unknown_items(at) => {
                    self.lost_for(at, LostCause::Changed);
                    self.lose(at, &mut needed);
                }
                _ => {}
            }
        }
        while let Some(at) = needed.running.pop_front() {
            self.runs(at, &mut needed);
        }
    }

    /// Whether it has succeeded, and is now mapped over what it did not give then.
    fn has_unknown_items(&self, at: At) -> bool {
        let mut maps = self.shape.maps[at.step].iter();
        maps.any(|&map| !self.shape.steps[map + 1].is_empty() && !self.is_closed(map, at.frame))
    }

    /// What a step needs that runs: its inputs, and of a source whatever the steps of an item take that is yet to come.
    fn runs(&mut self, at: At, needed: &mut Needed) {
        let shape = self.shape;
        let scope = scope_of(self.program.plan.steps[at.step].map);
        for &taken in &shape.takes[at.step] {
            self.need(taken, scope, at.frame, needed);
        }
        self.look_anew(at, needed);
        for &map in &shape.maps[at.step] {
            if !self.is_closed(map, at.frame) {
                shape.outer[map].iter().for_each(|&taken| self.need(taken, scope, at.frame, needed));
                self.look_anew_within(map, at, needed);
            }
        }
    }

    /// Something is needed in a frame of a scope.
    fn need(&mut self, taken: Taken, scope: usize, frame: usize, needed: &mut Needed) {
        let frame = self.around(scope, frame, self.shape.scope(&self.program.plan, taken));
        match taken {
            Taken::Output { step, output } => {
                let at = At { step, frame };
                if self.may_be_asked(at) && self.ask(at, output) == Answer::Unreadable {
                    self.lose(at, needed);
                }
            }
            Taken::Item { map } => {
                let at = self.source(map, frame);
                if self.may_be_asked(at) && self.ask_for_item(map, frame) == Answer::Unreadable {
                    self.lose(at, needed);
                }
            }
            Taken::Collect { collect } => self.need_all(collect, frame, needed),
        }
    }

    /// What a collect gathers is needed: of all items that count.
    fn need_all(&mut self, collect: usize, frame: usize, needed: &mut Needed) {
        if std::mem::replace(&mut needed.collects[collect][frame], true) {
            return;
        }
        let program = self.program;
        let collect = &program.plan.collects[collect];
        let mut elements = Vec::new();
        take(&collect.element, &mut |taken| elements.push(taken));
        for item in self.items[collect.map][frame].clone() {
            if !self.frames[collect.map + 1][item].orphan {
                elements.iter().for_each(|&taken| self.need(taken, collect.map + 1, item, needed));
            }
        }
    }

    /// Whether what a step has left counts: what runs makes it anew.
    fn may_be_asked(&self, at: At) -> bool {
        self.is_final(at) || self.state(at) == State::Succeeded
    }

    /// A value of a step is needed and cannot be read: it runs again, unless it is one that cannot.
    pub(super) fn lose(&mut self, at: At, needed: &mut Needed) {
        if !self.is_final(at) && self.state(at) == State::Succeeded {
            self.at_mut(at).state = State::Lost;
            needed.running.push_back(at);
        }
    }
}

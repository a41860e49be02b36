use std::collections::hash_map::Entry;

use super::frame::{FrameId, Phase, StreamPhase};
use super::ready::Ready;
use super::settle::Settle;
use super::{Kept, Produced, State, Stored, Token, Turn, Written};
use crate::define::ItemStream;
use crate::event::{Encoded, EventKind};
use crate::failure::Failure;
use crate::ids::{Branch, MappingKey, QuickMap};
use crate::value::Value;

/// What the present attempt's item is to the run.
enum Position {
    /// A new item, with this number.
    New(u64),
    /// One that an earlier attempt emitted already, with this number.
    Again(u64),
    /// One whose key the present attempt emitted already, at this place.
    Duplicate(u64),
}

impl State {
    /// A step's code returned a dynamic output: it may be pulled from now on.
    pub(super) fn open_stream(&mut self, frame: FrameId, step: usize, output: usize, items: ItemStream) {
        let Some(local) = self.layout.stream(step, output) else {
            return self.let_go.streams.push(items);
        };
        let stream = &mut self.frames[frame as usize].streams[local];
        // A stream that ended before another one of the same step failed is complete, and stays so.
        if stream.has_ended() {
            return self.let_go.streams.push(items);
        }
        stream.items = Some(items);
        stream.phase = StreamPhase::Parked;
        stream.position = 0;
        stream.before = stream.emitted;
        stream.again.clear();
        self.queue_pull(frame, local);
    }

    /// Puts a parked stream among what is ready, if there is room for an item.
    pub(super) fn queue_pull(&mut self, frame: FrameId, local: usize) {
        if self.canceling {
            return;
        }
        let entry = &mut self.frames[frame as usize];
        let stream = &mut entry.streams[local];
        if stream.phase != StreamPhase::Parked || stream.alive >= self.settings.max_in_flight {
            return;
        }
        stream.phase = StreamPhase::Queued;
        self.tickets += 1;
        stream.ticket = self.tickets;
        let ticket = self.tickets;
        let branch = entry.branch.clone();
        let step = self.layout.maps[self.layout.scopes[entry.scope].maps[local]].step;
        let (rank, class) = (self.layout.steps[step].rank, self.layout.steps[step].class);
        let ready = Ready { rank, branch, step: step as u32, frame, stream: Some((local as u32, ticket)) };
        self.ready.push(class, ready);
    }

    /// The stream has a slot: gives the number of its output, and what is left of it; none if it was closed while it waited
    /// for one.
    pub(super) fn begin_pull(
        &mut self,
        frame: FrameId,
        local: usize,
        ticket: u64,
    ) -> Option<(usize, ItemStream)> {
        let entry = self.frames.get_mut(frame as usize)?;
        let stream = entry.streams.get_mut(local)?;
        if stream.phase != StreamPhase::Queued || stream.ticket != ticket {
            return None;
        }
        let items = stream.items.take()?;
        stream.phase = StreamPhase::Pulling;
        let output = self.layout.maps[self.layout.scopes[entry.scope].maps[local]].output;
        Some((output, items))
    }

    /// The plan's step of a pull that is still under way, or whose item is being stored.
    pub(super) fn pull_of(&self, token: Token) -> Option<usize> {
        let frame = self.frames.get(token.frame as usize)?;
        let stream = frame.streams.get(token.stream? as usize)?;
        (matches!(stream.phase, StreamPhase::Pulling | StreamPhase::Storing) && stream.ticket == token.ticket)
            .then(|| self.layout.scopes[frame.scope].steps[token.step as usize] as usize)
    }

    pub(super) fn item(
        &mut self,
        token: Token,
        (key, value, mut written): (Option<MappingKey>, Value, Written),
        rest: ItemStream,
        turn: &mut Turn,
    ) {
        let (Some(step), Some(local)) = (self.pull_of(token), token.stream.map(|stream| stream as usize))
        else {
            self.let_go.values.push(value);
            self.let_go.streams.push(rest);
            return;
        };
        let entry = &mut self.frames[token.frame as usize];
        let output = self.layout.maps[self.layout.scopes[entry.scope].maps[local]].output;
        let stream = &mut entry.streams[local];
        stream.items = Some(rest);
        let number = stream.position;
        if *stream.keyed.get_or_insert(key.is_some()) != key.is_some() {
            let name = self.output_name(step, output);
            let message =
                format!("the items of output `{name}` have keys in one attempt and none in another");
            self.let_go.values.push(value);
            return self.broke(token, step, &Failure::contract(message), turn);
        }
        match stream.place(key.as_ref()) {
            Position::Duplicate(first) => {
                let name = self.output_name(step, output);
                let key = key.unwrap_or_else(|| number.into());
                let message = format!(
                    "duplicate mapping key `{key}` in output `{name}`: items number {first} and {number} both have it"
                );
                self.let_go.values.push(value);
                self.broke(token, step, &Failure::contract(message), turn);
            }
            Position::Again(index) if self.frames[token.frame as usize].streams[local].reopens(index) => {
                let value = self.with_version((step, output), value, (written.take(output).as_ref(), None));
                self.open_item(token, step, (key, index), value);
            }
            Position::Again(_) => {
                self.let_go.values.push(value);
                self.next_item(token, step);
            }
            // The set of keys that a stream was closed with is the truth.
            Position::New(_) if self.frames[token.frame as usize].streams[local].closed_before => {
                self.let_go.values.push(value);
                self.next_item(token, step);
            }
            Position::New(number) if self.is_item_to_store(token.frame, step, &written) => {
                self.store(token, step, Produced::Item { output, key, number, value, written }, turn);
            }
            Position::New(_) => {
                let written = written.take(output);
                self.new_item(token, step, (key, value), (written, None), turn);
            }
        }
    }

    /// An item that the run did not have yet: it is told, and its frame opened.
    pub(super) fn new_item(
        &mut self,
        token: Token,
        step: usize,
        (key, value): (Option<MappingKey>, Value),
        kept: (Option<Encoded>, Option<Stored>),
        turn: &mut Turn,
    ) {
        let Some(local) = token.stream.map(|stream| stream as usize) else { return };
        let entry = &mut self.frames[token.frame as usize];
        let map = self.layout.scopes[entry.scope].maps[local];
        let output = self.layout.maps[map].output;
        let index = entry.streams[local].add(key.as_ref());
        let value = self.with_version((step, output), value, (kept.0.as_ref(), kept.1.as_ref()));
        if self.settings.keep {
            let (path, key) = (self.path(token.frame, step), key.clone().unwrap_or_else(|| index.into()));
            turn.kept.push(Kept::Value { path, step, output, key: Some(key), value: value.clone() });
        }
        let told = key.clone().unwrap_or_else(|| index.into());
        self.emit_output(token.frame, step, (output, Some(told)), kept, turn);
        self.open_item(token, step, (key, index), value);
    }

    /// Opens the frame of an item that has been told, in this process or an earlier one.
    fn open_item(
        &mut self,
        token: Token,
        step: usize,
        (key, index): (Option<MappingKey>, u64),
        value: Value,
    ) {
        let Some(local) = token.stream.map(|stream| stream as usize) else { return };
        let entry = &mut self.frames[token.frame as usize];
        let map = self.layout.scopes[entry.scope].maps[local];
        entry.streams[local].alive += 1;
        let branch = Branch::new(entry.branch.as_ref(), key.unwrap_or_else(|| index.into()), index);
        self.open_frame(map + 1, token.frame, Some(branch), Some(value));
        self.next_item(token, step);
    }

    /// The item that was pulled has been dealt with.
    fn next_item(&mut self, token: Token, step: usize) {
        let Some(local) = token.stream.map(|stream| stream as usize) else { return };
        self.release_slot(step);
        self.frames[token.frame as usize].streams[local].phase = StreamPhase::Parked;
        self.queue_pull(token.frame, local);
    }

    /// A stream has no further items.
    pub(super) fn stream_ended(&mut self, token: Token, turn: &mut Turn) {
        let (Some(step), Some(local)) = (self.pull_of(token), token.stream.map(|stream| stream as usize))
        else {
            return;
        };
        if let Some(key) = self.frames[token.frame as usize].streams[local].not_emitted_again() {
            let message = format!(
                "the item `{key}` was emitted when the run was interrupted, and is not emitted again; what is made of it \
                 cannot be made anew"
            );
            return self.broke(token, step, &Failure::contract(message), turn);
        }
        self.release_slot(step);
        let entry = &mut self.frames[token.frame as usize];
        let map = self.layout.scopes[entry.scope].maps[local];
        let stream = &mut entry.streams[local];
        stream.find_orphans();
        stream.complete = true;
        let orphaned = stream.orphans.len() as u64;
        let orphans = stream.keys_of_orphans();
        let count = stream.emitted - orphaned;
        let numbers = if self.settings.keep { stream.orphans.clone() } else { Vec::new() };
        let output = self.layout.maps[map].output;
        if !numbers.is_empty() {
            turn.kept.push(Kept::Orphans { path: self.path(token.frame, step), step, output, numbers });
        }
        let output = self.output_name(step, output);
        self.emit(token.frame, step, EventKind::StreamClosed { output, count, orphaned, orphans }, turn);
        self.end_stream(token.frame, local);
        self.finish_if_streamed(token.frame, step, turn);
        if !self.has_told_streams(token.frame, step)
            && let Some(failure) = self.run(token.frame, token.step).broken.take()
        {
            self.attempt_failed(token.frame, step, &failure, turn);
        }
    }

    /// Whether there are open streams of a step whose end was told before, and has not been found again.
    pub(super) fn has_told_streams(&self, frame: FrameId, step: usize) -> bool {
        let streams = &self.frames[frame as usize].streams;
        let is_told = |stream: usize| {
            let stream = &streams[stream];
            stream.end_told && !stream.has_ended() && stream.phase != StreamPhase::Unopened
        };
        self.layout.streams(step).any(is_told)
    }

    /// A source succeeds when the last of its streams has ended.
    pub(super) fn finish_if_streamed(&mut self, frame: FrameId, step: usize, turn: &mut Turn) {
        let entry = &self.frames[frame as usize];
        let ended = |stream: usize| entry.streams[stream].has_ended();
        let run = &entry.steps[self.layout.steps[step].local as usize];
        if run.phase == Phase::Streaming && self.layout.streams(step).all(ended) {
            self.finish(frame, step, None, turn);
        }
    }

    /// Takes no further items of a stream, whatever the reason.
    pub(super) fn end_stream(&mut self, frame: FrameId, local: usize) {
        let stream = &mut self.frames[frame as usize].streams[local];
        if stream.has_ended() {
            return;
        }
        stream.phase = StreamPhase::Ended;
        self.let_go.streams.extend(stream.items.take());
        (stream.keys, stream.again) = (QuickMap::default(), QuickMap::default());
        if stream.alive == 0 {
            self.settling.push_back(Settle::Finished(frame, local));
        }
    }

    /// An attempt at a source failed: its open streams are closed until it is tried again.
    pub(super) fn close_streams(&mut self, frame: FrameId, step: usize, turn: &mut Turn) {
        if !self.layout.steps[step].dynamic {
            return;
        }
        for local in self.layout.streams(step).collect::<Vec<_>>() {
            let stream = &mut self.frames[frame as usize].streams[local];
            if stream.has_ended() {
                continue;
            }
            let phase = std::mem::replace(&mut stream.phase, StreamPhase::Unopened);
            let ticket = std::mem::take(&mut stream.ticket);
            self.let_go.streams.extend(stream.items.take());
            // The stream that failed has given its slot back; another one with work under way still has one, and keeps it
            // while an item is being stored.
            let step_local = self.layout.steps[step].local;
            match phase {
                StreamPhase::Pulling => {
                    self.release_slot(step);
                    turn.aborts.push(Token { frame, step: step_local, stream: Some(local as u32), ticket });
                }
                StreamPhase::Storing => self.store_on(frame, step, ticket),
                _ => {}
            }
        }
    }
}

impl super::frame::Stream {
    /// Finds what the next item of the present attempt is.
    fn place(&mut self, key: Option<&MappingKey>) -> Position {
        let number = self.position;
        self.position += 1;
        let known = match key {
            // Items without keys are numbered, so an earlier attempt's are known by their number alone.
            None => (number < self.before).then_some(number),
            Some(key) => self.keys.get(key).copied(),
        };
        match known {
            None => Position::New(self.emitted),
            // Of a first attempt the number of an item is its place.
            Some(index) if self.before == 0 => Position::Duplicate(index),
            Some(index) => match self.again.entry(index) {
                Entry::Occupied(place) => Position::Duplicate(*place.get()),
                Entry::Vacant(place) => {
                    place.insert(number);
                    Position::Again(index)
                }
            },
        }
    }

    /// Counts a new item, and gives its number.
    fn add(&mut self, key: Option<&MappingKey>) -> u64 {
        let index = self.emitted;
        self.emitted += 1;
        if let Some(key) = key {
            self.keys.insert(key.clone(), index);
            if self.before > 0 {
                self.again.insert(index, self.position - 1);
            }
        }
        index
    }

    fn find_orphans(&mut self) {
        let again = std::mem::take(&mut self.again);
        self.orphans = (0..self.before).filter(|index| !again.contains_key(index)).collect();
    }

    /// The keys of the orphans, in the order of their emission.
    fn keys_of_orphans(&self) -> Vec<MappingKey> {
        if self.orphans.is_empty() || self.keyed != Some(true) {
            return self.orphans.iter().map(|&index| index.into()).collect();
        }
        let keys = self.keys.iter().filter(|(_, index)| self.orphans.binary_search(index).is_ok());
        let mut keys: Vec<_> = keys.map(|(key, &index)| (index, key.clone())).collect();
        keys.sort_unstable_by_key(|(index, _)| *index);
        keys.into_iter().map(|(_, key)| key).collect()
    }
}

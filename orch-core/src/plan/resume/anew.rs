use std::collections::{BTreeMap, HashMap, HashSet};

use crate::event::Recorded;
use crate::ids::{Branch, MappingKey};
use crate::plan::{Plan, PlannedPartitions, Source};

/// Which partitions of what reads others take some of these: by the step that reads, and the keys of what was made before. None if
/// that is not known, or the step has no partitions: it may take any of them.
pub(crate) type Takers<'a> = &'a dyn Fn(usize, &HashSet<MappingKey>) -> Option<HashSet<MappingKey>>;

/// Forgets, for a run that goes on from the failure of another, whatever depends on what is begun anew: what it has made
/// of an older value, or of a failure that was collected, is not what it would make now.
///
/// In a map it is each copy for itself: of an item that is begun anew only what is done with that item. What depends on a
/// source that is begun anew are all of its items. What reads partitions behind the end of their map depends on those that it
/// takes, which `takers` says. Of `unrecorded` copies, by the numbers of their steps, it knows by nothing else that they are begun anew.
pub(crate) fn forget_dependents(
    plan: &Plan,
    recorded: &mut Recorded,
    unrecorded: Vec<(usize, Vec<MappingKey>)>,
    takers: Takers<'_>,
) {
    let dependents = dependents(plan);
    let maps: Vec<Vec<usize>> = plan.steps.iter().map(|step| maps_around(plan, step.map)).collect();
    let mut copies = Copies::of(plan, recorded);
    // What gives partitions gives the same ones again, for the same run.
    let gives_partitions = |step: usize| plan.partitions.iter().any(|of| of.step == step);
    let anew = |step: usize, number: u32| recorded.at(number).end().is_none() && !gives_partitions(step);
    let begun = copies.all.iter().enumerate();
    let begun = begun.flat_map(|(step, all)| all.iter().map(move |copy| (step, copy.clone())));
    let mut queue: Vec<(usize, Vec<MappingKey>)> = begun
        .filter(|(step, (_, number))| anew(*step, *number))
        .map(|(step, (keys, _))| (step, keys))
        .collect();
    queue.extend(unrecorded);
    let (mut seen, mut forgotten) = (HashSet::new(), Vec::new());
    // The partitions that are begun anew, by the steps that wait for all of their maps: who reads them is looked for once for many.
    let mut behind: BTreeMap<usize, HashSet<MappingKey>> = BTreeMap::new();
    loop {
        while let Some((step, keys)) = queue.pop() {
            for &dependent in &dependents[step] {
                if let Some(partition) = keys.first().filter(|_| is_end(plan, dependent, step)) {
                    behind.entry(dependent).or_default().insert(partition.clone());
                    continue;
                }
                let common = maps[step].iter().zip(&maps[dependent]).take_while(|(a, b)| a == b).count();
                let prefix = keys[..common.min(keys.len())].to_vec();
                if !seen.insert((dependent, prefix.clone())) {
                    continue;
                }
                for (keys, number) in copies.within(dependent, &prefix) {
                    forgotten.push(number);
                    queue.push((dependent, keys));
                }
            }
        }
        let Some((end, partitions)) = behind.pop_first() else { break };
        forgotten.extend(copies.within(end, &[]).into_iter().map(|(_, number)| number));
        for &reader in &dependents[end] {
            let taking = takers(reader, &partitions);
            for (keys, number) in copies.within(reader, &[]) {
                let takes =
                    taking.as_ref().is_none_or(|taking| keys.first().is_some_and(|key| taking.contains(key)));
                if takes && seen.insert((reader, keys.clone())) {
                    forgotten.push(number);
                    queue.push((reader, keys));
                }
            }
        }
    }
    forgotten.into_iter().for_each(|number| recorded.forget(number));
}

/// Whether a step waits for all that is made of partitions, of which this is a part.
fn is_end(plan: &Plan, step: usize, part: usize) -> bool {
    let is_within =
        |of: &PlannedPartitions| plan.steps[part].map.is_some_and(|map| plan.maps[map].step == of.step);
    plan.partitions.iter().any(|of| of.end == Some(step) && is_within(of))
}

/// A recorded copy of a step: its keys, and its number in the record.
type Copy = (Vec<MappingKey>, u32);

/// The copies of each step, found by the first of their keys.
struct Copies {
    all: Vec<Vec<Copy>>,
    by_prefix: HashMap<(usize, usize), HashMap<Vec<MappingKey>, Vec<usize>>>,
}

impl Copies {
    fn of(plan: &Plan, recorded: &Recorded) -> Self {
        let steps: HashMap<&str, usize> =
            plan.steps.iter().enumerate().map(|(number, step)| (step.name.as_str(), number)).collect();
        let mut all = vec![Vec::new(); plan.steps.len()];
        for (path, _) in recorded.steps() {
            if let (Some(&step), Some(number)) = (steps.get(path.name()), recorded.number(path)) {
                let keys = path.branch().map(Branch::keys).unwrap_or_default();
                all[step].push((keys.into_iter().cloned().collect(), number));
            }
        }
        Self { all, by_prefix: HashMap::new() }
    }

    fn within(&mut self, step: usize, prefix: &[MappingKey]) -> Vec<Copy> {
        let all = &self.all[step];
        let found = self.by_prefix.entry((step, prefix.len())).or_insert_with(|| {
            let mut found: HashMap<Vec<MappingKey>, Vec<usize>> = HashMap::new();
            for (at, (keys, _)) in all.iter().enumerate().filter(|(_, (keys, _))| keys.len() >= prefix.len())
            {
                found.entry(keys[..prefix.len()].to_vec()).or_default().push(at);
            }
            found
        });
        found.get(prefix).into_iter().flatten().map(|&at| all[at].clone()).collect()
    }
}

/// The maps that a step is in, the outermost first.
fn maps_around(plan: &Plan, map: Option<usize>) -> Vec<usize> {
    let mut maps: Vec<_> = std::iter::successors(map, |&map| plan.maps[map].parent).collect();
    maps.reverse();
    maps
}

/// For each step those that take of it, wait for it, or run for its items.
fn dependents(plan: &Plan) -> Vec<Vec<usize>> {
    let mut dependents = vec![Vec::new(); plan.steps.len()];
    for (number, step) in plan.steps.iter().enumerate() {
        let mut needs = step.after.clone();
        step.inputs.iter().for_each(|input| sources(plan, &input.source, &mut needs));
        needs.extend(step.map.map(|map| plan.maps[map].step));
        needs.sort_unstable();
        needs.dedup();
        needs.into_iter().for_each(|need| dependents[need].push(number));
    }
    // What waits for all that is made of partitions waits for what is begun anew of them.
    for (of, end) in plan.partitions.iter().filter_map(|of| Some((of, of.end?))) {
        let is_within = |map: usize| plan.maps[map].step == of.step;
        let within = (0..plan.steps.len()).filter(|&number| plan.steps[number].map.is_some_and(is_within));
        within.for_each(|number| dependents[number].push(end));
    }
    dependents
}

fn sources(plan: &Plan, source: &Source, needs: &mut Vec<usize>) {
    match source {
        Source::Output { step, .. } => needs.push(*step),
        Source::Item { map } => needs.push(plan.maps[*map].step),
        Source::Collect { collect } => {
            let collect = &plan.collects[*collect];
            needs.push(plan.maps[collect.map].step);
            sources(plan, &collect.element, needs);
        }
        Source::List { elements, .. } => {
            elements.iter().for_each(|element| sources(plan, element, needs));
        }
        Source::Literal { .. } | Source::Config { .. } => {}
    }
}

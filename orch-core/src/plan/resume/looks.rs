use super::anew::{Copies, Takers, dependents, is_end, maps_around};
use crate::event::Recorded;
use crate::ids::MappingKey;
use crate::plan::Plan;

/// Forgets, for a run that goes on from the failure of another, what that has observed of what others make, where something that
/// takes it is begun anew: it reads what is there by now, which may be another version. What was made of the one that was observed
/// first stays, and is known as made of that.
pub(crate) fn forget_looks(plan: &Plan, recorded: &mut Recorded, takers: Takers<'_>) {
    let looks = || (0..plan.steps.len()).filter(|&step| plan.steps[step].observes.is_some());
    if looks().next().is_none() {
        return;
    }
    let dependents = dependents(plan);
    let mut below = Below { plan, dependents: &dependents, copies: Copies::of(plan, recorded), takers };
    let mut forgotten = Vec::new();
    for look in looks() {
        for (keys, number) in below.copies.all[look].clone() {
            if recorded.at(number).end().is_some() && below.is_begun_anew((look, &keys), recorded) {
                forgotten.push(number);
            }
        }
    }
    forgotten.into_iter().for_each(|number| recorded.forget(number));
}

/// What comes after copies of steps.
struct Below<'a> {
    plan: &'a Plan,
    dependents: &'a [Vec<usize>],
    copies: Copies,
    takers: Takers<'a>,
}

impl Below<'_> {
    /// Whether something is begun anew that takes what was observed: itself, or by way of a step that reads it for others.
    fn is_begun_anew(&mut self, look: (usize, &[MappingKey]), recorded: &Recorded) -> bool {
        let is_anew = |number: u32| recorded.at(number).end().is_none();
        let observed = self.plan.steps[look.0].observes.as_ref();
        for (step, keys, number) in self.after(look) {
            let read = self.plan.steps[step].loads.as_ref().map(|asset| &asset.key);
            // What reads others only waits for the look.
            if read.is_some() && read != observed {
                continue;
            }
            let by_others = |below: &mut Self| below.after((step, &keys)).iter().any(|(.., of)| is_anew(*of));
            if is_anew(number) || read.is_some() && by_others(self) {
                return true;
            }
        }
        false
    }

    /// The copies that depend on one directly, or read it behind the end of its map.
    fn after(&mut self, (step, keys): (usize, &[MappingKey])) -> Vec<(usize, Vec<MappingKey>, u32)> {
        let mut found = Vec::new();
        for &dependent in &self.dependents[step] {
            if let Some(partition) = keys.first().filter(|_| is_end(self.plan, dependent, step)) {
                for &reader in &self.dependents[dependent] {
                    let taking = (self.takers)(reader, &[partition.clone()].into());
                    let prefixes = taking.map_or_else(
                        || vec![Vec::new()],
                        |keys| keys.into_iter().map(|key| vec![key]).collect(),
                    );
                    for prefix in prefixes {
                        let copies = self.copies.within(reader, &prefix);
                        found.extend(copies.into_iter().map(|(keys, number)| (reader, keys, number)));
                    }
                }
                continue;
            }
            let (own, other) = (
                maps_around(self.plan, self.plan.steps[step].map),
                maps_around(self.plan, self.plan.steps[dependent].map),
            );
            let common = own.iter().zip(&other).take_while(|(a, b)| a == b).count();
            let copies = self.copies.within(dependent, &keys[..common.min(keys.len())]);
            found.extend(copies.into_iter().map(|(keys, number)| (dependent, keys, number)));
        }
        found
    }
}

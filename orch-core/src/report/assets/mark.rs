use super::super::palette::Role;
use super::AssetFacts;
use super::failed::what;
use super::refused::{Refused, refused};
use super::stale::{reason, word};

/// How an asset stands, where it is drawn.
pub(super) struct Mark {
    pub(super) role: Role,
    /// How, and why.
    pub(super) told: String,
}

/// How assets may stand that are drawn, with the class and the colour of each where a drawing has no other.
pub(super) const CLASSES: [(Role, &str, &str); 4] = [
    (Role::Good, "fresh", "#1a7f37"),
    (Role::Warn, "stale", "#bf8700"),
    (Role::Skip, "missing", "#8250df"),
    (Role::Bad, "failed", "#cf222e"),
];

impl Mark {
    /// How an asset of the program stands; nothing if that is not known, or if it cannot stand otherwise.
    pub(super) fn of(facts: &AssetFacts<'_>, number: usize) -> Option<Self> {
        let asset = &facts.graph.assets()[number];
        if let Some(partitions) = facts.partitions.get(asset.key()) {
            let (role, told) = partitions.brief(facts.partition_standings(asset.key()));
            return Some(Self { role, told }.with_failures(facts, number));
        }
        if asset.is_external() {
            // It stands nowhere else: others make it.
            let told = wrong(facts, number);
            return (!told.is_empty()).then(|| Self { role: Role::Bad, told: told.join("; ") });
        }
        let standing = facts.standing(asset.key())?;
        let ((role, word), reason) = (word(standing), reason(standing));
        let told = if reason.is_empty() { word.to_owned() } else { format!("{word}: {reason}") };
        Some(Self { role, told }.with_failures(facts, number))
    }

    /// The same, with what went wrong.
    fn with_failures(self, facts: &AssetFacts<'_>, number: usize) -> Self {
        let told = wrong(facts, number);
        match told.is_empty() {
            true => self,
            false => Self { role: Role::Bad, told: format!("{}; {}", self.told, told.join("; ")) },
        }
    }

    /// The class of it and its colour; none of partitions of which none is stale or has failed, since some may be missing.
    pub(super) fn class(&self) -> Option<(&'static str, &'static str)> {
        CLASSES.iter().find(|(role, ..)| *role == self.role).map(|(_, class, colour)| (*class, *colour))
    }
}

/// What went wrong with an asset: the last attempt failed, or a blocking check has refused what is there.
fn wrong(facts: &AssetFacts<'_>, number: usize) -> Vec<String> {
    let failed = facts.failures.get(facts.graph.assets()[number].key());
    let failed = failed.map(|failed| {
        let (run, when) = (facts.run_of(failed.run), facts.when(failed.time));
        format!("the last {} failed, in the run {run} {when}", what(failed))
    });
    let refused = refused(facts, number, None);
    failed.into_iter().chain(refused.iter().map(Refused::brief)).collect()
}

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::isolated::size;
use super::{Plan, Source};
use crate::define::{OutputKind, Passing, Tags, first_sentence};

/// The plan as an indented tree, the same on every machine: what users snapshot.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}", self.job)?;
        if let Some(description) = &self.description {
            write!(f, ": {}", first_sentence(description))?;
        }
        let mut options = vec![self.order.name().to_owned()];
        // How many processors there are is not said: a plan is the same on every machine.
        options.push(match self.max_concurrent {
            Some(steps) => format!("{steps} at once"),
            None => "as many at once as processors".to_owned(),
        });
        options.extend(self.max_in_flight.map(|items| format!("{items} in flight")));
        options.extend(self.limits.iter().map(|limit| format!("limit {limit}")));
        options.extend(hooks(&self.hooks));
        options.extend(tags(&self.tags));
        write!(f, "\n  {}\n", options.join(", "))?;
        Tree::of(self).scope(f, None, 0)
    }
}

/// The steps and maps of each map, so that printing does not search.
struct Tree<'a> {
    plan: &'a Plan,
    steps: Vec<Vec<usize>>,
    maps_of: Vec<Vec<usize>>,
}

impl<'a> Tree<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut steps = vec![Vec::new(); plan.maps.len() + 1];
        for (index, step) in plan.steps.iter().enumerate() {
            steps[step.map.map_or(0, |map| map + 1)].push(index);
        }
        let mut maps_of = vec![Vec::new(); plan.steps.len()];
        for (index, map) in plan.maps.iter().enumerate() {
            maps_of[map.step].push(index);
        }
        Self { plan, steps, maps_of }
    }

    fn scope(&self, f: &mut fmt::Formatter<'_>, map: Option<usize>, indent: usize) -> fmt::Result {
        for &step in &self.steps[map.map_or(0, |map| map + 1)] {
            self.step(f, step, indent)?;
            for &map in &self.maps_of[step] {
                if self.steps[map + 1].is_empty() {
                    continue;
                }
                let yielding = &self.plan.maps[map];
                let name = self.plan.output_name(yielding.step, yielding.output);
                writeln!(f, "{:indent$}map {name}", "")?;
                self.scope(f, Some(map), indent + 4)?;
            }
        }
        Ok(())
    }

    fn step(&self, f: &mut fmt::Formatter<'_>, index: usize, indent: usize) -> fmt::Result {
        let step = &self.plan.steps[index];
        write!(f, "{:indent$}{}", "", step.name)?;
        if step.name.rsplit('.').next() != Some(&step.op) {
            write!(f, " = {}", step.op)?;
        }
        f.write_char('(')?;
        for (index, input) in step.inputs.iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            let reference = if input.passing == Passing::Reference { "&" } else { "" };
            let source = self.plan.source_name(&input.source);
            write!(f, "{separator}{}: {reference}{} <- {source}", input.name, input.ty)?;
        }
        f.write_char(')')?;
        for (index, output) in step.outputs.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { " -> " })?;
            if step.outputs.len() > 1 {
                write!(f, "{}: ", output.name)?;
            }
            match output.kind {
                OutputKind::Single => {}
                OutputKind::Optional => f.write_str("optional ")?,
                OutputKind::Dynamic => f.write_str("dynamic ")?,
            }
            f.write_str(&output.ty)?;
        }
        f.write_char('\n')?;
        for line in self.plan.notes(index) {
            writeln!(f, "{:1$}| {line}", "", indent + 2)?;
        }
        Ok(())
    }
}

impl Plan {
    /// What feeds an input, for people: `echo`, `split.large`, `19`, `collect load`, `[a, b]`, `each pages`.
    pub(super) fn source_name(&self, source: &Source) -> String {
        match source {
            Source::Output { step, output } => self.output_name(*step, *output),
            Source::Item { map } => {
                let map = &self.maps[*map];
                format!("each {}", self.output_name(map.step, map.output))
            }
            Source::Literal { value, .. } => value.clone().unwrap_or_else(|| "literal".to_owned()),
            Source::Config { .. } => "config".to_owned(),
            Source::Collect { collect } => {
                let collect = &self.collects[*collect];
                let verb = if collect.results { "collect results of" } else { "collect" };
                format!("{verb} {}", self.source_name(&collect.element))
            }
            Source::List { elements, .. } => match elements.as_slice() {
                [element] => self.source_name(element),
                elements => {
                    let names: Vec<_> = elements.iter().map(|element| self.source_name(element)).collect();
                    format!("[{}]", names.join(", "))
                }
            },
        }
    }

    fn notes(&self, index: usize) -> Vec<String> {
        let step = &self.steps[index];
        let mut notes = Vec::new();
        match &step.loads {
            Some(asset) if let Some(io) = &asset.read_by => {
                let columns = match asset.columns.as_slice() {
                    [] => String::new(),
                    columns => format!("columns {} of ", columns.join(", ")),
                };
                let together = asset.partitions.as_ref().is_some_and(|of| of.together);
                let together = if together { ", its partitions together" } else { "" };
                notes.push(format!("reads {columns}asset {} by io {io}{together}", asset.key));
            }
            Some(asset) if asset.versions_alone() => {
                notes.push(format!("knows as what asset {} was observed", asset.key));
            }
            Some(asset) if asset.partitions.as_ref().is_some_and(|of| of.waits) => {
                notes.push(format!("waits for asset {}, and its blocking checks", asset.key));
            }
            Some(asset) if asset.external => {
                notes.push(format!("loads asset {}, which others make", asset.key));
            }
            Some(asset) => notes.push(format!("loads asset {}", asset.key)),
            None if step.given => notes.push("given, does not run".to_owned()),
            None => {}
        }
        notes.extend(step.assets.iter().map(|asset| format!("makes asset {}", asset.key)));
        notes.extend(step.check.as_ref().map(|check| {
            let blocking = if check.blocking { ", blocking" } else { "" };
            format!("checks asset {}{blocking}", check.asset)
        }));
        notes.extend(step.observes.as_ref().map(|asset| format!("observes asset {asset}")));
        if !step.only.is_empty() {
            notes.push(format!("only {}", step.only.join(", ")));
        }
        if !step.after.is_empty() {
            let names: Vec<_> = step.after.iter().map(|&other| self.steps[other].name.as_str()).collect();
            notes.push(format!("after {}", names.join(", ")));
        }
        let earlier: Vec<_> =
            self.awaited_of_earlier(index).map(|other| self.steps[other].name.as_str()).collect();
        if !earlier.is_empty() {
            notes.push(format!("after {} of earlier items", earlier.join(", ")));
        }
        if step.priority != 0 {
            notes.push(format!("priority {}", step.priority));
        }
        notes.extend(step.retry.map(|retry| format!("retry {retry}")));
        notes.extend(step.timeout.map(|timeout| format!("timeout {}", written(timeout))));
        notes.extend(step.isolated.then(|| match step.memory {
            Some(bytes) => format!("isolated, memory {}", size(bytes)),
            None => "isolated".to_owned(),
        }));
        notes.extend(step.pool.as_ref().map(|pool| format!("pool {pool}")));
        notes.extend(step.config.as_ref().map(|config| format!("config {config}")));
        notes
            .extend((!step.resources.is_empty()).then(|| format!("resources {}", step.resources.join(", "))));
        notes.extend(step.io.as_ref().map(|io| format!("io {io}")));
        notes.extend(step.code_version.as_ref().map(|version| format!("code version {version}")));
        notes.extend(step.memoize.then(|| match self.never_memoized(step).as_slice() {
            [] => "memoize".to_owned(),
            lost => format!("memoize, without effect: {} in memory only", lost.join(", ")),
        }));
        notes.extend(hooks(&step.hooks));
        notes.extend(tags(&step.tags));
        notes
    }
}

fn hooks(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("hooks {}", names.join(", ")))
}

fn tags(tags: &Tags) -> Option<String> {
    let tags: Vec<_> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    (!tags.is_empty()).then(|| format!("tags {}", tags.join(", ")))
}

/// A duration as it is written in an option: `1h 30m`.
fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 || duration.subsec_nanos() > 0 {
        return format!("{duration:?}");
    }
    let units =
        [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let parts: Vec<_> = units.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    parts.join(" ")
}

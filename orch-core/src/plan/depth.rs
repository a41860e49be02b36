use super::{Plan, Problem, ProblemKind, Source, Step};
use crate::graph::GraphNode;

/// Assigns each step its depth, and finds steps that wait for each other, or for the end of the stream they hold up.
///
/// Handles exist only after the step that makes them, so values cannot flow in a circle; `.after` can close one. And a
/// stream is pulled only while there is room, so it ends only after all steps in its map: the end of each map is a vertex
/// of its own that waits for every step in the map, and what collects the map waits for that end.
pub(super) fn assign(plan: &mut Plan, nodes: &[GraphNode], problems: &mut Vec<Problem>) {
    let graph = Waits::of(plan);
    let vertices = graph.next.len();
    let mut waiting: Vec<usize> = vec![0; vertices];
    for &to in graph.next.iter().flatten() {
        waiting[to] += 1;
    }
    let mut depth: Vec<usize> = vec![0; vertices];
    let mut free: Vec<usize> = (0..vertices).filter(|&vertex| waiting[vertex] == 0).collect();
    let mut done = 0;
    while let Some(vertex) = free.pop() {
        done += 1;
        // Only steps count; the ends of maps and the collects between them take no time.
        let below = depth[vertex] + usize::from(vertex < plan.steps.len());
        for &to in &graph.next[vertex] {
            depth[to] = depth[to].max(below);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                free.push(to);
            }
        }
    }
    if done < vertices {
        problems.push(deadlock(plan, nodes, &cycle(&graph, &waiting)));
        return;
    }
    for (step, depth) in plan.steps.iter_mut().zip(depth) {
        step.depth = depth;
    }
}

struct Waits {
    /// Steps, then the ends of maps, then collects; from each to what waits for it.
    next: Vec<Vec<usize>>,
}

impl Waits {
    fn of(plan: &Plan) -> Self {
        let (steps, maps) = (plan.steps.len(), plan.maps.len());
        let mut next = vec![Vec::new(); steps + maps + plan.collects.len()];
        let collect_at = |collect: usize| steps + maps + collect;
        for (index, step) in plan.steps.iter().enumerate() {
            for input in &step.inputs {
                feeds(&input.source, &mut |source| match source {
                    Source::Output { step, .. } => next[*step].push(index),
                    Source::Collect { collect } => next[collect_at(*collect)].push(index),
                    _ => {}
                });
            }
            if let Some(map) = step.map {
                next[plan.maps[map].step].push(index);
                next[index].push(steps + map);
            }
            for &other in &step.after {
                next[other].push(index);
            }
        }
        for (index, map) in plan.maps.iter().enumerate() {
            next[map.step].push(steps + index);
            if let Some(parent) = map.parent {
                next[steps + index].push(steps + parent);
            }
        }
        // `.after(source)` waits for the source to end, not only to open.
        let mut maps_of: Vec<Vec<usize>> = vec![Vec::new(); steps];
        for (index, map) in plan.maps.iter().enumerate() {
            maps_of[map.step].push(index);
        }
        for (index, step) in plan.steps.iter().enumerate() {
            for map in step.after.iter().flat_map(|&other| &maps_of[other]) {
                next[steps + map].push(index);
            }
        }
        for (index, collect) in plan.collects.iter().enumerate() {
            next[steps + collect.map].push(collect_at(index));
            feeds(&collect.element, &mut |source| match source {
                Source::Output { step, .. } => next[*step].push(collect_at(index)),
                Source::Collect { collect } => next[collect_at(*collect)].push(collect_at(index)),
                _ => {}
            });
        }
        Self { next }
    }
}

fn feeds(source: &Source, visit: &mut impl FnMut(&Source)) {
    match source {
        Source::List { elements, .. } => elements.iter().for_each(|element| feeds(element, visit)),
        source => visit(source),
    }
}

/// The vertices of one cycle, each before what waits for it.
fn cycle(graph: &Waits, waiting: &[usize]) -> Vec<usize> {
    // Backwards along what is still waited for, until a vertex comes again: that is a cycle.
    let mut before: Vec<Option<usize>> = vec![None; waiting.len()];
    for (from, next) in graph.next.iter().enumerate().filter(|(from, _)| waiting[*from] > 0) {
        for &to in next {
            before[to] = Some(from);
        }
    }
    let mut vertex = waiting.iter().position(|&waiting| waiting > 0).unwrap_or(0);
    let mut seen = vec![false; waiting.len()];
    while let (false, Some(previous)) = (seen[vertex], before[vertex]) {
        seen[vertex] = true;
        vertex = previous;
    }
    let mut cycle = vec![vertex];
    while let Some(previous) = before[cycle[cycle.len() - 1]] {
        if previous == vertex {
            break;
        }
        cycle.push(previous);
    }
    cycle.reverse();
    cycle
}

fn deadlock(plan: &Plan, nodes: &[GraphNode], cycle: &[usize]) -> Problem {
    // Where the step that yields the items is in the cycle itself, an `.after` has brought it there, and not the map.
    let mut ends = cycle.iter().filter_map(|vertex| plan.maps.get(vertex.checked_sub(plan.steps.len())?));
    let held_up = ends.find(|map| !cycle.contains(&map.step));
    let steps: Vec<usize> = cycle.iter().copied().filter(|&vertex| vertex < plan.steps.len()).collect();
    match held_up {
        Some(map) => {
            let map = plan.output_name(map.step, map.output);
            held_up_by_its_map(&steps.iter().map(|&step| &plan.steps[step]).collect::<Vec<_>>(), &map)
        }
        None => circle(plan, nodes, steps),
    }
}

fn held_up_by_its_map(steps: &[&Step], map: &str) -> Problem {
    let them = if steps.len() == 1 { "it" } else { "them" };
    let names: Vec<_> = steps.iter().map(|step| format!("`{}`", step.name)).collect();
    let mut problem = Problem::new(
        ProblemKind::Deadlock,
        format!(
            "{} would wait for ever: in the map over `{map}`, for the end of that map, which comes after {them}",
            names.join(" and ")
        ),
    );
    for step in steps.iter().take(4) {
        problem = problem.at("the step", step.place.clone());
    }
    problem.hint("collect first; then let an op that takes the collected values yield a new dynamic output to map over")
}

/// Steps of which each waits for the one before it, and the first for the last.
fn circle(plan: &Plan, nodes: &[GraphNode], mut steps: Vec<usize>) -> Problem {
    let said = |step: usize, other: usize| nodes.get(step)?.after.iter().find(|(after, _)| *after == other);
    // Told from the last step backwards, each with what it waits for; what closes the circle is an `.after`.
    if let Some(first) =
        (0..steps.len()).find(|&at| said(steps[at], steps[(at + steps.len() - 1) % steps.len()]).is_some())
    {
        steps.rotate_left(first);
    }
    steps.reverse();
    let waits = || steps.iter().zip(steps.iter().cycle().skip(1));
    let afters: Vec<_> = waits().filter_map(|(&step, &other)| said(step, other)).collect();
    let names: Vec<_> =
        steps.iter().chain(steps.first()).map(|&step| plan.steps[step].name.as_str()).collect();
    let message = match names.as_slice() {
        [name, _] => format!("`{name}` comes after itself, so it would wait for ever"),
        names if names.len() <= NAMES => {
            format!("these steps wait for each other in a circle: {}", names.join(" → "))
        }
        names => format!(
            "these {} steps wait for each other in a circle: {} → … → {}",
            steps.len(),
            names[..NAMES / 2].join(" → "),
            names[names.len() - 2..].join(" → ")
        ),
    };
    let mut problem = Problem::new(ProblemKind::Deadlock, message);
    for (_, place) in afters.iter().take(4) {
        problem = problem.at("`.after(..)`", place.clone());
    }
    for &step in steps.iter().take(4) {
        problem = problem.at("the step", plan.steps[step].place.clone());
    }
    problem.hint(if afters.len() == 1 { "remove the `.after(..)`" } else { "remove one of the `.after(..)`" })
}

/// How many names a circle is told with; of a longer one the middle is left out.
const NAMES: usize = 8;

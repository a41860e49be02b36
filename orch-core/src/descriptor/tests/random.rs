//! Random texts are answered and never panic; random jobs give what they would if evaluated by hand.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::config::Origin;

/// Names of steps, of which some are there and some are not, and some are none.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["a.output_0", "b.result", "b.x", "é", "two words", ".", ""]).prop_map(str::to_owned),
    ]
}

fn input() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => name().prop_map(|name| format!("{name:?}")),
        3 => name().prop_map(|name| format!("{{ collect: {name:?} }}")),
        2 => prop::collection::vec(name(), 0..3).prop_map(|names| format!("{names:?}")),
        3 => prop::sample::select(vec!["{ value: 5 }", "{ value: [1, 2] }", "{ value: { a: [] } }", "5", "~", "{}"]).prop_map(str::to_owned),
    ]
}

/// A step of one of the op kinds, its inputs fed by anything.
fn step() -> impl Strategy<Value = String> {
    let kinds = vec!["extract", "rows", "load", "double", "sum", "keys", "split", "report", "clean", "lod"];
    let inputs =
        prop::sample::select(vec!["page", "x", "numbers", "factor", "sum", "title", "loaded", "pag"]);
    (
        prop::sample::select(kinds),
        prop::option::weighted(0.4, name()),
        prop::collection::btree_map(inputs, input(), 0..4),
        prop::collection::vec(name(), 0..2),
        prop::sample::select(vec![
            "",
            ", config: { path: a, size: 2 }",
            ", config: 5",
            ", retry: { max: 1, delay: x }",
            ", tags: { a: b }",
        ]),
    )
        .prop_map(|(kind, map, inputs, after, more)| {
            let mut step = format!("{{ op: {kind}");
            if let Some(map) = map {
                let _ = write!(step, ", map: {map:?}");
            }
            let inputs: Vec<_> = inputs.iter().map(|(name, input)| format!("{name}: {input}")).collect();
            let _ = write!(step, ", inputs: {{ {} }}, after: {after:?}{more} }}", inputs.join(", "));
            step
        })
}

/// There is a problem, and every one has a place in the text.
fn placed(error: &DescriptorError) {
    assert!(!error.problems().is_empty());
    for problem in error.problems() {
        assert!(
            matches!(problem.place(), Some(Origin::File { .. } | Origin::Code(_))),
            "without a place: {problem}"
        );
        assert!(problem.to_string().contains("random.yaml"), "without its file: {problem}");
    }
}

fn read(text: &str) -> Result<Job, DescriptorError> {
    registry().read_text(FileFormat::Yaml, "random.yaml", text)
}

/// A step of a job that computes, by the number of the steps before it that it takes.
#[derive(Clone, Debug)]
enum Computes {
    Constant(i64),
    Double(usize),
    Sum(Vec<usize>),
    /// The first output of a split.
    Split(usize),
    /// The sum of a map of a double over the rows of this page.
    Rows(i64),
}

fn computes() -> impl Strategy<Value = Computes> {
    prop_oneof![
        (-5..5_i64).prop_map(Computes::Constant),
        any::<usize>().prop_map(Computes::Double),
        prop::collection::vec(any::<usize>(), 0..4).prop_map(Computes::Sum),
        any::<usize>().prop_map(Computes::Split),
        (1..4_i64).prop_map(Computes::Rows),
    ]
}

/// The lines of a job, and the value of each of its steps.
fn job(steps: &[Computes]) -> (Vec<String>, Vec<i64>) {
    let (mut lines, mut values): (Vec<String>, Vec<i64>) = (Vec::new(), Vec::new());
    // How the steps so far are referred to.
    let mut names: Vec<String> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let of = |other: usize| other.checked_rem(at);
        let (name, line, value) = match step {
            Computes::Double(other) if let Some(other) = of(*other) => (
                format!("s{at}"),
                format!("s{at}: {{ op: double, inputs: {{ x: {} }} }}", names[other]),
                values[other] * 2,
            ),
            Computes::Split(other) if let Some(other) = of(*other) => (
                format!("s{at}.output_0"),
                format!("s{at}: {{ op: split, inputs: {{ x: {} }} }}", names[other]),
                values[other],
            ),
            Computes::Sum(others) => {
                let others: Vec<_> = others.iter().filter_map(|other| of(*other)).collect();
                let fed: Vec<_> = others.iter().map(|&other| names[other].clone()).collect();
                (
                    format!("s{at}"),
                    format!("s{at}: {{ op: sum, inputs: {{ numbers: {fed:?} }} }}"),
                    others.iter().map(|&other| values[other]).sum(),
                )
            }
            Computes::Rows(pages) => {
                lines.push(format!("p{at}: {{ op: extract, config: {{ path: x, size: {pages} }} }}"));
                lines.push(format!("r{at}: {{ op: rows, map: p{at}, inputs: {{ page: p{at} }} }}"));
                lines.push(format!("d{at}: {{ op: double, map: r{at}, inputs: {{ x: r{at} }} }}"));
                lines.push(format!(
                    "q{at}: {{ op: sum, map: p{at}, inputs: {{ numbers: {{ collect: d{at} }} }} }}"
                ));
                (
                    format!("s{at}"),
                    format!("s{at}: {{ op: sum, inputs: {{ numbers: {{ collect: q{at} }} }} }}"),
                    (0..*pages).flat_map(|page| (0..3).map(move |row| 2 * (page * 100 + row))).sum(),
                )
            }
            Computes::Constant(_) | Computes::Double(_) | Computes::Split(_) => {
                let value = if let Computes::Constant(value) = step { *value } else { 1 };
                (
                    format!("s{at}"),
                    format!("s{at}: {{ op: double, inputs: {{ x: {{ value: {value} }} }} }}"),
                    value * 2,
                )
            }
        };
        lines.push(line);
        names.push(name);
        values.push(value);
    }
    (lines, values)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_answered_with_places(steps in prop::collection::vec((name(), step()), 0..6)) {
        let mut text = "job: random\nsteps:\n".to_owned();
        for (name, step) in steps {
            let _ = writeln!(text, "  {name:?}: {step}");
        }
        if let Err(error) = read(&text) {
            placed(&error);
        }
    }

    #[test]
    fn any_text_is_answered(text in "(job|steps|op|map|inputs|collect|value|: |\\{|\\}|\\[|\\]|\n|  |a|é|\"|- |&a|\\*a|~|5){0,40}") {
        if let Err(error) = read(&text) {
            placed(&error);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_described_job_gives_what_it_would_by_hand(
        steps in prop::collection::vec(computes(), 1..12),
        keys in prop::collection::vec(any::<u32>(), 60),
    ) {
        let (lines, values) = job(&steps);
        // The order of the lines is not that of the values.
        let mut shuffled: Vec<_> = lines.iter().zip(keys).map(|(line, key)| (key, line)).collect();
        shuffled.sort();
        let mut text = "job: random\nsteps:\n".to_owned();
        for (_, line) in shuffled {
            let _ = writeln!(text, "  {line}");
        }
        let kept = values_of(&text);
        for (at, value) in values.iter().enumerate() {
            prop_assert_eq!(kept.get(&format!("s{at}")), Some(value), "s{} of\n{}", at, text);
        }
    }
}

/// Runs a job, and gives the value of each of its steps.
fn values_of(text: &str) -> BTreeMap<String, i64> {
    let registry = registry();
    let job = registry.read_text(FileFormat::Yaml, "random.yaml", text);
    let run = job.unwrap_or_else(|error| panic!("{error}\n{text}")).run_blocking();
    let run = run.unwrap_or_else(|error| panic!("{error}\n{text}"));
    let op = |name: &str| registry.get(name).expect("an op");
    let mut values = BTreeMap::new();
    for name in ["double", "sum"] {
        values.extend(run.outputs_of::<OneOf<i64>>(op(name)).map(|(step, value)| (step.to_string(), *value)));
    }
    let split = run.outputs_of::<(OneOf<i64>, OneOf<String>)>(op("split"));
    values.extend(split.map(|(step, (value, _))| (step.to_string(), *value)));
    values
}

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::palette::{Palette, Role};
use super::super::table::{Cell, table};
use super::super::text::one_line;
use crate::asset::Materialization;
use crate::ids::RunId;

/// How many columns a line of blocks takes at most.
const COLUMNS: usize = 60;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The numbers that materializations of an asset say under one name, the oldest first.
#[derive(Clone, Debug)]
pub(super) struct Series<'a> {
    pub(super) name: &'a str,
    /// How many materializations there are, also those that do not say it.
    pub(super) length: usize,
    pub(super) points: Vec<Point>,
}

/// A number, and which of all materializations says it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) at: usize,
    pub(super) time: Timestamp,
    pub(super) run: RunId,
    pub(super) value: f64,
}

impl Series<'_> {
    pub(super) fn least(&self) -> f64 {
        self.points.iter().map(|point| point.value).fold(f64::INFINITY, f64::min)
    }

    pub(super) fn most(&self) -> f64 {
        self.points.iter().map(|point| point.value).fold(f64::NEG_INFINITY, f64::max)
    }

    pub(super) fn latest(&self) -> f64 {
        self.points.last().map_or(f64::NAN, |point| point.value)
    }

    /// Where a value lies between the least and the most, from 0 to 1; in the middle if all are the same.
    pub(super) fn share(&self, value: f64) -> f64 {
        let (least, most) = (self.least(), self.most());
        // Halves, since the whole may be more than a float can hold.
        if most > least { (value / 2.0 - least / 2.0) / (most / 2.0 - least / 2.0) } else { 0.5 }
    }
}

/// All that these materializations, the newest first, say in numbers, by its name.
pub(super) fn series(history: &[Materialization]) -> Vec<Series<'_>> {
    let mut found: BTreeMap<&str, Vec<Point>> = BTreeMap::new();
    for (at, fact) in history.iter().rev().enumerate() {
        for (name, value) in &fact.metadata {
            if let Some(value) = value.number().filter(|value| value.is_finite()) {
                let point = Point { at, time: fact.time, run: fact.run, value };
                found.entry(name).or_default().push(point);
            }
        }
    }
    let series = |(name, points)| Series { name, length: history.len(), points };
    found.into_iter().map(series).collect()
}

/// A line of blocks for each, with the least, the most and the latest number. One number alone is no plot.
pub(super) fn plots(series: &[Series<'_>], palette: Palette) -> String {
    let row = |series: &Series<'_>| {
        [
            Cell::of(Role::Name, one_line(series.name)),
            blocks(series).into(),
            number(series.least()).into(),
            number(series.most()).into(),
            number(series.latest()).into(),
        ]
    };
    let rows: Vec<_> = series.iter().filter(|series| series.points.len() > 1).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    table(["number", "oldest to newest", "least", "most", "latest"], rows, palette)
}

/// The numbers as blocks of different heights, a gap where a materialization says none. Of many, neighbours share a block,
/// which is as high as their mean.
fn blocks(series: &Series<'_>) -> String {
    let columns = series.length.min(COLUMNS);
    let mut sums = vec![(0.0, 0_u32); columns];
    for point in &series.points {
        let (sum, number) = &mut sums[point.at * columns / series.length];
        *sum += series.share(point.value);
        *number += 1;
    }
    let highest = (BLOCKS.len() - 1) as f64;
    let block = |(sum, number): (f64, u32)| match number {
        0 => ' ',
        number => BLOCKS[(sum / f64::from(number) * highest).round() as usize],
    };
    let line: String = sums.into_iter().map(block).collect();
    line.trim_end().to_owned()
}

/// A number to be read by people: five digits at most behind the point and no more than are needed to tell it.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let size = value.abs().log10().floor();
    if !(-5.0..15.0).contains(&size) {
        let text = format!("{value:.4e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{power}", without_zeros(digits));
    }
    let digits = (4.0 - size).clamp(0.0, 9.0) as usize;
    without_zeros(&format!("{value:.digits$}")).to_owned()
}

/// Without the zeros behind the point that say nothing.
fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

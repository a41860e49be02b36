//! What checks find in a frame that is planned. Each question is a plan that polars' streaming engine executes: what it comes
//! to is in memory, and the frame is not.

use std::ops::{Bound, RangeBounds};

use orch_core::failure::Result;
use polars::frame::DataFrame;
use polars::prelude::{
    AnyValue, DataType, Engine, Expr, IdxSize, IntoLazy as _, JoinArgs, JoinType, LazyFrame, PlSmallStr, col,
    len, lit,
};

use super::{Found, SHOWN, sample};

/// How many rows there are.
pub(super) fn rows(plan: &LazyFrame) -> Result<usize> {
    Ok(count(&ask(plan, [len()])?, 0))
}

/// Rows with nulls, and how many there are in each of these columns.
pub(super) fn nulls(plan: &LazyFrame, names: &[String]) -> Result<(Found, Vec<usize>)> {
    let null = names.iter().map(|name| col(name).is_null()).reduce(Expr::or).unwrap_or_else(|| lit(false));
    let (found, answers) = find(plan, null, names.iter().map(|name| col(name).null_count()))?;
    Ok((found, (2..).take(names.len()).map(|number| count(&answers, number)).collect()))
}

/// Rows whose number is not in the range, with the smallest and the largest.
pub(super) fn outside(
    plan: &LazyFrame,
    name: &str,
    range: &impl RangeBounds<f64>,
) -> Result<(Found, Option<(f64, f64)>)> {
    let number = || col(name).cast(DataType::Float64);
    let below = match range.start_bound() {
        Bound::Included(&from) => number().lt(lit(from)),
        Bound::Excluded(&from) => number().lt_eq(lit(from)),
        Bound::Unbounded => lit(false),
    };
    let above = match range.end_bound() {
        Bound::Included(&to) => number().gt(lit(to)),
        Bound::Excluded(&to) => number().gt_eq(lit(to)),
        Bound::Unbounded => lit(false),
    };
    // To polars a NaN is above all numbers.
    let nan = number().is_nan().and(lit(!range.contains(&f64::NAN)));
    let bad = number().is_not_nan().and(below.or(above)).or(nan);
    let numbers = || number().filter(number().is_not_nan());
    let (found, answers) = find(plan, bad, [numbers().min(), numbers().max()])?;
    Ok((found, value(&answers, 2).zip(value(&answers, 3))))
}

/// Rows that share these values with another.
pub(super) fn shared(plan: &LazyFrame, names: &[String]) -> Result<Found> {
    let (plan, row) = numbered(plan)?;
    let names: Vec<_> = names.iter().map(col).collect();
    let times = PlSmallStr::from(format!("{row} times"));
    let groups = plan.clone().group_by(&names).agg([len().alias(times.clone()), col(row.clone()).min()]);
    let more = || col(times.clone()).gt(lit(1));
    let answers = ask(&groups, [col(times.clone()).sum(), col(times.clone()).filter(more()).sum()])?;
    // The first rows are of those groups of which the first row is the first.
    let first = groups.filter(more()).sort([row.clone()], Default::default()).limit(SHOWN as IdxSize);
    let first = collect(first.select(&names))?.lazy();
    let same = JoinArgs::new(JoinType::Inner);
    let shown = plan.join(first, &names, &names, JoinArgs { nulls_equal: true, ..same });
    let shown = shown.sort([row.clone()], Default::default()).limit(SHOWN as IdxSize);
    told(&answers, shown, &row)
}

/// The rows of which this is true, and what was answered to that and to more questions.
fn find(plan: &LazyFrame, bad: Expr, more: impl IntoIterator<Item = Expr>) -> Result<(Found, DataFrame)> {
    let answers = ask(plan, [len(), bad.clone().sum()].into_iter().chain(more))?;
    let (plan, row) = numbered(plan)?;
    Ok((told(&answers, plan.filter(bad).limit(SHOWN as IdxSize), &row)?, answers))
}

/// Of how many rows how many were found, and the first of these if there are some.
fn told(answers: &DataFrame, shown: LazyFrame, row: &str) -> Result<Found> {
    let (of, number) = (count(answers, 0), count(answers, 1));
    let shown = if number == 0 { DataFrame::empty() } else { collect(shown)? };
    let numbers: Vec<u64> = match shown.column(row) {
        Ok(numbers) => (0..shown.height()).filter_map(|at| numbers.get(at).ok()?.extract()).collect(),
        Err(_) => Vec::new(),
    };
    let shown = if number == 0 { shown } else { shown.drop(row)? };
    let at = numbers.into_iter().enumerate().map(|(at, number)| (number, at));
    Ok(Found { number, of, shown: sample(&shown, at) })
}

/// The plan with the number of each row, in a column that it calls otherwise than all others.
fn numbered(plan: &LazyFrame) -> Result<(LazyFrame, PlSmallStr)> {
    let schema = plan.clone().collect_schema()?;
    let is_free = |name: &String| !schema.iter_names().any(|other| other.starts_with(name.as_str()));
    let names = (0..).map(|number| format!("row {number}"));
    let name = PlSmallStr::from(names.into_iter().find(is_free).unwrap_or_default());
    Ok((plan.clone().with_row_index(name.clone(), None), name))
}

/// What these questions come to, each to one value.
fn ask(plan: &LazyFrame, questions: impl IntoIterator<Item = Expr>) -> Result<DataFrame> {
    let named =
        questions.into_iter().enumerate().map(|(number, question)| question.alias(number.to_string()));
    collect(plan.clone().select(named.collect::<Vec<_>>()))
}

fn answer(answers: &DataFrame, number: usize) -> Option<AnyValue<'_>> {
    answers.columns().get(number)?.get(0).ok()
}

fn count(answers: &DataFrame, number: usize) -> usize {
    answer(answers, number).and_then(|answer| answer.extract()).unwrap_or_default()
}

fn value(answers: &DataFrame, number: usize) -> Option<f64> {
    answer(answers, number)?.extract()
}

fn collect(plan: LazyFrame) -> Result<DataFrame> {
    Ok(plan.collect_with_engine(Engine::Streaming)?.unwrap_single())
}

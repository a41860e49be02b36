use std::fmt::Write as _;
use std::time::Duration;

use super::super::picture::{Style, escape, picture};
use super::super::short::short;
use super::super::words::{count, moment};
use super::plot::{Point, Series, number, series};
use super::show::ShownAsset;
use crate::event::between;

/// The picture's width, and in it the part for the names of what is plotted and the margin at its right; in pixels.
const WIDTH: f64 = 860.0;
const NAMES: f64 = 180.0;
const MARGIN: f64 = 90.0;
/// Where the first plot begins, the height of one, and the distance to the next.
const TOP: f64 = 68.0;
const HEIGHT: f64 = 72.0;
const GAP: f64 = 28.0;

const STYLE: Style = Style {
    light: ".l{stroke:#d8dee4}.p{fill:none;stroke:#2f81c1;stroke-width:1.5;stroke-linejoin:round}.c{fill:#2f81c1}",
    dark: ".l{stroke:#30363d}.p{stroke:#58a6d8}.c{fill:#58a6d8}",
};

/// Each number that materializations of the asset say, over time, as a picture of its own: no scripts, nothing fetched,
/// light or dark as its reader likes it, with each materialization under the pointer.
#[must_use]
pub fn asset_plots_as_svg(shown: &ShownAsset<'_>) -> String {
    let series = series(shown.history);
    let mut drawn = String::new();
    let told = match (shown.history.first(), shown.history.last()) {
        (Some(last), Some(first)) if !series.is_empty() => {
            let number = count(shown.history.len() as u64, "materialization", "materializations");
            format!("{number}, {} to {}", moment(first.time), moment(last.time))
        }
        _ => "no materialization says a number".to_owned(),
    };
    let _ = writeln!(drawn, "<text class=\"h\" x=\"12\" y=\"24\">{}</text>", escape(shown.key.as_str()));
    let _ = writeln!(drawn, "<text class=\"d\" x=\"12\" y=\"44\">{}</text>", escape(&told));
    let mut y = TOP;
    for one in &series {
        plot(&mut drawn, shown, one, y);
        y += HEIGHT + GAP;
    }
    picture(shown.key.as_str(), (WIDTH, y), &STYLE, &drawn)
}

fn plot(drawn: &mut String, shown: &ShownAsset<'_>, series: &Series<'_>, top: f64) {
    let (right, bottom) = (WIDTH - MARGIN, top + HEIGHT);
    let place = |point: &Point| {
        let x = NAMES + share(shown, point) * (right - NAMES);
        (x, bottom - 4.0 - series.share(point.value) * (HEIGHT - 8.0))
    };
    let _ = writeln!(
        drawn,
        "<path class=\"l\" d=\"M{NAMES} {top}H{right}M{NAMES} {bottom}H{right}\"/>\n\
         <text x=\"12\" y=\"{}\">{}</text>\n<text class=\"d\" x=\"12\" y=\"{}\">latest {}</text>\n\
         <text class=\"d\" x=\"{4}\" y=\"{5}\">{6}</text>\n<text class=\"d\" x=\"{4}\" y=\"{7}\">{8}</text>",
        top + HEIGHT / 2.0 - 4.0,
        escape(series.name),
        top + HEIGHT / 2.0 + 14.0,
        number(series.latest()),
        right + 10.0,
        top + 10.0,
        number(series.most()),
        bottom,
        number(series.least()),
    );
    let line: Vec<_> = series.points.iter().map(place).map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    if line.len() > 1 {
        let _ = writeln!(drawn, "<path class=\"p\" d=\"M{}\"/>", line.join("L"));
    }
    for point in &series.points {
        let (x, y) = place(point);
        let (run, time) = (short(point.run, shown.facts.digits), moment(point.time));
        let value = number(point.value);
        let _ = writeln!(
            drawn,
            "<circle class=\"c\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"><title>{value}: run {run}, {time}</title></circle>"
        );
    }
}

/// Where a materialization lies between the first and the last, from 0 to 1; at the end if all are of one moment.
fn share(shown: &ShownAsset<'_>, point: &Point) -> f64 {
    let (Some(last), Some(first)) = (shown.history.first(), shown.history.last()) else { return 1.0 };
    let all = between(first.time, last.time);
    if all == Duration::ZERO {
        return 1.0;
    }
    (between(first.time, point.time).as_secs_f64() / all.as_secs_f64()).min(1.0)
}

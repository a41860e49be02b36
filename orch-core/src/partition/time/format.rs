use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, Zoned};

use super::super::error::PartitionError;
use super::pattern::{Pattern, Within};

/// How the start of a window is written as its key, and read back.
#[derive(Debug)]
pub(super) struct KeyFormat {
    text: String,
    /// Whether a moment that the clock shows a second time has the offset behind it, that its key is another.
    tells_copies: bool,
}

/// What a format may consist of, besides text: what of a time each directive names.
const DIRECTIVES: [(char, &str); 12] = [
    ('Y', "year"),
    ('m', "month"),
    ('b', "month"),
    ('B', "month"),
    ('d', "day"),
    ('j', "month day"),
    ('F', "year month day"),
    ('H', "hour"),
    ('M', "minute"),
    ('R', "hour minute"),
    ('S', "second"),
    ('z', "offset"),
];

impl KeyFormat {
    /// The format, or that of the cron's own: with a time of day if a day has several windows.
    pub(super) fn new(text: Option<&str>, pattern: &Pattern, cron: &str) -> Result<Self, PartitionError> {
        let own = if pattern.most(Within::Day) > 1 { "%Y-%m-%d-%H:%M" } else { "%Y-%m-%d" };
        let text = text.unwrap_or(own);
        let named = named(text)?;
        let names = |part: &'static str| named.contains(&part);
        // A time of day that the clock skips is moved into an hour in which there may be another.
        let moves = !pattern.every_hour() && pattern.most(Within::Day) > 1 && !pattern.on_the_hour();
        let needed = [
            ("minute", "%M", pattern.most(Within::Hour) > 1 || moves),
            ("hour", "%H", pattern.most(Within::Day) > 1),
            ("day", "%d", pattern.most(Within::Month) > 1),
            ("month", "%m", pattern.most(Within::Year) > 1),
            ("year", "%Y", true),
        ];
        let lacking: Vec<_> = needed.iter().filter(|(part, _, needed)| *needed && !names(part)).collect();
        if let Some((part, directive, _)) = lacking.first() {
            return Err(PartitionError::definition(format!(
                "the key format `{text}` is too coarse for the cron `{cron}`: it leaves out the {part}, so that several \
                 windows would have one key"
            ))
            .hint(format!("add `{directive}`, or leave the format out: it is then `{own}`")));
        }
        let tells_copies = pattern.every_hour() && !names("offset");
        Ok(Self { text: text.into(), tells_copies })
    }

    /// The key of a window that starts at this moment.
    pub(super) fn write(&self, start: Timestamp, zone: &TimeZone) -> String {
        let start = start.to_zoned(zone.clone());
        let mut key = strtime::format(&self.text, &start).unwrap_or_else(|_| start.to_string());
        if self.tells_copies && is_second_copy(&start) {
            key.push_str(&strtime::format("%z", &start).unwrap_or_default());
        }
        key
    }

    /// What the clock shows at the beginning of what the key names; nothing if it is not written so.
    pub(super) fn read(&self, key: &str) -> Option<DateTime> {
        let read = |text: &str| BrokenDownTime::parse(&self.text, text).ok();
        let time = read(key).or_else(|| {
            let offset = key.rfind(['+', '-']).filter(|_| self.tells_copies)?;
            read(&key[..offset])
        })?;
        let year = time.year()?;
        let date = match time.day_of_year() {
            Some(day) => Date::new(year, 1, 1).ok()?.with().day_of_year(day).build().ok()?,
            None => Date::new(year, time.month().unwrap_or(1), time.day().unwrap_or(1)).ok()?,
        };
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        let [hour, minute, second] = [hour, minute, second].map(Option::unwrap_or_default);
        date.to_datetime(jiff::civil::Time::new(hour, minute, second, 0).ok()?).into()
    }
}

/// What of a time a format names; directives that cannot be read back are refused.
fn named(text: &str) -> Result<Vec<&'static str>, PartitionError> {
    let wrong = |why: String| PartitionError::definition(format!("the key format `{text}` {why}"));
    if text.contains("..") {
        return Err(wrong("has `..`, which ranges of keys are written with".into()));
    }
    let mut named = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => {
                let directive = chars.next();
                let known = DIRECTIVES.iter().find(|(known, _)| directive == Some(*known));
                let Some((_, parts)) = known else {
                    let directive = directive.map_or_else(String::new, String::from);
                    let known: Vec<_> = DIRECTIVES.iter().map(|(known, _)| format!("`%{known}`")).collect();
                    return Err(wrong(format!("has `%{directive}`, which keys cannot have"))
                        .hint(format!("what keys can have is {}", known.join(", "))));
                };
                named.extend(parts.split(' '));
            }
            ',' | '|' | '[' | ']' | ';' | '=' => {
                return Err(wrong(format!("has `{c}`, which selections of keys are written with")));
            }
            c if c.is_control() || c.is_whitespace() => {
                return Err(wrong("has blanks or control characters, which keys cannot have".into()));
            }
            _ => {}
        }
    }
    Ok(named)
}

/// Whether the clock has shown this before, since it was put back between.
fn is_second_copy(time: &Zoned) -> bool {
    matches!(
        time.time_zone().to_ambiguous_timestamp(time.datetime()).offset(),
        AmbiguousOffset::Fold { after, .. } if after == time.offset()
    )
}

/// The first moment at which the clock shows this or more, and the last at which it shows this or less.
pub(super) fn moments(civil: DateTime, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let at = |offset: Offset| offset.to_timestamp(civil).ok();
    match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => Some((at(offset)?, at(offset)?)),
        AmbiguousOffset::Fold { before, after } => Some((at(before)?, at(after)?)),
        AmbiguousOffset::Gap { before, after } => {
            // With the offset after the gap it is a moment before it, with that before the gap one behind.
            let from = at(after)?;
            let change = zone.following(from).next().map(|change| change.timestamp())?;
            (change <= at(before)?).then_some((change, change))
        }
    }
}

/// Whether the clock never shows this.
pub(super) fn is_skipped(civil: DateTime, zone: &TimeZone) -> bool {
    matches!(zone.to_ambiguous_timestamp(civil).offset(), AmbiguousOffset::Gap { .. })
}

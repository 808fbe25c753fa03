//! The functions of time that policies ask for, as OPA has them: what the time is, and which day and hour that is where somebody works.
//!
//! The interpreter's own would bring a second library of time and a copy of all time zones. Zones are the machine's, and what is no time or
//! no zone is undefined, as whatever a built-in function cannot do.

use std::cell::Cell;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use regex::Regex;
use regorus::Value;

use super::builtin::{Given, whole};

thread_local! {
    /// The time of the evaluation that this thread makes: one policy sees one time.
    static NOW: Cell<i64> = const { Cell::new(0) };
}

/// An evaluation begins now.
pub(super) fn begin() {
    NOW.set(nanoseconds(Timestamp::now()).unwrap_or_default());
}

#[expect(clippy::unnecessary_wraps, reason = "as the others")]
pub(super) fn now_ns(_: &[Value]) -> Given {
    Ok(Some(NOW.get().into()))
}

pub(super) fn parse_rfc3339_ns(arguments: &[Value]) -> Given {
    let Some(Ok(text)) = arguments.first().map(Value::as_string) else { return Ok(None) };
    match shape(text) {
        Shape::Plain => Ok(text.parse().ok().and_then(nanoseconds).map(Value::from)),
        Shape::Lax => {
            Err("this time is written in a way that is not held to OPA: write it as RFC 3339 has it".to_owned())
        }
        Shape::Other => Ok(None),
    }
}

pub(super) fn clock(arguments: &[Value]) -> Given {
    Ok(zoned(arguments)?.map(|at| numbers([at.hour().into(), at.minute().into(), at.second().into()])))
}

pub(super) fn date(arguments: &[Value]) -> Given {
    Ok(zoned(arguments)?.map(|at| numbers([at.year().into(), at.month().into(), at.day().into()])))
}

pub(super) fn weekday(arguments: &[Value]) -> Given {
    Ok(zoned(arguments)?.map(|at| name(at.weekday()).into()))
}

/// Nanoseconds since 1970, or these with the name of a zone, and of a layout that says nothing here.
fn zoned(arguments: &[Value]) -> Result<Option<Zoned>, String> {
    let Some(value) = arguments.first() else { return Ok(None) };
    let (nanoseconds, zone) = match value {
        Value::Array(parts) => match parts.as_slice() {
            [nanoseconds] => (nanoseconds, ""),
            [nanoseconds, Value::String(zone)] | [nanoseconds, Value::String(zone), Value::String(_)] => {
                (nanoseconds, zone.as_ref())
            }
            _ => return Ok(None),
        },
        value => (value, ""),
    };
    if zone == "Local" {
        return Err("the zone of the machine is another one elsewhere: name it".to_owned());
    }
    let zone = match zone {
        "" | "UTC" => Some(TimeZone::UTC),
        // In the letters that it has.
        zone => TimeZone::get(zone).ok().filter(|found| found.iana_name() == Some(zone)),
    };
    let at = whole(Some(nanoseconds)).and_then(|at| Timestamp::from_nanosecond(at.into()).ok());
    Ok(at.zip(zone).map(|(at, zone)| at.to_zoned(zone)))
}

/// How a time is written.
enum Shape {
    /// As RFC 3339 writes it.
    Plain,
    /// In a way that Go takes, too: more digits, fewer, or others.
    Lax,
    Other,
}

fn shape(text: &str) -> Shape {
    thread_local! {
        static SHAPE: Regex = Regex::new(
            r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T([0-9]{1,2}):[0-9]{2}:[0-5][0-9](?:([.,])([0-9]+))?(?:Z|[+-][0-9]{2}:([0-9]{2}))$",
        )
        .expect("a pattern of ours");
    }
    SHAPE.with(|shape| {
        let Some(parts) = shape.captures(text) else { return Shape::Other };
        let part = |n| parts.get(n).map_or("", |part| part.as_str());
        let is_plain = part(1).len() == 2 && part(2) != "," && part(3).len() <= 9 && part(4) < "60";
        if is_plain { Shape::Plain } else { Shape::Lax }
    })
}

fn nanoseconds(time: Timestamp) -> Option<i64> {
    i64::try_from(time.as_nanosecond()).ok()
}

fn numbers(numbers: [i64; 3]) -> Value {
    numbers.map(Value::from).to_vec().into()
}

fn name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

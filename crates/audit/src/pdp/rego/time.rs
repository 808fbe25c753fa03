//! The functions of time that policies ask for, as OPA has them: what the time is, and which day and hour that is where somebody works.
//!
//! The interpreter's own would bring a second library of time and a copy of all time zones. Zones are the machine's, and what is no time or
//! no zone is undefined, as whatever a built-in function cannot do.

use std::cell::Cell;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use regorus::{Engine, Value};

thread_local! {
    /// The time of the evaluation that this thread makes: one policy sees one time.
    static NOW: Cell<i64> = const { Cell::new(0) };
}

/// An evaluation begins now.
pub(super) fn begin() {
    NOW.set(nanoseconds(Timestamp::now()).unwrap_or_default());
}

/// Gives an engine the functions.
pub(super) fn add_to(engine: &mut Engine) {
    let mut add = |name: &str, arguments: u8, function: fn(&[Value]) -> Option<Value>| {
        let function = move |arguments: Vec<Value>| Ok(function(&arguments).unwrap_or(Value::Undefined));
        // An engine that is new has no function of that name.
        let _ = engine.add_extension(name.to_owned(), arguments, Box::new(function));
    };
    add("time.now_ns", 0, |_| Some(NOW.get().into()));
    add("time.parse_rfc3339_ns", 1, |arguments| parsed(arguments.first()?.as_string().ok()?));
    add("time.clock", 1, |arguments| {
        let at = zoned(arguments.first()?)?;
        Some(numbers([at.hour().into(), at.minute().into(), at.second().into()]))
    });
    add("time.date", 1, |arguments| {
        let at = zoned(arguments.first()?)?;
        Some(numbers([at.year().into(), at.month().into(), at.day().into()]))
    });
    add("time.weekday", 1, |arguments| Some(name(zoned(arguments.first()?)?.weekday()).into()));
}

/// Nanoseconds since 1970, or these and the name of a zone.
fn zoned(value: &Value) -> Option<Zoned> {
    let (nanoseconds, zone) = match value.as_array() {
        Ok(both) => match both.as_slice() {
            [nanoseconds, zone] => (nanoseconds, zone.as_string().ok()?.as_ref()),
            _ => return None,
        },
        Err(_) => (value, ""),
    };
    let zone = if matches!(zone, "" | "UTC") { TimeZone::UTC } else { TimeZone::get(zone).ok()? };
    let at = Timestamp::from_nanosecond(nanoseconds.as_i64().ok()?.into()).ok()?;
    Some(at.to_zoned(zone))
}

/// A time as RFC 3339 writes it, and in no other way that a calendar has.
fn parsed(text: &str) -> Option<Value> {
    let shape = |at: usize, byte: u8| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        17 => matches!(byte, b'0'..=b'5'),
        0..19 => byte.is_ascii_digit(),
        _ => matches!(byte, b'0'..=b'9' | b'.' | b'Z' | b'+' | b'-' | b':'),
    };
    if text.len() < 20 || !text.bytes().enumerate().all(|(at, byte)| shape(at, byte)) {
        return None;
    }
    Some(nanoseconds(text.parse().ok()?)?.into())
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

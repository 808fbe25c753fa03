//! The one form of a JSON value that its meaning has: whatever the order of its keys, its escapes, blanks and spelling of numbers.
//!
//! Like RFC 8785, but for numbers: they are kept to the last digit, for a difference that a double cannot hold is one.

use std::borrow::Cow;

use vanguard_wire::{Kind, Value, reply};

/// Appends the canonical form of `value`. It nests no deeper than [`Limits::depth`](vanguard_wire::Limits).
pub(super) fn write(value: Value<'_, '_>, out: &mut Vec<u8>) {
    match value.kind() {
        Kind::Null | Kind::Bool => out.extend_from_slice(value.lexeme().as_bytes()),
        Kind::Number => out.extend_from_slice(number(value.lexeme()).as_bytes()),
        Kind::String => out.extend_from_slice(&reply::string(&value.string().unwrap_or_default())),
        Kind::Array => {
            out.push(b'[');
            for (at, element) in value.elements().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(element, out);
            }
            out.push(b']');
        }
        Kind::Object => members(value, &|_| true, out),
    }
}

/// The same of an object, without the members that `is_part` does not take.
pub(super) fn members(value: Value<'_, '_>, is_part: &dyn Fn(&str) -> bool, out: &mut Vec<u8>) {
    let named = value.members().map(|(key, value)| (key.string().unwrap_or_default(), value));
    let mut members: Vec<(Cow<'_, str>, Value<'_, '_>)> = named.filter(|(key, _)| is_part(key)).collect();
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    out.push(b'{');
    for (at, (key, member)) in members.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&reply::string(&key));
        out.push(b':');
        write(member, out);
    }
    out.push(b'}');
}

/// The longest run of zeros that is written out.
const ZEROS: usize = 20;

/// A number by its value: no zeros that say nothing, an exponent only where it is far from the digits.
fn number(lexeme: &str) -> Cow<'_, str> {
    let (sign, unsigned) = lexeme.strip_prefix('-').map_or(("", lexeme), |rest| ("-", rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return Cow::Borrowed("0");
    }
    // An exponent beyond all bounds is left as it is spelt.
    let Ok(exponent) = exponent.parse::<i64>() else { return Cow::Borrowed(lexeme) };
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let exponent =
        exponent.saturating_sub(length(fraction)).saturating_add(length(digits)).saturating_sub(length(kept));
    // Where the point stands, counted from the first digit.
    let point = exponent.saturating_add(length(kept));
    let zeros = |count: i64| usize::try_from(count).ok().filter(|count| *count <= ZEROS).map(|count| "0".repeat(count));
    let plain = if exponent >= 0 {
        zeros(exponent).map(|zeros| format!("{kept}{zeros}"))
    } else if point > 0 {
        usize::try_from(point).ok().and_then(|point| kept.split_at_checked(point)).map(|(a, b)| format!("{a}.{b}"))
    } else {
        zeros(point.saturating_neg()).map(|zeros| format!("0.{zeros}{kept}"))
    };
    Cow::Owned(format!("{sign}{}", plain.unwrap_or_else(|| format!("{kept}e{exponent}"))))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_number_is_its_value() {
        for (spelt, value) in [
            ("0", "0"),
            ("-0", "0"),
            ("0.000", "0"),
            ("0e99", "0"),
            ("1", "1"),
            ("1.0", "1"),
            ("10e-1", "1"),
            ("1E2", "100"),
            ("100", "100"),
            ("-1.50", "-1.5"),
            ("15e-1", "1.5"),
            ("0.001", "0.001"),
            ("1e-3", "0.001"),
            ("1e21", "1e21"),
            ("10e20", "1e21"),
            ("12e-40", "12e-40"),
            ("0.12e-38", "12e-40"),
            ("9007199254740993", "9007199254740993"),
            ("1e99999999999999999999", "1e99999999999999999999"),
        ] {
            assert_eq!(number(spelt), value, "{spelt}");
        }
    }
}

//! Numbers. OPA's are decimals, which it calculates with in floating point of 64 bits of mantissa; the interpreter's are whole ones of 64 bits and
//! doubles. Here a result is given where both write it the same.

mod soft;

use regorus::Value;

use super::{Given, text};
use soft::{Decimal, Soft};

const TOO_LARGE: &str =
    "the result has more than 64 bits, which OPA and this interpreter write differently: keep numbers smaller";
const NO_DECIMAL: &str =
    "the result has no short decimal (as 1/3 has none): compare products instead, `a * 3 > b` for `a > b / 3`";
const NOT_HELD: &str = "a number with so many digits is not calculated with here";

/// A number, as both know it.
#[derive(Clone, Copy)]
enum Number {
    Whole(i64),
    Fraction(Decimal),
}

/// A value that is a number. An error where it is one that is not held to OPA.
fn number(value: &Value) -> Result<Option<Number>, String> {
    let Value::Number(_) = value else { return Ok(None) };
    if let Ok(whole) = value.as_i64() {
        return Ok(Some(Number::Whole(whole)));
    }
    let decimal = value.as_f64().ok().and_then(Decimal::of).ok_or(NOT_HELD)?;
    Ok(Some(Number::Fraction(decimal)))
}

/// A whole number; nothing where it is another value.
pub(in super::super) fn whole(value: Option<&Value>) -> Option<i64> {
    match value {
        Some(value @ Value::Number(_)) => value.as_i64().ok(),
        _ => None,
    }
}

impl Number {
    fn soft(self) -> Soft {
        match self {
            Self::Whole(whole) => Soft::of(Decimal::whole(whole)),
            Self::Fraction(decimal) => Soft::of(decimal),
        }
    }

    fn value(self) -> Value {
        match self {
            Self::Whole(whole) => whole.into(),
            Self::Fraction(decimal) => decimal.double().into(),
        }
    }
}

impl Soft {
    fn number(self) -> Result<Number, String> {
        let decimal = self.decimal().ok_or(NO_DECIMAL)?;
        Ok(decimal.as_whole().map_or(Number::Fraction(decimal), Number::Whole))
    }
}

type Exact = fn(i64, i64) -> Option<i64>;

fn calculate(a: Number, b: Number, exact: Exact, soft: fn(Soft, Soft) -> Option<Soft>) -> Result<Number, String> {
    if let (Number::Whole(a), Number::Whole(b)) = (a, b) {
        return exact(a, b).map(Number::Whole).ok_or_else(|| TOO_LARGE.to_owned());
    }
    soft(a.soft(), b.soft()).ok_or_else(|| TOO_LARGE.to_owned())?.number()
}

fn both(arguments: &[Value]) -> Result<Option<(Number, Number)>, String> {
    let [a, b] = arguments else { return Ok(None) };
    // A value that is no number is told before a number that is not held.
    let (Value::Number(_), Value::Number(_)) = (a, b) else { return Ok(None) };
    Ok(number(a)?.zip(number(b)?))
}

pub(super) fn add(arguments: &[Value]) -> Given {
    let Some((a, b)) = both(arguments)? else { return Ok(None) };
    Ok(Some(calculate(a, b, i64::checked_add, Soft::plus)?.value()))
}

/// Of numbers, and of sets.
pub(super) fn sub(arguments: &[Value]) -> Given {
    if let [Value::Set(a), Value::Set(b)] = arguments {
        return Ok(Some(a.difference(b).cloned().collect::<std::collections::BTreeSet<Value>>().into()));
    }
    let Some((a, b)) = both(arguments)? else { return Ok(None) };
    Ok(Some(calculate(a, b, i64::checked_sub, |a, b| a.plus(b.negated()))?.value()))
}

pub(super) fn mul(arguments: &[Value]) -> Given {
    let Some((a, b)) = both(arguments)? else { return Ok(None) };
    Ok(Some(calculate(a, b, i64::checked_mul, Soft::times)?.value()))
}

pub(super) fn div(arguments: &[Value]) -> Given {
    let Some((a, b)) = both(arguments)? else { return Ok(None) };
    if b.soft().is_zero() {
        return Ok(None);
    }
    if let (Number::Whole(a), Number::Whole(b)) = (a, b)
        && a.checked_rem(b) == Some(0)
    {
        return Ok(Some(a.checked_div(b).ok_or(TOO_LARGE)?.into()));
    }
    Ok(Some(a.soft().over(b.soft()).ok_or(NO_DECIMAL)?.number()?.value()))
}

/// Of whole numbers alone, as OPA has it.
pub(super) fn rem(arguments: &[Value]) -> Given {
    match both(arguments)? {
        Some((Number::Whole(_), Number::Whole(0))) | None => Ok(None),
        Some((Number::Whole(a), Number::Whole(b))) => Ok(Some(a.checked_rem(b).unwrap_or_default().into())),
        Some(_) => Ok(None),
    }
}

pub(super) fn abs(arguments: &[Value]) -> Given {
    let Some(of) = arguments.first().map(number).transpose()?.flatten() else { return Ok(None) };
    Ok(Some(match of {
        Number::Whole(whole) => whole.checked_abs().ok_or(TOO_LARGE)?.into(),
        Number::Fraction(decimal) => decimal.magnitude().double().into(),
    }))
}

pub(super) fn ceil(arguments: &[Value]) -> Given {
    rounded(arguments, |whole| whole.checked_add(1), Some)
}

pub(super) fn floor(arguments: &[Value]) -> Given {
    rounded(arguments, Some, |whole| whole.checked_sub(1))
}

/// The whole part of a number, made larger or smaller where there is another part, by its sign.
fn rounded(arguments: &[Value], above: fn(i64) -> Option<i64>, below: fn(i64) -> Option<i64>) -> Given {
    let Some(of) = arguments.first().map(number).transpose()?.flatten() else { return Ok(None) };
    let whole = match of {
        Number::Whole(whole) => return Ok(Some(whole.into())),
        Number::Fraction(decimal) => decimal,
    };
    match (whole.truncated(), whole.is_negative()) {
        // OPA 1.4 forgets the sign there, and gives 1 and 0.
        (0, true) => Err("OPA and this interpreter round numbers between -1 and 0 differently".to_owned()),
        (whole, true) => Ok(Some(below(whole).ok_or(TOO_LARGE)?.into())),
        (whole, false) => Ok(Some(above(whole).ok_or(TOO_LARGE)?.into())),
    }
}

pub(super) fn sum(arguments: &[Value]) -> Given {
    fold(arguments, 0, |a, b| calculate(a, b, i64::checked_add, Soft::plus))
}

pub(super) fn product(arguments: &[Value]) -> Given {
    fold(arguments, 1, |a, b| calculate(a, b, i64::checked_mul, Soft::times))
}

fn fold(arguments: &[Value], from: i64, with: fn(Number, Number) -> Result<Number, String>) -> Given {
    let items: &mut dyn Iterator<Item = &Value> = match arguments.first() {
        Some(Value::Array(items)) => &mut items.iter(),
        Some(Value::Set(items)) => &mut items.iter(),
        _ => return Ok(None),
    };
    let items: Vec<&Value> = items.collect();
    if items.iter().any(|item| !matches!(item, Value::Number(_))) {
        return Ok(None);
    }
    let mut all = Number::Whole(from);
    for item in items {
        let Some(item) = number(item)? else { return Ok(None) };
        all = with(all, item)?;
    }
    Ok(Some(all.value()))
}

pub(super) fn bits_and(arguments: &[Value]) -> Given {
    bits(arguments, |a, b| Ok(Some(a & b)))
}

pub(super) fn bits_or(arguments: &[Value]) -> Given {
    bits(arguments, |a, b| Ok(Some(a | b)))
}

pub(super) fn bits_xor(arguments: &[Value]) -> Given {
    bits(arguments, |a, b| Ok(Some(a ^ b)))
}

pub(super) fn bits_lsh(arguments: &[Value]) -> Given {
    bits(arguments, |a, by| {
        let Ok(by) = u32::try_from(by) else { return Ok(None) };
        let shifted = i128::from(a).checked_shl(by).filter(|_| by < 64).and_then(|wide| i64::try_from(wide).ok());
        if a == 0 { Ok(Some(0)) } else { shifted.map(Some).ok_or_else(|| TOO_LARGE.to_owned()) }
    })
}

pub(super) fn bits_rsh(arguments: &[Value]) -> Given {
    bits(arguments, |a, by| Ok(u32::try_from(by).ok().map(|by| a >> by.min(63))))
}

pub(super) fn bits_negate(arguments: &[Value]) -> Given {
    let of = arguments.first().cloned().unwrap_or(Value::Null);
    bits(&[of, 0.into()], |a, _| Ok(Some(!a)))
}

/// Bits of whole numbers; of fractions there are none.
fn bits(arguments: &[Value], of: fn(i64, i64) -> Result<Option<i64>, String>) -> Given {
    match both(arguments)? {
        Some((Number::Whole(a), Number::Whole(b))) => Ok(of(a, b)?.map(Value::from)),
        _ => Ok(None),
    }
}

pub(super) fn format_int(arguments: &[Value]) -> Given {
    let [of, base] = arguments else { return Ok(None) };
    let of = match number(of)? {
        Some(Number::Whole(whole)) => whole,
        Some(Number::Fraction(decimal)) => decimal.truncated(),
        None => return Ok(None),
    };
    let (sign, digits) = (if of < 0 { "-" } else { "" }, of.unsigned_abs());
    let written = match whole(Some(base)) {
        Some(2) => format!("{sign}{digits:b}"),
        Some(8) => format!("{sign}{digits:o}"),
        Some(10) => format!("{sign}{digits}"),
        Some(16) => format!("{sign}{digits:x}"),
        _ => return Ok(None),
    };
    Ok(Some(written.into()))
}

pub(super) fn to_number(arguments: &[Value]) -> Given {
    match arguments.first() {
        Some(Value::Null) => Ok(Some(0.into())),
        Some(Value::Bool(is)) => Ok(Some(i64::from(*is).into())),
        Some(number @ Value::Number(_)) => Ok(Some(number.clone())),
        Some(Value::String(written)) => match read(written) {
            Some(number) => Ok(Some(number)),
            // What might be a number to OPA: it takes more than JSON does, and goes on with the text as it was.
            None if may_be_number(written) => Err(format!("{written:?} is written in a way that is not held to OPA")),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

fn may_be_number(written: &str) -> bool {
    let bare = written.trim_start_matches(['+', '-']);
    let begins = bare.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    begins || ["inf", "infinity", "nan"].contains(&bare.to_ascii_lowercase().as_str())
}

/// A number that is written in the one way in which OPA and the interpreter both write it again.
pub(super) fn read(written: &str) -> Option<Value> {
    if !is_plain(written) {
        return None;
    }
    Value::from_json_str(written).ok().filter(|value| number(value).is_ok_and(|number| number.is_some()))
}

/// Whether a number stands as it would be written again: no exponent, no zeros that say nothing, not too long.
pub(in super::super) fn is_plain(written: &str) -> bool {
    let digits = written.strip_prefix('-').unwrap_or(written);
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole_is_plain = all_digits(whole) && (whole == "0" || !whole.starts_with('0'));
    match part {
        None => whole_is_plain && written.parse::<i64>().is_ok() && written != "-0",
        Some(part) => {
            whole_is_plain
                && all_digits(part)
                && !part.ends_with('0')
                && whole.len() + part.len() <= 15
                && part.len() <= 12
        }
    }
}

/// `10MiB`, `1.5G`: whole bytes.
pub(super) fn parse_bytes(arguments: &[Value]) -> Given {
    let Some(written) = text(arguments.first()) else { return Ok(None) };
    let written = written.trim_matches('"').to_lowercase();
    let (digits, unit) =
        written.split_at(written.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(written.len()));
    let unit: u128 = match unit {
        "" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "ki" | "kib" => 1 << 10,
        "mi" | "mib" => 1 << 20,
        "gi" | "gib" => 1 << 30,
        "ti" | "tib" => 1 << 40,
        _ => {
            return Err(format!(
                "{written:?} is not held to OPA: write digits and one of K, M, G, T, Ki, Mi, Gi, Ti, with B or without"
            ));
        }
    };
    if !is_plain(digits) {
        return Err(format!("{digits:?} is not held to OPA: write a plain decimal"));
    }
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{part}").parse::<u128>().ok().and_then(|all| all.checked_mul(unit));
    let bytes = all.and_then(|all| all.checked_div(10_u128.checked_pow(u32::try_from(part.len()).ok()?)?));
    let bytes = bytes.and_then(|bytes| i64::try_from(bytes).ok()).ok_or(TOO_LARGE)?;
    Ok(Some(bytes.into()))
}

//! Versions, by the library that OPA has: it takes zeros before a number, and what is left empty behind `-` and `+`.

use std::cmp::Ordering;

use regorus::Value;

use super::{Given, text};

struct Version<'v> {
    numbers: [i64; 3],
    before: &'v str,
}

fn read(written: &str) -> Option<Version<'_>> {
    let named = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let parts = |part: &str| part.is_empty() || (named(part) && !part.split('.').any(str::is_empty));
    let (rest, meta) = written.split_once('+').unwrap_or((written, ""));
    let (rest, before) = rest.split_once('-').unwrap_or((rest, ""));
    let mut numbers = rest
        .splitn(3, '.')
        .map(|digits| digits.parse::<i64>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit())));
    let numbers = [numbers.next()??, numbers.next()??, numbers.next()??];
    (parts(before) && parts(meta)).then_some(Version { numbers, before })
}

impl Version<'_> {
    fn order(&self, other: &Self) -> Ordering {
        let before = match (self.before, other.before) {
            ("", "") => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (a, b) => a.split('.').map(Part::of).cmp(b.split('.').map(Part::of)),
        };
        self.numbers.cmp(&other.numbers).then(before)
    }
}

/// What stands between dots: a number comes before a name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'v> {
    Number(i64, &'v str),
    Name(&'v str),
}

impl<'v> Part<'v> {
    fn of(part: &'v str) -> Self {
        part.parse().map_or(Self::Name(part), |number| Self::Number(number, part))
    }
}

pub(super) fn is_valid(arguments: &[Value]) -> Given {
    Ok(Some(text(arguments.first()).is_some_and(|version| read(version).is_some()).into()))
}

pub(super) fn compare(arguments: &[Value]) -> Given {
    let (Some(a), Some(b)) = (text(arguments.first()), text(arguments.get(1))) else { return Ok(None) };
    Ok(read(a).zip(read(b)).map(|(a, b)| (a.order(&b) as i64).into()))
}

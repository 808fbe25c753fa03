//! The order of values as OPA has it: an object comes before a set, where the interpreter has it the other way round.

use std::cmp::Ordering;

use regorus::Value;

use super::Given;

fn rank(value: &Value) -> u8 {
    match value {
        Value::Undefined | Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
        Value::Set(_) => 6,
    }
}

/// Which of two comes first.
pub(super) fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.iter().map(Key).cmp(b.iter().map(Key)),
        (Value::Set(a), Value::Set(b)) => {
            in_order(a.iter()).into_iter().map(Key).cmp(in_order(b.iter()).into_iter().map(Key))
        }
        (Value::Object(a), Value::Object(b)) => {
            let mut a: Vec<_> = a.iter().map(|(key, value)| (Key(key), Key(value))).collect();
            let mut b: Vec<_> = b.iter().map(|(key, value)| (Key(key), Key(value))).collect();
            a.sort();
            b.sort();
            a.cmp(&b)
        }
        _ => rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)),
    }
}

/// A value, compared as OPA does.
#[derive(Clone, Copy)]
struct Key<'v>(&'v Value);

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key<'_> {}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        order(self.0, other.0)
    }
}

/// Values in that order.
pub(in super::super) fn in_order<'v>(values: impl Iterator<Item = &'v Value>) -> Vec<&'v Value> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(|a, b| order(a, b));
    values
}

fn compared(arguments: &[Value], is: fn(Ordering) -> bool) -> Given {
    let [a, b] = arguments else { return Ok(None) };
    Ok(Some(is(order(a, b)).into()))
}

pub(super) fn lt(arguments: &[Value]) -> Given {
    compared(arguments, Ordering::is_lt)
}

pub(super) fn le(arguments: &[Value]) -> Given {
    compared(arguments, Ordering::is_le)
}

pub(super) fn gt(arguments: &[Value]) -> Given {
    compared(arguments, Ordering::is_gt)
}

pub(super) fn ge(arguments: &[Value]) -> Given {
    compared(arguments, Ordering::is_ge)
}

fn all(arguments: &[Value]) -> Option<Vec<&Value>> {
    match arguments.first()? {
        Value::Array(items) => Some(in_order(items.iter())),
        Value::Set(items) => Some(in_order(items.iter())),
        _ => None,
    }
}

pub(super) fn max(arguments: &[Value]) -> Given {
    Ok(all(arguments).and_then(|all| all.last().copied().cloned()))
}

/// In a set `null` is the least only where it is alone: so it is in OPA.
pub(super) fn min(arguments: &[Value]) -> Given {
    let passes_null = matches!(arguments.first(), Some(Value::Set(set)) if set.len() > 1);
    let least = |all: Vec<&Value>| all.into_iter().find(|value| !(passes_null && **value == Value::Null)).cloned();
    Ok(all(arguments).and_then(least))
}

pub(super) fn sort(arguments: &[Value]) -> Given {
    Ok(all(arguments).map(|all| all.into_iter().cloned().collect::<Vec<_>>().into()))
}

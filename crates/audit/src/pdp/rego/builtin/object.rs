//! Objects and sets, and parts of them by path.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;

use super::Given;

/// What is walked through by `some … in`: of what is no collection, nothing.
pub(super) fn members(arguments: &[Value]) -> Given {
    let Some(of) = arguments.first() else { return Ok(None) };
    let is_collection = matches!(of, Value::Array(_) | Value::Object(_) | Value::Set(_));
    Ok(Some(if is_collection { of.clone() } else { Value::new_array() }))
}

pub(super) fn or(arguments: &[Value]) -> Given {
    let [Value::Set(a), Value::Set(b)] = arguments else { return Ok(None) };
    Ok(Some(a.union(b).cloned().collect::<BTreeSet<Value>>().into()))
}

pub(super) fn and(arguments: &[Value]) -> Given {
    let [Value::Set(a), Value::Set(b)] = arguments else { return Ok(None) };
    Ok(Some(a.intersection(b).cloned().collect::<BTreeSet<Value>>().into()))
}

pub(super) fn subset(arguments: &[Value]) -> Given {
    Ok(match arguments {
        [Value::Object(_), Value::Object(_)] | [Value::Set(_), Value::Set(_)] => {
            arguments.first().zip(arguments.get(1)).map(|(of, part)| holds(of, part).into())
        }
        [Value::Array(of), Value::Array(part)] => {
            let within = part.is_empty() || of.windows(part.len()).any(|window| window == part.as_slice());
            Some(within.into())
        }
        // Nothing holds nothing only where it is a set, too.
        [Value::Array(of), Value::Set(part)] => {
            Some((!of.is_empty() && part.iter().all(|item| of.contains(item))).into())
        }
        _ => None,
    })
}

/// Whether objects hold all of the other, and so on below; whatever else is equal, or not.
fn holds(of: &Value, part: &Value) -> bool {
    match (of, part) {
        (Value::Object(of), Value::Object(part)) => {
            part.iter().all(|(key, value)| of.get(key).is_some_and(|own| holds(own, value)))
        }
        (Value::Set(of), Value::Set(part)) => part.is_subset(of),
        (of, part) => of == part,
    }
}

/// Paths, as a tree; what ends is all of what stands there.
#[derive(Default)]
struct Paths {
    below: BTreeMap<Value, Paths>,
    ends: bool,
}

impl Paths {
    /// `a/b`, or an array of its parts; nothing where they are no paths.
    fn of(paths: &Value) -> Result<Option<Self>, String> {
        let paths: Vec<&Value> = match paths {
            Value::Array(paths) => paths.iter().collect(),
            Value::Set(paths) => paths.iter().collect(),
            _ => return Ok(None),
        };
        let mut tree = Self::default();
        for path in paths {
            let parts: Vec<Value> = match path {
                Value::String(path) if path.is_empty() => continue,
                Value::String(path) => path
                    .trim_start_matches('/')
                    .split('/')
                    .map(|part| part.replace("~1", "/").replace("~0", "~").into())
                    .collect(),
                Value::Array(parts) if parts.is_empty() => return Err("an empty path is not held to OPA".to_owned()),
                Value::Array(parts) => parts.to_vec(),
                _ => return Ok(None),
            };
            let place = parts.into_iter().fold(&mut tree, |place, part| place.below.entry(part).or_default());
            place.ends = true;
        }
        Ok(Some(tree))
    }

    /// What stands below at an index, which a path writes as a text.
    fn at(&self, index: usize) -> Option<&Self> {
        self.below.get(&Value::from(index.to_string()))
    }

    fn kept(&self, of: &Value) -> Value {
        if self.ends {
            return of.clone();
        }
        match of {
            Value::Object(members) => {
                let kept =
                    members.iter().filter_map(|(key, value)| Some((key.clone(), self.below.get(key)?.kept(value))));
                kept.collect::<BTreeMap<Value, Value>>().into()
            }
            Value::Array(items) => {
                let kept = items.iter().enumerate().filter_map(|(index, item)| Some(self.at(index)?.kept(item)));
                kept.collect::<Vec<Value>>().into()
            }
            Value::Set(items) => {
                let kept = items.iter().filter_map(|item| Some(self.below.get(item)?.kept(item)));
                kept.collect::<BTreeSet<Value>>().into()
            }
            other => other.clone(),
        }
    }

    fn left(&self, of: &Value) -> Value {
        match of {
            Value::Object(members) => {
                let left = members.iter().filter_map(|(key, value)| match self.below.get(key) {
                    Some(here) if here.ends => None,
                    Some(here) => Some((key.clone(), here.left(value))),
                    None => Some((key.clone(), value.clone())),
                });
                left.collect::<BTreeMap<Value, Value>>().into()
            }
            Value::Array(items) => {
                let left = items.iter().enumerate().filter_map(|(index, item)| match self.at(index) {
                    Some(here) if here.ends => None,
                    Some(here) => Some(here.left(item)),
                    None => Some(item.clone()),
                });
                left.collect::<Vec<Value>>().into()
            }
            Value::Set(items) => {
                let left = items.iter().filter_map(|item| match self.below.get(item) {
                    Some(here) if here.ends => None,
                    Some(here) => Some(here.left(item)),
                    None => Some(item.clone()),
                });
                left.collect::<BTreeSet<Value>>().into()
            }
            other => other.clone(),
        }
    }
}

fn by_paths(arguments: &[Value], of: fn(&Paths, &Value) -> Value) -> Given {
    let [object @ Value::Object(_), paths] = arguments else { return Ok(None) };
    Ok(Paths::of(paths)?.map(|paths| of(&paths, object)))
}

pub(super) fn json_filter(arguments: &[Value]) -> Given {
    by_paths(arguments, Paths::kept)
}

pub(super) fn json_remove(arguments: &[Value]) -> Given {
    by_paths(arguments, Paths::left)
}

//! Texts, by the characters that they are made of.

use regorus::Value;

use super::number::whole;
use super::{Given, text};

pub(super) fn lower(arguments: &[Value]) -> Given {
    Ok(text(arguments.first()).map(|text| text.chars().map(|c| one(c.to_lowercase(), c)).collect::<String>().into()))
}

pub(super) fn upper(arguments: &[Value]) -> Given {
    Ok(text(arguments.first()).map(|text| text.chars().map(|c| one(c.to_uppercase(), c)).collect::<String>().into()))
}

/// Go turns one character into one. Of the few that have a plain form beside one of several, that is eight places on, or nine.
fn one(mut forms: impl ExactSizeIterator<Item = char>, c: char) -> char {
    match (forms.len(), c) {
        (1, _) => forms.next().unwrap_or(c),
        (_, 'İ') => 'i',
        (_, '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}') => {
            char::from_u32(u32::from(c) + 8).unwrap_or(c)
        }
        (_, 'ᾳ' | 'ῃ' | 'ῳ') => char::from_u32(u32::from(c) + 9).unwrap_or(c),
        _ => c,
    }
}

pub(super) fn indexof(arguments: &[Value]) -> Given {
    let (Some(text), Some(part)) = (text(arguments.first()), text(arguments.get(1))) else { return Ok(None) };
    Ok(places(text, part).map(|mut places| places.next().unwrap_or(-1).into()))
}

pub(super) fn indexof_n(arguments: &[Value]) -> Given {
    let (Some(text), Some(part)) = (text(arguments.first()), text(arguments.get(1))) else { return Ok(None) };
    Ok(places(text, part).map(|places| places.map(Value::from).collect::<Vec<_>>().into()))
}

/// Where a part begins, in characters, those that overlap among them. Of nothing there is no place.
fn places<'t>(text: &'t str, part: &'t str) -> Option<impl Iterator<Item = i64> + 't> {
    let begins = text.char_indices().zip(0_i64..);
    let places = begins.filter(move |((at, _), _)| text[*at..].starts_with(part)).map(|(_, place)| place);
    (!part.is_empty()).then_some(places)
}

/// How many there are in a collection, or characters in a text.
pub(super) fn length(arguments: &[Value]) -> Given {
    let length = match arguments.first() {
        Some(Value::String(text)) => text.chars().count(),
        Some(Value::Array(items)) => items.len(),
        Some(Value::Set(items)) => items.len(),
        Some(Value::Object(members)) => members.len(),
        _ => return Ok(None),
    };
    Ok(i64::try_from(length).ok().map(Value::from))
}

pub(super) fn count(arguments: &[Value]) -> Given {
    let (Some(text), Some(part)) = (text(arguments.first()), text(arguments.get(1))) else { return Ok(None) };
    Ok(i64::try_from(text.matches(part).count()).ok().map(Value::from))
}

/// From the left, what stands at each place is replaced once.
pub(super) fn replace_n(arguments: &[Value]) -> Given {
    let (Some(Value::Object(pairs)), Some(text)) = (arguments.first(), text(arguments.get(1))) else { return Ok(None) };
    let mut table = Vec::new();
    for (old, new) in pairs.iter() {
        let (Ok(old), Ok(new)) = (old.as_string(), new.as_string()) else { return Ok(None) };
        if old.is_empty() {
            return Err("nothing cannot be replaced here".to_owned());
        }
        table.push((old, new));
    }
    let (mut replaced, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        // Of two that fit the one that comes first, as Go has it.
        if let Some((old, new)) = table.iter().find(|(old, _)| rest.starts_with(old.as_ref())) {
            replaced.push_str(new);
            rest = &rest[old.len()..];
        } else {
            replaced.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok(Some(replaced.into()))
}

pub(super) fn substring(arguments: &[Value]) -> Given {
    let (Some(text), Some(start), Some(length)) =
        (text(arguments.first()), whole(arguments.get(1)), whole(arguments.get(2)))
    else {
        return Ok(None);
    };
    let Ok(start) = usize::try_from(start) else { return Ok(None) };
    // Less than nothing is all of it.
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    Ok(Some(text.chars().skip(start).take(length).collect::<String>().into()))
}

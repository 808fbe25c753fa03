//! The properties of a JSON Schema, wherever they stand in it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use vanguard_wire::{Kind, Value};

/// The deepest nesting that is read; a schema that refers to itself ends here.
const MAX_DEPTH: usize = 12;
/// The most subschemas of one tool that are read.
const MAX_VISITS: usize = 4_096;
/// A longer property path is not followed: each level below would copy it.
const MAX_PATH: usize = 512;

/// Calls `visit` with the path of each property (without array indices) and a schema of it, in the order of the text. A
/// property that several schemas describe is visited several times. References into `$defs` are followed, others are not.
pub(super) fn each_property<'t, 'a>(root: Value<'t, 'a>, visit: &mut dyn FnMut(&str, Value<'t, 'a>)) {
    let mut definitions = None;
    let mut work: Vec<(Rc<str>, Value<'t, 'a>, usize)> = vec![("".into(), root, 0)];
    let mut visits = 0_usize;
    while let Some((path, schema, depth)) = work.pop() {
        visits = visits.saturating_add(1);
        if visits > MAX_VISITS {
            return;
        }
        if !path.is_empty() {
            visit(&path, schema);
        }
        if depth >= MAX_DEPTH {
            continue;
        }
        let below = depth.saturating_add(1);
        let first = work.len();
        for (key, value) in schema.members() {
            match key.string().as_deref() {
                Some("properties" | "patternProperties") => {
                    for (property, inner) in value.members() {
                        let Some(name) = property.string() else { continue };
                        if path.len().saturating_add(name.len()) < MAX_PATH {
                            let at: Rc<str> =
                                if path.is_empty() { (&*name).into() } else { format!("{path}/{name}").into() };
                            work.push((at, inner, below));
                        }
                    }
                }
                Some("items" | "additionalProperties" | "contains" | "if" | "then" | "else")
                    if value.kind() == Kind::Object =>
                {
                    work.push((path.clone(), value, below));
                }
                Some("anyOf" | "oneOf" | "allOf" | "prefixItems") => {
                    work.extend(value.elements().map(|inner| (path.clone(), inner, below)));
                }
                Some("dependentSchemas") => {
                    work.extend(value.members().map(|(_, inner)| (path.clone(), inner, below)));
                }
                Some("$ref") => {
                    let known = definitions.get_or_insert_with(|| Definitions::read(root));
                    work.extend(value.string().and_then(|to| known.get(&to)).map(|inner| (path.clone(), inner, below)));
                }
                _ => {}
            }
        }
        if let Some(children) = work.get_mut(first..) {
            children.reverse();
        }
    }
}

/// The members of `$defs` and `definitions` by name.
struct Definitions<'t, 'a>(HashMap<Cow<'a, str>, Value<'t, 'a>>);

impl<'t, 'a> Definitions<'t, 'a> {
    fn read(root: Value<'t, 'a>) -> Self {
        let both = ["$defs", "definitions"].into_iter().filter_map(|key| root.get(key));
        Self(both.flat_map(|all| all.members()).filter_map(|(name, schema)| Some((name.string()?, schema))).collect())
    }

    /// What `#/$defs/name` or `#/definitions/name` refers to.
    fn get(&self, reference: &str) -> Option<Value<'t, 'a>> {
        let name = reference.strip_prefix("#/$defs/").or_else(|| reference.strip_prefix("#/definitions/"))?;
        self.0.get(name.replace("~1", "/").replace("~0", "~").as_str()).copied()
    }
}

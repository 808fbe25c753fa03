//! A cursor over the JSON values of a message.

use std::borrow::Cow;
use std::ops::Range;

use crate::tape::{Kind, Node, Tape};
use crate::text::{decode, locate};

/// One JSON value of a message that was read: borrowed, cheap to copy, never wrong about where it stands.
#[derive(Clone, Copy)]
pub struct Value<'t, 'a> {
    tape: &'t Tape,
    source: &'a str,
    index: u32,
}

impl std::fmt::Debug for Value<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Value").field(&self.lexeme()).finish()
    }
}

impl<'t, 'a> Value<'t, 'a> {
    pub(crate) fn new(tape: &'t Tape, source: &'a str, index: u32) -> Self {
        Self { tape, source, index }
    }

    fn raw(&self) -> Option<&'t Node> {
        self.tape.node(self.index)
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.raw().map_or(Kind::Null, |node| node.kind)
    }

    /// Its source text; of a string, with the quotes.
    pub fn lexeme(&self) -> &'a str {
        self.source.get(self.span()).unwrap_or_default()
    }

    /// Where its source text stands in the message.
    pub fn span(&self) -> Range<usize> {
        self.raw().map_or(0..0, |node| node.start as usize..node.end as usize)
    }

    /// Its index in the tape: stable as long as the message, and the same for the same message.
    pub fn node(&self) -> u32 {
        self.index
    }

    /// The decoded text of a string or key; `None` for any other kind.
    pub fn string(&self) -> Option<Cow<'a, str>> {
        let node = self.raw().filter(|node| node.kind == Kind::String)?;
        let inner = self.inner(node);
        Some(if node.escaped { decode(inner) } else { Cow::Borrowed(inner) })
    }

    /// Where ranges of a string's decoded text stand in the message, whatever escapes spell them. They must be in order
    /// and apart. Nothing for any other kind.
    pub fn source_ranges(&self, wanted: &[Range<usize>]) -> Vec<Range<usize>> {
        let Some(node) = self.raw().filter(|node| node.kind == Kind::String) else { return Vec::new() };
        let from = (node.start as usize).saturating_add(1);
        let inner = self.inner(node);
        let mut found = if node.escaped { locate(inner, wanted) } else { wanted.to_vec() };
        for range in &mut found {
            *range = range.start.saturating_add(from)..range.end.saturating_add(from);
        }
        found
    }

    fn inner(&self, node: &Node) -> &'a str {
        let (start, end) = (node.start.saturating_add(1), node.end.saturating_sub(1));
        self.source.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Whether it is a string or key that reads `text` when decoded.
    pub fn is_string(&self, text: &str) -> bool {
        let Some(node) = self.raw().filter(|node| node.kind == Kind::String) else { return false };
        let inner = self.inner(node);
        if node.escaped { decode(inner) == text } else { inner == text }
    }

    /// The member of an object by its decoded key; `None` where it has none, and for any other kind.
    pub fn get(&self, key: &str) -> Option<Self> {
        self.members().find(|(name, _)| name.is_string(key)).map(|(_, value)| value)
    }

    /// Whether it has no members, elements or characters; `false` for the other kinds.
    pub fn is_empty(&self) -> bool {
        self.raw().is_some_and(|node| match node.kind {
            Kind::Object | Kind::Array => node.next == self.index.saturating_add(1),
            Kind::String => self.inner(node).is_empty(),
            Kind::Null | Kind::Bool | Kind::Number => false,
        })
    }

    /// The keys and values of an object, in their order; nothing for any other kind.
    pub fn members(&self) -> Members<'t, 'a> {
        Members { children: self.children(Kind::Object) }
    }

    /// The elements of an array, in their order; nothing for any other kind.
    pub fn elements(&self) -> Elements<'t, 'a> {
        self.children(Kind::Array)
    }

    fn children(&self, kind: Kind) -> Elements<'t, 'a> {
        let first = self.index.saturating_add(1);
        let end = self.raw().filter(|node| node.kind == kind).map_or(first, |node| node.next);
        Elements { tape: self.tape, source: self.source, index: first, end }
    }

    /// Its place in the message as an RFC 6901 pointer; of a key, that of its value.
    pub fn pointer(&self) -> String {
        pointer(self.tape, self.source, self.index)
    }
}

/// The elements of an array.
#[derive(Clone)]
pub struct Elements<'t, 'a> {
    tape: &'t Tape,
    source: &'a str,
    index: u32,
    end: u32,
}

impl<'t, 'a> Iterator for Elements<'t, 'a> {
    type Item = Value<'t, 'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.index >= self.end {
            return None;
        }
        let node = self.tape.node(self.index)?;
        let value = Value::new(self.tape, self.source, self.index);
        self.index = node.next;
        Some(value)
    }
}

/// The keys and values of an object.
#[derive(Clone)]
pub struct Members<'t, 'a> {
    children: Elements<'t, 'a>,
}

impl<'t, 'a> Iterator for Members<'t, 'a> {
    type Item = (Value<'t, 'a>, Value<'t, 'a>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.children.next()?, self.children.next()?))
    }
}

/// The RFC 6901 pointer of a node. The tape may still be growing, as long as everything before the node is complete.
pub(crate) fn pointer(tape: &Tape, source: &str, index: u32) -> String {
    let mut way = Vec::with_capacity(8);
    let mut at = index;
    while let Some(node) = tape.node(at)
        && let Some(parent) = tape.node(node.parent)
    {
        way.push((at, node, parent));
        at = node.parent;
    }
    let mut path = String::with_capacity(64);
    for (at, node, parent) in way.into_iter().rev() {
        path.push('/');
        if parent.kind == Kind::Object {
            let key = if node.key { at } else { at.saturating_sub(1) };
            escape(&Value::new(tape, source, key).string().unwrap_or_default(), &mut path);
        } else {
            path.push_str(&tape.position(node.parent, at).to_string());
        }
    }
    path
}

/// Adds a name to a pointer, in which two signs stand for others.
fn escape(name: &str, path: &mut String) {
    let mut rest = name;
    while let Some((before, after)) = rest.find(['~', '/']).map(|at| rest.split_at(at)) {
        path.push_str(before);
        path.push_str(if after.starts_with('~') { "~0" } else { "~1" });
        rest = after.get(1..).unwrap_or_default();
    }
    path.push_str(rest);
}

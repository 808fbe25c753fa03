//! One message held against the pins of its server.

use vanguard_wire::{Body, Kind, Message, Value};

use super::change::{changes, told};
use super::drift::Drift;
use super::pin::{Identity, Pin};
use super::{Book, Held, Known, MAX_TOOLS, Pins, Seen, Sighting, Trouble};
use crate::session::{Exchange, Session, version_of};
use crate::verdict::Flow;

/// A message that tells what a server, or what tools it has.
pub(crate) struct Watch<'s, 't, 'a> {
    pins: &'s dyn Pins,
    result: Value<'t, 'a>,
    lists: bool,
    /// The version that the server gave in this session; where it gave none, the last that it is known by.
    version: Option<String>,
}

/// Something that is not as it was pinned.
pub(crate) struct Difference<'f> {
    pub(crate) drift: Drift,
    /// JSON pointer in the message.
    pub(crate) pointer: String,
    /// The tool, where it is one.
    pub(crate) tool: Option<&'f str>,
    pub(crate) evidence: String,
}

/// Whether what was found may be pinned.
type Told<'f> = dyn FnMut(Difference<'_>) -> bool + 'f;

impl<'s, 't, 'a> Watch<'s, 't, 'a> {
    /// For a message that there are pins for. All others pay a comparison of names at most.
    pub(crate) fn over(
        session: &'s Session,
        exchange: &Exchange,
        flow: Flow,
        message: &Message<'t, 'a>,
    ) -> Option<Self> {
        let pins = session.pins()?;
        let Body::Response { result, .. } = &message.body else { return None };
        let lists = match exchange.method.as_deref()? {
            "tools/list" => true,
            "initialize" | "server/discover" => false,
            _ => return None,
        };
        (flow == Flow::ToClient).then(|| Self { pins, result: *result, lists, version: session.version() })
    }

    pub(crate) fn known(&self) -> Known {
        self.pins.known()
    }

    pub(crate) fn keep(&self, seen: Seen) -> Result<(), Trouble> {
        self.pins.keep(seen)
    }

    /// Tells all that differs from `book`, and says what was seen.
    pub(crate) fn look(&self, book: &Book, told: &mut Told<'_>) -> Seen {
        if self.lists { self.tools(book, told) } else { self.server(book, told) }
    }

    fn tools(&self, book: &Book, found: &mut Told<'_>) -> Seen {
        let Some(tools) = self.result.get("tools") else { return Seen::default() };
        let known = || book.server.as_ref().map(|server| server.pinned.version.clone());
        let version = version_of(self.result).or_else(|| self.version.clone()).or_else(known).unwrap_or_default();
        let mut seen = Seen::default();
        // All of them: a known one that is listed ten thousand times must not hide the one behind.
        for tool in tools.elements() {
            let Some((name, now)) = Pin::of(tool, &version) else { continue };
            let of_tool = |drift, evidence| Difference { drift, pointer: tool.pointer(), tool: Some(&name), evidence };
            let (over, passed) = match book.tools.get(&name).map(|held| &held.pinned) {
                None if book.whole => (None, found(of_tool(Drift::Added, name.clone()))),
                None => (None, true),
                Some(was) if *was == now => continue,
                // The version alone is another: the pin is of this one from now on.
                Some(was) if was.digest == now.digest => (Some(was.clone()), true),
                Some(was) => {
                    let renewed = was.version != now.version;
                    let (drift, of) = if renewed {
                        (Drift::Renewed, format!(" ({} → {})", was.version, now.version))
                    } else {
                        (Drift::Changed, String::new())
                    };
                    let evidence = format!("{name}{of}: {}", told(&changes(was, &now)));
                    (Some(was.clone()), found(of_tool(drift, evidence)))
                }
            };
            // One more than are pinned, so that the book says that it is full.
            if seen.tools.len() <= MAX_TOOLS {
                seen.tools.push((name, Sighting { now, over, passed }));
            }
        }
        // An empty list is one of a server that is not ready.
        let ends = self.result.get("nextCursor").is_none_or(|cursor| cursor.kind() == Kind::Null);
        seen.whole = ends && !book.whole && !tools.is_empty();
        seen
    }

    fn server(&self, book: &Book, found: &mut Told<'_>) -> Seen {
        let Some(now) = Identity::of(self.result) else { return Seen::default() };
        let Some(Held { pinned: was, .. }) = &book.server else {
            return Seen { server: Some(Sighting { now, over: None, passed: true }), ..Seen::default() };
        };
        if *was == now {
            return Seen::default();
        }
        let renewed = was.version != now.version;
        let info = self.result.get("serverInfo").map(|info| info.pointer()).unwrap_or_default();
        let of_server =
            |drift, pointer: &str, evidence| Difference { drift, pointer: pointer.to_owned(), tool: None, evidence };
        let mut passed = true;
        if was.name != now.name {
            passed &= found(of_server(Drift::Server, &info, format!("{} → {}", was.name, now.name)));
        }
        if renewed {
            passed &= found(of_server(Drift::Version, &info, format!("{} → {}", was.version, now.version)));
        }
        if was.instructions != now.instructions {
            let part = |of: &'_ Identity| {
                let parts = of.instructions.iter().map(|text| ("instructions".to_owned(), text.clone())).collect();
                Pin { digest: String::new(), version: String::new(), parts }
            };
            let evidence = told(&changes(&part(was), &part(&now)));
            passed &= found(of_server(Drift::Instructions, "/result/instructions", evidence));
        }
        Seen { server: Some(Sighting { now, over: Some(was.clone()), passed }), ..Seen::default() }
    }
}

impl Seen {
    /// What is left where the message that it was seen in does not reach the client: nothing of it is pinned.
    pub(crate) fn refused(&mut self) {
        self.whole = false;
        self.tools.retain(|(_, sighting)| !sighting.passed);
        self.server.take_if(|sighting| sighting.passed);
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.whole && self.tools.is_empty() && self.server.is_none()
    }
}

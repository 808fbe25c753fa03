//! Which strings of a message can carry an attack, and what they are.

mod catalogue;
mod length;
mod operators;
mod strangers;
mod twins;

use std::borrow::Cow;

use vanguard_wire::{Body, Kind, Message, Value};

use crate::company::Company;
use crate::role::{self, Correction, Heard, Roles, Tool};
use crate::rules::Direction;
use crate::session::Exchange;
use crate::verdict::Flow;

use operators::Place;

/// A string in a message that can carry an attack.
#[derive(Debug, Clone)]
pub(crate) struct Field<'t, 'a> {
    /// Where it stands; its pointer is built only when it is needed.
    pub place: Value<'t, 'a>,
    /// The decoded string; for an argument vector its elements as one command line.
    pub text: Cow<'a, str>,
    /// What it is to its consumer.
    pub roles: Roles,
    /// Which rules read it.
    pub direction: Direction,
}

/// Calls `sink` with each field of `message`, in document order. Fields of [`Roles::OPAQUE`] hold no text.
pub(crate) fn each_field<'t, 'a>(
    message: &Message<'t, 'a>,
    flow: Flow,
    exchange: &Exchange,
    corrections: &[Correction],
    heard: &mut Heard,
    sink: &mut dyn FnMut(Field<'t, 'a>),
) {
    let mut walk = Walk {
        sink,
        heard,
        tool: Tool::default(),
        direction: Direction::REQUEST,
        path: String::new(),
        place: None,
        listed: &exchange.listed,
        company: exchange.company.as_deref(),
    };
    match (&message.body, flow) {
        (Body::Request { method, params, .. } | Body::Notification { method, params }, Flow::ToServer) => {
            let Some(params) = params else { return };
            // By position no server takes them, but who knows: unknown forms are looked at as arguments.
            if params.kind() != Kind::Object {
                walk.arguments(*params, "", Roles::empty());
            } else if method == "tools/call" {
                let name = params.get("name").and_then(|n| n.string()).unwrap_or_default();
                let corrections = Correction::of_tool(corrections, &name);
                let tool = Tool::new(walk.heard.of(&name), exchange.tool_roles.as_deref(), &corrections);
                // Nearly no call holds the sign of an operator, and then none need be looked for.
                let place = operators::may_hold(*params).then(|| Place::of_tool(&name));
                Walk { tool, place, ..walk }.call(*params);
            } else if is_resource_method(method) {
                walk.resource(*params);
            } else {
                walk.arguments(*params, "", Roles::empty());
            }
        }
        (Body::Response { result, .. }, Flow::ToServer) => walk.prose(*result),
        (Body::Error { error, .. }, Flow::ToServer) => walk.prose(*error),
        (Body::Request { params, .. } | Body::Notification { params, .. }, Flow::ToClient) => {
            if let Some(params) = params {
                walk.with(Direction::RESPONSE).prose(*params);
            }
        }
        (Body::Response { result, .. }, Flow::ToClient) => {
            let described = exchange.method.as_deref().is_some_and(describes);
            walk.with(if described { Direction::DESCRIPTION } else { Direction::RESPONSE }).prose(*result);
        }
        (Body::Error { error, .. }, Flow::ToClient) => walk.with(Direction::RESPONSE).prose(*error),
    }
}

/// Methods whose result tells the model what there is and how to use it.
fn describes(method: &str) -> bool {
    matches!(
        method,
        "initialize"
            | "server/discover"
            | "tools/list"
            | "prompts/list"
            | "resources/list"
            | "resources/templates/list"
            | "skills/list"
            | "skills/get"
    )
}

fn is_resource_method(method: &str) -> bool {
    matches!(method, "resources/read" | "resources/subscribe" | "resources/unsubscribe" | "resources/directory/read")
}

struct Walk<'s, 'n, 't, 'a> {
    sink: &'s mut dyn FnMut(Field<'t, 'a>),
    heard: &'s mut Heard,
    tool: Tool<'n>,
    direction: Direction,
    /// Property path of the value at hand without array indices, as a tool's schema names it.
    path: String,
    /// What takes the value at hand, where the call may hold operators of a database.
    place: Option<Place>,
    /// The tools that the client knows already.
    listed: &'n [Box<str>],
    /// Those of other servers beside them.
    company: Option<&'n Company>,
}

impl<'t, 'a> Walk<'_, '_, 't, 'a> {
    fn with(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    fn emit(&mut self, place: Value<'t, 'a>, text: Cow<'a, str>, roles: Roles) {
        (self.sink)(Field { place, text, roles, direction: self.direction });
    }

    /// The parameters of `tools/call`.
    fn call(mut self, params: Value<'t, 'a>) {
        for (key, value) in params.members() {
            match key.string().as_deref() {
                Some("name") => {
                    if let Some(name) = value.string().filter(|name| !is_identifier(name)) {
                        self.emit(value, name, Roles::ID);
                    }
                }
                Some("requestState") => self.emit(value, Cow::Borrowed(""), Roles::OPAQUE),
                Some("arguments") => self.arguments(value, "", Roles::empty()),
                _ => {
                    // Names beside the arguments are the protocol's, not the tool's.
                    let tool = std::mem::take(&mut self.tool);
                    self.arguments(value, "", Roles::empty());
                    self.tool = tool;
                }
            }
        }
    }

    /// The parameters of a method that names a resource: `file:` is an ordinary scheme there.
    fn resource(&mut self, params: Value<'t, 'a>) {
        for (key, value) in params.members() {
            match (key.string().as_deref(), value.string()) {
                (Some("uri"), Some(uri)) => {
                    let file = uri.get(..5).is_some_and(|s| s.eq_ignore_ascii_case("file:"));
                    self.emit(value, uri, if file { Roles::PATH } else { Roles::URL });
                }
                _ => self.arguments(value, "", Roles::empty()),
            }
        }
    }

    /// What an agent hands over: roles by schema, name and value.
    ///
    /// `key` is the name of the value, `outer` what the name of an enclosing array says of its elements.
    fn arguments(&mut self, value: Value<'t, 'a>, key: &str, outer: Roles) {
        match value.kind() {
            Kind::String => {
                let Some(text) = value.string() else { return };
                let roles = role::of_argument(&self.tool, &self.path, self.heard.of(key), &text) | outer;
                self.emit(value, text, roles);
            }
            // A host or URL may be spelt as one number: http://2130706433/.
            Kind::Number => {
                let named = self.heard.of(key).argument | outer;
                if named.intersects(Roles::HOST.union(Roles::URL)) {
                    self.emit(value, Cow::Borrowed(value.lexeme()), named);
                }
            }
            Kind::Array => {
                let roles = role::of_argument(&self.tool, &self.path, self.heard.of(key), "") & NAMED;
                let words = if roles.contains(Roles::COMMAND) { command_line(None, value) } else { None };
                if let Some(line) = words {
                    self.emit(value, Cow::Owned(line), Roles::COMMAND);
                    // One by one the words are no commands: `git commit -m "rm -rf /"` runs no rm.
                    for element in value.elements() {
                        if let Some(text) = element.string() {
                            let shown = role::value::of(&text, Roles::ID);
                            if !shown.is_empty() {
                                self.emit(element, text, shown);
                            }
                        }
                    }
                    return;
                }
                for element in value.elements() {
                    self.arguments(element, key, roles);
                }
            }
            Kind::Object => self.object(value, key, outer),
            Kind::Null | Kind::Bool => {}
        }
    }

    fn object(&mut self, object: Value<'t, 'a>, own: &str, outer: Roles) {
        if let Some(operator) = self.place.and_then(|place| operators::answer(object, own, place)) {
            self.emit(object, Cow::Owned(operator), Roles::ID);
        }
        if let Some((place, line)) = split_command(object) {
            self.emit(place, Cow::Owned(line), Roles::COMMAND);
        }
        for (key, value) in object.members() {
            let Some(name) = key.string() else { continue };
            if !is_identifier(&name) {
                let shown = role::value::of(&name, Roles::ID);
                let roles = if shown.is_empty() { Roles::ID | (outer & Roles::PATH) } else { shown };
                self.emit(key, name.clone(), roles);
            }
            let mark = self.path.len();
            if self.tool.knows_paths() {
                if mark > 0 {
                    self.path.push('/');
                }
                self.path.push_str(&name);
            }
            match self.place {
                Some(place) => self.operand(&name, value, place),
                None => self.arguments(value, &name, Roles::empty()),
            }
            self.path.truncate(mark);
        }
    }

    /// The value of `key` in a call that may hold operators.
    fn operand(&mut self, key: &str, value: Value<'t, 'a>, place: Place) {
        let runs =
            operators::scripts(key, value, &mut |place, script| self.emit(place, Cow::Owned(script), Roles::CODE));
        if runs {
            return;
        }
        let said = role::named(&self.tool, &self.path, self.heard.of(key));
        let queries = said.intersects(Roles::SQL | Roles::CODE);
        self.place = Some(if queries { Place::Query } else { place.below(key) });
        self.arguments(value, key, Roles::empty());
        self.place = Some(place);
    }

    /// A string, or those of an array, with the key in front: `$ref https://…`. Where a client may fetch it by itself it is a
    /// URL as well.
    fn keyed(&mut self, key: &str, value: Value<'t, 'a>) {
        let mut give = |value: Value<'t, 'a>| {
            let Some(text) = value.string().filter(|text| !text.is_empty()) else { return };
            if text.contains("//") {
                self.emit(value, text.clone(), Roles::URL);
            }
            self.emit(value, Cow::Owned(format!("{key} {text}")), Roles::TEXT);
        };
        match value.kind() {
            Kind::String => give(value),
            Kind::Array => value.elements().for_each(give),
            _ => {}
        }
    }

    /// What a model reads, or what is kept: every string is text.
    fn prose(&mut self, value: Value<'t, 'a>) {
        match value.kind() {
            Kind::String => {
                if let Some(text) = value.string() {
                    self.emit(value, text, Roles::TEXT);
                }
            }
            Kind::Array => value.elements().for_each(|element| self.prose(element)),
            Kind::Object => {
                let binary = is_binary(value);
                for (key, inner) in value.members() {
                    let Some(name) = key.string() else { continue };
                    if !is_identifier(&name) {
                        self.emit(key, name.clone(), Roles::TEXT);
                    }
                    if KEYED.contains(&&*name) {
                        self.keyed(&name, inner);
                    }
                    if self.direction.intersects(Direction::DESCRIPTION) && catalogue::is_one(&name) {
                        let told = (self.listed, self.company);
                        catalogue::look(&name, inner, value, told, &mut |place, text| {
                            self.emit(place, Cow::Owned(text), Roles::ID);
                        });
                    }
                    let blob = name == "blob" || (binary && name == "data");
                    let token = matches!(&*name, "nextCursor" | "requestState" | "progressToken");
                    if (blob || token) && inner.kind() == Kind::String {
                        self.emit(inner, Cow::Borrowed(""), Roles::OPAQUE);
                    } else {
                        self.prose(inner);
                    }
                }
            }
            Kind::Null | Kind::Bool | Kind::Number => {}
        }
    }
}

/// Members of a catalogue whose value means nothing without the key: what a client fetches, and what a page may load.
const KEYED: &[&str] = &[
    "$ref",
    "$dynamicRef",
    "$recursiveRef",
    "src",
    "icon",
    "iconUrl",
    "logo",
    "websiteUrl",
    "connectDomains",
    "resourceDomains",
    "frameDomains",
    "baseUriDomains",
    "connect_domains",
    "resource_domains",
    "frame_domains",
];

/// The roles that an array's name gives to its elements.
const NAMED: Roles = Roles::all().difference(Roles::ID).difference(Roles::TEXT);

/// An image or audio block: its `data` is base64 of something that is not text.
fn is_binary(block: Value<'_, '_>) -> bool {
    block.get("mimeType").is_some()
        && matches!(block.get("type").and_then(|t| t.string()).as_deref(), Some("image" | "audio"))
}

/// A key that any reader takes for a plain name; other keys are looked at like values.
fn is_identifier(key: &str) -> bool {
    key.len() <= 64
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'$' | b'/' | b'@' | b':' | b'#'))
        && !key.as_bytes().windows(2).any(|two| two == b"..")
        && !key.starts_with('/')
}

/// A program in one member and its arguments in another: `{"command": "rm", "args": ["-rf", "/"]}`.
fn split_command<'t, 'a>(object: Value<'t, 'a>) -> Option<(Value<'t, 'a>, String)> {
    let args = ["args", "arguments", "argv"].iter().find_map(|k| object.get(k)).filter(|v| v.kind() == Kind::Array)?;
    let program = ["command", "cmd", "program", "executable", "exec"].iter().find_map(|k| object.get(k))?;
    Some((args, command_line(Some(program.string()?), args)?))
}

/// An argument vector as the command line that a POSIX shell would take for it; `None` where an element is no string.
fn command_line(program: Option<Cow<'_, str>>, args: Value<'_, '_>) -> Option<String> {
    let mut line = program.map(Cow::into_owned).unwrap_or_default();
    let mut any = !line.is_empty();
    for element in args.elements() {
        let word = match element.kind() {
            Kind::String => element.string()?,
            Kind::Number | Kind::Bool => Cow::Borrowed(element.lexeme()),
            _ => return None,
        };
        if any {
            line.push(' ');
        }
        any = true;
        quote(&word, &mut line);
    }
    any.then_some(line)
}

/// Appends `word` so that a shell takes it for one word, itself.
fn quote(word: &str, line: &mut String) {
    let plain = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b':' | b'=' | b'@' | b',' | b'+' | b'%')
    };
    if !word.is_empty() && word.bytes().all(plain) {
        line.push_str(word);
        return;
    }
    line.push('\'');
    for c in word.chars() {
        if c == '\'' {
            line.push_str("'\\''");
        } else {
            line.push(c);
        }
    }
    line.push('\'');
}

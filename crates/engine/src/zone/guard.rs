//! One message's paths, held against the zones that its tool must keep to.

use vanguard_wire::{Body, Message, Value};

use crate::fields::Field;
use crate::finding::{Action, Evidence};
use crate::policy::Policy;
use crate::role::name::says;
use crate::role::schema::ToolRoles;
use crate::role::{self, Correction, Roles, Tool};
use crate::session::{Exchange, Session};
use crate::verdict::Flow;
use crate::views::path::{root_and_rest, strip_file_scheme};

use super::asked::{Asked, Sure, names_file, property};
use super::breach::{Breach, breaches};
use super::spelling::{Form, forms};
use super::{Rights, Standing, Trouble, What, Zone, content, needs};

/// The most paths of one message that are followed; one with more is refused.
pub const MAX_PATHS: usize = 1024;
/// The most directories that a call may name for its relative paths.
const MAX_DIRECTORIES: usize = 4;
/// The most places of one message that are recorded.
const MAX_PLACES: usize = 64;

/// Where a path of a message leads, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// JSON pointer of the path.
    pub pointer: String,
    /// The place, shown like any other evidence.
    pub shown: Evidence,
    /// What the file system said.
    pub standing: Standing,
}

/// What is wrong with a field.
pub(crate) struct Found {
    pub(crate) breach: Breach,
    pub(crate) action: Action,
    pub(crate) evidence: String,
}

/// The zones over one message.
pub(crate) struct Guard<'g, 't, 'a> {
    zones: &'g [Zone],
    /// `None` for what no tool does.
    name: Option<&'g str>,
    exchange: &'g Exchange,
    arguments: Option<Value<'t, 'a>>,
    corrections: Vec<&'g Correction>,
    effect: Rights,
    session: &'g Session,
    followed: usize,
    places: Vec<Place>,
}

impl<'g, 't, 'a> Guard<'g, 't, 'a> {
    /// `None` where no zone is for the message's tool.
    pub(crate) fn over(
        policy: &'g Policy,
        session: &'g Session,
        exchange: &'g Exchange,
        flow: Flow,
        message: &Message<'t, 'a>,
    ) -> Option<Self> {
        let name = exchange.tool.as_deref().filter(|_| exchange.method.as_deref() == Some("tools/call"));
        if flow != Flow::ToServer || !policy.zones.iter().any(|zone| zone.concerns(name)) {
            return None;
        }
        let reads_only = exchange.tool_roles.as_deref().and_then(ToolRoles::reads_only);
        let effect = name.map_or(Rights::READ, |name| needs::of_tool(name, reads_only));
        let corrections = Correction::of_tool(&policy.roles, name.unwrap_or_default());
        let arguments = match &message.body {
            Body::Request { params, .. } | Body::Notification { params, .. } => params.and_then(|p| p.get("arguments")),
            Body::Response { .. } | Body::Error { .. } => None,
        };
        let places = Vec::new();
        Some(Self {
            zones: &policy.zones,
            name,
            exchange,
            arguments,
            corrections,
            effect,
            session,
            followed: 0,
            places,
        })
    }

    /// Where the paths led.
    pub(crate) fn into_places(self) -> Vec<Place> {
        self.places
    }

    /// Looks at one field.
    pub(crate) fn look(&mut self, field: &Field<'_, '_>, found: &mut dyn FnMut(Found)) {
        if !field.roles.contains(Roles::PATH) {
            if field.text.len() >= content::SHORTEST && self.effect.contains(Rights::WRITE) {
                self.measure(&field.text, found);
            }
            return;
        }
        let pointer = field.place.pointer();
        let (path, key) = property(&pointer);
        let sure = self.sureness(&path, &key, &field.text);
        let asked = Asked { text: &field.text, pointer: &pointer, sure, needs: self.needs(&key) };
        let (session, mut all) = (self.session, Vec::new());
        let variable = |name: &str| session.ground()?.variable(name).map(str::to_owned);
        forms(&field.text, &variable, &mut |form| all.push(form));
        let mut told = Vec::new();
        for form in all {
            self.follow(form, &asked, &mut |this| {
                if !told.contains(&this.breach) {
                    told.push(this.breach);
                    found(this);
                }
            });
        }
    }

    fn sureness(&self, path: &str, key: &str, text: &str) -> Sure {
        if strip_file_scheme(text).len() < text.len() {
            return Sure::Path;
        }
        // `source: https://…`: another machine's path.
        if text.contains("://") && !text.contains("..") {
            return Sure::Word;
        }
        let roles = self.exchange.tool_roles.as_deref();
        let tool = Tool::new(says(self.name.unwrap_or_default()), roles, &self.corrections);
        let named = role::named(&tool, path, says(key));
        if !named.contains(Roles::PATH) {
            return Sure::Shape;
        }
        let said = roles.is_some_and(|roles| roles.of(path).contains(Roles::PATH)) || names_file(key);
        if said || text.contains(['/', '\\', '.', '~', '$']) { Sure::Path } else { Sure::Word }
    }

    fn needs(&self, key: &str) -> Rights {
        match self.name {
            Some(name) => needs::of_argument(self.effect, name, key),
            None => self.effect,
        }
    }

    fn follow(&mut self, form: Form<'_>, asked: &Asked<'_>, found: &mut dyn FnMut(Found)) {
        let path = match form {
            Form::Absolute(path) => {
                let Judged { breaches, .. } = self.judge(&path, asked);
                return breaches.into_iter().for_each(found);
            }
            Form::Relative(path) => path,
            Form::Unknown(trouble) => {
                let standing = Standing::lost(asked.text, trouble);
                return self.breaches(asked, &standing).into_iter().for_each(found);
            }
        };
        let mut readings = vec![self.judge(&path, asked)];
        for root in &*self.session.roots() {
            readings.push(self.judge(&format!("{root}/{path}"), asked));
        }
        if readings.iter().all(|reading| reading.breaches.is_empty()) {
            return;
        }
        // The call itself may say where from: `{"repo_path": "/srv/data", "files": ["a.txt"]}`.
        let mut meant = Vec::new();
        for base in self.directories(asked) {
            meant.push(self.judge(&format!("{base}/{path}"), asked));
        }
        if !meant.is_empty() && meant.iter().all(|reading| reading.breaches.is_empty()) {
            let is_there = meant.iter().any(|reading| reading.is_there);
            let told = readings.into_iter().filter(|reading| !is_there && reading.is_there);
            return told.flat_map(|reading| reading.breaches).for_each(found);
        }
        // A server may look in its zones first. One reading must lead into a zone, and none to something outside.
        if readings.iter().all(|reading| !reading.breaches.is_empty()) {
            let (zones, name) = (self.zones, self.name);
            for zone in zones.iter().filter(|zone| zone.concerns(name)) {
                readings.push(self.judge(&format!("{}/{path}", zone.path), asked));
            }
        }
        let inside = readings.iter().any(|reading| reading.breaches.is_empty());
        let harmless = |reading: &Judged| !reading.is_there && !asked.needs.contains(Rights::WRITE);
        let told = readings.into_iter().filter(|reading| !inside || !harmless(reading));
        told.flat_map(|reading| reading.breaches).for_each(found);
    }

    /// The directories that other arguments of the call name, from which a relative path may be meant. Only arguments that the
    /// tool has count, where it is known: another would be passed over by the server, and change what we take the path for.
    fn directories(&mut self, asked: &Asked<'_>) -> Vec<String> {
        let mut all = Vec::new();
        for (key, value) in self.arguments.into_iter().flat_map(|arguments| arguments.members()) {
            let (Some(key), Some(text)) = (key.string(), value.string()) else { continue };
            let known = self.exchange.tool_roles.as_deref().is_none_or(|tool| tool.declares(&key));
            let absolute = root_and_rest(&text).0 && !text.contains("..");
            if known && absolute && asked.pointer != value.pointer() && all.len() < MAX_DIRECTORIES {
                let standing = self.standing(&text);
                if standing.what == What::Directory && self.breaches(asked, &standing).is_empty() {
                    all.push(text.into_owned());
                }
            }
        }
        all
    }

    /// Has the ground say where a path leads, and what is wrong with that.
    fn judge(&mut self, path: &str, asked: &Asked<'_>) -> Judged {
        let standing = self.standing(path);
        if !asked.is_meant(&standing) {
            return Judged { breaches: Vec::new(), is_there: false };
        }
        let breaches = self.breaches(asked, &standing);
        let is_there = !matches!(standing.what, What::Missing | What::Nowhere) || standing.trouble.is_some();
        if self.places.len() < MAX_PLACES {
            let shown = Evidence::new(&standing.place, false);
            self.places.push(Place { pointer: asked.pointer.to_owned(), shown, standing });
        }
        Judged { breaches, is_there }
    }

    fn breaches(&self, asked: &Asked<'_>, standing: &Standing) -> Vec<Found> {
        let mut all = Vec::new();
        breaches(self.zones, self.name, asked.needs, standing, &mut |breach, action| {
            all.push(Found { breach, action, evidence: asked.evidence(breach, standing) });
        });
        all
    }

    fn standing(&mut self, path: &str) -> Standing {
        self.followed = self.followed.saturating_add(1);
        match self.session.ground() {
            Some(ground) if self.followed <= MAX_PATHS => ground.resolve(path),
            Some(_) => Standing::lost(path, Trouble::System),
            None => Standing::lost(path, Trouble::NoGround),
        }
    }

    /// Whether what is to be written is more random than every zone of the tool takes.
    fn measure(&self, text: &str, found: &mut dyn FnMut(Found)) {
        let limits = self.zones.iter().filter(|zone| zone.concerns(self.name)).filter_map(|zone| zone.max_entropy);
        let Some(limit) = limits.reduce(f64::min) else { return };
        let entropy = content::entropy(text);
        if entropy > limit {
            let evidence = format!("{entropy:.2} bits a byte, and {limit:.2} is the most");
            found(Found { breach: Breach::Entropy, action: Action::Block, evidence });
        }
    }
}

/// What came of one reading of a path.
struct Judged {
    breaches: Vec<Found>,
    /// Whether something is there.
    is_there: bool,
}

//! Where host names lead: what the engine asks of a resolver, as an argument. Decisions replay by the answers.
//!
//! A name that leads inward is judged like the address itself: `http://wiki.example/a` that resolves to 10.0.0.7 is looked at
//! as `http://10.0.0.7/a` as well, by the same rules, exceptions and profiles.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use crate::detect;
use crate::fields::Field;
use crate::finding::{Action, Confidence, RuleInfo, Severity};
use crate::role::Roles;
use crate::rules::Direction;
use crate::views::{ViewKind, ViewLimits, each_view};

/// The most names of one message that are resolved; with more, the rest is unknown.
pub const MAX_HOSTS: usize = 16;
/// The most URLs with such names.
const MAX_URLS: usize = 64;
/// A longer value is not remembered for exceptions.
const MAX_VALUE: usize = 4096;
/// The most addresses of one name that are looked at.
const MAX_ADDRESSES: usize = 16;

/// Who knows host names. It looks and decides nothing; how long it may take is its own affair, and bounded.
pub trait Directory: fmt::Debug + Send + Sync {
    /// What each of `names` resolves to, in their order.
    fn look_up(&self, names: &[String]) -> Vec<Resolved>;
}

/// What a name resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// These addresses.
    To(Vec<IpAddr>),
    /// Nobody knows, for this reason.
    Unknown(Unknown),
}

/// Why nobody knows what a name resolves to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// The resolver knows no such name, or could not ask.
    NotFound,
    /// It took too long.
    TooSlow,
    /// Too many names are asked for at once.
    TooMany,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "could not be resolved",
            Self::TooSlow => "took too long to resolve",
            Self::TooMany => "was not resolved: too many names at once",
        })
    }
}

/// What there is to say of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lead {
    /// It leads where the open network does not.
    Inward,
    /// Nobody knows where it leads.
    Unknown,
}

impl Lead {
    pub(crate) const ALL: [Self; 2] = [Self::Inward, Self::Unknown];

    pub(crate) fn info(self) -> RuleInfo {
        let (id, title, message, tune) = match self {
            Self::Inward => (
                "HOST-INWARD",
                "Host name that leads inward",
                "This name resolves to an address inside the machine or its network. The rules for addresses decide.",
                "Except the rule that refuses the address, for this value.",
            ),
            Self::Unknown => (
                "HOST-UNKNOWN",
                "Host name that could not be resolved",
                "Nobody knows where this name leads. Recorded; refused in strict mode.",
                "Override HOST-UNKNOWN to off where the proxy cannot see the server's names.",
            ),
        };
        RuleInfo {
            id: id.into(),
            title: title.into(),
            family: "engine".into(),
            message: message.into(),
            severity: Severity::Low,
            confidence: Confidence::High,
            references: vec!["CWE-918".into(), "CWE-350".into()],
            tune: Some(tune.into()),
        }
    }

    /// What it asks for.
    pub(crate) fn action(self, strict: bool) -> Action {
        if self == Self::Unknown && strict { Action::Block } else { Action::Warn }
    }
}

/// A URL of a message whose host is a name.
struct Named<'t, 'a> {
    field: Field<'t, 'a>,
    url: Url,
    name: String,
}

/// What came of one URL.
pub(crate) struct Led<'t, 'a> {
    pub(crate) lead: Lead,
    /// `wiki.example → 10.0.0.7`.
    pub(crate) evidence: String,
    /// The field as it would be with the address in the name's place; as it is where nobody knows.
    pub(crate) field: Field<'t, 'a>,
}

/// The host names of one message.
pub(crate) struct Hosts<'d, 't, 'a> {
    directory: &'d dyn Directory,
    named: Vec<Named<'t, 'a>>,
    names: Vec<String>,
    /// The first URL whose name was one too many.
    beyond: Option<Named<'t, 'a>>,
}

impl<'d, 't, 'a> Hosts<'d, 't, 'a> {
    pub(crate) fn new(directory: &'d dyn Directory) -> Self {
        Self { directory, named: Vec::new(), names: Vec::new(), beyond: None }
    }

    /// Takes note of the names in one field.
    pub(crate) fn gather(&mut self, field: &Field<'t, 'a>, limits: &ViewLimits) {
        let acts = field.roles.intersects(Roles::URL | Roles::HOST | Roles::COMMAND | Roles::CODE);
        if field.direction != Direction::REQUEST || !acts {
            return;
        }
        each_view(&field.text, field.roles, limits, &mut |view, chain| {
            if chain.kind() == ViewKind::Url {
                view.lines().for_each(|line| self.note(field, line));
            }
        });
    }

    fn note(&mut self, field: &Field<'t, 'a>, line: &str) {
        let Ok(mut url) = Url::parse(line) else { return };
        let Some(Host::Domain(host)) = url.host() else { return };
        if detect::host_leads_inward(host) {
            return;
        }
        let name = host.to_owned();
        // What was asked of the server stands in the field itself.
        url.set_query(None);
        url.set_fragment(None);
        if self.named.iter().any(|known| known.url == url) {
            return;
        }
        let text = if field.text.len() <= MAX_VALUE { field.text.clone() } else { Cow::Borrowed("") };
        let named = Named { field: Field { text, roles: Roles::URL, ..*field }, url, name };
        let known = self.names.contains(&named.name);
        if self.named.len() >= MAX_URLS || (!known && self.names.len() >= MAX_HOSTS) {
            self.beyond.get_or_insert(named);
            return;
        }
        if !known {
            self.names.push(named.name.clone());
        }
        self.named.push(named);
    }

    /// Has them resolved and tells what there is to say.
    pub(crate) fn resolve(self, told: &mut dyn FnMut(Led<'t, 'a>)) {
        let Self { directory, named, names, beyond } = self;
        if names.is_empty() {
            return;
        }
        let mut answers = directory.look_up(&names);
        answers.resize(names.len(), Resolved::Unknown(Unknown::NotFound));
        for Named { field, url, name } in named {
            let answer = names.iter().position(|known| *known == name).and_then(|at| answers.get(at));
            match answer {
                Some(Resolved::To(addresses)) => {
                    let inward = addresses.iter().take(MAX_ADDRESSES).filter(|ip| detect::leads_inward(**ip));
                    for address in inward {
                        let mut led = url.clone();
                        if led.set_ip_host(*address).is_ok() {
                            let field = Field { text: Cow::Owned(led.into()), ..field.clone() };
                            told(Led { lead: Lead::Inward, evidence: format!("{name} → {address}"), field });
                        }
                    }
                }
                Some(Resolved::Unknown(why)) => told(unknown(field, &name, *why)),
                None => {}
            }
        }
        if let Some(Named { field, name, .. }) = beyond {
            told(unknown(field, &name, Unknown::TooMany));
        }
    }
}

fn unknown<'t, 'a>(field: Field<'t, 'a>, name: &str, why: Unknown) -> Led<'t, 'a> {
    Led { lead: Lead::Unknown, evidence: format!("{name} {why}"), field }
}

//! One message as behaviour sees it: what it adds to the counts, where it moves sequences to, what it brings or takes away.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHasher;
use serde::Serialize;
use vanguard_wire::{Body, Message};

use super::entropy::{self, Class};
use super::flow::{Kind, MAX_TEXT, Outgoing, Source};
use super::limit::{Amounts, Limit, Per, results};
use super::memory::{Count, Memory, Of, Passed};
use super::sequence::{Event, follow};
use super::trail::Trail;
use super::usual::Habit;
use super::{Behaviour, Effects, Way};
use crate::fields::Field;
use crate::finding::{Action, Finding, RuleInfo};
use crate::role::Roles;
use crate::secret::entropy;
use crate::session::{Exchange, Session};
use crate::verdict::Flow;
use crate::views::{ViewLimits, each_view};

/// What a call did, as far as its answer must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed {
    effects: Effects,
    /// Whether it touched a place for credentials.
    sensitive: bool,
    /// Its number in the session.
    call: u32,
}

/// What behaviour finds in a message, before the policy has its say.
#[derive(Debug)]
pub(crate) struct Noted {
    pub(crate) info: Arc<RuleInfo>,
    pub(crate) action: Action,
    /// JSON pointer; empty for the whole message.
    pub(crate) pointer: String,
    pub(crate) evidence: String,
}

/// One message under watch.
pub(crate) struct Watch<'e, 't, 'a> {
    behaviour: &'e Behaviour,
    memory: &'e dyn Memory,
    /// Who asks, as counts know it.
    who: Option<String>,
    tool: Arc<str>,
    deed: Deed,
    is_answer: bool,
    /// What may have to be looked at: in a call what leaves or is run, in an answer what it brings.
    fields: Vec<Field<'t, 'a>>,
    bytes: usize,
    /// What its content is by its entropy.
    random: Vec<Noted>,
    past: Past,
}

/// What a session had done when a message came, as it is recorded.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Past {
    /// Calls of tools until then, this one included.
    pub call: u32,
    /// What was brought that is remembered: `private`, `untrusted`, `sensitive`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<&'static str>,
    /// What windows held, by limit.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub windows: BTreeMap<String, u64>,
    /// The most bits a byte of its encoded content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entropy: Option<f64>,
    /// Milliseconds that the call was held up by a limit.
    #[serde(skip_serializing_if = "is_zero")]
    pub held_ms: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl<'t, 'a> Watch<'_, 't, 'a> {
    /// For a call of a tool, or the answer to one, in a session that is remembered.
    pub(crate) fn over<'e>(
        behaviour: Option<&'e Behaviour>,
        session: &'e Session,
        exchange: &Exchange,
        flow: Flow,
        message: &Message<'_, '_>,
    ) -> Option<Watch<'e, 't, 'a>> {
        let (behaviour, memory) = (behaviour?, &**session.memory()?);
        let tool = match exchange.method.as_deref()? {
            "tools/call" => exchange.tool.clone()?,
            "resources/read" => exchange.method.clone()?,
            _ => return None,
        };
        let is_answer = matches!(message.body, Body::Response { .. } | Body::Error { .. });
        if is_answer != (flow == Flow::ToClient) {
            return None;
        }
        let deed = match exchange.deed {
            Some(deed) => deed,
            None if is_answer => return None,
            None => Deed { effects: behaviour.effects_of(&tool, exchange), sensitive: false, call: 0 },
        };
        let who = session.who().map(|who| format!("{:?}:{}", who.identity.entry, who.identity.name));
        let (fields, random, past) = (Vec::new(), Vec::new(), Past::default());
        Some(Watch { behaviour, memory, who, tool, deed, is_answer, fields, bytes: 0, random, past })
    }

    /// Takes note of a field.
    pub(crate) fn gather(&mut self, field: &Field<'t, 'a>) {
        self.bytes = self.bytes.saturating_add(field.text.len());
        if self.is_answer {
            self.measure(field);
            let brings = self.deed.sensitive || self.deed.effects.intersects(Effects::PRIVATE | Effects::UNTRUSTED);
            if brings && self.bytes <= MAX_TEXT {
                self.fields.push(field.clone());
            }
            return;
        }
        if field.roles.intersects(Roles::PATH | Roles::COMMAND | Roles::URL) {
            self.deed.sensitive |= names_credentials(&field.text) || self.behaviour.is_sensitive(&field.text);
        }
        if self.deed.effects.intersects(Effects::SENDS | Effects::RUNS)
            && !field.roles.contains(Roles::SECRET)
            && self.bytes <= MAX_TEXT
        {
            self.fields.push(field.clone());
        }
    }

    /// Takes note of how random a field of an answer is.
    fn measure(&mut self, field: &Field<'t, 'a>) {
        let measure = if field.roles.contains(Roles::OPAQUE) {
            field.place.string().filter(|text| text.len() >= entropy::LEAST).and_then(|text| entropy::of_encoded(&text))
        } else if field.text.len() >= entropy::LEAST {
            entropy::of_text(&field.text)
        } else {
            None
        };
        let Some(measure) = measure else { return };
        let most = self.past.entropy.unwrap_or_default().max((measure.bits * 100.0).round() / 100.0);
        self.past.entropy = Some(most);
        let what = match measure.class {
            Class::Encrypted => "encrypted",
            Class::Key => "a private key",
            Class::Random => "no known format",
            Class::Known | Class::Plain => return,
        };
        if self.random.is_empty() {
            let evidence = format!("{:.2} bits a byte over {} bytes, {what}", measure.bits, measure.window);
            let (info, action) = (Arc::clone(&self.behaviour.entropy.0), self.behaviour.entropy.1);
            self.random.push(Noted { info, action, pointer: field.place.pointer(), evidence });
        }
    }

    /// Counts the message, follows what it does and says what there is to say. `refused`: it does not pass anyway, for what `findings` say.
    pub(crate) fn pass(
        mut self,
        now_ms: u64,
        findings: &[Finding],
        refused: bool,
        views: &ViewLimits,
    ) -> (Vec<Noted>, Deed, Past) {
        let family = |name: &str| findings.iter().any(|finding| finding.rule.family == name);
        if !self.is_answer {
            self.deed.sensitive |= family("path");
        }
        let rules: Vec<&str> = findings.iter().map(|finding| &*finding.rule.id).collect();
        let suspected = findings.iter().any(|finding| finding.action >= Action::Warn && finding.excepted.is_none());
        let amounts = self.amounts(refused, suspected);
        let counted: Vec<(&Limit, Count<'_>)> = self.counted(&amounts);
        let counts: Vec<Count<'_>> = counted.iter().map(|(_, count)| *count).collect();
        let (mut noted, mut call, mut past) = (Vec::new(), self.deed.call, self.past.clone());
        let mut step = |totals: &[u64], trail: &mut Trail| {
            noted.clear();
            if trail.quarantined_until > now_ms && !self.is_answer {
                let evidence =
                    format!("for {} s more", (trail.quarantined_until.saturating_sub(now_ms)).div_ceil(1_000));
                let info = Arc::clone(&self.behaviour.quarantine);
                noted.push(Noted { info, action: Action::Block, pointer: String::new(), evidence });
            }
            for ((limit, count), total) in counted.iter().zip(totals) {
                if count.amount > 0 || limit.throttles {
                    past.windows.insert(limit.info.id.to_string(), *total);
                }
                if !self.is_answer {
                    let held = limit.hold(*total).as_millis();
                    past.held_ms = past.held_ms.max(u64::try_from(held).unwrap_or_default());
                }
                if limit.is_exceeded(*total, count.amount) {
                    if limit.quarantines() {
                        trail.quarantined_until = now_ms.saturating_add(count.window_ms);
                    }
                    let (info, action) = (Arc::clone(&limit.info), limit.action);
                    noted.push(Noted { info, action, pointer: String::new(), evidence: limit.evidence(*total) });
                }
            }
            if self.is_answer {
                self.bring(trail, refused);
            } else {
                trail.calls = trail.calls.saturating_add(1);
                call = trail.calls;
                self.follow(trail, refused, &rules, now_ms, &mut noted);
                if self.behaviour.unusual {
                    trail.usual.meet(&self.habit(now_ms), &mut |evidence| noted.push(self.unusual(evidence)));
                }
                if !refused {
                    self.take_away(trail, views, &mut noted);
                }
            }
            past.call = trail.calls;
            past.holds = trail.flows.holds();
        };
        let passed = if self.is_answer {
            self.memory.pass_answer(now_ms, &counts, &mut step)
        } else {
            self.memory.pass(now_ms, &counts, &mut step)
        };
        if let Some(who) = self.who.as_deref().filter(|_| self.behaviour.unusual && !self.is_answer) {
            // What is unusual for the session as well is said already.
            let said = noted.iter().any(|noted| noted.info.id == self.behaviour.habit.id);
            let mut more = Vec::new();
            self.memory.habits(who, &mut |usual| {
                usual.meet(&self.habit(now_ms), &mut |evidence| {
                    more.push(self.unusual(format!("{evidence}, of the principal's sessions")));
                });
            });
            noted.extend(more.into_iter().filter(|_| !said));
        }
        noted.append(&mut self.random);
        let lost = match passed {
            Ok(Passed::Exactly) => None,
            Ok(Passed::Alone(lost)) => Some((Action::Warn, lost)),
            Err(lost) => Some((Action::Block, lost)),
        };
        if let Some((action, lost)) = lost {
            let info = Arc::clone(&self.behaviour.lost);
            noted.push(Noted { info, action, pointer: String::new(), evidence: lost.to_string() });
        }
        self.deed.call = call;
        (noted, self.deed, past)
    }

    fn habit(&self, now_ms: u64) -> Habit {
        Habit { effects: self.deed.effects, bytes: self.bytes, now_ms }
    }

    fn unusual(&self, evidence: String) -> Noted {
        let info = Arc::clone(&self.behaviour.habit);
        Noted { info, action: Action::Warn, pointer: String::new(), evidence }
    }

    fn amounts(&self, refused: bool, suspected: bool) -> Amounts {
        let bytes = self.bytes as u64;
        let effects = self.deed.effects;
        if self.is_answer {
            let results = results(self.past.entropy);
            return Amounts { effects, results, brought: bytes, ..Amounts::default() };
        }
        let sent = if effects.contains(Effects::SENDS) && !refused { bytes } else { 0 };
        let (refusals, suspected) = (u64::from(refused), u64::from(suspected));
        Amounts { effects, calls: 1, sent, refusals, suspected, ..Amounts::default() }
    }

    fn counted(&self, amounts: &Amounts) -> Vec<(&Limit, Count<'_>)> {
        let window_ms = |limit: &Limit| u64::try_from(limit.window.as_millis()).unwrap_or(u64::MAX);
        let of = |limit: &Limit| match limit.per {
            Per::Session => Of::Session,
            // Who has no name is told apart by the session.
            Per::Principal => self.who.as_deref().map_or(Of::Session, Of::Principal),
            Per::Tool => Of::Tool(&self.tool),
        };
        // A limit that throttles is asked by each call, whatever it counts; and each that the answer will count in, for a memory that can then
        // go by what it said.
        let is_asked = |limit: &Limit| !self.is_answer && (limit.throttles || limit.is_of_answers());
        let asks = |limit: &Limit| limit.of(amounts) > 0 || is_asked(limit);
        let limits = self.behaviour.limits.iter().filter(|limit| asks(limit));
        limits
            .map(|limit| {
                let (amount, window_ms) = (limit.of(amounts), window_ms(limit));
                (limit, Count { limit: &limit.info.id, of: of(limit), window_ms, amount })
            })
            .collect()
    }

    fn follow(&self, trail: &mut Trail, refused: bool, rules: &[&str], now_ms: u64, noted: &mut Vec<Noted>) {
        let Deed { effects, sensitive, .. } = self.deed;
        let event = Event { effects, sensitive, refused, rules, call: trail.calls, now_ms };
        follow(&self.behaviour.sequences, &mut trail.progress, &event, &mut |sequence, from| {
            let evidence = format!("{} since call {from}", plural(trail.calls.saturating_sub(from), "call"));
            let info = Arc::clone(&sequence.info);
            noted.push(Noted { info, action: sequence.action, pointer: String::new(), evidence });
        });
    }

    /// Remembers what the answer brings.
    fn bring(&self, trail: &mut Trail, refused: bool) {
        if refused {
            return;
        }
        let Deed { effects, sensitive, call } = self.deed;
        let salt = trail.salt;
        let flows = &mut trail.flows;
        for field in &self.fields {
            if sensitive {
                flows.bring(Kind::Sensitive, call, &self.tool, &field.text, salt);
                for token in field.text.split(|c: char| !is_of_token(c)).filter(|token| is_credential(token)).take(8) {
                    flows.bring(Kind::Secret, call, &self.tool, token, salt);
                }
            } else if effects.contains(Effects::PRIVATE) {
                flows.bring(Kind::Private, call, &self.tool, &field.text, salt);
            }
            if effects.contains(Effects::UNTRUSTED) {
                flows.bring(Kind::Untrusted, call, &self.tool, &field.text, salt);
            }
        }
    }

    /// Holds what leaves, or is run, against what was brought.
    fn take_away(&self, trail: &mut Trail, views: &ViewLimits, noted: &mut Vec<Noted>) {
        const LEAVING: [Kind; 3] = [Kind::Secret, Kind::Sensitive, Kind::Private];
        let (salt, flows) = (trail.salt, &mut trail.flows);
        let runs = self.deed.effects.contains(Effects::RUNS);
        let (leaves, repeats) = (flows.knows(&LEAVING), runs && flows.knows(&[Kind::Untrusted]));
        if !leaves && !repeats {
            return;
        }
        for field in self.fields.iter().filter(|field| !is_for_credentials(&field.place.pointer())) {
            let sends = self.deed.effects.contains(Effects::SENDS) || goes_out(&field.text);
            let mut found: Vec<(Way, String)> = Vec::new();
            let mut note = |way: Way, source: &Source, decoded: &str| {
                if !found.iter().any(|(known, _)| *known == way) {
                    let how = if decoded.is_empty() { String::new() } else { format!(", {decoded}") };
                    found.push((way, format!("{} of call {} ({}{how})", source.tool, source.call, source.share())));
                }
            };
            each_view(&field.text, field.roles, views, &mut |view, chain| {
                let mut hasher = FxHasher::default();
                let decoded = chain.to_string();
                (&*self.tool, field.place.pointer(), &decoded).hash(&mut hasher);
                let place = (hasher.finish() >> 32) as u32;
                let out = Outgoing { place, text: view.to_owned() };
                if leaves && sends {
                    flows.leaves(&out, salt, &mut |source| {
                        let way = match source.kind {
                            Kind::Secret => Way::Secret,
                            Kind::Sensitive => Way::Sensitive,
                            Kind::Private | Kind::Untrusted => Way::Private,
                        };
                        note(way, source, &decoded);
                    });
                }
                let is_run = repeats && field.roles.intersects(Roles::COMMAND | Roles::CODE);
                if let Some(source) = is_run.then(|| flows.repeats(&out, salt)).flatten() {
                    note(Way::Repeated, source, &decoded);
                }
            });
            for (way, evidence) in found {
                let Some((_, info, action)) = self.behaviour.flows.iter().find(|(known, ..)| *known == way) else {
                    continue;
                };
                noted.push(Noted { info: Arc::clone(info), action: *action, pointer: field.place.pointer(), evidence });
            }
        }
    }
}

impl Behaviour {
    fn is_sensitive(&self, text: &str) -> bool {
        !self.sensitive.is_empty() && {
            let text = text.to_ascii_lowercase();
            self.sensitive.iter().any(|part| text.contains(&**part))
        }
    }

    pub(crate) fn effects_of(&self, tool: &str, exchange: &Exchange) -> Effects {
        if exchange.tool.is_none() {
            return Effects::READS;
        }
        let said = self.effects.iter().find(|said| said.tools.is_match(tool)).map(|said| said.effects);
        said.unwrap_or_else(|| Effects::of(tool, exchange.tool_roles.as_deref()))
    }
}

fn plural(count: u32, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Whether a path, or one in a command, is named after credentials. Source code is about them and holds none.
fn names_credentials(text: &str) -> bool {
    const NAMES: [&str; 12] = [
        "secret",
        "secrets",
        "credential",
        "credentials",
        "password",
        "passwords",
        "passwd",
        "htpasswd",
        "keystore",
        "keychain",
        "wallet",
        "apikeys",
    ];
    const KINDS: [&str; 7] = ["pem", "p12", "pfx", "kdbx", "jks", "keytab", "asc"];
    const CODE: [&str; 22] = [
        "rs", "py", "js", "mjs", "ts", "tsx", "jsx", "go", "java", "rb", "php", "c", "h", "cc", "cpp", "cs", "md",
        "html", "css", "rst", "svelte", "vue",
    ];
    text.split(|c: char| c.is_whitespace() || "'\"`;|&<>()=".contains(c)).any(|word| {
        let name = word.rsplit(['/', '\\']).next().unwrap_or(word).to_ascii_lowercase();
        let (stem, kind) = name.rsplit_once('.').unwrap_or((&name, ""));
        let is_path = word.contains(['/', '\\', '.']);
        is_path
            && !CODE.contains(&kind)
            && (KINDS.contains(&kind)
                || stem.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| NAMES.contains(&part)))
    })
}

/// Whether an argument is there for a key: to give it one is to use it. Those with a plainer name have [`Roles::SECRET`].
fn is_for_credentials(pointer: &str) -> bool {
    let name = pointer.rsplit('/').next().unwrap_or_default();
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    ["apikey", "accesskey", "secretkey", "authkey", "privatekey"].iter().any(|key| letters.ends_with(key))
}

/// Whether a command speaks to the network.
fn goes_out(text: &str) -> bool {
    const PROGRAMS: [&str; 16] = [
        "curl", "wget", "nc", "ncat", "netcat", "socat", "ssh", "scp", "sftp", "ftp", "telnet", "dig", "nslookup",
        "mail", "sendmail", "rsync",
    ];
    text.contains("://") || text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| PROGRAMS.contains(&word))
}

fn is_of_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/_-.~".contains(c)
}

/// Whether a word can be nothing but a credential, in a text of such.
fn is_credential(token: &str) -> bool {
    let mixed = token.bytes().any(|b| b.is_ascii_digit()) && token.bytes().any(|b| b.is_ascii_alphabetic());
    (16..=512).contains(&token.len()) && mixed && entropy(token) >= 3.2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_for_credentials_are_known_by_name() {
        for text in
            ["config/secrets.yml", "cat ./Passwords.txt | head", "C:\\keys\\server.pfx", "/srv/app/credentials.json"]
        {
            assert!(names_credentials(text), "{text}");
        }
        for text in ["src/secrets.rs", "docs/passwords.md", "README.md", "echo secret", "git log --grep password"] {
            assert!(!names_credentials(text), "{text}");
        }
    }
}

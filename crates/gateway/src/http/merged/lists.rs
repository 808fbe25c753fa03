//! Lists of all servers as one: each name says whose it is, and what stands beside what is judged.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::StatusCode;
use tokio::task::JoinSet;
use tokio::time::timeout;
use vanguard_engine::Company;
use vanguard_engine::verdict::Flow;
use vanguard_wire::{Body, Limits, Line, Packet, Tape, Value, read};

use super::Merged;
use super::ask::Aside;
use super::owners::Owners;
use super::session::{Open, lock};
use super::translate::{entry, ours};
use super::visit::Visit;
use crate::http::hearing::{Ruling, hear};
use crate::http::parcel::Parcel;

/// How long a server may take to list what it has.
const LIST: Duration = Duration::from_secs(10);
/// Pages of one server's list.
const MAX_PAGES: usize = 64;
/// Entries of all servers together.
const MAX_ENTRIES: usize = 4_096;
/// What asks for a list that is judged beside others.
const ASKS: &[u8] = br#"{"jsonrpc":"2.0","id":0,"method":"tools/list"}"#;

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Tools,
    Prompts,
    Resources,
    Templates,
}

impl List {
    pub(super) fn of(method: &str) -> Option<Self> {
        match method {
            "tools/list" => Some(Self::Tools),
            "prompts/list" => Some(Self::Prompts),
            "resources/list" => Some(Self::Resources),
            "resources/templates/list" => Some(Self::Templates),
            _ => None,
        }
    }

    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Prompts => "prompts/list",
            Self::Resources => "resources/list",
            Self::Templates => "resources/templates/list",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Templates => "resourceTemplates",
        }
    }
}

/// Where lists are asked for.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// In a session.
    Session(Arc<Open>),
    /// In the stateless era.
    Alone(Arc<Mutex<Owners>>),
}

impl Place {
    pub(super) fn owners(&self) -> &Mutex<Owners> {
        match self {
            Self::Session(open) => &open.owners,
            Self::Alone(owners) => owners,
        }
    }
}

/// One server's list: its pages.
struct Pages {
    at: usize,
    all: Vec<Parcel>,
    ttl_ms: Option<u64>,
}

impl Merged {
    /// The result of a list of all servers that answer: JSON. `line` is the client's request.
    pub(super) async fn list(
        self: &Arc<Self>,
        (place, visit): (&Place, &Visit),
        list: List,
        line: &[u8],
        aside: Aside<'_>,
    ) -> String {
        let line: Arc<[u8]> = line.into();
        let mut asked = JoinSet::new();
        for at in 0..self.members.len() {
            let (merged, place, visit) = (Arc::clone(self), place.clone(), visit.clone());
            let (line, aside) = (Arc::clone(&line), aside.cloned());
            asked.spawn(async move {
                let pages = timeout(LIST, merged.pages((&place, &visit), at, list, &line, aside.as_ref())).await;
                let late = |_| Err(format!("it does not list within {} seconds", LIST.as_secs()));
                (at, pages.unwrap_or_else(late))
            });
        }
        let mut all = Vec::new();
        let mut left_out: Vec<Option<String>> = vec![None; self.members.len()];
        while let Some(Ok((at, pages))) = asked.join_next().await {
            match pages {
                Ok(pages) => all.push(pages),
                Err(why) => left_out[at] = Some(why),
            }
        }
        all.sort_by_key(|pages: &Pages| pages.at);
        let ttl = all.iter().filter_map(|pages| pages.ttl_ms).min();
        let mut lists: Vec<(usize, Parcel)> =
            all.into_iter().map(|Pages { at, all, .. }| (at, self.one(list, &all))).collect();
        if list == List::Tools && lists.len() > 1 {
            lists = self.fit_company(visit, lists, &mut left_out);
        }
        for (at, why) in left_out.iter().enumerate() {
            self.note(at, why.as_deref());
        }
        let entries = self.together(place.owners(), list, &lists);
        let key = list.key();
        match place {
            Place::Session(_) => format!(r#"{{"{key}":[{entries}]}}"#),
            Place::Alone(_) => {
                let ttl = ttl.unwrap_or(0);
                format!(r#"{{"resultType":"complete","{key}":[{entries}],"ttlMs":{ttl},"cacheScope":"private"}}"#)
            }
        }
    }

    /// All pages of one server's list.
    async fn pages(
        &self,
        (place, visit): (&Place, &Visit),
        at: usize,
        list: List,
        line: &[u8],
        aside: Aside<'_>,
    ) -> Result<Pages, String> {
        let mut pages = Pages { at, all: Vec::new(), ttl_ms: None };
        let (mut cursor, mut bytes, mut anew) = (None, 0, false);
        loop {
            let (caller, begun) = match place {
                Place::Alone(_) => (visit.alone(), None),
                Place::Session(open) => {
                    let begun = self.seat(open, visit, at, aside).await?;
                    let offers = begun.greeting.offers;
                    let offered = match list {
                        List::Tools => offers.tools,
                        List::Prompts => offers.prompts,
                        List::Resources | List::Templates => offers.resources,
                    };
                    if offered.is_none() {
                        return Ok(pages);
                    }
                    let caller = visit.within(begun.session.as_deref(), &begun.greeting.revision, None);
                    (caller, Some((open, begun)))
                }
            };
            let id = self.number();
            let line = ours(line, &self.office.limits, &id, cursor.as_deref()).ok_or("it cannot be asked")?;
            let page = match (self.ask(at, caller, (&line, &id), aside).await, begun) {
                (Ok(page), _) => page,
                (Err(fault), Some((open, begun))) if fault.status() == StatusCode::NOT_FOUND && !anew => {
                    open.over(at, &begun).await;
                    (anew, cursor) = (true, None);
                    pages.all.clear();
                    continue;
                }
                (Err(fault), _) => return Err(fault.message().to_owned()),
            };
            bytes += page.line().len();
            let (next, ttl_ms) = self.end_of(list, &page)?;
            pages.ttl_ms = ttl_ms;
            pages.all.push(page);
            cursor = next;
            if cursor.is_none() || pages.all.len() >= MAX_PAGES || bytes > self.limits.message {
                return Ok(pages);
            }
        }
    }

    /// Where a page leads, and for how long it holds. An error where it is none.
    fn end_of(&self, list: List, page: &Parcel) -> Result<(Option<String>, Option<u64>), String> {
        let mut tape = Tape::default();
        let Some(result) = result(page.line(), &self.office.limits, &mut tape) else {
            return Err(format!("it answers {} with an error", list.method()));
        };
        result.get(list.key()).ok_or_else(|| format!("it answers {} with something else", list.method()))?;
        let next = result.get("nextCursor").filter(|next| next.string().is_some());
        let ttl = result.get("ttlMs").and_then(|ttl| ttl.lexeme().parse().ok());
        Ok((next.map(|next| next.lexeme().to_owned()), ttl))
    }

    /// The pages as one, as an answer to [`ASKS`].
    fn one(&self, list: List, pages: &[Parcel]) -> Parcel {
        let mut out = format!(r#"{{"jsonrpc":"2.0","id":0,"result":{{"{}":["#, list.key()).into_bytes();
        let mut tape = Tape::default();
        let mut first = true;
        for page in pages {
            let Some(result) = result(page.line(), &self.office.limits, &mut tape) else { continue };
            for entry in result.get(list.key()).iter().flat_map(Value::elements) {
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                out.extend_from_slice(entry.lexeme().as_bytes());
            }
        }
        out.extend_from_slice(b"]}}");
        Parcel::judged(out.into())
    }

    /// Judges each server's tools beside those of the others, and leaves out those that may not stand there.
    fn fit_company(
        &self,
        visit: &Visit,
        lists: Vec<(usize, Parcel)>,
        left_out: &mut [Option<String>],
    ) -> Vec<(usize, Parcel)> {
        let names: Vec<(usize, Vec<Box<str>>)> =
            lists.iter().map(|(at, list)| (*at, names(list.line(), &self.office.limits))).collect();
        let mut fit: Vec<(usize, Parcel)> = Vec::new();
        for (at, list) in lists {
            let accepted: HashSet<usize> = fit.iter().map(|(at, _)| *at).collect();
            let of = |is: &dyn Fn(usize) -> bool| {
                names.iter().filter(|(other, _)| is(*other)).flat_map(|(_, names)| names.clone()).collect()
            };
            let company = Company { before: of(&|other| accepted.contains(&other)), all: of(&|other| other != at) };
            let office = self.members[at].server.office();
            let talk = office.converse(office.model.another().by(visit.principal().cloned()).among(company));
            let asked = hear(&talk, Flow::ToServer, &Line::Message(ASKS), |_| ());
            match (asked, hear(&talk, Flow::ToClient, &Line::Message(list.line()), Parcel::permitted)) {
                (Ruling::Passed(()), Ruling::Passed(list)) => fit.push((at, list)),
                _ => left_out[at] = Some("its tools may not stand beside those of the others".to_owned()),
            }
        }
        fit
    }

    /// The entries of all servers, with commas between them.
    fn together(&self, owners: &Mutex<Owners>, list: List, lists: &[(usize, Parcel)]) -> String {
        let mut tape = Tape::default();
        // What each is known by, whose it is, and how it is written.
        let mut all: Vec<(String, usize, Vec<u8>)> = Vec::new();
        for (at, parcel) in lists {
            let line = parcel.line();
            let Some(result) = result(line, &self.office.limits, &mut tape) else { continue };
            for each in result.get(list.key()).iter().flat_map(Value::elements) {
                let string = |key: &str| each.get(key)?.string().map(std::borrow::Cow::into_owned);
                let server = &self.members[*at].name;
                let known = match list {
                    List::Tools | List::Prompts => string("name").zip(entry(line, each, server)),
                    List::Resources => string("uri").map(|uri| (uri, each.lexeme().into())),
                    List::Templates => string("uriTemplate").map(|template| (template, each.lexeme().into())),
                };
                all.extend(known.map(|(name, written)| (name, *at, written)));
            }
        }
        all.truncate(MAX_ENTRIES);
        let known = || all.iter().map(|(name, at, _)| (name.clone(), *at));
        let mut kept = vec![true; all.len()];
        match list {
            List::Resources => kept = lock(owners).list(known()),
            List::Templates => lock(owners).list_templates(known()),
            List::Tools | List::Prompts => {}
        }
        let mut out = Vec::new();
        for ((_, _, written), _) in all.iter().zip(kept).filter(|(_, kept)| *kept) {
            if out.len() + written.len() >= self.limits.message {
                break;
            }
            if !out.is_empty() {
                out.push(b',');
            }
            out.extend_from_slice(written);
        }
        String::from_utf8_lossy(&out).into_owned()
    }
}

fn result<'t, 'a>(line: &'a [u8], limits: &Limits, tape: &'t mut Tape) -> Option<Value<'t, 'a>> {
    match read(line, limits, tape) {
        Ok(Packet::Single(message)) => match message.body {
            Body::Response { result, .. } => Some(result),
            _ => None,
        },
        _ => None,
    }
}

fn names(line: &[u8], limits: &Limits) -> Vec<Box<str>> {
    let mut tape = Tape::default();
    let tools = result(line, limits, &mut tape).and_then(|result| result.get("tools"));
    let names = tools.iter().flat_map(Value::elements).take(MAX_ENTRIES).filter_map(|tool| tool.get("name")?.string());
    names.map(|name| name.into_owned().into_boxed_str()).collect()
}

//! What stands behind the gateway: as flags name it, or the configuration.

use std::str::FromStr;

use vanguard_gateway::StdioConfig;
use vanguard_gateway::http::{Bounds, Target, Upstream, Uri};

use crate::commands::wrap::{self, Prepared, Ready, Wrap};
use crate::config::servers::{Served, ServerName, Started};
use crate::config::sources::Surroundings;
use crate::config::{Layer, Settings};
use crate::exit::Failure;
use crate::{commands, engine, pins};

/// The most servers behind one gateway.
const MAX_SERVERS: usize = 32;

/// Flags that name servers.
#[derive(Debug, clap::Args)]
pub(super) struct UpstreamFlags {
    /// URL of a server elsewhere, over Streamable HTTP, or behind `sse+` over the transport of 2024-11-05; may be repeated with names
    #[arg(long, value_name = "[NAME=][sse+]URL", conflicts_with_all = ["server", "command"])]
    upstream: Vec<NamedUrl>,
    /// Command line of a server, as one string, split as a shell splits; may be repeated
    #[arg(long = "command", id = "named", value_name = "NAME=COMMAND", conflicts_with_all = ["server", "command", "name"])]
    commands: Vec<NamedCommand>,
}

/// A server elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NamedUrl(Option<ServerName>, Chosen);

/// A server to start.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NamedCommand(ServerName, String);

/// What one of several servers is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Chosen {
    Command(Started),
    Url(Uri),
    /// Over the transport of 2024-11-05.
    OldUrl(Uri),
}

impl UpstreamFlags {
    fn is_empty(&self) -> bool {
        self.upstream.is_empty() && self.commands.is_empty()
    }

    fn chosen(&self) -> Result<Vec<(Option<ServerName>, Chosen)>, Failure> {
        let urls = self.upstream.iter().map(|NamedUrl(name, url)| Ok((name.clone(), url.clone())));
        let commands = self.commands.iter().map(|NamedCommand(name, line)| {
            let words = wrap::words("--command", line)?;
            Ok((Some(name.clone()), Chosen::Command(Started { words, ..Started::default() })))
        });
        urls.chain(commands).collect()
    }
}

/// Everything that stands before the servers that flags name, or else the configuration. `more` are further flags.
pub(super) fn prepare(
    flags: &UpstreamFlags,
    wrap: &Wrap,
    more: Vec<Layer>,
) -> Result<(Prepared, Vec<Upstream>), Failure> {
    let around = Surroundings::of_process();
    let resolved = wrap.resolve(more.clone(), &around)?;
    let settings = &resolved.settings;
    if flags.is_empty() && (wrap.names_server() || settings.servers.is_empty()) {
        let (prepared, server) = Prepared::with_server(wrap, more)?;
        return Ok((prepared, vec![Upstream { name: None, target: Target::Command(Box::new(server)), bounds: None }]));
    }
    let chosen = if flags.is_empty() { configured(settings)? } else { flags.chosen()? };
    apart(&chosen)?;
    if !settings.zones.is_empty() && !chosen.iter().any(|(_, chosen)| matches!(chosen, Chosen::Command(_))) {
        let what = "zones are directories of this machine, and the server behind a URL stands elsewhere";
        return Err(Failure::Configuration(what.to_owned()));
    }
    let (mut upstreams, mut plans, mut of_servers) = (Vec::new(), Vec::new(), Vec::new());
    for (name, chosen) in chosen {
        let name = name.map(|name| name.0);
        upstreams.push(match chosen {
            Chosen::Url(url) => {
                let bounds = Some(elsewhere(settings, &around, name.as_deref(), &url)?);
                Upstream { name, target: Target::Url(url), bounds }
            }
            Chosen::OldUrl(url) => {
                let known = name.clone().or_else(|| url.authority().map(ToString::to_string));
                let most = settings.limits.message_bytes.value;
                let server = StdioConfig::older(known.unwrap_or_default(), &url, most);
                let server = server.map_err(|error| Failure::Server(error.to_string()))?;
                let bounds = Some(elsewhere(settings, &around, name.as_deref(), &url)?);
                Upstream { name, target: Target::Command(Box::new(server)), bounds }
            }
            Chosen::Command(started) => {
                let server = command(settings, name.clone(), started)?;
                let (Ready { server, bounds, plan }, warnings) = wrap::ready(settings, &around, server)?;
                plans.extend(plan);
                of_servers.extend(warnings);
                Upstream { name, target: Target::Command(Box::new(server)), bounds: Some(bounds) }
            }
        });
    }
    let (engine, warnings) = engine::build(settings, &around)?;
    // What holds for several is said once.
    of_servers.sort();
    of_servers.dedup();
    commands::warn_all(resolved.warnings.iter().chain(&of_servers).chain(&warnings));
    let session = engine::remembered(engine::session(settings, None), settings)?;
    let prepared = Prepared::new(wrap, &around, resolved.settings, (engine, session), ("upstream", "gateway"), plans)?;
    Ok((prepared, upstreams))
}

/// What a server at a URL keeps to: its word.
fn elsewhere(settings: &Settings, around: &Surroundings, name: Option<&str>, url: &Uri) -> Result<Bounds, Failure> {
    let known = pins::reached(name, &url.to_string());
    let model = engine::governed(engine::session(settings, None), settings, around, &known.name)?;
    Ok(Bounds { zones: Vec::new(), model: pins::pinned(model, settings, around, known) })
}

/// Those of the configuration.
fn configured(settings: &Settings) -> Result<Vec<(Option<ServerName>, Chosen)>, Failure> {
    let servers = settings.servers.iter().map(|set| {
        let (name, served) = &set.value;
        let at = |url: &str| {
            address(url)
                .map_err(|what| Failure::Configuration(format!("servers.{}.url ({}): {what}", name.0, set.origin)))
        };
        let chosen = match served {
            Served::Command(started) => Chosen::Command(started.clone()),
            Served::Url(url) => Chosen::Url(at(url)?),
            Served::OldUrl(url) => Chosen::OldUrl(at(url)?),
        };
        Ok((Some(name.clone()), chosen))
    });
    servers.collect()
}

fn command(settings: &Settings, name: Option<String>, started: Started) -> Result<StdioConfig, Failure> {
    let mut server = wrap::to_start(settings, started.words.into_iter().map(Into::into).collect())?;
    server.name = name.unwrap_or(server.name);
    server.env.extend(started.env.into_iter().map(|(name, value)| (name.into(), Some(value.into()))));
    server.cwd = started.cwd.or(server.cwd);
    Ok(server)
}

/// Several servers need names, and each its own.
fn apart(servers: &[(Option<ServerName>, Chosen)]) -> Result<(), Failure> {
    if servers.len() > MAX_SERVERS {
        return Err(Failure::Usage(format!(
            "{} servers; at most {MAX_SERVERS} stand behind one gateway",
            servers.len()
        )));
    }
    for (at, (name, _)) in servers.iter().enumerate() {
        let Some(name) = name else {
            if servers.len() == 1 {
                continue;
            }
            return Err(Failure::Usage("several servers need names: --upstream NAME=URL".to_owned()));
        };
        if servers.iter().take(at).any(|(other, _)| other.as_ref() == Some(name)) {
            return Err(Failure::Usage(format!("two servers have the name {}", name.0)));
        }
    }
    Ok(())
}

impl FromStr for NamedUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, url) = match text.split_once('=') {
            // A `=` of the URL's own names nothing.
            Some((name, url)) if !name.contains([':', '/']) => (Some(name.parse()?), url),
            _ => (None, text),
        };
        let chosen = match url.strip_prefix("sse+") {
            Some(url) => Chosen::OldUrl(address(url)?),
            None => Chosen::Url(address(url)?),
        };
        Ok(Self(name, chosen))
    }
}

impl FromStr for NamedCommand {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, line) = text.split_once('=').ok_or("write NAME=COMMAND; one without a name stands behind `--`")?;
        if line.trim_start().starts_with("http://") || line.trim_start().starts_with("https://") {
            return Err("this is a URL: write --upstream NAME=URL".to_owned());
        }
        Ok(Self(name.parse()?, line.to_owned()))
    }
}

fn address(text: &str) -> Result<Uri, String> {
    let url: Uri = text.parse().map_err(|_| "this is no URL")?;
    let authority = url.authority().ok_or("write a whole URL, such as http://localhost:3001/mcp")?;
    if !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err("a server is reached by http or https".to_owned());
    }
    if authority.as_str().contains('@') {
        return Err("a URL must not hold a password".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(text: &str) -> Result<NamedUrl, String> {
        text.parse()
    }

    #[test]
    fn an_upstream_is_a_whole_url_with_or_without_a_name() {
        assert_eq!(upstream("git=https://git.example/mcp").expect("fits").0, Some(ServerName("git".to_owned())));
        assert_eq!(upstream("http://localhost:1/mcp?a=b").expect("fits").0, None);
        let old = upstream("old=sse+http://localhost:1/sse").expect("fits");
        assert_eq!(old.1, Chosen::OldUrl(Uri::from_static("http://localhost:1/sse")));
        for wrong in ["", "localhost:3001", "/mcp", "ftp://a/", "http://me:secret@a/mcp", "stdio", "a__b=http://a/"] {
            assert!(upstream(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_command_has_a_name_and_is_no_url() {
        let NamedCommand(name, line) = "files=npx -y x --a=b".parse().expect("fits");
        assert_eq!((name.0.as_str(), line.as_str()), ("files", "npx -y x --a=b"));
        for wrong in ["npx", "files=https://a/", "=npx"] {
            assert!(wrong.parse::<NamedCommand>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn several_servers_have_names_of_their_own() {
        let all = |texts: &[&str]| {
            let chosen = |NamedUrl(name, chosen)| (name, chosen);
            apart(&texts.iter().map(|text| chosen(upstream(text).expect("fits"))).collect::<Vec<_>>())
        };
        assert!(all(&["http://a/"]).is_ok() && all(&["a=http://a/", "b=http://a/"]).is_ok());
        assert!(all(&["http://a/", "b=http://b/"]).is_err() && all(&["a=http://a/", "a=http://b/"]).is_err());
    }
}

//! `serve` (and `sse`, as 1.5.0 called it): servers behind the proxy, over HTTP.

mod entry;
mod terms;
mod tls;
mod upstreams;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use vanguard_gateway::http::{HttpConfig, Target};

use super::wrap::{Prepared, Wrap};
use crate::config::gateway::{self, Gateway};
use crate::config::serving::Forward;
use crate::config::sources::Surroundings;
use crate::config::{Layer, Origin, Written};
use crate::exit::{Failure, Outcome};
use entry::EntryFlags;
use upstreams::UpstreamFlags;

/// Flags of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vanguard serve -- npx -y @modelcontextprotocol/server-filesystem .
  vanguard serve --upstream http://localhost:3001/mcp
  vanguard serve --command files='npx -y @modelcontextprotocol/server-filesystem .' --upstream git=http://git:3001/mcp
  vanguard serve --host 0.0.0.0 --keys keys.txt -- python server.py

Streamable HTTP at /mcp, or at /mcp/NAME where servers have names, and at /mcp for all of them as
one; /health and /ready for load balancers. A command runs once for each session. Keys open by
`Authorization: Bearer KEY` or `X-Api-Key: KEY`; the file holds `NAME SHA256` lines, made by
`printf %s KEY | sha256sum`, with what the holder may behind it: `role=NAME`, `scope=NAME`. Tokens
of an authorization server open with --jwt-issuer, --jwt-audience and --jwks-url. With --tls-cert
and --tls-key it speaks https.

Exit code: 0 ended by a signal, 2 usage, 3 configuration or rules, 4 the address cannot be listened at.")]
pub(crate) struct Args {
    #[command(flatten)]
    upstreams: UpstreamFlags,
    /// Address to listen at; one that others reach needs keys, tokens or certificates
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Port to listen at; 0 for any
    #[arg(long, short = 'p', env = "PORT", default_value_t = 8080)]
    port: u16,
    /// Name that the gateway is reached by, beside localhost and addresses; may be repeated
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
    /// Origin of a web page that may speak to it, beside those of localhost; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    #[command(flatten)]
    serving: ServingFlags,
    /// Let everybody in who reaches the address
    #[arg(long)]
    insecure_no_auth: bool,
    #[command(flatten)]
    entry: EntryFlags,
    #[command(flatten)]
    wrap: Wrap,
}

/// Flags of what it tells, and what it is to its clients.
#[derive(Debug, clap::Args)]
struct ServingFlags {
    /// What clients may reach that have the gateway for their HTTP proxy
    #[arg(long, value_name = "WHAT")]
    forward_proxy: Option<Forward>,
    /// Address at which figures for Prometheus are told (/metrics), to whoever reaches it
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics_listen: Option<SocketAddr>,
    /// File to which a line of JSON is added for each request: who asked from where, for what, how it was answered
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
}

impl Args {
    /// A layer for each flag that is a setting.
    fn layers(&self) -> Vec<Layer> {
        let ServingFlags { forward_proxy, metrics_listen, access_log } = &self.serving;
        let mut layers = self.entry.layers();
        let mut add = |given: bool, flag: &'static str, gateway: Gateway| {
            let written = Written { gateway, ..Written::default() };
            layers.extend(given.then_some(Layer { origin: Origin::Flag(flag), written }));
        };
        let none = Gateway::default();
        add(forward_proxy.is_some(), "--forward-proxy", Gateway { forward_proxy: *forward_proxy, ..none.clone() });
        add(metrics_listen.is_some(), "--metrics-listen", Gateway { metrics_listen: *metrics_listen, ..none.clone() });
        add(access_log.is_some(), "--access-log", Gateway { access_log: access_log.clone(), ..none });
        layers
    }
}

pub(crate) fn run(args: Box<Args>) -> Outcome {
    let _ = std::thread::Builder::new().name("prepare".to_owned()).spawn(vanguard_engine::prepare);
    let (prepared, mut upstreams) = upstreams::prepare(&args.upstreams, &args.wrap, args.layers())?;
    for upstream in &mut upstreams {
        if let Target::Command(server) = &mut upstream.target {
            // It opens the gateway, not what stands behind it.
            server.env.push((entry::KEY.into(), None));
        }
    }
    let Prepared { engine, session, log, reporter, settings, plans, .. } = prepared;
    let limits = gateway::meant(&settings.gateway, settings.limits.message_bytes.value);
    let config = HttpConfig {
        listen: SocketAddr::new(args.host, args.port),
        control: Surroundings::of_process().run_home(),
        metrics: settings.serving.metrics_listen.value,
        terms: terms::terms(&args, &settings, engine)?,
        upstreams,
        paces: entry::paces(&settings.entry),
        hosts: args.allow_host.clone(),
        origins: args.allow_origin.clone(),
        forward: settings.serving.forward_proxy.value.meant(),
        limits,
        drain: Duration::from_secs(settings.drain_seconds.value.into()),
    };
    let mut paths: Vec<String> = config
        .upstreams
        .iter()
        .map(|upstream| upstream.name.as_ref().map_or_else(|| "/mcp".to_owned(), |name| format!("/mcp/{name}")))
        .collect();
    let scheme = if config.terms.tls.is_some() { "https" } else { "http" };
    if paths.len() > 1 {
        paths.push("/mcp".to_owned());
    }
    let listening = |address: SocketAddr, metrics: Option<SocketAddr>| {
        if let Some(metrics) = metrics {
            super::warn(&format!("figures at http://{metrics}/metrics"));
        }
        for path in paths {
            super::warn(&format!("listening at {scheme}://{address}{path}"));
        }
    };
    let reload = move || terms::renewed(&args, &settings).map_err(|failure| failure.to_string());
    let (log, reporter) = (Arc::new(log), Arc::new(reporter));
    let served = vanguard_gateway::http::serve(config, Arc::new(reload), &session, &log, reporter, listening);
    drop(plans);
    served.map_err(|error| Failure::Server(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

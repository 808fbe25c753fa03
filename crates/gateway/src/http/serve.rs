//! The gateway's life: listen, serve each connection, and end without cutting anybody off.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use vanguard_audit::Log;
use vanguard_engine::Session;

use super::access::AccessLog;
use super::config::{Bounds, HttpConfig, HttpLimits, Target};
use super::eager::Eager;
use super::elsewhere::Elsewhere;
use super::forward::Forward;
use super::inflight::InFlight;
use super::local::Local;
use super::measure::Measure;
use super::merged::Merged;
use super::metrics;
use super::office::Office;
use super::patient::patient;
use super::peer::Peer;
use super::remote::Remote;
use super::route::{Behind, Gateway};
use super::terms::{Reload, Standing};
use super::tls::Tls;
use crate::control::Control;
use crate::descriptors;
use crate::error::StartError;
use crate::report::{Event, Reporter, Reports};
use crate::seat::Seat;
use crate::tally::Tally;

/// The server of messages at the endpoint of all servers that are for none of them, in the record. No server has such a name.
const NOBODY: &str = "*";
/// How often idle sessions are looked for.
const SWEEP: Duration = Duration::from_secs(30);
/// How often requests are looked for that wait too long for a process, and the clock ticks at least. A timer that is due before all others has a thread roused to take note of it, and the one for the head of
/// each request would be that; with a tick that is due sooner it never is.
const TICK: Duration = Duration::from_secs(1);
/// How long to wait after a connection could not be taken, for want of descriptors as a rule.
const PAUSE: Duration = Duration::from_millis(100);
/// How long connections have to end after their requests have.
const GOODBYE: Duration = Duration::from_secs(1);
/// Bytes that are read of a connection ahead of what is asked for: the longest head fits.
const READ_AHEAD: usize = 64 * 1024;

/// Serves `config` until a signal ends it; at SIGHUP its terms are read again. `model` is a session on which nothing has been said: each that begins
/// is made after it. `listening` is told the addresses.
pub fn serve(
    config: HttpConfig,
    reload: Arc<Reload>,
    model: &Session,
    audit: &Arc<Log>,
    reporter: Arc<dyn Reporter>,
    listening: impl FnOnce(SocketAddr, Option<SocketAddr>),
) -> Result<(), StartError> {
    let own = |part| move |source| StartError::Own { part, source };
    let tally = config.metrics.map(|_| Arc::new(Tally::default()));
    let reports = Arc::new(Reports::start(reporter, tally.clone()).map_err(own("reporter"))?);
    // Who cannot be asked which sessions are open is no worse a gateway.
    let _control =
        config.control.as_deref().and_then(|directory| Control::listen(directory, Arc::clone(&reports.roster)).ok());
    descriptors::raise();
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(own("runtime"))?;
    let (drain, limits) = (config.drain, config.limits);
    let (listen, figures) = (config.listen, config.metrics);
    let gateway = Arc::new(gateway(config, model, audit, &reports, tally)?);
    let outcome = runtime.block_on(async {
        let (listener, address) = bound(listen).await?;
        let figures = match figures {
            Some(figures) => Some(bound(figures).await?),
            None => None,
        };
        let hangup = signal(SignalKind::hangup()).map_err(own("signal handler"))?;
        listening(address, figures.as_ref().map(|(_, address)| *address));
        if let Some((listener, _)) = figures {
            tokio::spawn(metrics::serve(listener, Arc::clone(&gateway), limits.head));
        }
        tokio::spawn(renew(hangup, Arc::clone(&gateway), reload, Arc::clone(&reports)));
        vanguard_sandbox::let_go_of_program();
        let ended = run(listener, &gateway, &limits, drain).await;
        ended.map_err(own("signal handler"))
    });
    gateway.end_all();
    gateway.wait();
    // What still runs belongs to clients that are gone.
    runtime.shutdown_timeout(GOODBYE);
    if let Err(error) = audit.close() {
        reports.tell(Event::AuditFailed(error.to_string()));
    }
    reports.finish();
    outcome
}

async fn bound(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { listen, source };
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn gateway(
    config: HttpConfig,
    model: &Session,
    audit: &Arc<Log>,
    reports: &Arc<Reports>,
    tally: Option<Arc<Tally>>,
) -> Result<Gateway, StartError> {
    let (standing, engine, access) = Standing::new(config.terms, config.hosts, config.origins);
    let access = access.map(|file| AccessLog::start(file, Arc::clone(reports))).transpose()?;
    let memory = model.memory();
    let (measure, reading) = (Measure::new(config.paces), *engine.limits());
    let upstreams = config.upstreams.into_iter().map(|upstream| {
        let server = match (&upstream.name, &upstream.target) {
            (Some(name), _) => name.clone(),
            (None, Target::Command(command)) => command.name.clone(),
            (None, Target::Url(url)) => url.authority().map(ToString::to_string).unwrap_or_default(),
        };
        let (engine, model) = match upstream.bounds {
            Some(Bounds { zones, model }) if zones.is_empty() => (Arc::clone(&engine), model),
            Some(Bounds { zones, model }) => (Arc::new(engine.in_zones(zones)), model),
            None => (Arc::clone(&engine), model.another()),
        };
        // What is limited by principal is limited before all servers together.
        let model = match memory {
            Some(memory) => model.remembering(memory.another()),
            None => model,
        };
        let model = patient(model);
        let (limits, seat) = (*engine.limits(), Seat::new(engine));
        let office = Office { seat, limits, model, audit: Arc::clone(audit), reports: Arc::clone(reports), server };
        let behind = match upstream.target {
            Target::Url(url) => {
                let elsewhere = Box::new(Elsewhere::new(url.clone()));
                Behind::Url(Arc::new(Remote::new(office, url, config.limits)), elsewhere)
            }
            Target::Command(command) => Behind::Command(Arc::new(Local::new(office, *command, config.limits))),
        };
        (upstream.name, behind)
    });
    let mut upstreams: Vec<(Option<String>, Behind)> = upstreams.collect();
    let named = upstreams.iter().filter_map(|(name, behind)| Some((name.clone()?, behind.server()?)));
    let named: Vec<_> = named.collect();
    if named.len() > 1 {
        let office = Office {
            seat: Seat::new(Arc::clone(&engine)),
            limits: reading,
            model: model.another(),
            audit: Arc::clone(audit),
            reports: Arc::clone(reports),
            server: NOBODY.to_owned(),
        };
        let merged = Merged::new(named, config.limits, office);
        upstreams.push((None, Behind::Merged(Arc::new(merged))));
    }
    let (standing, forward) = (Arc::new(standing), Forward::by(config.forward, config.limits.body));
    Ok(Gateway { standing, measure, upstreams, forward, inflight: InFlight::default(), tally, access })
}

/// Reads the terms again whenever it is told to, beside everything else: to compile rules takes a moment.
async fn renew(mut hangup: Signal, gateway: Arc<Gateway>, reload: Arc<Reload>, reports: Arc<Reports>) {
    while hangup.recv().await.is_some() {
        let reload = Arc::clone(&reload);
        let read = tokio::task::spawn_blocking(move || reload()).await;
        let read = read.unwrap_or_else(|_| Err("reading them failed; report it as a bug of McpVanguard".to_owned()));
        let renewed = read.and_then(|terms| gateway.renew(terms).map_err(str::to_owned));
        reports.tell(renewed.map_or_else(Event::NotRenewed, |()| Event::Renewed));
    }
}

async fn run(listener: TcpListener, gateway: &Arc<Gateway>, limits: &HttpLimits, drain: Duration) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (closing, closed) = watch::channel(false);
    let room = Arc::new(Semaphore::new(limits.connections));
    let (mut sweep, mut tick) = (tokio::time::interval(SWEEP), tokio::time::interval(TICK));
    loop {
        // Beyond the limit connections wait in the kernel's queue.
        let free = Arc::clone(&room).acquire_owned();
        let accepted = async { (free.await, listener.accept().await) };
        tokio::select! {
            (free, accepted) = accepted => match (free, accepted) {
                (Ok(free), Ok((stream, peer))) => {
                    let served = Served { gateway: Arc::clone(gateway), closed: closed.clone(), head: limits.head, _free: free };
                    match gateway.standing.now().tls.clone() {
                        Some(tls) => tokio::spawn(served.secured(tls, stream, peer.ip())),
                        None => tokio::spawn(served.plain(stream, peer.ip())),
                    };
                }
                _ => tokio::time::sleep(PAUSE).await,
            },
            _ = sweep.tick() => gateway.sweep(),
            _ = tick.tick() => gateway.give_up(),
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    drop(listener);
    tokio::select! {
        () = gateway.inflight.close(drain) => {}
        // Told twice: no more patience.
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    // Streams that only listen end here; the sessions behind them end with the gateway.
    let _ = closing.send(true);
    gateway.end_all();
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(GOODBYE, room.acquire_many(all)).await;
    Ok(())
}

/// One connection as it is served, until it ends or the gateway does.
struct Served {
    gateway: Arc<Gateway>,
    closed: watch::Receiver<bool>,
    /// How long the head of a request may take, or a handshake.
    head: Duration,
    /// Its place among all.
    _free: OwnedSemaphorePermit,
}

impl Served {
    fn plain(self, stream: TcpStream, address: IpAddr) -> impl Future<Output = ()> + Send {
        // An event must not wait for the next.
        let _ = stream.set_nodelay(true);
        self.serve(stream, Peer { address, certified: None, authorities: None })
    }

    async fn secured(mut self, tls: Tls, stream: TcpStream, address: IpAddr) {
        let _ = stream.set_nodelay(true);
        let authorities = tls.authorities();
        // Apart, for a connection that only listens needs no room for its handshake.
        let shaken = Box::pin(tls.shake(stream, self.head));
        let shaken = tokio::select! {
            shaken = shaken => shaken,
            _ = self.closed.wait_for(|closed| *closed) => None,
        };
        if let Some((stream, certified)) = shaken {
            self.serve(stream, Peer { address, certified, authorities }).await;
        }
    }

    fn serve<S>(self, stream: S, peer: Peer) -> impl Future<Output = ()> + Send
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { gateway, mut closed, head, _free: free } = self;
        let service = service_fn(move |request| {
            let (gateway, peer) = (Arc::clone(&gateway), peer.clone());
            // Apart from the connection, which keeps room for it although it only listens.
            Box::pin(async move { Ok::<_, Infallible>(gateway.answer(request, &peer).await) })
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(READ_AHEAD).half_close(false);
        let mut connection = Eager::new(http.serve_connection(TokioIo::new(stream), service));
        async move {
            let _free = free;
            tokio::select! {
                // How it ended is the client's matter.
                _ = &mut connection => return,
                _ = closed.wait_for(|closed| *closed) => {}
            }
            connection.inner().graceful_shutdown();
            let _ = tokio::time::timeout(GOODBYE, connection).await;
        }
    }
}

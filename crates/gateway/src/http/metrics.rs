//! The figures, at an address of their own: whoever may reach that may read them, and nobody else.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::reply::{Body, Fault, whole};
use super::route::Gateway;

/// Who reads them at once.
const READERS: usize = 16;
/// How long to wait after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);
/// As Prometheus asks for them.
const FORMAT: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Tells them to whoever asks, as long as it is polled. A connection has the time of a head for each request.
pub(super) async fn serve(listener: TcpListener, gateway: Arc<Gateway>, head: Duration) {
    let room = Arc::new(Semaphore::new(READERS));
    loop {
        let Ok(free) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let gateway = Arc::clone(&gateway);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let response = answer(&gateway, &request).unwrap_or_else(Fault::respond);
                async { Ok::<_, Infallible>(response) }
            });
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(head);
            // How it ended is the reader's matter.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
            drop(free);
        });
    }
}

fn answer(gateway: &Gateway, request: &Request<Incoming>) -> Result<Response<Body>, Fault> {
    // No page in a browser reads them by another name of this machine.
    gateway.standing.now().gate.check(request.uri(), request.headers(), false)?;
    if request.uri().path() != "/metrics" {
        return Err(Fault::new(StatusCode::NOT_FOUND, "nothing is served at this path"));
    }
    if request.method() != Method::GET {
        return Err(Fault::new(StatusCode::METHOD_NOT_ALLOWED, "the figures are only to be read"));
    }
    let mut response = Response::new(whole(gateway.figures().into()));
    response.headers_mut().insert(CONTENT_TYPE, FORMAT);
    Ok(response)
}

//! What somebody else answers: small, soon here, and from where it was asked for.

use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, HOST, HeaderValue, USER_AGENT};
use hyper::http::response::Parts;
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use vanguard_wire::Line;

use super::body::{Enough, gather};
use super::headers::is_plain;

/// The longest answer that is taken.
const MAX_BYTES: usize = 256 * 1024;
/// How long a document may take to come.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks servers that are no upstreams. It follows no redirects: they would lead past what was asked for.
#[derive(Debug, Clone)]
pub(super) struct Fetch {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Fetch {
    pub(super) fn new() -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(PATIENCE));
        tcp.enforce_http(false);
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(tcp);
        // Seldom used: nothing is kept open.
        Self { client: Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector) }
    }

    /// The bytes of the document. An error says in a few words what stood in the way.
    pub(super) async fn get(&self, uri: &Uri) -> Result<Vec<u8>, String> {
        tokio::time::timeout(PATIENCE, self.got(uri)).await.unwrap_or_else(|_| Err("it does not come".to_owned()))
    }

    async fn got(&self, uri: &Uri) -> Result<Vec<u8>, String> {
        let mut request = Request::new(Full::default());
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static("vanguard"));
        *request.uri_mut() = uri.clone();
        let (parts, bytes) = self.ask(request).await?;
        if parts.status == StatusCode::OK { Ok(bytes) } else { Err(format!("it is answered with {}", parts.status)) }
    }

    /// The answer to a request for a whole address, whatever its status. How long that may take is for the caller to say.
    pub(super) async fn ask(&self, mut request: Request<Full<Bytes>>) -> Result<(Parts, Vec<u8>), String> {
        let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        request.headers_mut().extend(host.map(|host| (HOST, host)));
        let response = self.client.request(request).await.map_err(|_| "it cannot be reached".to_owned())?;
        let (parts, body) = response.into_parts();
        if !is_plain(&parts.headers) {
            return Err("it is compressed although that was not asked for".to_owned());
        }
        let gathered = gather(body, MAX_BYTES, Enough::Oversize).await;
        match gathered.map_err(|_| "it is cut off".to_owned())?.line() {
            Line::Message(bytes) => Ok((parts, bytes.to_vec())),
            Line::Oversize { .. } => Err(format!("it is longer than {MAX_BYTES} bytes")),
        }
    }
}

//! Answers of our own over HTTP: the status that the specification names, and a JSON-RPC error that says why in a line.

use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::{Body as HttpBody, Bytes};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PROXY_AUTHENTICATE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};
use vanguard_wire::reply;

use super::hearing::Refusal;
use super::parcel::Parcel;

/// What may go wrong while a body is sent: the other side sees it cut off.
pub(super) type Cut = Box<dyn std::error::Error + Send + Sync>;
/// Any body.
pub(super) type Body = UnsyncBoxBody<Bytes, Cut>;

/// JSON-RPC code of what is wrong with the request as HTTP, as the SDKs use it.
const BAD_REQUEST: i64 = -32000;
/// JSON-RPC code: headers and body say different things.
pub(super) const HEADER_MISMATCH: i64 = -32020;
/// JSON-RPC code: a revision that is not spoken here.
pub(super) const UNSUPPORTED_VERSION: i64 = -32022;
/// JSON-RPC code of a method that is not there.
pub(super) const METHOD_NOT_FOUND: i64 = -32601;
/// JSON-RPC code of parameters that are not as they must be.
pub(super) const INVALID_PARAMS: i64 = -32602;
/// JSON-RPC code of requests whose server cannot be reached: of the range that no revision of MCP reserves.
pub(crate) const SERVER_GONE: i64 = -31002;
/// Seconds after which it may be worth to ask again.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// Why we do not do as we are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    status: StatusCode,
    code: i64,
    message: String,
    /// JSON.
    data: Option<String>,
    /// As it is written.
    id: Option<String>,
    /// What the client must show (`WWW-Authenticate`, and of a proxy `Proxy-Authenticate`).
    challenge: Option<Box<str>>,
    /// Seconds after which it may be worth to ask again.
    after: Option<u32>,
}

impl Fault {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, code: BAD_REQUEST, message: message.into(), data: None, id: None, challenge: None, after: None }
    }

    /// With another JSON-RPC code.
    pub(super) fn code(self, code: i64) -> Self {
        Self { code, ..self }
    }

    /// With data, which is JSON.
    pub(super) fn data(self, data: String) -> Self {
        Self { data: Some(data), ..self }
    }

    /// With what the client must show.
    pub(super) fn challenge(self, challenge: String) -> Self {
        Self { challenge: Some(challenge.into()), ..self }
    }

    /// With the time after which it may be worth to ask again.
    pub(super) fn after(self, wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        Self { after: Some(seconds.saturating_add(1)), ..self }
    }

    /// As the answer to the request with this id.
    pub(super) fn to(self, id: Option<&str>) -> Self {
        Self { id: id.map(str::to_owned), ..self }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// Why, in a line.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn respond(self) -> Response<Body> {
        let line = reply::error(self.id.as_deref(), self.code, &self.message, self.data.as_deref());
        let mut response = json(self.status, line.into());
        let headers = response.headers_mut();
        let asks = if self.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            PROXY_AUTHENTICATE
        } else {
            WWW_AUTHENTICATE
        };
        headers.extend(self.challenge.and_then(|text| HeaderValue::from_str(&text).ok()).map(|text| (asks, text)));
        match self.status {
            StatusCode::METHOD_NOT_ALLOWED => {
                headers.insert(ALLOW, HeaderValue::from_static("GET, POST, DELETE"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                let seconds = self.after.map(HeaderValue::from);
                headers.insert(RETRY_AFTER, seconds.unwrap_or(RETRY_SECONDS));
            }
            _ => {}
        }
        response
    }
}

/// With a refusal: the scopes, in a line, that would have let the message pass.
#[derive(Debug, Clone)]
pub(super) struct Lacking(pub(super) String);

/// A refusal by the judge: an answer like any other to whoever asked. What could not be read has the status `unread`.
pub(super) fn refused(refusal: Refusal, unread: Option<StatusCode>) -> Response<Body> {
    let scopes = refusal.scopes.map(Lacking);
    let mut response = match (refusal.back, unread) {
        (Some(answer), Some(status)) => message(status, &answer.into()),
        (Some(answer), None) => {
            let status = if refusal.malformed { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            message(status, &answer.into())
        }
        (None, Some(status)) => Fault::new(status, "this is no JSON-RPC message").respond(),
        // Nobody waits for an answer to it. An error status would end the session in some clients.
        (None, None) => empty(StatusCode::ACCEPTED),
    };
    scopes.map(|scopes| response.extensions_mut().insert(scopes));
    response
}

/// One message as the whole of a response.
pub(super) fn message(status: StatusCode, parcel: &Parcel) -> Response<Body> {
    json(status, parcel.line().clone())
}

/// A response without a body.
pub(super) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

/// JSON of our own.
pub(super) fn json(status: StatusCode, text: Bytes) -> Response<Body> {
    let mut response = Response::new(whole(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A stream of events: sent as they come, kept by nobody on the way.
pub(super) fn events(body: impl HttpBody<Data = Bytes, Error = Cut> + Send + 'static) -> Response<Body> {
    let mut response = Response::new(body.boxed_unsync());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// A body that is here already.
pub(super) fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

//! Bodies of requests and responses, gathered within bounds.

use std::pin::pin;

use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes, Incoming};
use hyper::{HeaderMap, StatusCode};
use tokio::time::{Duration, timeout};
use vanguard_wire::Gather;

use super::headers::{is_framed_once, is_plain, is_utf8, media_type};
use super::reply::Fault;

/// The message that a client posts, if it comes in the one form that is judged.
pub(super) async fn posted(
    headers: &HeaderMap,
    body: Incoming,
    max: usize,
    patience: Duration,
) -> Result<Gather, Fault> {
    if !is_framed_once(headers) {
        return Err(Fault::new(StatusCode::BAD_REQUEST, "Transfer-Encoding must be chunked"));
    }
    if media_type(headers).as_deref() != Some("application/json") || !is_utf8(headers) {
        return Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json"));
    }
    if !is_plain(headers) {
        return Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a compressed body is not read here"));
    }
    match timeout(patience, gather(body, max, Enough::Oversize)).await {
        Ok(Ok(gathered)) => Ok(gathered),
        Ok(Err(_)) => Err(Fault::new(StatusCode::BAD_REQUEST, "the body was cut off")),
        Err(_) => Err(Fault::new(StatusCode::REQUEST_TIMEOUT, "the body took too long")),
    }
}

/// When to stop reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enough {
    /// Once it is too long: nobody needs its end.
    Oversize,
    /// At its end.
    End,
}

/// All of `body`, or samples of what is longer than `max`.
pub(super) async fn gather<B>(body: B, max: usize, enough: Enough) -> Result<Gather, B::Error>
where
    B: Body<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut gathered = Gather::new(max);
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            gathered.take(&data);
        }
        if gathered.is_oversize() && enough == Enough::Oversize {
            break;
        }
    }
    Ok(gathered)
}

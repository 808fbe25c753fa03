//! Headers by name, and which of them go on.

use std::borrow::Cow;

use hyper::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};

pub(super) const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
pub(super) const REVISION: HeaderName = HeaderName::from_static("mcp-protocol-version");
pub(super) const METHOD: HeaderName = HeaderName::from_static("mcp-method");
pub(super) const NAME: HeaderName = HeaderName::from_static("mcp-name");
pub(super) const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// Whether a header is of one connection only, or ours to say anew, or one by which a client could pass for another.
fn is_ours(name: &str) -> bool {
    matches!(
        name,
        "accept-encoding"
            | "connection"
            | "content-encoding"
            | "content-length"
            | "expect"
            | "forwarded"
            | "host"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "via"
    ) || name.starts_with("x-forwarded-")
}

/// The headers that go on to the other side, in their order: all but those of one connection, those that speak of the body's form, and those
/// by which a client could pass for another.
pub(super) fn onward(headers: &HeaderMap) -> HeaderMap {
    let named: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    let mut kept = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        if !is_ours(name.as_str()) && !named.iter().any(|named| named == name.as_str()) {
            kept.append(name, value.clone());
        }
    }
    kept
}

/// The same headers in memory of their own: as they came, they hold on to all that was read of their connection with them.
pub(super) fn apart(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        // It was a header's value already.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            kept.append(name, value);
        }
    }
    kept
}

/// The one value of a header, as text. Two values are none: whoever is behind us might take the other.
pub(super) fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Ambiguous> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(Ambiguous),
    }
}

/// A header that is there more than once, or is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ambiguous;

/// A media type without its parameters; names have no case.
pub(super) fn media_type(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let value = one(headers, &CONTENT_TYPE).ok()??;
    let name = value.split(';').next().unwrap_or(value).trim();
    let is_small = !name.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if is_small { name.into() } else { name.to_ascii_lowercase().into() })
}

/// Whether the charset that a media type names, if it does, is the one that JSON has.
pub(super) fn is_utf8(headers: &HeaderMap) -> bool {
    let Ok(Some(value)) = one(headers, &CONTENT_TYPE) else { return false };
    value.split(';').skip(1).all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            let charset = charset.trim().trim_matches('"');
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    })
}

/// Whether the body comes in chunks at most once: some readers take off one layer of them, others all.
pub(super) fn is_framed_once(headers: &HeaderMap) -> bool {
    one(headers, &TRANSFER_ENCODING)
        .is_ok_and(|coding| coding.is_none_or(|coding| coding.eq_ignore_ascii_case("chunked")))
}

/// Whether the body is as it is written, and not compressed.
pub(super) fn is_plain(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_is_of_one_connection_stays_there_and_the_rest_goes_on() {
        let all = headers(&[
            ("host", "a"),
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("x-forwarded-for", "10.0.0.1"),
            ("accept-encoding", "gzip"),
            ("mcp-param-region", "eu"),
            ("traceparent", "00-1"),
            ("x-many", "1"),
            ("x-many", "2"),
        ]);
        let kept = onward(&all);
        let names: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(names, [("mcp-param-region", "eu"), ("traceparent", "00-1"), ("x-many", "1"), ("x-many", "2")]);
    }

    #[test]
    fn a_media_type_has_no_case_and_a_charset_other_than_json_s_is_seen() {
        assert_eq!(
            media_type(&headers(&[("content-type", "Application/JSON ; charset=x")])).unwrap(),
            "application/json"
        );
        assert_eq!(media_type(&headers(&[("content-type", "application/json"), ("content-type", "text/plain")])), None);
        for (value, yes) in [
            ("application/json", true),
            ("application/json; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/json; charset=utf-16", false),
        ] {
            assert_eq!(is_utf8(&headers(&[("content-type", value)])), yes, "{value}");
        }
    }
}

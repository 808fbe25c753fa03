//! Answers of our own, as canonical lines without their LF.

use crate::canonical::canonical;
use crate::text::encode;

/// A JSON-RPC error. `id` is the source text of the request's id, `data` is JSON.
pub fn error(id: Option<&str>, code: i64, message: &str, data: Option<&str>) -> Vec<u8> {
    let mut out = answer(id);
    out.extend_from_slice(b"\"error\":{\"code\":");
    out.extend_from_slice(code.to_string().as_bytes());
    out.extend_from_slice(b",\"message\":");
    encode(message, &mut out);
    if let Some(data) = data {
        out.extend_from_slice(b",\"data\":");
        out.extend_from_slice(&canonical(data.as_bytes()));
    }
    out.extend_from_slice(b"}}");
    out
}

/// The result of a tool call that failed, which the model gets to read.
pub fn tool_error(id: &str, text: &str) -> Vec<u8> {
    let mut out = answer(Some(id));
    out.extend_from_slice(b"\"result\":{\"content\":[{\"type\":\"text\",\"text\":");
    encode(text, &mut out);
    out.extend_from_slice(b"}],\"isError\":true}}");
    out
}

/// The notification that a request is not waited for any more. `id` is the source text of its id.
pub fn cancelled(id: &str) -> Vec<u8> {
    let mut out = b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":".to_vec();
    out.extend_from_slice(&canonical(id.as_bytes()));
    out.extend_from_slice(b"}}");
    out
}

/// A text as JSON.
pub fn string(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    encode(text, &mut out);
    out
}

/// One batch of several answers.
pub fn batch(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![b'['];
    out.extend_from_slice(&parts.join(&b','));
    out.push(b']');
    out
}

fn answer(id: Option<&str>) -> Vec<u8> {
    let mut out = b"{\"jsonrpc\":\"2.0\",\"id\":".to_vec();
    out.extend_from_slice(&canonical(id.unwrap_or("null").as_bytes()));
    out.push(b',');
    out
}

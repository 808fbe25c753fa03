//! The addresses of the transport of 2024-11-05 (HTTP+SSE): where clients of it listen, and where they post.

/// Where they listen.
pub(super) const LISTEN: &str = "/sse";
/// Where messages are posted. The stream says so, with the session's id.
pub(super) const MESSAGES: &str = "/messages";
/// What names the session there.
const SESSION: &str = "sessionId=";

/// Where messages of a session are posted.
pub(super) fn place(id: &str) -> String {
    format!("{MESSAGES}?{SESSION}{id}")
}

/// The session that a message is posted to.
pub(super) fn named(query: Option<&str>) -> Option<&str> {
    query?.split('&').find_map(|pair| pair.strip_prefix(SESSION))
}

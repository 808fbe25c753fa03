//! What a client must know to come with a token (RFC 9728): where it gets one, and what we are called there.

use hyper::header::HOST;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Response, StatusCode, Uri};
use serde::Serialize;

use super::headers::one;
use super::reply::{Body, json};

/// Where clients look for it, before the path of what they want to reach.
pub(super) const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// What we say of ourselves.
#[derive(Debug)]
pub(super) struct Guide {
    /// By which address clients know us, where it was configured; else as each request says.
    pub(super) public: Option<Uri>,
    /// By which scheme they reach us else.
    pub(super) scheme: &'static str,
    /// Who gives tokens, where they open.
    pub(super) issuer: Option<String>,
    /// What tokens may be asked for.
    pub(super) scopes: Vec<String>,
}

/// The path that a document is asked about; `None` where no document is asked for.
pub(super) fn asked(path: &str) -> Option<&str> {
    let about = path.strip_prefix(WELL_KNOWN)?;
    (about.is_empty() || about.starts_with('/')).then_some(about)
}

impl Guide {
    /// The path here of an address that clients know.
    pub(super) fn inside<'p>(&self, path: &'p str) -> &'p str {
        let below = self.public.as_ref().map_or("", |public| public.path().trim_end_matches('/'));
        path.strip_prefix(below).unwrap_or(path)
    }

    /// The address of a path here.
    pub(super) fn address(&self, headers: &HeaderMap, path: &str) -> Option<String> {
        let Some(public) = &self.public else {
            let host = one(headers, &HOST).ok().flatten()?.parse::<Authority>().ok()?;
            return Some(format!("{}://{host}{path}", self.scheme));
        };
        let (scheme, authority) = (public.scheme_str()?, public.authority()?);
        Some(format!("{scheme}://{authority}{}{path}", public.path().trim_end_matches('/')))
    }

    /// The address of the document about a path here.
    pub(super) fn document_address(&self, headers: &HeaderMap, path: &str) -> Option<String> {
        let resource = self.address(headers, path)?.parse::<Uri>().ok()?;
        let (scheme, authority) = (resource.scheme_str()?, resource.authority()?);
        Some(format!("{scheme}://{authority}{WELL_KNOWN}{}", resource.path()))
    }

    /// The document about a path here, where tokens open it.
    pub(super) fn document(&self, headers: &HeaderMap, path: &str) -> Option<Response<Body>> {
        #[derive(Serialize)]
        struct Document<'d> {
            resource: String,
            authorization_servers: [&'d str; 1],
            bearer_methods_supported: [&'d str; 1],
            #[serde(skip_serializing_if = "<[String]>::is_empty")]
            scopes_supported: &'d [String],
        }
        let document = Document {
            resource: self.address(headers, path)?,
            authorization_servers: [self.issuer.as_deref()?],
            bearer_methods_supported: ["header"],
            scopes_supported: &self.scopes,
        };
        Some(json(StatusCode::OK, serde_json::to_vec(&document).ok()?.into()))
    }

    /// What a client is told that has no token for a path here, or one that does not do (RFC 6750, section 3).
    pub(super) fn challenge(&self, headers: &HeaderMap, path: &str, parameters: &[(&str, &str)]) -> String {
        let document = self.issuer.as_ref().and_then(|_| self.document_address(headers, path));
        let document = document.as_deref().map(|document| ("resource_metadata", document));
        let mut challenge = "Bearer realm=\"vanguard\"".to_owned();
        for (name, value) in parameters.iter().copied().chain(document) {
            challenge.extend([", ", name, "=\"", value, "\""]);
        }
        challenge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(public: Option<&str>, host: &str) -> (Option<String>, Option<String>) {
        let public = public.map(|public| public.parse().unwrap());
        let guide = Guide { public, scheme: "http", issuer: None, scopes: Vec::new() };
        let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
        (guide.address(&headers, "/mcp/a"), guide.document_address(&headers, "/mcp/a"))
    }

    #[test]
    fn the_address_is_the_one_that_was_configured_or_the_one_that_was_used() {
        let some = |resource: &str, document: &str| (Some(resource.to_owned()), Some(document.to_owned()));
        assert_eq!(
            said(None, "localhost:8080"),
            some("http://localhost:8080/mcp/a", "http://localhost:8080/.well-known/oauth-protected-resource/mcp/a")
        );
        assert_eq!(
            said(Some("https://x.example/agents/"), "evil"),
            some(
                "https://x.example/agents/mcp/a",
                "https://x.example/.well-known/oauth-protected-resource/agents/mcp/a"
            )
        );
        assert_eq!(said(None, "a\",x=\"b"), (None, None));
    }

    #[test]
    fn a_document_is_about_a_path() {
        assert_eq!(asked("/.well-known/oauth-protected-resource"), Some(""));
        assert_eq!(asked("/.well-known/oauth-protected-resource/mcp/a"), Some("/mcp/a"));
        assert_eq!(asked("/.well-known/oauth-protected-resources"), None);
        assert_eq!(asked("/mcp"), None);
    }
}

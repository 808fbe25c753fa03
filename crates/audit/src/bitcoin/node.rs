//! A node of one's own, asked for headers by its RPC.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{Chain, Header};
use crate::send::{Endpoint, Http};

/// The most bytes of an answer.
const MAX_ANSWER: u64 = 64 * 1024;

/// A node.
pub struct Node {
    http: Http,
    url: Endpoint,
    /// What it lets one in by: a header's value.
    authorization: Option<String>,
    chain: Option<Chain>,
}

impl Node {
    /// The node at an address; `credentials` are `user:password`, as its cookie file has them.
    pub fn new(url: Endpoint, credentials: Option<&str>) -> Self {
        let authorization = credentials.map(|pair| format!("Basic {}", STANDARD.encode(pair.trim())));
        Self { http: Http::new(), url, authorization, chain: None }
    }

    /// The header of a height on its best chain, and which chain that is.
    pub(super) fn header(&mut self, height: u64) -> Result<Option<(Header, Chain)>, String> {
        let chain = if let Some(chain) = self.chain {
            chain
        } else {
            let first: Option<String> = self.ask("getblockhash", [0])?;
            let chain = first.as_deref().and_then(Chain::of).ok_or("the node is of no chain that is known")?;
            *self.chain.insert(chain)
        };
        let Some(hash) = self.ask::<String>("getblockhash", [height])? else { return Ok(None) };
        let hex: Option<String> = self.ask("getblockheader", (&hash, false))?;
        let header = hex.as_deref().and_then(Header::parse).ok_or("the node's answer is no header")?;
        if header.hash().to_string() != hash {
            return Err("the node's header is not of the block that it named".to_owned());
        }
        Ok(Some((header, chain)))
    }

    /// Asks one thing. `None` where the node has no answer to it, such as for a height that there is not yet.
    fn ask<T: for<'de> Deserialize<'de>>(&self, method: &str, params: impl Serialize) -> Result<Option<T>, String> {
        #[derive(Serialize)]
        struct Question<'a, P> {
            jsonrpc: &'static str,
            id: &'static str,
            method: &'a str,
            params: P,
        }
        #[derive(Deserialize)]
        struct Answer<T> {
            result: Option<T>,
            error: Option<Trouble>,
        }
        #[derive(Deserialize)]
        struct Trouble {
            code: i64,
        }
        /// What there is not.
        const OUT_OF_RANGE: i64 = -8;
        let question = Question { jsonrpc: "1.0", id: "vanguard", method, params };
        let question = serde_json::to_vec(&question).map_err(|error| error.to_string())?;
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(self.authorization.as_deref().map(|value| ("authorization", value)));
        let answer = self.http.post(self.url.as_str(), &headers, &question, MAX_ANSWER)?;
        if matches!(answer.status, 401 | 403) {
            return Err("the node does not let us in (--bitcoin-auth FILE)".to_owned());
        }
        let said: Answer<T> = serde_json::from_slice(&answer.body)
            .map_err(|_| format!("the node answers {} and nothing that is understood", answer.status))?;
        match said.error {
            Some(Trouble { code: OUT_OF_RANGE }) => Ok(None),
            Some(Trouble { code }) => Err(format!("the node refuses {method} with code {code}")),
            None => Ok(said.result),
        }
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("url", &self.url).finish_non_exhaustive()
    }
}

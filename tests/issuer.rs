//! An authorization server that a test leads: it signs what it is told, and shows its keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::upstream::{Upstream, response};

/// The name of the server, and for whom its tokens are.
const NAMES: [&str; 2] = ["https://as.example", "https://gw.example/mcp"];

/// An authorization server.
pub struct Issuer {
    key: Ed25519KeyPair,
    keys: Upstream,
    asked: Arc<AtomicUsize>,
}

impl Default for Issuer {
    fn default() -> Self {
        let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(pair.as_ref()).unwrap();
        let x = BASE64.encode(key.public_key());
        let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"one","x":"{x}"}}]}}"#);
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let keys = Upstream::new(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            response("200 OK", "Content-Type: application/json\r\n", &set)
        });
        Self { key, keys, asked }
    }
}

impl Issuer {
    /// What a gateway is told that lets its tokens in.
    pub fn flags(&self) -> Vec<String> {
        let [issuer, audience] = NAMES;
        let flags = ["--jwt-issuer", issuer, "--jwt-audience", audience, "--jwks-url", &self.keys.url()];
        flags.map(str::to_owned).to_vec()
    }

    /// How often its keys were asked for.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// A header with a token of `name` that grants `scope`, good for this many seconds.
    pub fn header(&self, name: &str, scope: &str, seconds: i64) -> String {
        self.header_by("one", name, scope, seconds)
    }

    /// The same, signed by a key of this name.
    pub fn header_by(&self, key: &str, name: &str, scope: &str, seconds: i64) -> String {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
        let ([issuer, audience], expires) = (NAMES, now + seconds);
        let head = BASE64.encode(format!(r#"{{"alg":"EdDSA","kid":"{key}"}}"#));
        let claims = BASE64.encode(format!(
            r#"{{"iss":"{issuer}","aud":"{audience}","sub":"{name}","exp":{expires},"scope":"{scope}"}}"#
        ));
        let signature = BASE64.encode(self.key.sign(format!("{head}.{claims}").as_bytes()));
        format!("Bearer {head}.{claims}.{signature}")
    }
}

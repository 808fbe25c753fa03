//! A key that lets one in somewhere: never shown.

use std::fmt;
use std::str::FromStr;

/// A secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// What it is, for who sends it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = &'static str;

    /// Takes what can stand in a header of HTTP.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const MAX: usize = 16 * 1024;
        let text = text.trim();
        let fits = !text.is_empty() && text.len() <= MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err("a key is one word of visible ASCII") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

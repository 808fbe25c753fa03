//! Checks, as rules name them.

use serde::{Deserialize, Serialize};

use super::words;

/// One check, as a rule names it in `checks`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Check {
    /// At least so many bits a byte.
    Entropy(f64),
    /// A card number's check digit is right.
    Luhn,
    /// The checksum of a GitHub or npm token is right: then it is one, whatever else it looks like.
    GithubCrc,
    /// The header of a JSON web token.
    Jwt,
    /// Base64 of a JSON object.
    Base64Json,
    /// No example, variable or mask.
    NotPlaceholder,
    /// No login that documentation and local databases are full of.
    NotDefaultLogin,
}

/// The names of checks.
const NAMES: &[&str] = &["entropy", "luhn", "github_crc", "jwt", "base64_json", "not_placeholder", "not_default_login"];

impl Check {
    /// Reads a check as it is written; the error is what is wrong, and how to mend it.
    pub(super) fn read(text: &str) -> Result<Self, (String, String)> {
        let (name, value) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value.trim())));
        if name.trim() == "entropy" {
            let bits = value.and_then(|value| value.parse::<f64>().ok()).filter(|bits| (0.0..=8.0).contains(bits));
            return bits.map(Self::Entropy).ok_or_else(|| {
                (format!("`{text}` is no check"), "Write the least bits a character, e.g. `entropy:3.0`.".to_owned())
            });
        }
        match (name.trim(), value) {
            ("luhn", None) => Ok(Self::Luhn),
            ("github_crc", None) => Ok(Self::GithubCrc),
            ("jwt", None) => Ok(Self::Jwt),
            ("base64_json", None) => Ok(Self::Base64Json),
            ("not_placeholder", None) => Ok(Self::NotPlaceholder),
            ("not_default_login", None) => Ok(Self::NotDefaultLogin),
            _ => Err((format!("`{text}` is no check"), words::suggestion(name, NAMES.iter().copied()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_read_by_name() {
        assert_eq!(Check::read("entropy: 3.5"), Ok(Check::Entropy(3.5)));
        assert_eq!(Check::read("luhn"), Ok(Check::Luhn));
        assert!(Check::read("entropy").is_err() && Check::read("entropy:9").is_err() && Check::read("luhn:1").is_err());
        assert_eq!(Check::read("not_placehold").unwrap_err().1, "Did you mean `not_placeholder`?");
        assert!(NAMES.iter().skip(1).all(|name| Check::read(name).is_ok()));
    }
}

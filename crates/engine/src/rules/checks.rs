//! Checks: what a match must pass besides its pattern.

use crate::secret::{checksum, entropy, placeholder};

use super::words;

/// One check, as a rule names it in `checks`.
#[derive(Debug, Clone, Copy, PartialEq)]
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

/// A match as checks see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Match<'t> {
    /// All that the pattern matched.
    pub(super) text: &'t str,
    /// The part that is the secret.
    pub(super) secret: &'t str,
    /// Whether it is on its way to the server. There an example of documentation is as good as a secret, since hardly
    /// anybody sends one to others, and what looks like an example may be none.
    pub(super) leaves: bool,
}

/// What a check makes of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opinion {
    /// It is real: no other check can change that.
    Sure,
    /// Nothing speaks against it.
    Possible,
    /// It is none.
    No,
}

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

    fn opinion(self, found: Match<'_>) -> Opinion {
        let secret = found.secret;
        let possible = |possible| if possible { Opinion::Possible } else { Opinion::No };
        match self {
            Self::Entropy(bits) => possible(entropy(secret) >= bits),
            Self::Luhn => possible(checksum::luhn(secret)),
            // A wrong checksum proves nothing: tokens get cut, and others have been made by hand.
            Self::GithubCrc if checksum::crc(secret) => Opinion::Sure,
            Self::GithubCrc => Opinion::Possible,
            Self::Jwt => possible(checksum::is_jwt(secret)),
            Self::Base64Json => possible(checksum::is_base64_json(secret)),
            Self::NotPlaceholder if found.leaves => possible(!placeholder::is_mask(secret)),
            Self::NotPlaceholder => possible(!placeholder::is_placeholder(secret)),
            Self::NotDefaultLogin => {
                possible(!placeholder::is_mask(secret) && !placeholder::is_default_login(found.text, secret))
            }
        }
    }
}

/// Whether a match passes all of `checks`.
pub(super) fn pass(checks: &[Check], found: Match<'_>) -> bool {
    let mut passes = true;
    for check in checks {
        match check.opinion(found) {
            Opinion::Sure => return true,
            Opinion::Possible => {}
            Opinion::No => passes = false,
        }
    }
    passes
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

    #[test]
    fn all_must_pass_but_a_right_checksum_settles_it() {
        let found = |secret| Match { text: secret, secret, leaves: false };
        assert!(pass(&[], found("anything")));
        assert!(!pass(&[Check::NotPlaceholder, Check::Entropy(1.0)], found("changeme")));
        assert!(pass(&[Check::NotPlaceholder], Match { leaves: true, ..found("AKIAIOSFODNN7EXAMPLE") }));
        assert!(!pass(&[Check::NotPlaceholder], Match { leaves: true, ..found("AKIAXXXXXXXXXXXXXXXX") }));
        assert!(pass(&[Check::Jwt], found("eyJhbGciOiJIUzI1NiJ9.e.s")));
        assert!(!pass(&[Check::Luhn], found("4539 1488 0343 6468")));
    }
}

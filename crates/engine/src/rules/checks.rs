//! What a match must pass besides its pattern.

use crate::secret::{checksum, entropy, placeholder};

use super::check::Check;

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

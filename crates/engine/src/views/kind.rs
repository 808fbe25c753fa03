//! The views there are.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewKind {
    /// The field as the JSON reader gives it.
    Raw,
    /// NFKC, without invisible characters; look-alikes of ASCII letters replaced by them.
    Plain,
    /// Percent-decoded, overlong UTF-8 and `%uXXXX` included.
    Percent,
    /// HTML and XML character references resolved.
    Html,
    /// Backslash escapes of JSON, C and the shell resolved (`\u002f`, `\x2f`, `\057`).
    Escape,
    /// Base64 and base64url runs found inside the text, decoded.
    Base64,
    /// Hexadecimal runs found inside the text, decoded.
    Hex,
    /// Base32 runs found inside the text, decoded.
    Base32,
    /// Gzip and zlib in base64, unpacked.
    Gzip,
    /// The strings of a JSON text, unescaped, one a line.
    Json,
    /// A guess: letters with blanks or signs between them, joined.
    Spaced,
    /// A guess: digits read as the letters they are drawn like.
    Leet,
    /// A guess: every letter thirteen places on.
    Rot13,
    /// A guess: read backwards.
    Reversed,
    /// Simple commands, one a line, words unquoted, `$IFS` a space (role command and shell-like values).
    Shell,
    /// Canonical form by the WHATWG URL standard: host decoded, IPv4 and IPv6 in their one spelling.
    Url,
    /// Lexically normalised path: separators `/`, `.` and empty segments removed, `..` kept where it climbs.
    Path,
}

impl ViewKind {
    /// Whether it is only guessed that somebody reads the text so: such views are for rules that name them.
    pub fn is_guess(self) -> bool {
        matches!(self, Self::Spaced | Self::Leet | Self::Rot13 | Self::Reversed)
    }
}

impl fmt::Display for ViewKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raw => "raw",
            Self::Plain => "plain",
            Self::Percent => "percent",
            Self::Html => "html",
            Self::Escape => "escape",
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Base32 => "base32",
            Self::Gzip => "gzip",
            Self::Json => "json",
            Self::Spaced => "spaced",
            Self::Leet => "leet",
            Self::Rot13 => "rot13",
            Self::Reversed => "reversed",
            Self::Shell => "shell",
            Self::Url => "url",
            Self::Path => "path",
        })
    }
}

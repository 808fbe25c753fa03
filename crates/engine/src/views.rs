//! Every plain form of a field that a server, a shell or a model might see.
//!
//! A field passes one fast look ([`triggers`]); ordinary prose ends there and costs next to nothing. Otherwise its
//! decodings are unfolded breadth-first ([`unfold`]), each distinct text once, within [`ViewLimits`]. Decoders are
//! total: whatever they are given they answer, in time and space linear in it.

mod cursor;
mod escape;
mod guess;
mod html;
mod json;
pub(crate) mod path;
pub(crate) mod percent;
mod plain;
mod readings;
mod runs;
mod shell;
mod triggers;
mod unfold;
mod url;

use std::fmt;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::role::Roles;

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

/// The decodings that led to a view, outermost first. Empty: the field as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain(pub SmallVec<[ViewKind; 4]>);

impl Chain {
    /// The last decoding, [`ViewKind::Raw`] for none.
    pub fn kind(&self) -> ViewKind {
        self.0.last().copied().unwrap_or(ViewKind::Raw)
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, kind) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(" → ")?;
            }
            write!(f, "{kind}")?;
        }
        Ok(())
    }
}

/// How much of one field is unfolded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewLimits {
    /// Decodings inside one another.
    pub depth: usize,
    /// Views of one field, the field as it came among them.
    pub count: usize,
    /// Bytes of all decoded views of one field together.
    pub bytes: usize,
}

impl Default for ViewLimits {
    fn default() -> Self {
        Self { depth: 4, count: 24, bytes: 1 << 20 }
    }
}

/// What was seen of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ViewStats {
    /// Views given, the field as it came among them.
    pub views: u32,
    /// Whether a limit kept further views back.
    pub truncated: bool,
    /// Whether it holds more commands than anybody writes: an attack on its reader, of which the rest was not read.
    pub overrun: bool,
}

/// Gives `sink` the field as it came, then every other text that someone may take it for, each with the decodings
/// that led to it. The roles decide which readings make sense: a shell reads commands, not prose.
pub fn each_view(text: &str, roles: Roles, limits: &ViewLimits, sink: &mut dyn FnMut(&str, &Chain)) -> ViewStats {
    each_view_while(text, roles, limits, &mut |view, chain| {
        sink(view, chain);
        true
    })
}

/// [`each_view`], until `sink` says that it has seen enough.
pub(crate) fn each_view_while(text: &str, roles: Roles, limits: &ViewLimits, sink: &mut Sink<'_>) -> ViewStats {
    unfold::unfold(text, roles, limits, sink)
}

/// Builds the tables that every text is read with.
pub(crate) fn prepare() {
    let roles = Roles::TEXT | Roles::COMMAND;
    each_view("echo 'nothing to do'", roles, &ViewLimits::default(), &mut |_, _| {});
}

/// Takes a view, and says whether it wants another.
type Sink<'s> = dyn FnMut(&str, &Chain) -> bool + 's;

/// Whether a text is rather a command line of Windows.
pub(crate) fn looks_like_windows(text: &str) -> bool {
    shell::looks_like_windows(text)
}

/// Of a letter of a script beside Latin: whether it is drawn like a Latin one.
pub(crate) fn looks_like_latin(c: char) -> Option<bool> {
    plain::looks_like_latin(c)
}

/// Whether `c` shows nothing: zero-width, bidi control, tag, variation selector, soft hyphen and their like.
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests;

//! Every plain form of a field that a server, a shell or a model might see.
//!
//! A field passes one fast look ([`triggers`]); ordinary prose ends there and costs next to nothing. Otherwise its
//! decodings are unfolded breadth-first ([`unfold`]), each distinct text once, within [`ViewLimits`]. Decoders are
//! total: whatever they are given they answer, in time and space linear in it.

mod cursor;
mod escape;
mod guess;
mod html;
mod invisible;
mod json;
mod kind;
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

use smallvec::SmallVec;

pub use invisible::is_invisible;
pub use kind::ViewKind;

use crate::role::Roles;

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

#[cfg(test)]
mod tests;

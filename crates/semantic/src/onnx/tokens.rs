//! A text as a model reads it: tokens, in windows that overlap.

use std::path::Path;

use tokenizers::{PostProcessor as _, Tokenizer, TruncationDirection};

use super::OnnxError;

/// Cuts texts into tokens, and these into windows.
pub(super) struct Tokens {
    tokenizer: Tokenizer,
    /// Tokens of a window,
    window: usize,
    /// and those of them that are put round a text.
    added: usize,
}

/// What a model reads at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) ids: Vec<u32>,
    pub(super) types: Vec<u32>,
}

impl Tokens {
    /// By a `tokenizer.json`, in windows of so many tokens, of which each has a quarter in common with the one before.
    pub(super) fn new(path: &Path, json: &[u8], window: usize) -> Result<Self, OnnxError> {
        let of = |error: &dyn std::fmt::Display| OnnxError::Tokenizer { path: path.to_owned(), why: error.to_string() };
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(|error| of(&error))?;
        // What a text says is a text: it can neither end itself nor begin anything, whatever tokens it spells out.
        tokenizer.set_encode_special_tokens(true);
        tokenizer.with_padding(None);
        // It would cut off what is beyond the first window, and a little more.
        tokenizer.with_truncation(None).map_err(|error| of(&error))?;
        let added = tokenizer.get_post_processor().map_or(0, |post| post.added_tokens(false));
        if added + MIN_WINDOW > window {
            return Err(of(&format_args!("it adds {added} tokens to each text, which leaves too few of {window}")));
        }
        Ok(Self { tokenizer, window, added })
    }

    /// A window that is full of the last token of all.
    pub(super) fn fullest(&self) -> Window {
        let last = self.tokenizer.get_vocab_size(true).saturating_sub(1);
        Window { ids: vec![u32::try_from(last).unwrap_or(u32::MAX); self.window], types: vec![0; self.window] }
    }

    /// The windows of a text, the first first; none where it cannot be cut into tokens.
    pub(super) fn windows(&self, text: &str) -> Option<Vec<Window>> {
        let mut first = self.tokenizer.encode_fast(text, false).ok()?;
        let room = self.window - self.added;
        first.truncate(room, room / 4, TruncationDirection::Right);
        let others = first.take_overflowing();
        let mut windows = Vec::with_capacity(1 + others.len());
        for part in std::iter::once(first).chain(others) {
            let whole = self.tokenizer.post_process(part, None, true).ok()?;
            windows.push(Window { ids: whole.get_ids().to_vec(), types: whole.get_type_ids().to_vec() });
        }
        windows.iter().all(|window| (1..=self.window).contains(&window.ids.len())).then_some(windows)
    }
}

/// The fewest tokens of a text in a window.
const MIN_WINDOW: usize = 8;

//! How often a literal may be expected: the rarest is looked for first.

use super::literal::EDGE;

/// How often `literal` comes, a byte of prose: as often as its letters would by chance, but for the commonest words.
pub(super) fn frequency(literal: &[u8]) -> f64 {
    let (mut bare, mut by_chance) = (literal, 1.0);
    if let Some(rest) = bare.strip_prefix(&[EDGE]) {
        (bare, by_chance) = (rest, edge_frequency(rest.first()));
    }
    if let Some(rest) = bare.strip_suffix(&[EDGE]) {
        (bare, by_chance) = (rest, by_chance * edge_frequency(rest.last()));
    }
    by_chance *= chance(bare);
    let word = bare.trim_ascii();
    if PIPES.contains(&bare) {
        return by_chance.max(PIPE_FREQUENCY);
    }
    if is_of_commands(bare) {
        return by_chance.max(COMMAND_FREQUENCY);
    }
    let common = word.len() > 1 && COMMON.iter().any(|common| common.as_bytes().starts_with(word));
    if common { by_chance.max(COMMON_FREQUENCY) } else { by_chance }
}

/// How often `literal` would come if letters came independently.
pub(super) fn chance(literal: &[u8]) -> f64 {
    literal.iter().map(|byte| FREQUENCIES.get(usize::from(*byte)).copied().unwrap_or_default()).product()
}

/// [`byte_frequency`] of each byte, asked for those of ten thousand literals.
#[expect(clippy::indexing_slicing, reason = "a constant: an index beyond it would not compile")]
static FREQUENCIES: [f64; 256] = {
    let mut table = [0.0; 256];
    let mut byte = u8::MIN;
    loop {
        table[byte as usize] = byte_frequency(byte);
        match byte.checked_add(1) {
            Some(next) => byte = next,
            None => break table,
        }
    }
};

/// How often each of [`COMMON`] comes, or its beginning, about.
const COMMON_FREQUENCY: f64 = 0.001;

/// Whether a literal is what command lines are full of: it is one of rules on those.
pub(super) fn is_of_commands(literal: &[u8]) -> bool {
    let word = literal.trim_ascii();
    let is_option = literal.len() > word.len() && matches!(word, [b'-', _] | [b'-']);
    is_option || COMMANDS.iter().any(|command| command.as_bytes() == word)
}

/// How often an option or one of [`COMMANDS`] comes, a byte of a command line, about.
const COMMAND_FREQUENCY: f64 = 0.005;

/// How often a pipe comes there.
const PIPE_FREQUENCY: f64 = 0.015;

/// A pipe in a command line, and in the `shell` view of it.
const PIPES: &[&[u8]] = &[b"| ", b"\n| "];

/// The programs and words that command lines are full of.
const COMMANDS: &[&str] =
    &["awk", "cat", "echo", "find", "git", "grep", "head", "ls", "make", "sed", "sh", "sort", "tail", "tar", "tee"];

/// The words that texts for models and programmers are full of.
const COMMON: &[&str] = &[
    "a", "all", "an", "and", "any", "are", "as", "at", "be", "but", "by", "can", "code", "command", "data", "do",
    "each", "file", "files", "for", "from", "get", "has", "have", "here", "how", "http", "https", "if", "in", "into",
    "is", "it", "its", "key", "list", "message", "more", "must", "name", "new", "no", "not", "now", "of", "on", "one",
    "only", "or", "other", "out", "path", "print", "run", "set", "should", "so", "string", "system", "that", "the",
    "their", "them", "then", "there", "these", "they", "this", "to", "use", "used", "user", "value", "was", "what",
    "when", "which", "will", "with", "would", "you", "your",
];

/// How many places of a text are the edge of a word.
const EDGE_FREQUENCY: f64 = 0.3;

/// How often the edge of a word is where a literal begins or ends with this byte: at a sign it nearly always is.
pub(super) fn edge_frequency(byte: Option<&u8>) -> f64 {
    let is_letter = byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    if is_letter { EDGE_FREQUENCY } else { 1.0 }
}

const fn byte_frequency(byte: u8) -> f64 {
    match byte {
        EDGE => EDGE_FREQUENCY,
        b'A'..=b'Z' => 0.1 * byte_frequency(byte.to_ascii_lowercase()),
        b' ' => 0.16,
        b'e' => 0.10,
        b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 0.06,
        b'h' | b'l' | b'd' | b'c' | b'u' => 0.03,
        b'm' | b'f' | b'p' | b'g' | b'y' | b'w' | b'b' | b'\n' => 0.015,
        b'v' | b'k' | b'0'..=b'9' | b'.' | b',' | b'-' | b'_' | b'/' | b'"' | b'=' | b':' | b'(' | b')' => 0.008,
        b'x' | b'j' | b'q' | b'z' | 0x21..=0x7e | b'\t' => 0.002,
        0x80..=0xfe => 0.001,
        _ => 0.000_02,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_texts_are_full_of_comes_last() {
        assert!(frequency(b"| ") > frequency(b"\xfftr\xff"), "every pipeline has a pipe");
        assert!(
            frequency(b"the") > frequency(b"zht"),
            "a common word comes more often than its letters would together"
        );
        assert!(frequency(b"\xffxz\xff") < frequency(b"xz"), "fewer places are the edge of a word");
        assert!((frequency(b"\xff -xy") - frequency(b" -xy")).abs() < f64::EPSILON, "but nearly every blank is");
    }
}

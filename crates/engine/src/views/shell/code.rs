//! Commands inside the code of another language: `python -c 'os.system("…")'`, `perl -e 'exec "…"'`.

use super::super::cursor::Cursor;
use super::command::Word;
use crate::names::Names;

#[rustfmt::skip]
static INTERPRETERS: Names<22> = Names::new([
    "awk", "bun", "deno", "gawk", "groovy", "guile", "ipython", "irb", "julia", "lua", "luajit", "mawk", "nawk",
    "node", "nodejs", "osascript", "perl", "php", "pypy", "python", "ruby", "tclsh",
]);

/// What stands before a string that is run as a command.
const CALLS: &[&str] = &[
    "system",
    "popen",
    "popen2",
    "popen3",
    "exec",
    "Popen",
    "call",
    "run",
    "check_output",
    "check_call",
    "getoutput",
    "spawn",
    "shell_exec",
    "passthru",
    "execute",
    "execSync",
    "spawnSync",
    "execFile",
    "do shell script",
    "capture2",
    "sh",
    "spawnl",
    "execl",
];

/// The most commands of one word.
const COMMANDS: usize = 8;

/// The commands that the arguments of an interpreter run.
pub(super) fn commands(program: &str, arguments: &[Word<'_>], scripts: &mut Vec<String>) {
    let name = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if !INTERPRETERS.contains(name) {
        return;
    }
    for word in arguments.iter().filter(|word| word.quoted && word.text.len() > 8) {
        in_code(&word.text, scripts);
    }
}

fn in_code(code: &str, scripts: &mut Vec<String>) {
    let mut cursor = Cursor::new(code.as_bytes());
    let mut found = 0_usize;
    while found < COMMANDS {
        cursor.take_while(|byte| !matches!(byte, b'"' | b'\'' | b'`'));
        let before = code.len().saturating_sub(cursor.rest().len());
        let Some(text) = literal(&mut cursor) else { return };
        let lead = code.get(..before).unwrap_or("").trim_end_matches([' ', '(', '[', '{']);
        if !CALLS.iter().any(|call| lead.ends_with(call)) {
            continue;
        }
        found = found.saturating_add(1);
        let mut command = text;
        // `["rm", "-rf", "/"]`: one word each.
        loop {
            let mut after = cursor;
            after.take_while(|byte| matches!(byte, b' ' | b',' | b'['));
            if after.rest().len() == cursor.rest().len() || command.len() > 1024 {
                break;
            }
            let Some(next) = literal(&mut after) else { break };
            command.push(' ');
            command.push_str(&next);
            cursor = after;
        }
        if command.len() <= 4096 {
            scripts.push(command);
        }
    }
}

/// Reads a quoted string.
fn literal(cursor: &mut Cursor<'_>) -> Option<String> {
    let mut after = *cursor;
    let sign = after.next().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
    let inside = after.take_until(sign);
    after.next();
    *cursor = after;
    Some(String::from_utf8_lossy(inside).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_that_run_are_commands() {
        for (code, expected) in [
            ("import os; os.system(\"rm -rf /\")", "rm -rf /"),
            ("exec \"rm -rf /\";", "rm -rf /"),
            ("subprocess.run(['rm', '-rf', '/'])", "rm -rf /"),
            ("require('child_process').execSync('rm -rf /')", "rm -rf /"),
        ] {
            let mut scripts = Vec::new();
            in_code(code, &mut scripts);
            assert_eq!(scripts, [expected], "{code}");
        }
        let mut scripts = Vec::new();
        in_code("print('rm -rf /')", &mut scripts);
        assert!(scripts.is_empty());
    }
}

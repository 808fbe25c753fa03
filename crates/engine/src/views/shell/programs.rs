//! Programs that run other programs, and how they are told which.

use smallvec::SmallVec;

use super::command::{Command, Word};
use super::runners::{Runner, runner};
use super::{code, expand, options};
use crate::byteset::ByteSet;

/// No system starts a program by a longer path.
const LONGEST_PATH: usize = 32 << 10;

/// A program by its name alone: `/usr/bin/rm` and `C:\Windows\System32\rm.exe` are `rm`. A path outside the places where
/// programs are installed says something of its own (`/tmp/x`, `./x`) and stays.
pub(super) fn name(word: &str) -> &str {
    static SIGNS: ByteSet = ByteSet::of(b"/\\.");
    if word.len() > LONGEST_PATH || !word.bytes().any(|byte| SIGNS.has(byte)) {
        return word;
    }
    let word = word.strip_suffix(".exe").or_else(|| word.strip_suffix(".EXE")).unwrap_or(word);
    let Some(end) = word.bytes().rposition(|byte| matches!(byte, b'/' | b'\\')) else { return word };
    if !word.starts_with('/') && word.as_bytes().get(1) != Some(&b':') {
        return word;
    }
    let (directory, base) = (word.get(..end).unwrap_or(""), word.get(end.saturating_add(1)..).unwrap_or(""));
    let last = directory.rsplit(['/', '\\']).next().unwrap_or("");
    let installed =
        ["bin", "sbin", "System32", "SysWOW64", "v1.0"].iter().any(|place| last.eq_ignore_ascii_case(place));
    // `/b?n/c?t` and `/???/sh` mean such a place.
    if !base.is_empty() && (installed || last.contains(['?', '*', '['])) { base } else { word }
}

/// Commands still to be written, each the words of another from some point on.
pub(super) type Waiting<'w> = SmallVec<[&'w [Word<'w>]; 4]>;

/// How the program of these words runs others.
pub(super) fn runner_of(words: &[Word<'_>]) -> Option<Runner> {
    runner(name(&words.first()?.text))
}

/// Adds to `commands` and `scripts` what `words` runs, by a program of this kind.
pub(super) fn inner<'w>(
    words: &'w [Word<'w>],
    runner: Option<Runner>,
    commands: &mut Waiting<'w>,
    scripts: &mut Vec<String>,
) {
    let Some((program, arguments)) = words.split_first() else { return };
    let called = name(&program.text);
    options::commands(called, arguments, scripts);
    code::commands(called, arguments, scripts);
    match runner {
        Some(Runner::Prefix { valued, own }) => {
            scripts.extend(value_of(arguments, &["-S", "--split-string"]).filter(|_| program.text == "env"));
            commands.push(after_prefix(arguments, valued, own));
        }
        Some(Runner::Shell) => scripts.extend(script_argument(arguments)),
        Some(Runner::Login) => scripts.extend(value_of(arguments, &["-c", "--command"])),
        Some(Runner::Joined) => scripts.push(joined(options_skipped(arguments, &["-n", "-j", "-d"]))),
        Some(Runner::Find) => found(arguments, commands),
        Some(Runner::Remote) => {
            let valued = ["-i", "-p", "-l", "-o", "-F", "-L", "-R", "-D", "-J", "-b", "-c", "-m"];
            scripts.push(joined(options_skipped(arguments, &valued).get(1..).unwrap_or_default()));
        }
        Some(Runner::Container) => contained(arguments, commands),
        Some(Runner::Rest(options)) => {
            let at = arguments.iter().position(|word| is_one_of(&word.text, options));
            scripts.extend(at.and_then(|at| arguments.get(at.saturating_add(1)..)).map(joined));
        }
        Some(Runner::Quoted) => {
            let lines = arguments.iter().filter(|word| word.quoted && word.text.contains(' ')).take(4);
            scripts.extend(lines.map(|word| word.text.to_string()));
        }
        Some(Runner::Echo | Runner::Printf | Runner::Input) => {}
        // `screen -dm bash -c …` and whatever else starts a shell: it shows by the shell's own words.
        None => {
            let starts = |pair: &[Word<'_>]| match pair {
                [shell, option] => is_script_option(&option.text) && is_shell(name(&shell.text)),
                _ => false,
            };
            let at = arguments.windows(2).position(starts);
            commands.extend(at.and_then(|at| arguments.get(at..)));
        }
    }
}

/// What an `echo` or `printf` writes.
pub(super) fn echoed(command: &Command<'_>) -> Option<String> {
    let (_, arguments) = command.words.split_first()?;
    match command.runner? {
        Runner::Echo => {
            let resolves = arguments.first().is_some_and(|word| word.text.starts_with("-e"));
            let text = joined(options_skipped(arguments, &[]));
            Some(if resolves { expand::escapes(&text) } else { text })
        }
        Runner::Printf => Some(printed(arguments)),
        _ => None,
    }
}

/// What `printf FORMAT ARGUMENTS` writes: escapes resolved, `%s`, `%b` and `%c` filled in.
pub(super) fn printed(arguments: &[Word<'_>]) -> String {
    let Some((format, values)) = arguments.split_first() else { return String::new() };
    let format = expand::escapes(&format.text);
    let rounds = if format.len() <= 1024 { 64 } else { 1 };
    let mut values = values.iter().take(64);
    let mut out = String::with_capacity(format.len());
    // A format is used again while there are values for it.
    for round in 0..rounds {
        let fills = ["%s", "%b", "%c", "%q"].iter().any(|fill| format.contains(fill));
        if round > 0 && (values.len() == 0 || !fills) {
            break;
        }
        let mut parts = format.split('%');
        out.push_str(parts.next().unwrap_or(""));
        for part in parts {
            if let Some(rest) = part.strip_prefix(['s', 'b', 'c', 'q']) {
                let value = values.next().map_or("", |word| &*word.text);
                out.push_str(&if part.starts_with('b') { expand::escapes(value) } else { value.to_owned() });
                out.push_str(rest);
            } else {
                out.push('%');
                out.push_str(part);
            }
        }
    }
    // What the format has no place for is shown all the same.
    for value in values {
        out.push(' ');
        out.push_str(&value.text);
    }
    out
}

/// The file whose commands these words run: `sh file`, `. file`, `./file`.
pub(super) fn script_file<'w>(command: &'w Command<'_>) -> Option<&'w str> {
    let (program, arguments) = command.words.split_first()?;
    match command.runner {
        Some(Runner::Shell) => {
            let operands = options_skipped(arguments, &["-o", "+o", "-O", "--rcfile", "--init-file"]);
            operands.first().map(|word| &*word.text)
        }
        Some(Runner::Input) => arguments.iter().find(|word| !word.text.starts_with('-')).map(|word| &*word.text),
        None if program.text.contains('/') => Some(&program.text),
        _ => None,
    }
}

/// Whether a command runs an interpreter of shell commands on its standard input.
pub(super) fn reads_script(command: &Command<'_>) -> bool {
    let (mut words, mut runner) = (command.words.as_slice(), command.runner);
    for _ in 0..super::DEPTH {
        let Some((_, arguments)) = words.split_first() else { return false };
        match runner {
            Some(Runner::Shell) => {
                let operand = options_skipped(arguments, &["-o", "+o", "-O", "--rcfile", "--init-file"]).first();
                let reads = arguments.iter().any(|word| word.text == "-s");
                return reads || operand.is_none_or(|word| matches!(&*word.text, "-" | "/dev/stdin"));
            }
            Some(Runner::Input) => return true,
            Some(Runner::Prefix { valued, own }) => {
                words = after_prefix(arguments, valued, own);
                runner = runner_of(words);
            }
            _ => return false,
        }
    }
    false
}

fn is_shell(name: &str) -> bool {
    runner(name) == Some(Runner::Shell)
}

fn is_one_of(word: &str, options: &[&str]) -> bool {
    options.iter().any(|option| word.eq_ignore_ascii_case(option))
}

/// `-c`, alone or among others: `-lc`.
fn is_script_option(option: &str) -> bool {
    option.len() <= 8 && option.starts_with('-') && option.contains('c')
}

/// The script of `sh -c script`, `bash -lc script`, `bash -o pipefail -c script`.
fn script_argument(arguments: &[Word<'_>]) -> Option<String> {
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        let option = &*word.text;
        if option.starts_with("--") || option.starts_with('+') || !option.starts_with('-') {
            if matches!(option, "--rcfile" | "--init-file" | "+o" | "+O") {
                rest.next();
            } else if !option.starts_with(['-', '+']) {
                return None;
            }
        } else if option.contains('c') {
            return rest.find(|word| !word.text.starts_with('-')).map(|word| word.text.to_string());
        } else if matches!(option, "-o" | "-O") {
            rest.next();
        }
    }
    None
}

/// The word after one of `options`, or the rest of the word that begins with one of them and `=`.
fn value_of(arguments: &[Word<'_>], options: &[&str]) -> Option<String> {
    let at = arguments.iter().position(|word| {
        options
            .iter()
            .any(|option| word.text.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    })?;
    let word = arguments.get(at)?;
    match word.text.split_once('=') {
        Some((_, value)) => Some(value.to_owned()),
        None => arguments.get(at.saturating_add(1)).map(|word| word.text.to_string()),
    }
}

fn after_prefix<'a, 's>(arguments: &'a [Word<'s>], valued: &[&str], own: usize) -> &'a [Word<'s>] {
    let mut rest = options_skipped(arguments, valued);
    let assignments = rest.iter().take_while(|word| is_assignment(&word.text)).count();
    rest = rest.get(assignments..).unwrap_or_default();
    rest.get(own..).unwrap_or_default()
}

/// Arguments from the first that is no option.
fn options_skipped<'a, 's>(arguments: &'a [Word<'s>], valued: &[&str]) -> &'a [Word<'s>] {
    let mut rest = arguments;
    while let Some((first, after)) = rest.split_first() {
        if first.text == "--" {
            return after;
        }
        if !first.text.starts_with(['-', '+']) || first.text.len() < 2 {
            return rest;
        }
        rest = if valued.contains(&&*first.text) { after.get(1..).unwrap_or_default() } else { after };
    }
    rest
}

/// Whether a word is `NAME=value`.
pub(super) fn is_assignment(word: &str) -> bool {
    let name = word.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let rest = word.get(name..).unwrap_or("");
    let named = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    named && (rest.starts_with('=') || rest.starts_with("+="))
}

/// The commands of `-exec …`, up to `;`, `+` or the end.
fn found<'w>(arguments: &'w [Word<'w>], commands: &mut Waiting<'w>) {
    let mut rest = arguments;
    for _ in 0..4 {
        let starts = |word: &Word<'_>| matches!(&*word.text, "-exec" | "-execdir" | "-ok" | "-okdir" | "-x" | "-X");
        let Some(at) = rest.iter().position(starts) else { return };
        rest = rest.get(at.saturating_add(1)..).unwrap_or_default();
        let end = rest.iter().position(|word| matches!(&*word.text, ";" | "+")).unwrap_or(rest.len());
        commands.push(rest.get(..end).unwrap_or_default());
    }
}

/// The command of `docker exec … container command` and `kubectl exec pod -- command`.
fn contained<'w>(arguments: &'w [Word<'w>], commands: &mut Waiting<'w>) {
    let Some(at) = arguments.iter().position(|word| matches!(&*word.text, "exec" | "run")) else { return };
    let rest = arguments.get(at.saturating_add(1)..).unwrap_or_default();
    if let Some(dashes) = rest.iter().position(|word| word.text == "--") {
        commands.push(rest.get(dashes.saturating_add(1)..).unwrap_or_default());
        return;
    }
    let valued = [
        "-e",
        "-u",
        "-w",
        "-v",
        "-p",
        "-n",
        "-c",
        "--name",
        "--user",
        "--env",
        "--volume",
        "--network",
        "--entrypoint",
    ];
    commands.push(options_skipped(rest, &valued).get(1..).unwrap_or_default());
}

fn joined(words: &[Word<'_>]) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&word.text);
    }
    text
}

//! The names of options that hand their program over.

use crate::role::name::each_word;

/// Have their program run what they are given, or configure what it will run.
#[rustfmt::skip]
pub(super) const RUNS: &[&str] = &[
    "cap-add", "checkpoint-action", "compress-program", "config", "config-env", "editor", "entrypoint", "eval", "exec", "exec-path", "ext-diff",
    "extra-index-url", "find-links", "gpg-program", "hooks-path", "hostname-bin", "index-url", "info-script", "init-command", "init-file",
    "interactive", "new-volume-script", "node-options", "open-files-in-pager", "pager", "plugin", "plugins", "pre", "preload", "privileged",
    "proxy-command", "rcfile", "receive-pack", "require", "rmt-command", "rsh", "rsh-command", "script-shell", "ssh-command",
    "template", "to-command", "trusted-host", "unsafe-perm", "unzip-command", "upload-pack", "use-askpass", "use-compress-prog", "use-compress-program",
    // One dash.
    "exec", "execdir", "ok", "okdir",
];

/// Words of names that say that what they are given is run.
pub(super) const SAYING: &[&str] =
    &["cmd", "command", "exec", "program", "hook", "wrapper", "launcher", "askpass", "shell"];

/// What find does with what it finds.
pub(super) const ACTIONS: &[&str] = &["exec", "execdir", "ok", "okdir"];

/// Have their program read, write or send where they say.
#[rustfmt::skip]
pub(super) const REACHES: &[&str] = &[
    "body-file", "config-file", "confcutdir", "exclude-from", "files-from", "from-file", "git-dir", "globalconfig", "input-file", "kubeconfig",
    "netrc-file", "no-index", "orderfile", "output", "output-document", "output-file", "post-file", "rootdir", "separate-git-dir", "upload-file", "userconfig",
    "work-tree", "write-out", "dump-header", "cookie-jar", "fprint", "fprintf", "fls", "delete",
];

/// Options of one dash that have names like others have with two.
pub(super) const SINGLE_DASH: &[&str] =
    &["exec", "execdir", "ok", "okdir", "delete", "fprint", "fprintf", "fls", "write", "kubeconfig"];

/// What `-o` and `-c` set, where it runs something or lets it be run.
pub(super) const CONFIGURES: &[&str] = &[
    "proxycommand",
    "localcommand",
    "knownhostscommand",
    "permitlocalcommand",
    "proxyjump",
    "proxyusefdpass",
    "pkcs11provider",
    "core.",
    "alias.",
    "protocol.",
    "credential.",
    "diff.",
    "filter.",
    "gpg.",
    "include.",
    "includeif.",
    "merge.",
    "pager.",
    "remote.",
    "sequence.",
    "uploadpack.",
    "url.",
    "ssh.",
    "http.proxy",
];

pub(super) const SHELLS: &[&str] = &[
    "sh",
    "bash",
    "zsh",
    "dash",
    "ash",
    "ksh",
    "csh",
    "tcsh",
    "fish",
    "cmd",
    "cmd.exe",
    "powershell",
    "pwsh",
    "perl",
    "python",
    "python3",
    "ruby",
    "php",
    "node",
];

/// What a program that a tool is named after does with its short options: those that run, those that reach.
const TOOLS: &[(&[&str], &str, &str)] = &[
    (&["curl", "fetch", "http", "request", "page", "url"], "", "oOKTdFxEJ"),
    (&["wget", "download"], "e", "oOiKT"),
    (&["git", "clone", "repository", "repo"], "uO", "o"),
    (&["ssh", "scp", "sftp", "remote", "connect"], "oFSJ", "EiLRD"),
    (&["rsync", "sync"], "eM", ""),
    (&["tar", "archive", "extract", "untar", "unpack"], "IF", "fC"),
    (&["zip", "unzip"], "T", "db"),
    (&["man", "less", "more", "pager", "manual"], "PH", "oO"),
    (&["tcpdump", "capture", "sniff", "tshark"], "zX", "wr"),
    (&["psql", "postgres", "mysql", "sqlite", "database"], "oce", "f"),
    (&["mail", "sendmail", "email", "mailx"], "SO", "XCa"),
    (&["sort"], "", "oT"),
    (&["docker", "podman", "container"], "", "v"),
    (&["ffmpeg", "video", "audio", "media"], "", "fi"),
    (&["pip", "npm", "gem", "install", "package"], "", "ietrc"),
    (&["pytest", "tests", "test"], "p", "co"),
    (&["grep", "search", "find", "rg"], "", "f"),
    (&["make", "build"], "", "fC"),
    (&["nmap", "scan"], "", "o"),
];

/// The kind of the short option `letter` for what a tool called `tool` runs.
pub(super) fn of_tool(tool: &str, letter: &str) -> Option<usize> {
    let mut kind = None;
    each_word(tool, |word| {
        for (words, runs, reaches) in TOOLS {
            if kind.is_none() && words.contains(&word) {
                kind = if runs.contains(letter) {
                    Some(super::RUNS)
                } else {
                    reaches.contains(letter).then_some(super::REACHES)
                };
            }
        }
    });
    kind
}

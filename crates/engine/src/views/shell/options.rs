//! Options, settings and variables whose value is a command: `--checkpoint-action=exec=…`, `core.sshCommand=…`.

use super::command::Word;
use crate::names::Names;

/// Settings `name=command`, wherever they stand: as an option, after `-c` or `-o`, in the environment. In lower case.
#[rustfmt::skip]
const SETTINGS: &[&str] = &[
    "core.sshcommand", "core.pager", "core.editor", "core.fsmonitor", "core.askpass", "core.gitproxy", "core.alternaterefscommand",
    "sequence.editor", "credential.helper", "diff.external", "gpg.program", "ssh.variant", "proxycommand", "localcommand",
    "knownhostscommand", "permitlocalcommand", "--to-command", "--use-compress-program", "--checkpoint-action", "--rsh",
    "--rsync-path", "--rsh-command", "--info-script", "--new-volume-script", "--unzip-command", "--use-askpass", "--pager",
    "--html", "--preprocessor", "--exec", "--execute", "--command", "--eval", "--call", "--shell", "--sh-exec", "--upload-pack",
    "--receive-pack", "--ssh", "--ext-diff", "--postgresql-bin", "--compress-program", "--postrotate", "--post-file-cmd",
    "git_ssh_command", "git_ssh", "git_pager", "git_editor", "git_external_diff", "git_askpass", "git_proxy_command", "pager",
    "manpager", "editor", "visual", "browser", "prompt_command", "lessopen", "lessclose", "bash_env", "env", "sudo_askpass",
    "ssh_askpass", "pre-invoke", "post-invoke", "tar_options", "exec", "execstart", "execstartpre", "postup", "preup",
];

/// Options whose next word is a command, by program, in the order of their names.
#[rustfmt::skip]
const OPTIONS: &[(&str, &[&str])] = &[
    ("ansible", &["-a"]), ("bundle", &["exec"]), ("entr", &["-s"]), ("ex", &["-c"]), ("fzf", &["--preview"]),
    ("git", &["--exec"]), ("gnome-terminal", &["-e"]), ("konsole", &["-e"]), ("man", &["-P", "-H"]), ("mosh", &["--ssh"]),
    ("nc", &["-c"]), ("ncat", &["-c", "--sh-exec"]), ("npm", &["-c", "--call"]), ("npx", &["-c", "--call"]),
    ("rpm", &["--pipe"]), ("rsync", &["-e", "--rsh"]), ("salt-call", &["cmd.run"]), ("scp", &["-S"]), ("sftp", &["-S"]),
    ("ssh", &["-o"]),
    ("tar", &["-I", "-F", "--to-command", "--use-compress-program", "--checkpoint-action", "--rsh-command"]),
    ("tcpdump", &["-z"]), ("tmux", &["-c"]), ("vi", &["-c"]), ("view", &["-c"]), ("vim", &["-c", "--cmd"]),
    ("wget", &["--use-askpass"]), ("xterm", &["-e"]), ("zip", &["-TT", "--unzip-command"]),
];

/// The commands that the arguments of `program` name by an option or a setting.
pub(super) fn commands(program: &str, arguments: &[Word<'_>], scripts: &mut Vec<String>) {
    static PROGRAMS: Names<{ OPTIONS.len() }> = Names::of_rows(OPTIONS);
    if let Some((_, options)) = PROGRAMS.position(program).and_then(|at| OPTIONS.get(at)) {
        for pair in arguments.windows(2) {
            if let [option, value] = pair
                && options.contains(&&*option.text)
            {
                scripts.push(command(&value.text).to_owned());
            }
        }
    }
    for word in arguments.iter().filter(|word| word.may_set()) {
        scripts.extend(setting(&word.text).map(str::to_owned));
    }
}

/// The command in `name=command`.
pub(super) fn setting(word: &str) -> Option<&str> {
    let at = memchr::memchr(b'=', word.as_bytes())?;
    let (name, value) = (word.get(..at)?, word.get(at.saturating_add(1)..)?);
    if value.len() < 2 || name.len() > 32 || name.len() < 3 {
        return None;
    }
    let known = SETTINGS.iter().any(|known| name.eq_ignore_ascii_case(known));
    known.then(|| command(value))
}

/// Without the mark by which a program knows a command: `exec=…`, `!…`, `:!…`.
fn command(value: &str) -> &str {
    let value = value.trim_start();
    let value = value.strip_prefix("ProxyCommand=").or_else(|| value.strip_prefix("LocalCommand=")).unwrap_or(value);
    let value = value.strip_prefix("exec=").unwrap_or(value);
    value.trim_start_matches(':').trim_start_matches('!').trim_start()
}

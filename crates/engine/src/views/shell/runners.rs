//! Which programs run others, and how each is told what.

use crate::names::Names;

use Runner::{Container, Echo, Find, Input, Joined, Login, Prefix, Printf, Quoted, Remote, Rest, Shell};

/// How a program is told what to run, or what an interpreter is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runner {
    /// Its arguments are a command, after its own options: `sudo`, `timeout 5`.
    Prefix {
        /// Options whose value is the next word.
        valued: &'static [&'static str],
        /// Words of its own before the command: a duration, a directory.
        own: usize,
    },
    /// `-c script`, or a script on its input.
    Shell,
    /// `-c script` anywhere: `su - user -c script`.
    Login,
    /// Its arguments, joined, are a script: `eval`.
    Joined,
    /// `-exec command ;`.
    Find,
    /// The words after the host are a script.
    Remote,
    /// `exec container command`, `exec pod -- command`.
    Container,
    /// What follows one of these options is a script: `cmd /c`.
    Rest(&'static [&'static str]),
    /// A quoted argument of several words is a command line: `schtasks /tr "…"`.
    Quoted,
    /// Its input is a script: `at`.
    Input,
    /// Writes its arguments.
    Echo,
    /// Writes its arguments, escapes resolved.
    Printf,
}

/// How the program called `name`, in any case, runs others.
pub(super) fn runner(name: &str) -> Option<Runner> {
    static NAMES: Names<{ RUNNERS.len() }> = Names::of_rows(RUNNERS);
    if let Some(at) = NAMES.position_in_any_case(name) {
        return RUNNERS.get(at).map(|(_, runner)| *runner);
    }
    // The dynamic loader runs what it is given.
    let loader = name.starts_with("ld-linux") || name.starts_with("ld-musl");
    loader.then_some(Prefix { valued: &["--library-path", "--preload"], own: 0 })
}

/// Sorted by name.
#[rustfmt::skip]
const RUNNERS: &[(&str, Runner)] = &[
    ("$0", Shell),
    ("$bash", Shell),
    ("$shell", Shell),
    ("%comspec%", Rest(&["/c", "/k", "/r", "-c"])),
    (".", Input),
    ("ash", Shell),
    ("at", Input),
    ("bash", Shell),
    ("batch", Input),
    ("builtin", Prefix { valued: &[], own: 0 }),
    ("busybox", Prefix { valued: &[], own: 0 }),
    ("caffeinate", Prefix { valued: &[], own: 0 }),
    ("call", Prefix { valued: &[], own: 0 }),
    ("chroot", Prefix { valued: &[], own: 1 }),
    ("chrt", Prefix { valued: &[], own: 1 }),
    ("cmd", Rest(&["/c", "/k", "/r", "-c"])),
    ("command", Prefix { valued: &[], own: 0 }),
    ("conhost", Quoted),
    ("coproc", Prefix { valued: &[], own: 0 }),
    ("csh", Shell),
    ("dash", Shell),
    ("dbus-run-session", Prefix { valued: &[], own: 0 }),
    ("doas", Prefix { valued: &["-u", "-g", "-C", "-p", "-h", "-r", "-t", "-D", "-R", "-T", "-U", "--user", "--group"], own: 0 }),
    ("docker", Container),
    ("dtach", Quoted),
    ("echo", Echo),
    ("env", Prefix { valued: &["-u", "-C", "--unset", "--chdir"], own: 0 }),
    ("eval", Joined),
    ("exec", Prefix { valued: &["-a"], own: 0 }),
    ("fakeroot", Prefix { valued: &[], own: 0 }),
    ("fd", Find),
    ("fdfind", Find),
    ("find", Find),
    ("fish", Shell),
    ("flock", Prefix { valued: &[], own: 1 }),
    ("forfiles", Quoted),
    ("gosu", Prefix { valued: &[], own: 1 }),
    ("ionice", Prefix { valued: &["-c", "-n", "-p", "-t"], own: 0 }),
    ("ksh", Shell),
    ("ksh93", Shell),
    ("kubectl", Container),
    ("ltrace", Prefix { valued: &["-e", "-o", "-p", "-s", "-u", "-E"], own: 0 }),
    ("mksh", Shell),
    ("nc", Quoted),
    ("ncat", Quoted),
    ("nerdctl", Container),
    ("nice", Prefix { valued: &["-n"], own: 0 }),
    ("noglob", Prefix { valued: &[], own: 0 }),
    ("nohup", Prefix { valued: &[], own: 0 }),
    ("nsenter", Prefix { valued: &["-t", "-S", "-G"], own: 0 }),
    ("oc", Container),
    ("parallel", Joined),
    ("pcalua", Quoted),
    ("pkexec", Prefix { valued: &[], own: 0 }),
    ("podman", Container),
    ("powershell", Rest(&["-c", "-command", "-com", "/c"])),
    ("printf", Printf),
    ("proot", Prefix { valued: &[], own: 1 }),
    ("proxychains", Prefix { valued: &[], own: 0 }),
    ("proxychains4", Prefix { valued: &[], own: 0 }),
    ("psexec", Quoted),
    ("pwsh", Rest(&["-c", "-command", "-com", "/c"])),
    ("rbash", Shell),
    ("rlwrap", Prefix { valued: &[], own: 0 }),
    ("runuser", Login),
    ("sc", Quoted),
    ("schtasks", Quoted),
    ("script", Login),
    ("setsid", Prefix { valued: &[], own: 0 }),
    ("sg", Login),
    ("sh", Shell),
    ("socat", Quoted),
    ("source", Input),
    ("ssh", Remote),
    ("start", Prefix { valued: &[], own: 0 }),
    ("stdbuf", Prefix { valued: &["-i", "-o", "-e"], own: 0 }),
    ("strace", Prefix { valued: &["-e", "-o", "-p", "-s", "-u", "-E"], own: 0 }),
    ("su", Login),
    ("su-exec", Prefix { valued: &[], own: 1 }),
    ("sudo", Prefix { valued: &["-u", "-g", "-C", "-p", "-h", "-r", "-t", "-D", "-R", "-T", "-U", "--user", "--group"], own: 0 }),
    ("systemd-run", Prefix { valued: &["-p", "-u", "--unit", "--property", "--uid"], own: 0 }),
    ("taskset", Prefix { valued: &[], own: 1 }),
    ("tcsh", Shell),
    ("time", Prefix { valued: &["-f", "-o"], own: 0 }),
    ("timeout", Prefix { valued: &["-s", "-k", "--signal", "--kill-after"], own: 1 }),
    ("tmux", Quoted),
    ("torify", Prefix { valued: &[], own: 0 }),
    ("torsocks", Prefix { valued: &[], own: 0 }),
    ("toybox", Prefix { valued: &[], own: 0 }),
    ("trap", Joined),
    ("unbuffer", Prefix { valued: &[], own: 0 }),
    ("unshare", Prefix { valued: &[], own: 0 }),
    ("watch", Joined),
    ("winpty", Prefix { valued: &[], own: 0 }),
    ("wmic", Quoted),
    ("wsl", Prefix { valued: &[], own: 0 }),
    ("xargs", Prefix { valued: &["-I", "-n", "-P", "-L", "-d", "-E", "-s", "-a", "--delimiter", "--max-args", "--max-procs"], own: 0 }),
    ("yash", Shell),
    ("zsh", Shell),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_any_case() {
        assert!(RUNNERS.iter().all(|(name, how)| runner(name) == Some(*how)));
        assert_eq!(runner("PowerShell"), runner("powershell"));
        assert_eq!(runner("ls"), None);
    }
}

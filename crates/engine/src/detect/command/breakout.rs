//! A program that is no shell is given one to start: the shape that all shell breakouts share.

use std::ops::Range;

use memchr::memmem;

use super::lines;

const SHELLS: &[&str] = &["sh", "bash", "zsh", "dash", "ksh", "ash", "csh", "tcsh", "rbash", "fish", "mksh"];

/// Programs that are given a shell for honest reasons: they look at it, write about it, or exist to start one.
#[rustfmt::skip]
const HONEST: &[&str] = &[
    "[", "[[", ":", "ack", "add-shell", "addgroup", "adduser", "ag", "alias", "apk", "apt-file", "awk", "b2sum", "bash", "bat", "brew", "case", "cat", "cd",
    "chmod", "chown", "chsh", "cmp", "command", "comm", "conda", "cp", "cut", "dash", "dd", "declare", "diff", "dnf", "docker",
    "docker-compose", "dpkg", "dpkg-query", "dpkg-reconfigure", "du", "echo", "egrep", "env", "eval", "exec", "export", "fgrep", "file", "find", "fish",
    "for", "gh", "getent", "getfacl", "grep", "head", "helm", "history", "hyperfine", "if", "install", "kill", "killall", "ksh", "kubectl", "ldd", "less",
    "ln", "local", "locate", "log", "ls", "lsattr", "lsof", "lxc", "make", "man", "md5sum", "mkdir", "more", "mv", "nerdctl", "nix-shell", "nm", "objdump", "oc",
    "pacman", "pgrep", "pidof", "pkill", "podman", "printenv", "printf", "ps", "pstree", "readelf", "readlink", "readonly", "realpath", "return",
    "remove-shell", "rg", "rm", "rpm", "sed", "set", "setfacl", "sh", "sha1sum", "sha256sum", "sha512sum", "shellcheck", "sort", "ssh", "stat", "strings", "su",
    "sudo", "tail", "tee", "test", "then", "time", "touch", "tr", "type", "uniq", "update-alternatives", "update-binfmts", "usermod", "useradd", "vagrant", "wc", "whatis",
    "whence", "where", "whereis", "which", "while", "xargs", "xxd", "yum", "zsh", "doas", "crontab", "git", "trap", "chroot", "dotnet", "toolbox", "distrobox", "flatpak", "screen", "tmux", "script", "srun", "salloc", "sbatch", "qsub", "bsub", "heroku", "fly", "flyctl", "gcloud", "aws", "nomad", "singularity", "apptainer",
    "lxc-attach", "machinectl", "crictl", "ctr", "virsh", "buildah", "multipass", "limactl", "wsl", "asciinema", "jq", "yq", "perl", "python", "python3", "python2",
    "ruby", "node", "lua", "gdb", "strace", "ltrace", "ssh-copy-id", "pipenv", "poetry", "nix", "bazel", "runuser", "logger", "wget", "curl",
];

/// Where a line gives a shell to a program that has no honest use for one.
pub(super) fn find(view: &str) -> Option<Range<usize>> {
    memmem::find(view.as_bytes(), b"bin/")?;
    let line = lines(view).find(|line| {
        // An assignment, a path, a test: nothing that runs.
        let name = super::base(line.program);
        !line.arguments.is_empty()
            && !line.program.contains('=')
            && !line.program.starts_with(['.', '~', '#', '-', '>', '<', '$'])
            && !HONEST.contains(&name)
            && !SHELLS.contains(&name)
            && names_shell(line.arguments)
    })?;
    Some(line.range)
}

/// Whether `/bin/sh` or a cousin stands there as something to run: not after `#!`, not part of a longer path.
fn names_shell(arguments: &str) -> bool {
    let bytes = arguments.as_bytes();
    memmem::find_iter(bytes, b"bin/").any(|at| {
        let before = bytes.get(..at).unwrap_or_default();
        let before = before.strip_suffix(b"/usr/").or_else(|| before.strip_suffix(b"/")).unwrap_or(b"/");
        let opens = before.last().is_none_or(|byte| b" '\"=(!{;:@,`[&".contains(byte)) && !before.ends_with(b"#!");
        let rest = bytes.get(at.saturating_add(4)..).unwrap_or_default();
        let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
        let closes = after.first().is_none_or(|byte| b" '\")}];,<>&#`".contains(byte));
        opens && closes && SHELLS.iter().any(|shell| shell.as_bytes() == name)
    })
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_shell_handed_to_a_program_is_found() {
        for view in [
            "setlock - /bin/sh",
            "tmate -c /bin/sh",
            "gnuplot -e system(\"/bin/sh 1>&0\")",
            "anything --hook=/usr/bin/bash",
            "x\ncsvtool call /bin/sh;false /etc/hosts",
        ] {
            assert!(find(view).is_some(), "{view}");
        }
    }

    #[test]
    fn work_with_shells_is_not() {
        for view in [
            "docker exec -it web /bin/sh",
            "chsh -s /bin/zsh",
            "echo #!/bin/sh >x",
            "rsync -a /bin/shared x",
            "ansible all -e path=/opt/bin/sh",
            "SHELL=/bin/bash\nmake",
        ] {
            assert!(find(view).is_none(), "{view}");
        }
    }
}

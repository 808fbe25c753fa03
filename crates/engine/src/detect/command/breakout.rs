//! A program that is no shell is given one to start: the shape that all shell breakouts share.

use std::ops::Range;

use memchr::memmem;

use super::lines;
use crate::names::Names;

#[rustfmt::skip]
static SHELLS: Names<11> = Names::new([
    "ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "rbash", "sh", "tcsh", "zsh",
]);

/// Programs that are given a shell for honest reasons: they look at it, write about it, or exist to start one.
#[rustfmt::skip]
static HONEST: Names<198> = Names::new([
    ":", "[", "[[", "ack", "add-shell", "addgroup", "adduser", "ag", "alias", "apk", "apptainer", "apt-file", "asciinema", "awk", "aws", "b2sum",
    "bash", "bat", "bazel", "brew", "bsub", "buildah", "case", "cat", "cd", "chmod", "chown", "chroot", "chsh", "cmp", "comm", "command", "conda",
    "cp", "crictl", "crontab", "ctr", "curl", "cut", "dash", "dd", "declare", "diff", "distrobox", "dnf", "doas", "docker", "docker-compose",
    "dotnet", "dpkg", "dpkg-query", "dpkg-reconfigure", "du", "echo", "egrep", "env", "eval", "exec", "export", "fgrep", "file", "find", "fish",
    "flatpak", "fly", "flyctl", "for", "gcloud", "gdb", "getent", "getfacl", "gh", "git", "grep", "head", "helm", "heroku", "history", "hyperfine",
    "if", "install", "jq", "kill", "killall", "ksh", "kubectl", "ldd", "less", "limactl", "ln", "local", "locate", "log", "logger", "ls", "lsattr",
    "lsof", "ltrace", "lua", "lxc", "lxc-attach", "machinectl", "make", "man", "md5sum", "mkdir", "more", "multipass", "mv", "nerdctl", "nix",
    "nix-shell", "nm", "node", "nomad", "objdump", "oc", "pacman", "perl", "pgrep", "pidof", "pipenv", "pkill", "podman", "poetry", "printenv",
    "printf", "ps", "pstree", "python", "python2", "python3", "qsub", "readelf", "readlink", "readonly", "realpath", "remove-shell", "return", "rg",
    "rm", "rpm", "ruby", "runuser", "salloc", "sbatch", "screen", "script", "sed", "set", "setfacl", "sh", "sha1sum", "sha256sum", "sha512sum",
    "shellcheck", "singularity", "sort", "srun", "ssh", "ssh-copy-id", "stat", "strace", "strings", "su", "sudo", "tail", "tee", "test", "then",
    "time", "tmux", "toolbox", "touch", "tr", "trap", "type", "uniq", "update-alternatives", "update-binfmts", "useradd", "usermod", "vagrant",
    "virsh", "wc", "wget", "whatis", "whence", "where", "whereis", "which", "while", "wsl", "xargs", "xxd", "yq", "yum", "zsh",
]);

/// Where a line gives a shell to a program that has no honest use for one.
pub(super) fn find(view: &str) -> Option<Range<usize>> {
    memmem::find(view.as_bytes(), b"bin/")?;
    let line = lines(view).find(|line| {
        // An assignment, a path, a test: nothing that runs.
        !line.arguments.is_empty()
            && !line.program.contains('=')
            && !line.program.starts_with(['.', '~', '#', '-', '>', '<', '$'])
            && !HONEST.contains(line.name)
            && !SHELLS.contains(line.name)
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
        let name = rest.get(..end).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or("");
        let after = rest.get(end..).unwrap_or_default();
        let closes = after.first().is_none_or(|byte| b" '\")}];,<>&#`".contains(byte));
        opens && closes && SHELLS.contains(name)
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

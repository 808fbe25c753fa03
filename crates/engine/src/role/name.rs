//! Roles by name: what an argument's name, and its tool's name, say of it.

use super::{Roles, Why};

/// All that a name says, be it a tool's or an argument's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saying {
    /// See [`of_argument`].
    pub argument: Roles,
    /// See [`of_command_input`].
    pub command_input: Roles,
    /// See [`of_terminal_input`].
    pub terminal_input: Roles,
    /// See [`of_query_input`].
    pub query_input: Roles,
    /// See [`runs_commands`].
    pub runs_commands: bool,
    /// See [`types_into_terminal`].
    pub types_into_terminal: bool,
    /// See [`speaks_sql`].
    pub speaks_sql: bool,
}

/// All that `name` says.
pub fn says(name: &str) -> Saying {
    Saying {
        argument: of_argument(name),
        command_input: of_command_input(name),
        terminal_input: of_terminal_input(name),
        query_input: of_query_input(name),
        runs_commands: runs_commands(name),
        types_into_terminal: types_into_terminal(name),
        speaks_sql: speaks_sql(name),
    }
}

/// The roles that an argument called `name` has by that name alone; empty when the name says nothing.
///
/// The name is read as words (`targetFile`, `target_file` and `TARGET-FILE` are the same two). The last is the noun:
/// `file_text` is the text of a file, and names no file.
pub fn of_argument(name: &str) -> Roles {
    let mut roles = Roles::empty();
    let mut noun = Roles::empty();
    let mut identifies = false;
    each_word(name, |word| {
        noun = of_word(word);
        roles |= noun;
        identifies = matches!(word, "id" | "ids" | "uuid" | "slug");
    });
    if identifies {
        // `note_id` names a note and is no prose, `website_id` is no URL.
        return roles.difference(Roles::TEXT | Roles::URL | Roles::HOST) | Roles::ID;
    }
    if noun == Roles::TEXT { roles.difference(Roles::PATH) } else { roles }
}

/// Tells what [`of_argument`] says of `name`, word by word.
pub(super) fn each_reason(name: &str, tell: &mut dyn FnMut(Roles, Why)) {
    let all = of_argument(name);
    each_word(name, |word| {
        let own = if matches!(word, "id" | "ids" | "uuid" | "slug") { Roles::ID } else { of_word(word) };
        let kept = own & all;
        if !kept.is_empty() {
            tell(kept, Why::Word(word.to_owned()));
        }
    });
}

/// Whether a tool called `name` runs what it is given.
pub fn runs_commands(name: &str) -> bool {
    let mut runs = false;
    each_word(name, |word| {
        runs |= matches!(
            word,
            "bash"
                | "sh"
                | "zsh"
                | "shell"
                | "terminal"
                | "exec"
                | "execute"
                | "run"
                | "command"
                | "commander"
                | "cmd"
                | "powershell"
                | "pwsh"
                | "process"
                | "ssh"
                | "winrm"
                | "cron"
                | "subprocess"
                | "console"
                | "spawn"
                | "system"
                | "task"
        );
    });
    runs
}

/// Whether a tool called `name` carries what it is given to others: people, services, the public.
pub fn sends_outward(name: &str) -> bool {
    let (mut sends, mut searches, mut at_home) = (false, false, false);
    each_word(name, |word| {
        searches |= matches!(word, "search" | "query" | "lookup");
        at_home |= matches!(
            word,
            "file"
                | "files"
                | "code"
                | "grep"
                | "dir"
                | "directory"
                | "memory"
                | "node"
                | "nodes"
                | "note"
                | "notes"
                | "db"
                | "sql"
                | "database"
                | "table"
                | "local"
                | "repo"
                | "repository"
                | "symbol"
                | "text"
        );
        sends |= matches!(
            word,
            "http"
                | "https"
                | "fetch"
                | "request"
                | "requests"
                | "send"
                | "post"
                | "posts"
                | "put"
                | "patch"
                | "mail"
                | "email"
                | "emails"
                | "gmail"
                | "message"
                | "messages"
                | "dm"
                | "sms"
                | "slack"
                | "discord"
                | "telegram"
                | "whatsapp"
                | "teams"
                | "gist"
                | "gists"
                | "paste"
                | "pastebin"
                | "upload"
                | "webhook"
                | "webhooks"
                | "publish"
                | "tweet"
                | "toot"
                | "comment"
                | "comments"
                | "share"
                | "socket"
                | "websocket"
                | "browse"
                | "browser"
                | "navigate"
                | "curl"
                | "wget"
                | "issue"
                | "issues"
                | "translate"
                | "notify"
                | "notification"
                | "reply"
                | "forward"
                | "invite"
                | "broadcast"
                | "chat"
                | "discussion"
                | "review"
                | "pull"
                | "url"
                | "download"
                | "scrape"
                | "crawl"
                | "visit"
                | "dns"
                | "resolve"
                | "ping"
                | "whois"
        );
    });
    sends || (searches && !at_home)
}

/// Whether a tool called `name` speaks SQL.
pub fn speaks_sql(name: &str) -> bool {
    let mut speaks = false;
    let mut query = false;
    let mut verb = false;
    let mut words = 0_u32;
    each_word(name, |word| {
        words = words.saturating_add(1);
        speaks |= matches!(
            word,
            "sql"
                | "sqlite"
                | "sqlite3"
                | "postgres"
                | "postgresql"
                | "pg"
                | "mysql"
                | "mariadb"
                | "database"
                | "db"
                | "duckdb"
                | "snowflake"
                | "bigquery"
                | "clickhouse"
        );
        query |= word == "query";
        verb |= matches!(word, "read" | "write" | "run" | "execute" | "select");
    });
    speaks || (query && (verb || words == 1))
}

/// Whether a tool called `name` types into a terminal: then whatever it is given to type is a command.
pub fn types_into_terminal(name: &str) -> bool {
    let mut types = false;
    each_word(name, |word| {
        types |= matches!(
            word,
            "terminal"
                | "tmux"
                | "pty"
                | "tty"
                | "iterm"
                | "iterm2"
                | "shell"
                | "bash"
                | "zsh"
                | "ssh"
                | "console"
                | "repl"
                | "stdin"
        );
    });
    types
}

/// The command that an argument of such a tool is besides, such as `data` of `pty_write`.
pub fn of_terminal_input(name: &str) -> Roles {
    let mut roles = of_command_input(name);
    each_word(name, |word| {
        if matches!(
            word,
            "keys" | "keystrokes" | "data" | "content" | "message" | "value" | "string" | "send" | "write" | "payload"
        ) {
            roles |= Roles::COMMAND;
        }
    });
    roles
}

/// The roles that an argument of a tool that runs commands has besides, such as `input` of `shell`.
pub fn of_command_input(name: &str) -> Roles {
    let mut roles = Roles::empty();
    each_word(name, |word| {
        if matches!(
            word,
            "input"
                | "line"
                | "script"
                | "args"
                | "arguments"
                | "argv"
                | "code"
                | "text"
                | "stdin"
                | "keys"
                | "run"
                | "program"
        ) {
            roles |= Roles::COMMAND;
        }
    });
    roles
}

/// The statement that an argument of a tool that speaks SQL is, whatever else it is called for.
pub fn of_query_input(name: &str) -> Roles {
    let asks = name.eq_ignore_ascii_case("query") || name.eq_ignore_ascii_case("q");
    if asks { Roles::SQL } else { Roles::empty() }
}

fn of_word(word: &str) -> Roles {
    match word {
        "path" | "paths" | "file" | "files" | "filename" | "filenames" | "filepath" | "filepaths" | "pathname"
        | "dir" | "dirs" | "directory" | "directories" | "dirname" | "folder" | "folders" | "dest" | "destination"
        | "src" | "source" | "sources" | "location" | "logfile" | "cwd" | "root" | "workdir" | "archive"
        | "attachment" | "document" | "output" | "outfile" | "infile" | "profile" | "outputpath" | "asset"
        | "dataset" => Roles::PATH,
        "command" | "commands" | "cmd" | "cmds" | "commandline" | "cmdline" | "shell" | "exec" | "execute" | "argv"
        | "run" | "bash" | "powershell" | "args" | "flags" | "switches" | "opts" | "options" => Roles::COMMAND,
        "script" => Roles::COMMAND.union(Roles::CODE),
        "url" | "urls" | "uri" | "uris" | "link" | "links" | "href" | "endpoint" | "callback" | "webhook"
        | "website" | "origin" | "issuer" | "feed" | "redirect" => Roles::URL,
        "host" | "hosts" | "hostname" | "domain" | "ip" | "ipaddress" | "address" | "server" => Roles::HOST,
        // A target is whatever the tool aims at: a machine, a branch, a file.
        "target" => Roles::HOST.union(Roles::ID),
        "sql" | "statement" => Roles::SQL,
        "code" | "function" | "javascript" | "js" | "expression" | "python" | "template" | "lambda" => Roles::CODE,
        "text" | "content" | "contents" | "body" | "message" | "messages" | "description" | "comment" | "comments"
        | "title" | "subject" | "note" | "notes" | "prompt" | "thought" | "summary" | "str" | "markdown" | "html"
        | "xml" | "explanation" | "reason" | "observation" | "observations" | "question" | "query" | "q" | "search"
        | "keywords" | "keyword" | "jql" | "answer" | "caption" | "instructions" => Roles::TEXT,
        "password" | "passwd" | "token" | "secret" | "apikey" | "credential" | "credentials" | "authorization"
        | "cookie" => Roles::SECRET,
        _ => Roles::empty(),
    }
}

/// Calls `each` with every word of an identifier, lower-case, at most 32 bytes long and at most 16 of them.
pub(crate) fn each_word(name: &str, mut each: impl FnMut(&str)) {
    let mut word = [0_u8; 32];
    let mut length = 0;
    let mut left = 16_u32;
    let mut was_lower = false;
    let mut flush = |word: &[u8; 32], length: &mut usize| {
        if let Some(text) = word.get(..*length).and_then(|w| std::str::from_utf8(w).ok())
            && !text.is_empty()
            && left > 0
        {
            each(text);
        }
        left = left.saturating_sub(1);
        *length = 0;
    };
    for b in name.bytes().take(256) {
        if !b.is_ascii_alphanumeric() || (b.is_ascii_uppercase() && was_lower) {
            flush(&word, &mut length);
        }
        was_lower = b.is_ascii_lowercase() || b.is_ascii_digit();
        if b.is_ascii_alphanumeric()
            && let Some(slot) = word.get_mut(length)
        {
            *slot = b.to_ascii_lowercase();
            length = length.saturating_add(1);
        }
    }
    flush(&word, &mut length);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_words() {
        for name in ["path", "filePath", "file_path", "targetFile", "OUTPUT-DIR", "repo_path", "sourcePdfPath"] {
            assert!(of_argument(name).contains(Roles::PATH), "{name}");
        }
        for name in ["commandLine", "cmd", "shell_command", "argv"] {
            assert!(of_argument(name).contains(Roles::COMMAND), "{name}");
        }
        assert!(of_argument("pageUrl").contains(Roles::URL));
        assert!(of_argument("pathology").is_empty() && of_argument("curling").is_empty());
        assert!(of_argument("newText").contains(Roles::TEXT) && of_argument("old_str").contains(Roles::TEXT));
        assert_eq!(of_argument("file_text"), Roles::TEXT);
        assert_eq!(of_argument("customer_id"), Roles::ID);
        assert_eq!(of_argument("note_id"), Roles::ID);
    }

    #[test]
    fn tool_names_say_what_they_run() {
        assert!(runs_commands("run_terminal_cmd") && runs_commands("Shell") && runs_commands("ssh_exec"));
        assert!(!runs_commands("read_file") && !runs_commands("showcase"));
        assert!(speaks_sql("sqlite_query") && speaks_sql("read_query") && speaks_sql("query"));
        assert!(!speaks_sql("search_nodes"));
    }

    #[test]
    fn hostile_names_cost_nothing() {
        assert_eq!(of_argument(&"a_".repeat(100_000)), Roles::empty());
        assert_eq!(of_argument("путь"), Roles::empty());
    }
}

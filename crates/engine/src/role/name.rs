//! Roles by name: what an argument's name, and its tool's name, say of it.

use super::{Roles, Why};

/// All that a name says, be it a tool's or an argument's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saying {
    /// The roles that an argument of this name has by it alone; empty when the name says nothing.
    ///
    /// The name is read as words (`targetFile`, `target_file` and `TARGET-FILE` are the same two). The last is the noun:
    /// `file_text` is the text of a file, and names no file.
    pub argument: Roles,
    /// The roles that it has besides as an argument of a tool that runs commands, such as `input` of `shell`.
    pub command_input: Roles,
    /// The roles that it has besides as an argument of a tool that types into a terminal, such as `data` of `pty_write`.
    pub terminal_input: Roles,
    /// The statement that it is as an argument of a tool that speaks SQL, whatever else it is called for.
    pub query_input: Roles,
    /// Whether a tool of this name runs what it is given.
    pub runs_commands: bool,
    /// Whether a tool of this name types into a terminal: then whatever it is given to type is a command.
    pub types_into_terminal: bool,
    /// Whether a tool of this name speaks SQL.
    pub speaks_sql: bool,
}

/// All that `name` says.
pub fn says(name: &str) -> Saying {
    let (mut roles, mut noun, mut identifies) = (Roles::empty(), Roles::empty(), false);
    let (mut command, mut keys) = (false, false);
    let (mut runs_commands, mut types_into_terminal, mut sql) = (false, false, false);
    let (mut words, mut query, mut verb) = (0_u32, false, false);
    each_word(name, |word| {
        words = words.saturating_add(1);
        noun = of_word(word);
        roles |= noun;
        identifies = is_identifier(word);
        command |= is_command_input(word);
        keys |= is_typed(word);
        runs_commands |= runs(word);
        types_into_terminal |= is_terminal(word);
        sql |= is_sql(word);
        query |= word == "query";
        verb |= matches!(word, "read" | "write" | "run" | "execute" | "select");
    });
    let argument = if identifies {
        // `note_id` names a note and is no prose, `website_id` is no URL.
        roles.difference(Roles::TEXT | Roles::URL | Roles::HOST) | Roles::ID
    } else if noun == Roles::TEXT {
        roles.difference(Roles::PATH)
    } else {
        roles
    };
    let if_so = |is: bool, role: Roles| if is { role } else { Roles::empty() };
    Saying {
        argument,
        command_input: if_so(command, Roles::COMMAND),
        terminal_input: if_so(command || keys, Roles::COMMAND),
        query_input: if_so(name.eq_ignore_ascii_case("query") || name.eq_ignore_ascii_case("q"), Roles::SQL),
        runs_commands,
        types_into_terminal,
        speaks_sql: sql || query && (verb || words == 1),
    }
}

/// Tells what [`Saying::argument`] says of `name`, word by word.
pub(super) fn each_reason(name: &str, tell: &mut dyn FnMut(Roles, Why)) {
    let all = says(name).argument;
    each_word(name, |word| {
        let own = if is_identifier(word) { Roles::ID } else { of_word(word) };
        let kept = own & all;
        if !kept.is_empty() {
            tell(kept, Why::Word(word.to_owned()));
        }
    });
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

fn is_identifier(word: &str) -> bool {
    matches!(word, "id" | "ids" | "uuid" | "slug")
}

fn runs(word: &str) -> bool {
    matches!(
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
    )
}

fn is_sql(word: &str) -> bool {
    matches!(
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
    )
}

fn is_terminal(word: &str) -> bool {
    matches!(
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
    )
}

fn is_typed(word: &str) -> bool {
    matches!(
        word,
        "keys" | "keystrokes" | "data" | "content" | "message" | "value" | "string" | "send" | "write" | "payload"
    )
}

fn is_command_input(word: &str) -> bool {
    matches!(
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
    )
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
            assert!(says(name).argument.contains(Roles::PATH), "{name}");
        }
        for name in ["commandLine", "cmd", "shell_command", "argv"] {
            assert!(says(name).argument.contains(Roles::COMMAND), "{name}");
        }
        assert!(says("pageUrl").argument.contains(Roles::URL));
        assert!(says("pathology").argument.is_empty() && says("curling").argument.is_empty());
        assert!(says("newText").argument.contains(Roles::TEXT) && says("old_str").argument.contains(Roles::TEXT));
        assert_eq!(says("file_text").argument, Roles::TEXT);
        assert_eq!(says("customer_id").argument, Roles::ID);
        assert_eq!(says("note_id").argument, Roles::ID);
    }

    #[test]
    fn tool_names_say_what_they_run() {
        assert!(
            says("run_terminal_cmd").runs_commands && says("Shell").runs_commands && says("ssh_exec").runs_commands
        );
        assert!(!says("read_file").runs_commands && !says("showcase").runs_commands);
        assert!(says("sqlite_query").speaks_sql && says("read_query").speaks_sql && says("query").speaks_sql);
        assert!(!says("search_nodes").speaks_sql);
    }

    #[test]
    fn hostile_names_cost_nothing() {
        assert_eq!(says(&"a_".repeat(100_000)).argument, Roles::empty());
        assert_eq!(says("путь").argument, Roles::empty());
    }
}

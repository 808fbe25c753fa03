//! What descriptions say of tools and arguments: a role is named by a phrase, not by a word. "The URL to fetch", never "a
//! note about paths".

use crate::role::Roles;

/// The longest beginning of a description that is read.
const MAX_READ: usize = 400;

/// Tells the roles that the description of an argument gives, with the phrase that says so.
pub(super) fn of_property(description: &str, tell: &mut dyn FnMut(Roles, &'static str)) {
    said(description, OF_PROPERTIES, tell);
}

/// What a tool runs by its description.
pub(super) fn of_tool(description: &str) -> Roles {
    let mut runs = Roles::empty();
    said(description, OF_TOOLS, &mut |roles, _| runs |= roles);
    runs
}

fn said(description: &str, phrases: &[(Roles, &[&'static str])], tell: &mut dyn FnMut(Roles, &'static str)) {
    let text: String = description.chars().take(MAX_READ).collect::<String>().to_ascii_lowercase();
    for (roles, phrases) in phrases {
        if let Some(phrase) = phrases.iter().find(|phrase| text.contains(**phrase)) {
            tell(*roles, phrase);
        }
    }
}

const OF_TOOLS: &[(Roles, &[&str])] = &[
    (
        Roles::COMMAND,
        &[
            "shell command",
            "bash command",
            "terminal command",
            "powershell command",
            "command line",
            "execute a command",
            "executes a command",
            "execute command",
            "execute commands",
            "run a command",
            "runs a command",
            "run commands",
            "system command",
        ],
    ),
    (Roles::SQL, &["sql query", "sql queries", "sql statement", "execute sql", "select query", "run sql"]),
];

const OF_PROPERTIES: &[(Roles, &[&str])] = &[
    (
        Roles::COMMAND,
        &[
            "shell command",
            "command to run",
            "command to execute",
            "bash command",
            "command line",
            "terminal command",
            "powershell command",
            "shell script",
        ],
    ),
    (
        Roles::SQL,
        &[
            "sql query",
            "sql statement",
            "sql to ",
            "select statement",
            "create table statement",
            "sql select",
            "sql expression",
        ],
    ),
    (
        Roles::URL,
        &[
            "url to ",
            "url of ",
            "url for ",
            "uri of ",
            "uri to ",
            "webpage to",
            "http url",
            "https url",
            "data uri",
            "web address",
        ],
    ),
    (
        Roles::PATH,
        &[
            "path to ",
            "path of ",
            "path for ",
            "file path",
            "filepath",
            "directory to",
            "directory path",
            "directory where",
            "file to ",
            "files to ",
            "file name to",
            "filename to",
            "absolute path",
            "relative path",
            "folder to",
            "folder path",
        ],
    ),
    (
        Roles::CODE,
        &[
            "javascript function",
            "javascript code",
            "javascript to",
            "python code",
            "code to execute",
            "code to run",
            "playwright code",
            "code snippet",
            "source code to",
        ],
    ),
    (Roles::HOST, &["hostname", "host name", "ip address", "domain name"]),
];

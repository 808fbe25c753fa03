//! What a tool does, and whose words it brings: by its name, by what it says of itself, by configuration.

use bitflags::bitflags;
use serde::{Deserialize, Serialize};

use crate::role::name::{each_word, says, sends_outward};
use crate::role::schema::ToolRoles;

bitflags! {
    /// What a call may do.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
    #[serde(transparent)]
    pub struct Effects: u8 {
        /// Brings content.
        const READS = 1;
        /// Tells what there is.
        const LISTS = 1 << 1;
        /// Changes or removes something.
        const WRITES = 1 << 2;
        /// Carries what it is given to others.
        const SENDS = 1 << 3;
        /// Runs what it is given.
        const RUNS = 1 << 4;
        /// What it brings is somebody's own: mail, customers, keys.
        const PRIVATE = 1 << 5;
        /// What it brings was written by anybody: pages, issues, messages.
        const UNTRUSTED = 1 << 6;
    }
}

impl Effects {
    /// Of a tool called `name`, which says this of itself. A server's word adds an effect and takes none away.
    pub fn of(name: &str, tool: Option<&ToolRoles>) -> Self {
        let mut effects = Self::empty();
        let (mut gives, mut searches) = (false, false);
        each_word(name, |word| {
            effects |= said(word);
            gives |= matches!(word, "send" | "reply" | "forward" | "create" | "post");
            searches |= matches!(word, "search" | "query");
        });
        if sends_outward(name) {
            effects |= Self::SENDS;
        }
        let saying = says(name);
        if saying.runs_commands {
            effects |= Self::RUNS;
        }
        if saying.speaks_sql {
            effects |= Self::READS | Self::PRIVATE;
        }
        // Who sends mail is told little; who only names it reads it.
        if gives {
            effects.remove(Self::PRIVATE);
        } else if effects.intersects(Self::PRIVATE | Self::UNTRUSTED) {
            effects |= Self::READS;
        }
        if searches {
            effects |= Self::READS;
        }
        if tool.is_some_and(|tool| tool.reads_only() == Some(true)) && effects.is_empty() {
            effects |= Self::READS;
        }
        effects
    }

    /// By the name that configuration gives it.
    pub fn named(name: &str) -> Option<Self> {
        Self::from_name(&name.to_ascii_uppercase())
    }
}

fn said(word: &str) -> Effects {
    match word {
        "read" | "get" | "cat" | "show" | "view" | "open" | "load" | "retrieve" | "download" | "describe" | "peek" => {
            Effects::READS
        }
        "select" | "lookup" | "export" | "dump" => Effects::READS,
        "fetch" | "browse" | "navigate" | "scrape" | "crawl" | "visit" | "web" | "url" | "page" | "website" => {
            Effects::READS | Effects::UNTRUSTED
        }
        "issue" | "issues" | "comment" | "comments" | "discussion" | "feed" | "rss" | "news" | "tweet" | "tweets" => {
            Effects::UNTRUSTED
        }
        "list" | "ls" | "dir" | "tree" | "glob" | "enumerate" | "scan" => Effects::LISTS,
        "write" | "edit" | "update" | "delete" | "remove" | "move" | "rename" | "insert" | "append" | "save"
        | "put" | "patch" | "replace" | "mkdir" | "drop" | "commit" | "push" | "overwrite" | "modify" => {
            Effects::WRITES
        }
        "mail" | "email" | "emails" | "gmail" | "inbox" | "imap" | "outlook" | "slack" | "dm" | "sms" => {
            Effects::PRIVATE | Effects::UNTRUSTED
        }
        "calendar" | "contacts" | "drive" | "vault" | "secret" | "secrets" | "credential" | "credentials"
        | "password" | "passwords" | "keychain" | "customer" | "customers" | "payroll" | "patient" | "patients"
        | "crm" | "invoice" | "invoices" | "bank" | "account" | "accounts" | "private" => Effects::PRIVATE,
        _ => Effects::empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_a_tool_does() {
        for (name, effects) in [
            ("read_file", Effects::READS),
            ("list_directory", Effects::LISTS),
            ("writeFile", Effects::WRITES),
            ("run_command", Effects::RUNS),
            ("send_email", Effects::SENDS | Effects::UNTRUSTED),
            ("read_email", Effects::READS | Effects::SENDS | Effects::PRIVATE | Effects::UNTRUSTED),
            ("fetch", Effects::READS | Effects::SENDS | Effects::UNTRUSTED),
            ("vault_get", Effects::READS | Effects::PRIVATE),
            ("echo", Effects::empty()),
        ] {
            assert_eq!(Effects::of(name, None), effects, "{name}");
        }
    }
}

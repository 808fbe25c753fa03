//! Variables of cmd.exe: what every Windows has, and what the text sets.

/// The most that a text may set.
const VARIABLES: usize = 64;
const VALUE: usize = 256;

/// What is the same on nearly every Windows, and therefore cut into pieces by those who hide commands.
const SYSTEM: &[(&str, &str)] = &[
    ("comspec", "C:\\Windows\\System32\\cmd.exe"),
    ("systemroot", "C:\\Windows"),
    ("windir", "C:\\Windows"),
    ("systemdrive", "C:"),
    ("programfiles", "C:\\Program Files"),
    ("commonprogramfiles", "C:\\Program Files\\Common Files"),
    ("programfiles(x86)", "C:\\Program Files (x86)"),
    ("commonprogramfiles(x86)", "C:\\Program Files (x86)\\Common Files"),
    ("programdata", "C:\\ProgramData"),
    ("allusersprofile", "C:\\ProgramData"),
    ("public", "C:\\Users\\Public"),
    ("os", "Windows_NT"),
    ("pathext", ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC"),
    ("psmodulepath", "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\Modules"),
];

/// The variables known at a place of the text.
#[derive(Debug, Default)]
pub(super) struct Environment {
    set: Vec<(String, String)>,
}

impl Environment {
    /// What `name` holds, in any case.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let set = self.set.iter().rev().find(|known| known.0.eq_ignore_ascii_case(name)).map(|known| known.1.as_str());
        set.or_else(|| SYSTEM.iter().find(|known| known.0.eq_ignore_ascii_case(name)).map(|known| known.1))
    }

    /// Remembers `set name=value` if that is the statement that `written` ends with.
    pub(super) fn remember(&mut self, written: &[u8]) {
        let tail = written.get(written.len().saturating_sub(VALUE)..).unwrap_or_default();
        let start = tail
            .iter()
            .rposition(|byte| matches!(byte, b'&' | b'\n' | b'(' | b'|'))
            .map_or(0, |at| at.saturating_add(1));
        let statement = String::from_utf8_lossy(tail.get(start..).unwrap_or_default());
        // `cmd /v /c "set x=…`: the statement begins after what calls the shell.
        let Some(at) = statement.to_ascii_lowercase().rfind("set ") else { return };
        let before = statement.get(..at).unwrap_or("").bytes().next_back();
        if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return;
        }
        let assignment = statement.get(at.saturating_add(4)..).unwrap_or("").trim_start().trim_start_matches('"');
        let Some((name, value)) = assignment.split_once('=') else { return };
        if self.set.len() < VARIABLES && !name.is_empty() && !name.contains('/') {
            self.set.push((name.trim().to_owned(), value.trim_end_matches('"').to_owned()));
        }
    }
}

//! Names that Windows takes for devices, whatever directory and extension they are given.

use std::ops::Range;

/// Where a device is named: in a Windows path any reserved name, elsewhere only those that nothing else is called.
pub(super) fn reserved_name(path: &str) -> Option<Range<usize>> {
    let is_windows =
        path.contains('\\') || matches!(path.as_bytes(), [drive, b':', b'/', ..] if drive.is_ascii_alphabetic());
    let mut start = 0_usize;
    for segment in path.split(['/', '\\']) {
        let range = start..start.saturating_add(segment.len());
        start = range.end.saturating_add(1);
        // `CON`, `con.txt`, `aux :x`, `nul...`
        let name = segment.split(['.', ':']).next().unwrap_or(segment).trim_end_matches(' ');
        let is_bare = !is_windows && range.len() == path.len() && name.len() == path.trim_end_matches([' ', ':']).len();
        let is_device = match class_of(name) {
            Class::None => false,
            Class::Odd => true,
            Class::Null => is_windows && segment.len() > name.len(),
            Class::Plain => is_windows || is_bare,
        };
        if is_device {
            return Some(range);
        }
    }
    None
}

/// Whether a name, with its extension, is a device's to Windows: `CON`, `nul.txt`, `com1 .log`.
pub fn is_device_name(name: &str) -> bool {
    let base = name.split(['.', ':']).next().unwrap_or(name).trim_end_matches(' ');
    !matches!(class_of(base), Class::None)
}

enum Class {
    None,
    /// The one that scripts write to: `NUL`.
    Null,
    /// `CON`, `AUX`, `COM1`: ordinary names on other systems.
    Plain,
    /// `CONIN$`, `COM¹`: nobody's name.
    Odd,
}

fn class_of(name: &str) -> Class {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    if is("nul") {
        return Class::Null;
    }
    if ["con", "prn", "aux"].iter().any(|known| is(known)) {
        return Class::Plain;
    }
    if ["conin$", "conout$", "clock$"].iter().any(|known| is(known)) {
        return Class::Odd;
    }
    let Some((head, number)) = name.split_at_checked(3) else { return Class::None };
    if !head.eq_ignore_ascii_case("com") && !head.eq_ignore_ascii_case("lpt") {
        return Class::None;
    }
    match number {
        "\u{b9}" | "\u{b2}" | "\u{b3}" => Class::Odd,
        _ if number.len() == 1 && number.starts_with(|c: char| matches!(c, '1'..='9')) => Class::Plain,
        _ => Class::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_told_from_names() {
        for path in [
            "C:\\x\\CON",
            "C:/x/con.txt",
            "x\\aux .log",
            "C:\\LPT1:",
            "CONIN$",
            "a/COM¹.txt",
            "COM1",
            "prn",
            "x\\nul.txt",
        ] {
            assert!(reserved_name(path).is_some(), "{path}");
        }
        for path in [
            "src/aux.rs",
            "src/con.py",
            "C:\\x\\connect.log",
            "NUL",
            "C:\\temp\\nul",
            "computer",
            "com10",
            "C:\\com0",
            "drivers/aux/x",
        ] {
            assert!(reserved_name(path).is_none(), "{path}");
        }
    }
}

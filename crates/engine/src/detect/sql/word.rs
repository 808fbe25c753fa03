//! The words of SQL: keywords by what they do in a query, functions and names by what an attack wants of them.

/// What a keyword does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// No keyword.
    None,
    Or,
    And,
    Xor,
    Not,
    /// `like`, `rlike`, `regexp`, `glob`…
    Like,
    Is,
    In,
    Between,
    /// `div`, `mod`, `collate`: between two operands.
    Infix,
    /// `binary`, `exists`, `distinct`, `any`…: before an operand.
    Prefix,
    /// `null`, `true`…
    Constant,
    Union,
    All,
    Select,
    Values,
    From,
    Where,
    Having,
    Order,
    Group,
    By,
    Limit,
    /// `asc`, `desc`: end an operand of ORDER BY.
    Direction,
    As,
    Into,
    /// `join`, `left`, `inner`…
    Join,
    On,
    Using,
    Case,
    When,
    Then,
    Else,
    End,
    Procedure,
    Set,
    /// Begins a statement; told apart by their text.
    Verb,
}

impl Key {
    /// Whether a number may end where this word begins, without a space.
    pub(super) fn continues(self) -> bool {
        matches!(
            self,
            Self::Or
                | Self::And
                | Self::Xor
                | Self::Like
                | Self::Union
                | Self::Select
                | Self::From
                | Self::Where
                | Self::Having
                | Self::Infix
                | Self::Between
                | Self::Order
                | Self::Group
                | Self::Limit
        )
    }
}

/// The longest word that any table here has.
const LONGEST: usize = 32;

/// `name` in lower case, for a word that may be in a table.
pub(super) struct Lower {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Lower {
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        let slot = bytes.get_mut(..name.len())?;
        slot.copy_from_slice(name);
        slot.make_ascii_lowercase();
        Some(Self { bytes, length: name.len() })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// What the keyword `name` does.
pub(super) fn key(name: &[u8]) -> Key {
    if !(2..=10).contains(&name.len()) {
        return Key::None;
    }
    let Some(lower) = Lower::of(name) else { return Key::None };
    match lower.as_str() {
        "or" => Key::Or,
        "and" => Key::And,
        "xor" => Key::Xor,
        "not" => Key::Not,
        "like" | "rlike" | "ilike" | "regexp" | "glob" | "sounds" | "similar" | "against" => Key::Like,
        "is" | "isnull" | "notnull" => Key::Is,
        "in" => Key::In,
        "between" => Key::Between,
        "div" | "mod" | "collate" | "escape" => Key::Infix,
        "binary" | "exists" | "distinct" | "any" | "some" | "interval" | "distinctrow" | "match" => Key::Prefix,
        "null" | "true" | "false" | "unknown" => Key::Constant,
        "union" | "except" | "intersect" | "minus" => Key::Union,
        "all" => Key::All,
        "select" => Key::Select,
        "values" => Key::Values,
        "from" => Key::From,
        "where" => Key::Where,
        "having" => Key::Having,
        "order" => Key::Order,
        "group" => Key::Group,
        "by" => Key::By,
        "limit" | "offset" => Key::Limit,
        "asc" | "desc" => Key::Direction,
        "as" => Key::As,
        "into" => Key::Into,
        "join" | "inner" | "outer" | "cross" | "natural" => Key::Join,
        "on" => Key::On,
        "using" => Key::Using,
        "case" => Key::Case,
        "when" => Key::When,
        "then" => Key::Then,
        "else" => Key::Else,
        "end" => Key::End,
        "procedure" => Key::Procedure,
        "set" => Key::Set,
        "insert" | "update" | "delete" | "drop" | "create" | "alter" | "exec" | "execute" | "declare" | "shutdown"
        | "truncate" | "waitfor" | "begin" | "copy" | "grant" | "revoke" | "call" | "merge" | "attach" | "load"
        | "handler" | "show" | "prepare" | "replace" | "rename" | "vacuum" | "pragma" | "kill" | "backup" | "while"
        | "print" | "if" | "do" | "commit" | "rollback" | "lock" | "explain" | "with" => Key::Verb,
        _ => Key::None,
    }
}

/// Whether a quote right behind `name` is still the beginning of a text: `N'…'`, `E'…'`, `_utf8'…'`.
pub(super) fn is_prefix_of_text(name: &[u8]) -> bool {
    matches!(name, [b'n' | b'N' | b'e' | b'E' | b'x' | b'X' | b'b' | b'B' | b'q' | b'Q'])
        || (name.len() > 3 && name.starts_with(b"_"))
}

/// Functions and keywords used as functions that a value has no use for, sorted.
const FUNCTIONS: &[&str] = &[
    "aes_decrypt",
    "aes_encrypt",
    "ascii",
    "avg",
    "bin",
    "bit_length",
    "case",
    "cast",
    "ceil",
    "char",
    "char_length",
    "character_length",
    "chr",
    "coalesce",
    "compress",
    "concat",
    "concat_ws",
    "connection_id",
    "conv",
    "convert",
    "cos",
    "count",
    "crc32",
    "curdate",
    "current_database",
    "current_query",
    "current_schema",
    "current_setting",
    "current_user",
    "curtime",
    "database",
    "database_to_xml",
    "db_name",
    "decode",
    "elt",
    "encode",
    "exp",
    "export_set",
    "extractvalue",
    "field",
    "find_in_set",
    "floor",
    "found_rows",
    "from_base64",
    "geometrycollection",
    "greatest",
    "group_concat",
    "gtid_subset",
    "gtid_subtract",
    "hex",
    "host_name",
    "if",
    "ifnull",
    "iif",
    "inet_aton",
    "inet_server_addr",
    "instr",
    "isnull",
    "json_keys",
    "json_object",
    "last_insert_id",
    "lcase",
    "least",
    "left",
    "length",
    "linestring",
    "listagg",
    "ln",
    "load_file",
    "locate",
    "lower",
    "lpad",
    "ltrim",
    "make_set",
    "makeset",
    "max",
    "md5",
    "mid",
    "min",
    "multilinestring",
    "multipoint",
    "multipolygon",
    "name_const",
    "nchar",
    "now",
    "nullif",
    "nvl",
    "object_id",
    "oct",
    "octet_length",
    "ord",
    "password",
    "pg_sleep",
    "pi",
    "point",
    "polygon",
    "position",
    "pow",
    "power",
    "quote",
    "rand",
    "randomblob",
    "repeat",
    "replace",
    "reverse",
    "right",
    "round",
    "row",
    "row_count",
    "row_to_json",
    "rpad",
    "rtrim",
    "schema",
    "schema_name",
    "session_user",
    "sha",
    "sha1",
    "sha2",
    "sign",
    "sin",
    "sleep",
    "soundex",
    "space",
    "sqlite_version",
    "sqrt",
    "st_latfromgeohash",
    "strcmp",
    "string_agg",
    "strpos",
    "substr",
    "substring",
    "substring_index",
    "sum",
    "suser_name",
    "suser_sname",
    "sysdate",
    "system_user",
    "tan",
    "to_base64",
    "to_char",
    "trim",
    "truncate",
    "typeof",
    "ucase",
    "uncompress",
    "unhex",
    "updatexml",
    "upper",
    "user",
    "user_name",
    "utc_time",
    "uuid",
    "version",
    "xmlagg",
    "xmltype",
];

/// Whether `name` is a function of SQL that injections call.
pub(super) fn is_function(name: &str) -> bool {
    Lower::of(name.as_bytes()).is_some_and(|lower| FUNCTIONS.binary_search(&lower.as_str()).is_ok())
}

/// Whether `name` is a function that looks at a part of a text, as one who guesses it letter by letter does.
pub(super) fn peeks(name: &str) -> bool {
    Lower::of(name.as_bytes()).is_some_and(|lower| {
        matches!(
            lower.as_str(),
            "substr" | "substring" | "mid" | "ascii" | "ord" | "left" | "right" | "bin" | "conv" | "strcmp" | "instr"
        )
    })
}

/// Words of prose that stand where a query has a table or a column.
pub(super) fn is_article(name: &str) -> bool {
    let Some(lower) = Lower::of(name.as_bytes()) else { return false };
    matches!(
        lower.as_str(),
        "the"
            | "a"
            | "an"
            | "this"
            | "that"
            | "these"
            | "those"
            | "our"
            | "your"
            | "my"
            | "his"
            | "her"
            | "its"
            | "their"
            | "any"
            | "each"
            | "one"
            | "both"
            | "various"
            | "among"
            | "available"
            | "several"
            | "multiple"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(FUNCTIONS.is_sorted(), "{:?}", FUNCTIONS.windows(2).find(|two| two[0] > two[1]));
        assert!(FUNCTIONS.iter().all(|name| name.len() <= LONGEST));
        assert!(is_function("LOAD_FILE") && !is_function("load_files"));
    }
}

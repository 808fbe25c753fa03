//! Names that say by themselves what they are for: they stand outside quotes, wherever in the text.

use super::token::{Kind as T, Token};
use super::word::{Key, Lower};
use super::{Findings, Kind};

/// Finds functions and names of the database's own that data has no use for and queries seldom have.
pub(super) fn judge(text: &str, read: &[Token], findings: &mut Findings<'_, '_>) {
    for (at, token) in read.iter().enumerate() {
        let ahead = |n: usize| read.get(at.saturating_add(n));
        let kind = |n: usize| ahead(n).map(|token| token.kind);
        match token.kind {
            T::Name => {
                let mut name = [0_u8; 64];
                let Some(name) = plain(token.text(text), &mut name) else { continue };
                let called = kind(1) == Some(T::Open);
                if called && is_delay(name) && is_argument(kind(2)) && kind(3) != Some(T::Name) {
                    findings.add(Kind::Delay, token.range());
                }
                if is_schema(name) {
                    findings.add(Kind::Schema, token.range());
                }
                if is_danger(name, called) {
                    findings.add(Kind::Danger, token.range());
                }
                let word = ahead(1).map_or("", |next| next.text(text));
                let third = ahead(2).map_or("", |next| next.text(text));
                if is_pair(name, word, third) {
                    findings.add(Kind::Danger, token.range());
                }
            }
            T::Variable if is_server_variable(token.text(text)) => findings.add(Kind::Schema, token.range()),
            T::Key(Key::Verb) => {
                let verb = token.text(text);
                let is = |n: usize, words: &[&str]| {
                    ahead(n).is_some_and(|next| words.iter().any(|word| next.text(text).eq_ignore_ascii_case(word)))
                };
                if verb.eq_ignore_ascii_case("waitfor") && is(1, &["delay", "time"]) {
                    findings.add(Kind::Delay, token.range());
                }
                let danger = match verb.len() {
                    4 if verb.eq_ignore_ascii_case("load") => {
                        let infile = if is(2, &["infile"]) { 3_usize } else { 4 };
                        is(1, &["data"])
                            && is(infile.saturating_sub(1), &["infile"])
                            && !ahead(infile).is_some_and(|file| is_rows(file.text(text)))
                    }
                    4 if verb.eq_ignore_ascii_case("copy") => copies(text, read, at),
                    4 | 7 if verb.eq_ignore_ascii_case("exec") || verb.eq_ignore_ascii_case("execute") => {
                        is(1, &["immediate"])
                            || kind(1) == Some(T::Variable)
                            || kind(1) == Some(T::Open) && matches!(kind(2), Some(T::Variable | T::Text | T::OpenText))
                            || kind(1) == Some(T::Number)
                    }
                    6 if verb.eq_ignore_ascii_case("attach") => {
                        is(1, &["database"]) || matches!(kind(1), Some(T::Text)) && kind(2) == Some(T::Key(Key::As))
                    }
                    8 if verb.eq_ignore_ascii_case("shutdown") => {
                        is(1, &["with"])
                            || (kind(1).is_none_or(|k| matches!(k, T::Cut | T::Semicolon))
                                && behind_statement(read, at))
                    }
                    _ => false,
                };
                if danger {
                    findings.add(Kind::Danger, token.range());
                }
            }
            T::Key(Key::Into) => {
                let file = ahead(1).is_some_and(|next| {
                    let word = next.text(text);
                    word.eq_ignore_ascii_case("outfile") || word.eq_ignore_ascii_case("dumpfile")
                });
                if file && matches!(kind(2), Some(T::Text | T::OpenText | T::Number | T::Variable | T::Name | T::Open))
                {
                    findings.add(Kind::Danger, token.range());
                }
            }
            T::Key(Key::Procedure) if ahead(1).is_some_and(|next| next.text(text).eq_ignore_ascii_case("analyse")) => {
                findings.add(Kind::Danger, token.range());
            }
            _ => {}
        }
    }
}

/// Whether a statement ends right before the token at `at`, or an operand does.
fn behind_statement(read: &[Token], at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|before| read.get(before))
        .is_some_and(|before| !matches!(before.kind, T::Name | T::Other))
}

/// `copy t from program 'x'`, `copy t to '/file'`; not `copy into t from '@stage'`, as warehouses load and unload.
fn copies(text: &str, read: &[Token], at: usize) -> bool {
    let behind = read.get(at.saturating_add(1)..).unwrap_or_default();
    if behind.first().is_some_and(|token| token.kind == T::Key(Key::Into)) {
        return false;
    }
    let end = behind.iter().take(64).position(|token| token.kind == T::Semicolon).unwrap_or(behind.len().min(64));
    let statement = behind.get(..end).unwrap_or_default();
    statement.windows(2).any(|two| {
        let [way, what] = two else { return false };
        let to = way.kind == T::Key(Key::From) || way.text(text).eq_ignore_ascii_case("to");
        let file = matches!(what.kind, T::Text | T::OpenText) && !is_rows(what.text(text));
        to && (what.text(text).eq_ignore_ascii_case("program") || file)
    })
}

/// Whether a text in quotes names what tables are filled from and emptied into: a store of objects, or a file of rows.
fn is_rows(text: &str) -> bool {
    const STORES: &[&str] = &["s3://", "gs://", "gcs://", "azure://", "abfss://"];
    const FILES: &[&str] = &["csv", "tsv", "parquet", "ndjson", "jsonl", "avro", "orc"];
    let inside = text.get(1..).unwrap_or_default().trim_end_matches(['\'', '"']);
    let name = [".gz", ".bz2", ".zst"].iter().find_map(|packed| inside.strip_suffix(packed)).unwrap_or(inside);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    STORES.iter().any(|scheme| inside.starts_with(scheme)) || FILES.iter().any(|rows| ending.eq_ignore_ascii_case(rows))
}

/// `name` in lower case without quotes, where it is short enough to be one of those looked for.
fn plain<'b>(name: &str, into: &'b mut [u8; 64]) -> Option<&'b str> {
    let mut length = 0_usize;
    for byte in name.bytes().filter(|b| !matches!(b, b'`' | b'[' | b']' | b'"')) {
        *into.get_mut(length)? = byte.to_ascii_lowercase();
        length = length.saturating_add(1);
    }
    std::str::from_utf8(into.get(..length)?).ok()
}

fn is_argument(kind: Option<T>) -> bool {
    !matches!(kind, None | Some(T::Close | T::Name | T::Other | T::Cut))
}

/// Makes the database wait.
fn is_delay(name: &str) -> bool {
    matches!(
        name,
        "sleep"
            | "benchmark"
            | "pg_sleep"
            | "pg_sleep_for"
            | "pg_sleep_until"
            | "dbms_pipe.receive_message"
            | "dbms_lock.sleep"
            | "dbms_session.sleep"
            | "user_lock.sleep"
            | "sleepfor"
            | "heavy_query"
    )
}

/// Names of the database's own tables.
fn is_schema(name: &str) -> bool {
    let (schema, rest) = name.split_once('.').unwrap_or((name, ""));
    match schema {
        "information_schema" | "pg_catalog" | "performance_schema" => true,
        "mysql" => {
            matches!(rest, "user" | "db" | "tables_priv" | "columns_priv" | "global_priv" | "proc")
                || rest.starts_with("innodb_")
        }
        "sys" => {
            matches!(
                rest,
                "objects" | "columns" | "tables" | "databases" | "user$" | "schemas" | "sql_logins" | "syslogins"
            ) || rest.starts_with("all_")
                || rest.starts_with("dba_")
                || rest.starts_with("user_")
        }
        "master" => {
            rest.starts_with("..")
                || rest.starts_with(".sys")
                || rest.starts_with("sys")
                || rest.contains("xp_")
                || rest.contains("sysdatabases")
                || rest.contains("syslogins")
        }
        "sysibm" | "syscat" => !rest.is_empty(),
        _ => {
            rest.is_empty()
                && (matches!(
                    name,
                    "sysobjects"
                        | "syscolumns"
                        | "sysdatabases"
                        | "sysusers"
                        | "syslogins"
                        | "sqlite_master"
                        | "sqlite_schema"
                        | "sqlite_temp_master"
                        | "sqlite_sequence"
                        | "pg_shadow"
                        | "pg_user"
                        | "pg_tables"
                        | "pg_database"
                        | "pg_class"
                        | "pg_authid"
                        | "pg_roles"
                        | "pg_stat_activity"
                        | "all_tables"
                        | "all_tab_columns"
                        | "all_users"
                        | "user_tables"
                        | "user_tab_columns"
                        | "dba_users"
                        | "dba_tables"
                        | "msysobjects"
                        | "msysaccessobjects"
                        | "msysaces"
                        | "msysqueries"
                        | "rdb$relations"
                        | "rdb$database"
                        | "v$version"
                        | "v$instance"
                        | "v$session"
                        | "v$database"
                        | "v$parameter"
                        | "allsystables"
                ) || name.starts_with("rdb$"))
        }
    }
}

fn is_server_variable(name: &str) -> bool {
    let Some(lower) = Lower::of(name.as_bytes()) else { return false };
    lower.as_str().strip_prefix("@@").is_some_and(|name| {
        let name = name.strip_prefix("global.").or_else(|| name.strip_prefix("session.")).unwrap_or(name);
        matches!(
            name,
            "version"
                | "datadir"
                | "hostname"
                | "basedir"
                | "servername"
                | "spid"
                | "secure_file_priv"
                | "tmpdir"
                | "plugin_dir"
                | "language"
                | "rowcount"
                | "identity"
        ) || name.starts_with("version_")
    })
}

/// Reads and writes files, runs programs, opens connections, or leaks through errors.
fn is_danger(name: &str, called: bool) -> bool {
    let base = name.rsplit('.').next().unwrap_or(name);
    if base.starts_with("xp_") || base.starts_with("sp_oa") || base.starts_with("sp_add") {
        return base.len() > 5;
    }
    if matches!(
        base,
        "sp_makewebtask"
            | "sp_executesql"
            | "sp_configure"
            | "sp_password"
            | "sp_start_job"
            | "sp_execute_external_script"
            | "database_to_xml"
            | "query_to_xml"
            | "dblink_connect"
            | "dblink_exec"
            | "lo_import"
            | "lo_export"
            | "pg_read_file"
            | "pg_read_binary_file"
            | "pg_ls_dir"
            | "pg_stat_file"
            | "pg_execute_server_program"
            | "httpuritype"
            | "dbms_xmlgen.getxml"
            | "sys_eval"
            | "sys_exec"
            | "openrowset"
            | "opendatasource"
            | "dblink_send_query"
    ) {
        return called || base != "openrowset";
    }
    let package = name.split('.').next().unwrap_or(name);
    if name.len() > package.len()
        && (matches!(
            package,
            "utl_http"
                | "utl_inaddr"
                | "utl_file"
                | "utl_smtp"
                | "utl_tcp"
                | "dbms_ldap"
                | "dbms_xmlquery"
                | "dbms_xmlgen"
                | "dbms_scheduler"
                | "ctxsys"
                | "httpuritype"
                | "dbms_export_extension"
                | "dbms_xslprocessor"
                | "dbms_advisor"
        ) || package.starts_with("dbms_java"))
    {
        return true;
    }
    called
        && matches!(
            base,
            "load_file"
                | "extractvalue"
                | "updatexml"
                | "name_const"
                | "make_set"
                | "load_extension"
                | "dblink"
                | "gtid_subset"
                | "gtid_subtract"
                | "xmltype"
                | "xmlserialize"
                | "lo_get"
                | "lo_from_bytea"
                | "edit"
                | "writefile"
                | "readfile"
                | "fts3_tokenizer"
                | "xml2clob"
                | "st_latfromgeohash"
                | "sys_get"
                | "query_to_xml_and_xmlschema"
                | "file_read"
                | "loadfile"
                | "pg_file_write"
                | "openquery"
        )
}

/// Dangerous only together.
fn is_pair(first: &str, second: &str, third: &str) -> bool {
    let second_is = |word: &str| second.eq_ignore_ascii_case(word);
    match first {
        "bulk" => second_is("insert") && !third.is_empty(),
        "load" => second_is("data"),
        _ => false,
    }
}

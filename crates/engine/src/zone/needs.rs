//! The rights that a call needs where its paths lead.

use crate::role::name::each_word;

use super::Rights;

/// What a tool does to files, by its name and by what it says of itself. Where neither says anything it may read and write.
///
/// Each source only adds: a tool called `write_file` writes, also where a hostile server annotates it as read-only.
pub fn of_tool(name: &str, reads_only: Option<bool>) -> Rights {
    let mut needs = Rights::empty();
    each_word(name, |word| needs |= of_verb(word));
    match reads_only {
        Some(true) if needs.is_empty() => Rights::READ,
        Some(false) => needs | Rights::WRITE,
        _ if needs.is_empty() => Rights::READ | Rights::WRITE,
        _ => needs,
    }
}

/// What a tool that needs `of_tool` needs of its argument `key`: of two paths one is often read and the other written.
pub fn of_argument(of_tool: Rights, tool: &str, key: &str) -> Rights {
    let (mut written, mut read, mut run) = (false, false, false);
    each_word(key, |word| match word {
        "dest" | "destination" | "dst" | "output" | "out" | "outfile" | "outputpath" | "outdir" | "to" | "save" => {
            written = true;
        }
        "src" | "source" | "sources" | "from" | "input" | "infile" => read = true,
        "script" | "program" | "executable" | "binary" => run = true,
        _ => {}
    });
    let mut moves = false;
    each_word(tool, |word| moves |= matches!(word, "move" | "rename" | "mv"));
    if written {
        return of_tool | Rights::WRITE;
    }
    if read && !moves {
        return Rights::READ;
    }
    if run && of_tool.contains(Rights::EXECUTE) {
        return of_tool | Rights::READ;
    }
    // Where it runs, or what it works on, is not what it runs.
    let needs = of_tool.difference(Rights::EXECUTE);
    if needs.is_empty() { Rights::READ } else { needs }
}

fn of_verb(word: &str) -> Rights {
    match word {
        "read" | "get" | "list" | "ls" | "search" | "find" | "grep" | "glob" | "view" | "cat" | "show" | "stat"
        | "info" | "tree" | "head" | "tail" | "open" | "load" | "diff" | "log" | "status" | "blame" | "exists"
        | "count" | "describe" | "preview" | "inspect" | "scan" | "lint" | "parse" | "analyze" | "hash"
        | "checksum" | "directory" => Rights::READ,
        "write" | "create" | "edit" | "append" | "save" | "update" | "insert" | "replace" | "patch" | "put" | "set"
        | "make" | "mkdir" | "touch" | "store" | "upload" | "download" | "export" | "extract" | "unzip" | "zip"
        | "archive" | "compress" | "apply" | "format" | "fix" | "commit" | "add" | "stage" | "checkout" | "reset"
        | "init" | "clone" | "pull" | "merge" | "install" | "generate" | "screenshot" | "move" | "mv" | "rename"
        | "copy" | "cp" | "convert" | "sync" | "delete" | "remove" | "rm" | "rmdir" | "unlink" | "truncate"
        | "clear" | "chmod" | "chown" | "link" | "symlink" => Rights::READ | Rights::WRITE,
        "run" | "exec" | "execute" | "launch" | "spawn" => Rights::READ | Rights::WRITE | Rights::EXECUTE,
        _ => Rights::empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Rights = Rights::READ.union(Rights::WRITE);

    #[test]
    fn a_name_says_what_a_tool_does_and_an_annotation_only_adds() {
        assert_eq!(of_tool("read_text_file", None), Rights::READ);
        assert_eq!(of_tool("listDirectory", None), Rights::READ);
        assert_eq!(of_tool("list_directory_with_sizes", None), Rights::READ);
        assert_eq!(of_tool("write_file", Some(true)), BOTH);
        assert_eq!(of_tool("read_file", Some(false)), BOTH);
        assert_eq!(of_tool("frobnicate", None), BOTH);
        assert_eq!(of_tool("frobnicate", Some(true)), Rights::READ);
    }

    #[test]
    fn of_two_paths_one_is_read_and_one_is_written() {
        let copy = of_tool("copy_file", None);
        assert_eq!(of_argument(copy, "copy_file", "source"), Rights::READ);
        assert!(of_argument(copy, "copy_file", "destination").contains(Rights::WRITE));
        assert!(of_argument(of_tool("move_file", None), "move_file", "source").contains(Rights::WRITE));
        assert!(of_argument(Rights::READ, "render_page", "outputPath").contains(Rights::WRITE));
    }

    #[test]
    fn only_a_program_is_run() {
        let run = of_tool("run_script", None);
        assert!(of_argument(run, "run_script", "script").contains(Rights::EXECUTE));
        assert_eq!(of_argument(run, "run_script", "cwd"), BOTH);
    }
}

//! What an expression has no business with.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::delimiter::Piece;
use super::expression::{Expression, Token};

/// Names that lead from an object to its interpreter. No page, chart or program puts them between delimiters.
#[rustfmt::skip]
const CLIMBS: &[&str] = &[
    // Python
    "__mro__", "__subclasses__", "__globals__", "__builtins__", "__import__", "__bases__", "__base__", "__getattribute__", "_TemplateReference__context",
    // Java
    "getRuntime", "ProcessBuilder", "ScriptEngineManager", "getEngineByName", "URLClassLoader", "ObjectConstructor", "JythonRuntime", "_memberAccess",
    "DefaultActionContext", "OgnlContext", "MethodAccessor", "protectionDomain", "MethodClosure", "GroovyShell", "MethodUtils", "BCELClassLoader", "nashorn",
    // JavaScript
    "mainModule", "spawn_sync", "getBuiltinModule",
    // PHP
    "registerUndefinedFilterCallback", "registerUndefinedFunctionCallback", "Smarty_Internal_Write_File", "shell_exec", "pcntl_exec", "passthru",
];

/// Two names that do so behind one another.
#[rustfmt::skip]
const CLIMBS_TOGETHER: &[(&str, &str)] = &[
    ("__class__", "__init__"), ("__class__", "__dict__"), ("__init__", "__dict__"), ("constructor", "constructor"), ("class", "mro"), ("mro", "subclasses"),
    ("class", "forName"), ("getClass", "forName"), ("class", "classLoader"), ("class", "getResource"), ("lang", "Runtime"), ("lang", "ProcessBuilder"),
    ("module", "runtime"), ("module", "cache"), ("root", "process"), ("global", "process"), ("System", "Diagnostics"), ("config", "from_object"), ("config", "from_pyfile"),
    ("sub", "constructor"), ("template", "utility"),
];

/// What runs or reads something when it is called.
#[rustfmt::skip]
const CALLS: &[&str] = &[
    "exec", "execSync", "execFile", "execFileSync", "spawn", "spawnSync", "system", "popen", "popen2", "popen3", "eval", "evaluate", "check_output", "passthru",
    "proc_open", "call_user_func", "call_user_func_array", "assert", "create_function", "phpinfo", "file_get_contents", "readfile", "file_excerpt", "fopen",
    "require", "forName", "newInstance", "getClass", "getMethod", "getMethods", "getDeclaredMethod", "getInputStream", "waitFor", "getenv", "get_env", "load_module",
    "import_string", "getFilter", "getDeclaredConstructor", "loadClass", "getClassLoader", "subclasses", "mro", "System", "Exec", "Command", "RunCommand", "Spawn", "Shell",
    "capture2", "capture3", "php_uname", "set_include_path", "setCache",
];

/// A receiver and what is asked of it.
#[rustfmt::skip]
const CALLS_ON: &[(&str, &str)] = &[
    ("File", "open"), ("File", "read"), ("File", "cwd"), ("File", "write"), ("File", "ls"), ("Dir", "entries"), ("Dir", "glob"), ("Dir", "children"), ("IO", "popen"), ("IO", "read"),
    ("Kernel", "exec"), ("Kernel", "system"), ("Kernel", "open"), ("Process", "Start"), ("Process", "spawn"), ("Code", "eval_string"), ("os", "cmd"), ("System", "shell"),
    ("System", "cmd"), ("System", "IO"), ("os", "listdir"), ("import", "os"), ("import", "subprocess"), ("process", "binding"), ("process", "env"), ("inspect", "type"), ("new", "File"), ("new", "java"), ("new", "Socket"),
];

/// Objects of the engine that say more than a page needs, on their own or with a member.
#[rustfmt::skip]
const OBJECTS: &[&str] = &[
    "config", "self", "settings", "_self", "_context", "env", "secret_key", "SECRET_KEY", "cycler", "joiner", "lipsum", "get_flashed_messages", "pageContext",
    "applicationScope", "facesContext", "sessionScope", "requestScope", "application", "debug", "namespace", "request", "app", "session", "messages", "smarty",
];

/// What is asked of them.
#[rustfmt::skip]
const ASKED: &[&str] = &[
    "items", "iteritems", "environ", "application", "server", "SECRET_KEY", "secret_key", "from_envvar", "storages", "__dict__", "__init__", "__class__", "_context", "getServletContext",
    "version", "template", "template_object", "now", "registerPlugin", "SECRET", "dict", "attr", "setCache", "env",
];

/// Whether what is read of a body can [climb](climbs): it holds such a name, or strings that may be put together to one.
pub(super) fn may_climb(body: &str) -> bool {
    static NAMES: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| AhoCorasick::new(CLIMBS.iter().chain(CLIMBS_TOGETHER.iter().map(|(_, second)| second))).ok());
    memchr::memchr2(b'"', b'\'', body.as_bytes()).is_some() || NAMES.as_ref().is_none_or(|names| names.is_match(body))
}

/// Whether it reaches the interpreter, in any text.
pub(super) fn climbs(expression: &Expression<'_>) -> bool {
    expression.names().any(|name| CLIMBS.contains(&name))
        || hidden(&expression.glued)
        || CLIMBS_TOGETHER.iter().any(|(first, second)| expression.has_path(first, second))
}

/// Whether a string holds such a name: `'freemarker.template.utility.Execute'`, `'java.lang.Runtime'`.
fn hidden(text: &str) -> bool {
    text.len() > 8
        && [
            "freemarker.template.utility",
            "java.lang.Runtime",
            "java.lang.ProcessBuilder",
            "javax.script.",
            "__globals__",
            "__subclasses__",
            "__builtins__",
            "__import__",
            "__class__",
            "__mro__",
            "xwork.MethodAccessor",
        ]
        .iter()
        .any(|name| memchr::memmem::find(text.as_bytes(), name.as_bytes()).is_some())
}

/// Whether it runs or reads something, in a value. A program's own strings hold calls of its own language.
pub(super) fn runs(expression: &Expression<'_>, piece: &Piece<'_>, is_program: bool) -> bool {
    if is_program && matches!(piece.open, "${" | "#{" | "@(" | "%{" | "[[") {
        return false;
    }
    expression.calls().any(|name| CALLS.contains(&name))
        || CALLS_ON.iter().any(|(receiver, asked)| expression.has_path(receiver, asked))
        || (matches!(piece.open, "<%" | "<%=" | "#{" | "{php}") && expression.tokens.contains(&Token::Command))
        || matches!(piece.open, "<!--#" | "{php}" | "@System" | "{system(" | "{exec(" | "{self::" | "{Smarty")
        || filters_into_call(expression)
        || expression.names().any(|name| matches!(name, "__class__" | "child_process" | "getClass"))
        || includes_file(expression)
        // `x?new()`, `x?api`, `x|attr(request…)`
        || expression.tokens.windows(2).any(|pair| {
            matches!(pair, [Token::Sign('?'), Token::Name { text, .. }] if matches!(*text, "new" | "api" | "eval" | "interpret"))
        })
        || expression.tokens.windows(3).any(|three| {
            matches!(three, [Token::Name { text, is_member: true }, Token::Sign('('), Token::Name { .. } | Token::Sign('[')] if *text == "attr")
        })
}

/// `['id']|filter('system')`, `'id'|system`.
fn filters_into_call(expression: &Expression<'_>) -> bool {
    let is_call = |text: &str| CALLS.contains(&text);
    expression.tokens.windows(2).any(|pair| {
        matches!(pair, [Token::Sign('|'), Token::Name { text, .. }] if is_call(text))
            || matches!(pair, [Token::Sign('('), Token::Text(text)] if is_call(text)
                && expression.names().any(|name| matches!(name, "filter" | "map" | "sort" | "reduce" | "each" | "find")))
    })
}

/// `include('/etc/…')`, `{% include '../x' %}`, `source('php://…')`.
fn includes_file(expression: &Expression<'_>) -> bool {
    let loads = expression.names().any(|name| {
        matches!(
            name,
            "include" | "extends" | "import" | "from" | "embed" | "use" | "source" | "render" | "parse" | "file"
        )
    });
    loads
        && expression.tokens.iter().any(|token| {
            matches!(token, Token::Text(text) if text.starts_with(['/', '\\']) || text.starts_with("../") || text.starts_with("php:")
                || text.starts_with("file:") || matches!(text.as_bytes(), [_, b':', b'\\' | b'/', ..]))
        })
}

/// Whether it asks for the engine's own objects, in a value.
pub(super) fn reveals(expression: &Expression<'_>, piece: &Piece<'_>) -> bool {
    let tags = matches!(piece.open, "{{" | "{%" | "{$smarty");
    if tags
        && [("config", "items"), ("config", "iteritems"), ("app", "request"), ("request", "application")]
            .iter()
            .any(|(object, asked)| expression.has_path(object, asked))
    {
        return true;
    }
    let Some((head, length)) = expression.head() else { return false };
    if !OBJECTS.contains(&head) {
        return false;
    }
    let bare = length == 1 || matches!(expression.tokens.get(1), Some(Token::Sign('|')));
    let common = matches!(
        head,
        "request" | "app" | "session" | "messages" | "namespace" | "settings" | "env" | "application" | "smarty"
    );
    tags && bare && !common
        || piece.open == "{$smarty"
        || tags && head == "settings" && expression.names().any(|name| name.starts_with("SECRET"))
        || matches!(head, "pageContext" | "applicationScope" | "facesContext" | "sessionScope")
        || tags && expression.names().skip(1).any(|name| ASKED.contains(&name)) && !matches!(head, "env")
}

use vanguard_wire::{Body, Limits, Packet, Tape};

use super::*;

/// Explains tools as a server lists them.
fn explained(tools: &str, corrections: &[Correction]) -> Vec<ExplainedTool> {
    let line = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":{tools}}}}}"#);
    let (limits, mut tape, line) = (Limits::default(), Tape::default(), vanguard_wire::canonical(line.as_bytes()));
    let Ok(Packet::Single(message)) = vanguard_wire::read(&line, &limits, &mut tape) else { panic!("no message") };
    let Body::Response { result, .. } = message.body else { panic!("no response") };
    explain(result, corrections)
}

/// The one tool whose schema has these properties.
fn tool(properties: &str) -> ExplainedTool {
    explained(&format!(r#"[{{"name":"acme","inputSchema":{{"type":"object","properties":{properties}}}}}]"#), &[])
        .remove(0)
}

fn roles(tool: &ExplainedTool, path: &str) -> Roles {
    tool.arguments.iter().find(|argument| argument.path == path).unwrap_or_else(|| panic!("{path} of {tool:?}")).roles
}

fn correction(argument: &str, add: Roles, remove: Roles, only: Option<Roles>) -> Correction {
    let glob = |text: &str| globset::Glob::new(text).unwrap().compile_matcher();
    Correction { tool: glob("acme*"), argument: glob(argument), add, remove, only }
}

#[test]
fn schemas_say_what_names_hide() {
    let tool = tool(
        r#"{"data":{"type":"string","format":"uri"},"x":{"type":"string","description":"Absolute path to the log"},
        "y":{"type":"string","default":"/var/lib"},"z":{"type":"array","items":{"type":"string","examples":["https://a.example"]}},
        "w":{"pattern":"^https?://"},"sep":{"type":"string","default":"/"},"n":{"type":"integer"}}"#,
    );
    assert_eq!(roles(&tool, "data"), Roles::URL);
    assert_eq!(roles(&tool, "x"), Roles::PATH);
    assert_eq!(roles(&tool, "y"), Roles::PATH);
    assert_eq!(roles(&tool, "z"), Roles::URL);
    assert_eq!(roles(&tool, "w"), Roles::URL);
    assert!(roles(&tool, "sep").is_empty() && roles(&tool, "n").is_empty());
    let paths: Vec<&str> = tool.arguments.iter().map(|argument| argument.path.as_str()).collect();
    assert_eq!(paths, ["data", "x", "y", "z", "w", "sep", "n"], "in the order of the schema");
    assert_eq!(tool.arguments[0].reasons[0].why.to_string(), "format: uri");
}

#[test]
fn references_are_followed_and_those_without_end_end() {
    let list = r##"[{"name":"acme","inputSchema":{"$defs":{"edit":{"properties":{"where":{"format":"path"},"next":{"$ref":"#/$defs/edit"}}}},
        "properties":{"edits":{"type":"array","items":{"$ref":"#/$defs/edit"}},"far":{"$ref":"https://evil.example/x"}}}}]"##;
    let tool = explained(list, &[]).remove(0);
    assert_eq!(roles(&tool, "edits/where"), Roles::PATH);
    assert_eq!(roles(&tool, "edits/next/next/where"), Roles::PATH);
    assert!(tool.arguments.len() < 50, "{}", tool.arguments.len());
}

#[test]
fn a_closed_list_of_words_needs_no_look_and_one_of_other_things_does() {
    let tool = tool(
        r#"{"command":{"enum":["view","create"]},"output":{"const":"json"},"url":{"enum":["http://169.254.169.254/"]}}"#,
    );
    assert_eq!(roles(&tool, "command"), Roles::ID);
    assert_eq!(roles(&tool, "output"), Roles::ID);
    assert_eq!(roles(&tool, "url"), Roles::URL);

    let list = r#"{"jsonrpc":"2.0","id":1,"result":{"name":"acme","inputSchema":{"properties":{"command":{"enum":["view","rm -rf /"]},"shell":{"enum":["bash"]}}}}}"#;
    let (limits, mut tape) = (Limits::default(), Tape::default());
    let Ok(Packet::Single(message)) = vanguard_wire::read(list.as_bytes(), &limits, &mut tape) else { panic!() };
    let Body::Response { result, .. } = message.body else { panic!() };
    let schema = schema::ToolRoles::read(&result).unwrap();
    let tool = Tool::new(name::says("acme"), Some(&schema), &[]);
    assert_eq!(
        of_argument(&tool, "command", name::says("command"), "rm -rf /"),
        Roles::COMMAND,
        "the list is the server's to write"
    );
    assert_eq!(of_argument(&tool, "shell", name::says("shell"), "bash"), Roles::ID);
    assert_eq!(of_argument(&tool, "shell", name::says("shell"), "bash -i"), Roles::COMMAND, "not what is offered");
}

#[test]
fn what_a_tool_runs_says_what_its_arguments_are() {
    let list = r#"[{"name":"acme","description":"Execute a shell command on the host.","inputSchema":{"properties":{"x":{"type":"string"},"n":{"type":"integer"}}}},
        {"name":"acme2","description":"Executes SQL queries","inputSchema":{"properties":{"query":{"type":"string"},"q2":{"type":"string"}}}}]"#;
    let tools = explained(list, &[]);
    assert_eq!(roles(&tools[0], "x"), Roles::COMMAND);
    assert_eq!(tools[0].arguments[0].reasons[0].why, Why::OnlyText);
    assert!(roles(&tools[1], "query").contains(Roles::SQL) && roles(&tools[1], "q2").is_empty());
}

#[test]
fn the_configuration_alone_takes_roles_away() {
    let list = r#"[{"name":"acme","inputSchema":{"properties":{"output":{"type":"string"},"deep":{"properties":{"path":{"type":"string"}}}}}}]"#;
    let corrections = [
        correction("output", Roles::empty(), Roles::PATH, None),
        correction("deep/*", Roles::COMMAND, Roles::empty(), Some(Roles::TEXT)),
    ];
    let tool = explained(list, &corrections).remove(0);
    assert_eq!(roles(&tool, "output"), Roles::empty());
    assert_eq!(roles(&tool, "deep/path"), Roles::TEXT | Roles::COMMAND);
    let corrected = tool.arguments[0].reasons.last().unwrap();
    assert_eq!(corrected.why.to_string(), "configuration: roles.acme*.output");

    let all: Vec<&Correction> = corrections.iter().collect();
    let tool = Tool::new(name::says("acme"), None, &all);
    assert_eq!(
        of_argument(&tool, "output", name::says("output"), "/etc/shadow"),
        Roles::empty(),
        "a value's shape too"
    );
    assert_eq!(of_argument(&tool, "path", name::says("path"), "x"), Roles::PATH);
}

#[test]
fn a_schema_made_to_be_slow_is_left_early() {
    let wide: Vec<String> = (0..2000).map(|n| format!(r##"{{"$ref":"#/$defs/d{}"}}"##, n % 50)).collect();
    let defs: Vec<String> = (0..50).map(|n| format!(r#""d{n}":{{"anyOf":[{}]}}"#, wide[..50].join(","))).collect();
    let list = format!(
        r#"[{{"name":"acme","inputSchema":{{"$defs":{{{}}},"properties":{{"a":{{"anyOf":[{}]}}}}}}}}]"#,
        defs.join(","),
        wide.join(",")
    );
    assert_eq!(explained(&list, &[])[0].arguments.len(), 1);
}

use super::*;

const RECORD: &str = concat!(
    r#"{"time":"2026-11-23T02:13:20.007Z","session":"019aae0c-5d47-7c41-b6b4-5f1c6f0a3a11","server":"files","principal":"desk","entered_by":"key","seq":12,"#,
    r#""flow":"client-to-server","method":"tools/call","tool":"read_file","id":"7","verdict":"block","findings":[{"rule":"FS-003","#,
    r#""title":"Climbs out of its directory","layer":"l1","severity":"high","confidence":"high","action":"block","#,
    r#""pointer":"/params/arguments/path","view":"percent → path","span":[0,9],"evidence":"../../etc","references":["CWE-22"]}],"#,
    r#""past":{"call":3,"holds":[],"entropy":7.25},"coverage":{"fields":1,"views":3,"opaque":0,"truncated":0},"#,
    r#""timing":{"parse_us":1.2,"judge_us":56.7},"message_sha256":"ba78","bytes":3,"#,
    r#""manifest":{"policy":"aa","binary":"bb","version":"0.1.0","os":"linux","arch":"x86_64","nonce":"00","#,
    r#""arguments":[{"pointer":"/path","sha256":"cc"}]}}"#
);

#[test]
fn a_statement_is_as_documented_and_canonical() {
    let canonical = String::from_utf8(Statement::of(RECORD.as_bytes()).unwrap().canonical()).unwrap();
    let expected = concat!(
        r#"{"_type":"https://in-toto.io/Statement/v1","predicate":{"action":{"name":"tools/call"},"context":{"#,
        r#""arguments":[{"pointer":"/path","sha256":"cc"}],"coverage":{"fields":1,"opaque":0,"truncated":0,"views":3},"entropy":7.25,"#,
        r#""environment":{"arch":"x86_64","binary_sha256":"bb","os":"linux","policy_sha256":"aa","version":"0.1.0"},"#,
        r#""findings":[{"confidence":"high","evidence":"../../etc","layer":"l1","pointer":"/params/arguments/path","references":["CWE-22"],"#,
        r#""rule":"FS-003","severity":"high","title":"Climbs out of its directory"}],"findings_left_out":0,"#,
        r#""time":"2026-11-23T02:13:20.007Z","verdict":"block"},"resource":{"id":"files/read_file","properties":{"#,
        r#""flow":"client-to-server","server":"files","tool":"read_file"},"type":"mcp:tool"},"subject":{"id":"desk","properties":{"#,
        r#""entered_by":"key","session":"019aae0c-5d47-7c41-b6b4-5f1c6f0a3a11"},"type":"agent"}},"#,
        r#""predicateType":"urn:mcp-vanguard:secure-tool-manifest:2","subject":[{"digest":{"rfc6962Leaf":"LEAF","sha256":"SHA"},"#,
        r#""name":"019aae0c-5d47-7c41-b6b4-5f1c6f0a3a11/12"}]}"#
    );
    let expected = expected
        .replace("LEAF", &Hash::leaf(RECORD.as_bytes()).hex())
        .replace("SHA", &crate::Digest::of(RECORD.as_bytes()).hex());
    assert_eq!(canonical, expected);
}

#[test]
fn the_input_of_opa_has_its_usual_names() {
    let manifest = Statement::of(RECORD.as_bytes()).unwrap().predicate;
    let text = serde_json::to_string(&opa(&manifest)).unwrap();
    assert!(text.starts_with(concat!(
        r#"{"input":{"principal":{"type":"agent","id":"desk","roles":["agent"],"session":"019aae0c-5d47-7c41-b6b4-5f1c6f0a3a11","#,
        r#""entered_by":"key"},"action":{"name":"tools/call"},"resource":{"type":"mcp:tool","id":"files/read_file","server":"files","#,
        r#""tool":"read_file","flow":"client-to-server"},"context":{"time":"2026-11-23T02:13:20.007Z","verdict":"block","#
    )), "{text}");
}

/// Cerbos refuses what it does not know: the names are those that it was seen to take, and no others.
#[test]
fn the_request_of_cerbos_has_the_names_that_it_takes() {
    let manifest = Statement::of(RECORD.as_bytes()).unwrap().predicate;
    let text = serde_json::to_string(&cerbos(&manifest, "r-1")).unwrap();
    assert!(text.starts_with(concat!(
        r#"{"requestId":"r-1","principal":{"id":"desk","policyVersion":"default","roles":["agent"],"attr":{"#,
        r#""session":"019aae0c-5d47-7c41-b6b4-5f1c6f0a3a11","entered_by":"key"}},"resources":[{"actions":["tools/call"],"#,
        r#""resource":{"kind":"mcp:tool","policyVersion":"default","id":"files/read_file","attr":{"server":"files","tool":"read_file","#,
        r#""flow":"client-to-server","context":{"time":"#
    )), "{text}");
}

#[test]
fn numbers_and_names_are_written_as_rfc_8785_says() {
    #[derive(Serialize)]
    struct Case {
        numbers: [f64; 5],
        #[serde(rename = "\u{fb33}")]
        last: u8,
        #[serde(rename = "\u{1f600}")]
        before: u8,
        text: &'static str,
    }
    // Names are sorted by UTF-16, so one beyond the first plane comes before one at its end: where it is done wrong, it is done wrong here.
    let case = Case {
        numbers: [333_333_333.333_333_3, 1e30, 4.5, 2e-3, 1e-27],
        last: 1,
        before: 2,
        text: "€$\u{f}\nA'B\"\\\"/",
    };
    let text = String::from_utf8(serde_json_canonicalizer::to_vec(&case).unwrap()).unwrap();
    let numbers = r#"{"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]"#;
    assert_eq!(text, format!("{numbers},\"text\":\"€$\\u000f\\nA'B\\\"\\\\\\\"/\",\"\u{1f600}\":2,\"\u{fb33}\":1}}"));
}

#[test]
fn the_lines_of_events_have_no_manifest() {
    assert!(Statement::of(br#"{"time":"x","event":"open","pid":1,"version":"0"}"#).is_none());
    assert!(Statement::of(b"no json").is_none());
}

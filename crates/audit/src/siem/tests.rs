use proptest::prelude::*;

use super::*;

const BLOCK: &str = concat!(
    r#"{"time":"2026-11-23T02:13:20.007Z","session":"019a","server":"files","principal":"desk","entered_by":"key","seq":12,"#,
    r#""flow":"client-to-server","method":"tools/call","tool":"read_file","id":"7","verdict":"block","findings":[{"rule":"FS-003","#,
    r#""title":"Climbs out","layer":"l1","severity":"high","confidence":"high","action":"block","pointer":"/params/arguments/path","#,
    r#""span":[0,9],"evidence":"../../etc","references":["CWE-22","T1083"]}],"bytes":3}"#
);
const ALLOW: &str = concat!(
    r#"{"time":"2026-11-23T02:13:21.000Z","session":"019a","server":"files","seq":13,"flow":"client-to-server","#,
    r#""method":"tools/list","verdict":"allow","findings":[],"bytes":3}"#
);

fn record(text: &str) -> Record {
    Record::read(text.as_bytes()).unwrap()
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap().replace(VERSION, "VERSION")
}

#[test]
fn a_refusal_is_a_detection_finding_of_ocsf() {
    assert_eq!(
        json(&ocsf(&record(BLOCK)).unwrap()),
        concat!(
            r#"{"class_uid":2004,"class_name":"Detection Finding","category_uid":2,"category_name":"Findings","activity_id":1,"#,
            r#""activity_name":"Create","type_uid":200401,"type_name":"Detection Finding: Create","severity_id":4,"severity":"High","#,
            r#""time":1795400000007,"message":"block tools/call read_file: FS-003 Climbs out","status_id":1,"status":"New","#,
            r#""metadata":{"version":"1.8.0","uid":"019a/12","profiles":["security_control"],"product":{"name":"McpVanguard","#,
            r#""vendor_name":"McpVanguard","version":"VERSION"}},"action_id":2,"action":"Denied","disposition_id":2,"disposition":"Blocked","#,
            r#""is_alert":true,"finding_info":{"uid":"019a/12","title":"Climbs out","types":["l1"],"analytic":{"type_id":1,"type":"Rule","#,
            r#""uid":"FS-003","name":"Climbs out"}},"resources":[{"type":"mcp:tool","uid":"files/read_file","name":"read_file"}],"#,
            r#""attacks":[{"technique":{"uid":"T1083"}}],"evidences":[{"data":{"rule":"FS-003","title":"Climbs out","#,
            r#""pointer":"/params/arguments/path","evidence":"../../etc","references":["CWE-22","T1083"]}}],"#,
            r#""unmapped":{"session":"019a","server":"files","principal":"desk","method":"tools/call","flow":"client-to-server","verdict":"block"}}"#
        )
    );
}

#[test]
fn what_passed_is_an_api_activity_of_ocsf() {
    assert_eq!(
        json(&ocsf(&record(ALLOW)).unwrap()),
        concat!(
            r#"{"class_uid":6003,"class_name":"API Activity","category_uid":6,"category_name":"Application Activity","activity_id":99,"#,
            r#""activity_name":"Call","type_uid":600399,"type_name":"API Activity: Other","severity_id":1,"severity":"Informational","#,
            r#""time":1795400001000,"message":"allow tools/list","status_id":1,"status":"Success","#,
            r#""metadata":{"version":"1.8.0","uid":"019a/13","profiles":["security_control"],"product":{"name":"McpVanguard","#,
            r#""vendor_name":"McpVanguard","version":"VERSION"}},"action_id":1,"action":"Allowed","disposition_id":1,"disposition":"Allowed","#,
            r#""actor":{"user":{"name":"019a"}},"api":{"operation":"tools/list","service":{"name":"files"}},"src_endpoint":{"uid":"019a"},"#,
            r#""resources":[{"type":"mcp:server","uid":"files","name":"files"}],"#,
            r#""unmapped":{"session":"019a","server":"files","method":"tools/list","flow":"client-to-server","verdict":"allow"}}"#
        )
    );
}

#[test]
fn a_refusal_is_an_alert_of_ecs() {
    assert_eq!(
        json(&ecs(&record(BLOCK)).unwrap()),
        concat!(
            r#"{"@timestamp":"2026-11-23T02:13:20.007Z","ecs":{"version":"8.17.0"},"event":{"kind":"alert","category":["intrusion_detection"],"#,
            r#""type":["denied"],"action":"tools/call","outcome":"failure","severity":3,"id":"019a/12","provider":"McpVanguard"},"#,
            r#""message":"block tools/call read_file: FS-003 Climbs out","rule":{"id":"FS-003","name":"Climbs out","ruleset":"l1","#,
            r#""reference":"CWE-22 T1083"},"user":{"name":"desk"},"observer":{"vendor":"McpVanguard","product":"McpVanguard","#,
            r#""version":"VERSION"},"mcp":{"session":"019a","server":"files","method":"tools/call","tool":"read_file","#,
            r#""flow":"client-to-server","verdict":"block","findings":[{"rule":"FS-003","severity":"high","#,
            r#""pointer":"/params/arguments/path","evidence":"../../etc"}]}}"#
        )
    );
    assert!(json(&ecs(&record(ALLOW)).unwrap()).contains(r#""kind":"event","category":["api"],"type":["allowed"]"#));
}

/// A record in the trace that its message named.
fn traced(text: &str) -> Record {
    let trace = r#""trace":{"id":"0af7651916cd43dd8448eb211c80319c","span":"b7ad6b7169203331"},"timing":{"parse_us":1.2,"judge_us":8.8},"verdict""#;
    record(&text.replace(r#""verdict""#, trace))
}

#[test]
fn a_judgment_is_a_span_below_the_one_that_sent_the_message() {
    let refused = json(&span(&traced(BLOCK)).unwrap());
    let (head, attributes) = refused.split_once(r#""attributes":"#).unwrap();
    assert_eq!(
        head,
        concat!(
            r#"{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7897db6e40f3bbe","parentSpanId":"b7ad6b7169203331","#,
            r#""name":"tools/call read_file","kind":1,"startTimeUnixNano":"1795400000006990000","endTimeUnixNano":"1795400000007000000","#,
        )
    );
    assert!(attributes.contains(r#"{"key":"security_rule.name","value":{"stringValue":"FS-003"}}"#), "{attributes}");
    assert!(attributes.ends_with(r#"],"status":{"code":2,"message":"FS-003"}}"#), "{attributes}");
    assert!(json(&span(&traced(ALLOW)).unwrap()).ends_with(r#""status":{"code":0}}"#));
    assert!(span(&record(BLOCK)).is_none(), "what belongs to no trace is no span");
}

#[test]
fn a_record_is_told_in_its_trace() {
    let of = |text: &str| {
        (json(&otlp(&traced(text)).unwrap()), json(&ecs(&traced(text)).unwrap()), json(&ocsf(&traced(text)).unwrap()))
    };
    for text in [BLOCK, ALLOW] {
        let (otlp, ecs, ocsf) = of(text);
        assert!(otlp.contains(r#""traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331""#), "{otlp}");
        assert!(
            ecs.contains(r#""trace":{"id":"0af7651916cd43dd8448eb211c80319c"},"span":{"id":"b7ad6b7169203331"}"#),
            "{ecs}"
        );
        assert!(ocsf.contains(r#""correlation_uid":"0af7651916cd43dd8448eb211c80319c""#), "{ocsf}");
    }
}

#[test]
fn a_refusal_is_a_line_of_cef() {
    assert_eq!(
        cef(&record(BLOCK)).unwrap().replace(VERSION, "VERSION"),
        concat!(
            "CEF:0|McpVanguard|McpVanguard|VERSION|FS-003|Climbs out|8|rt=1795400000007 act=blocked externalId=019a/12 suser=desk dhost=files ",
            "request=tools/call cs1Label=ruleId cs1=FS-003 cs2Label=tool cs2=read_file cs3Label=session cs3=019a cs4Label=pointer ",
            "cs4=/params/arguments/path cs5Label=evidence cs5=../../etc msg=block tools/call read_file: FS-003 Climbs out"
        )
    );
}

#[test]
fn events_of_the_log_itself_are_none() {
    let event = record(r#"{"time":"2026-11-23T02:13:20.007Z","event":"open","pid":1,"version":"0"}"#);
    assert!(cef(&event).is_none() && ecs(&event).is_none() && ocsf(&event).is_none());
}

/// Takes a line of CEF apart as its description says: seven parts behind pipes, then keys with their values.
fn read_cef(line: &str) -> (Vec<String>, Vec<(String, String)>) {
    let mut parts = vec![String::new()];
    let mut chars = line.chars();
    while parts.len() < 8 {
        match chars.next() {
            Some('\\') => parts.last_mut().unwrap().extend(chars.next()),
            Some('|') => parts.push(String::new()),
            Some(c) => parts.last_mut().unwrap().push(c),
            None => panic!("the header ends early: {line}"),
        }
    }
    parts.pop();
    // A key is what stands between the last space and an `=` that is not escaped.
    let (mut pairs, mut text): (Vec<(String, String)>, String) = (Vec::new(), String::new());
    let mut rest = chars;
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.push(match rest.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                other => other.unwrap_or('\\'),
            }),
            '=' => {
                let (value, key) = text.rsplit_once(' ').unwrap_or(("", &text));
                if let Some(last) = pairs.last_mut() {
                    value.clone_into(&mut last.1);
                }
                pairs.push((key.to_owned(), String::new()));
                text = String::new();
            }
            c => text.push(c),
        }
    }
    if let Some(last) = pairs.last_mut() {
        last.1 = text;
    }
    (parts, pairs)
}

proptest! {
    /// Whatever a server calls its tools, and whatever matched: a line stays one line, and no peer can add a field to it.
    #[test]
    fn nobody_gets_a_field_of_their_own_into_cef(
        tool in r"[ -~\PC\n\r\t=|\\]{0,40}", rule in "[ -~\n|=\\\\]{0,20}", evidence in ".{0,40}", server in "(.|\n){0,20}",
    ) {
        let found = crate::Found { rule: rule.clone(), title: tool.clone(), evidence: evidence.clone(), severity: "low".into(), ..Default::default() };
        let record = Record { tool: Some(tool.clone()), server: Some(server), findings: vec![found], ..record(BLOCK) };
        let line = cef(&record).unwrap();
        prop_assert!(!line.contains(['\n', '\r']));
        let (header, extension) = read_cef(&line);
        prop_assert_eq!(header.len(), 7);
        prop_assert_eq!(&header[6], "3");
        let keys: Vec<&str> = extension.iter().map(|(key, _)| key.as_str()).collect();
        prop_assert_eq!(keys, [
            "rt", "act", "externalId", "suser", "dhost", "request", "cs1Label", "cs1", "cs2Label", "cs2", "cs3Label", "cs3",
            "cs4Label", "cs4", "cs5Label", "cs5", "msg",
        ]);
        // What a line can hold comes back as it was.
        let plain = |text: &str| text.chars().all(|c| !c.is_control() || c == '\n' || c == '\r') && !text.contains(['\u{2028}', '\u{2029}']);
        if plain(&tool) {
            prop_assert_eq!(&extension[9].1, &tool);
        }
        if plain(&evidence) {
            prop_assert_eq!(&extension[15].1, &evidence);
        }
    }
}

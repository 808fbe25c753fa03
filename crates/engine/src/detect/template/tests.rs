use std::ops::Range;

use proptest::prelude::*;

use super::super::Signs;
use super::*;
use crate::rules::Direction;
use crate::views::Chain;

fn kinds(text: &str) -> Vec<usize> {
    let mut kinds = Vec::new();
    let chain = Chain::default();
    let asked = Look {
        view: text,
        signs: &Signs::of(text),
        chain: &chain,
        roles: Roles::TEXT,
        direction: Direction::REQUEST,
        tool: None,
        meaning: None,
        kinds: u64::MAX,
    };
    look(&asked, &mut |kind, _: Range<usize>| kinds.push(kind));
    kinds
}

#[test]
fn climbs_are_found_in_any_engine() {
    for text in [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ x|attr('__cla'~'ss__')|attr('__mro__') }}",
        r"{{ request['\x5f\x5fglobals\x5f\x5f'] }}",
        "{{ ('__glo','bals__')|join }}",
        "{% for c in [].__class__.__base__.__subclasses__() %}x{% endfor %}",
        "${T(java.lang.Runtime).getRuntime().exec('id')}",
        "__${T(java.lang.Runtime).getRuntime()}__::.x",
        "%{(#a=@java.lang.Runtime@getRuntime())}",
        "#set($x='')#set($rt=$x.class.forName('java.lang.Runtime'))",
        r#"<#assign e="freemarker.template.utility.Execute"?new()>${e("id")}"#,
        "{{constructor.constructor('return process')()}}",
        "#{root.process.mainModule.require('child_process')}",
        r#"@(System.Diagnostics.Process.Start("cmd"))"#,
        "{{_self.env.registerUndefinedFilterCallback('exec')}}",
        "${self.module.cache.util.os.system('id')}",
    ] {
        assert_eq!(kinds(text), [CLIMB], "{text}");
        let page = format!("{}{text}{}", "a line of a page\n".repeat(50), "\nanother".repeat(50));
        assert_eq!(kinds(&page), [CLIMB], "{text}");
    }
}

#[test]
fn calls_secrets_and_probes_are_found_in_values() {
    for (text, kind) in [
        ("<%= `id` %>", RUN),
        ("<%= system('id') %>", RUN),
        ("<%= File.open('/srv/x').read %>", RUN),
        ("{{['id']|filter('system')}}", RUN),
        ("{{['id',0]|sort('system')}}", RUN),
        (r#"{{ .System "id" }}"#, RUN),
        ("{{ 'id' | system }}", RUN),
        ("{% include '../../x.ini' %}", RUN),
        ("{system('id')}", RUN),
        (r#"<!--#exec cmd="id" -->"#, RUN),
        ("{{ config }}", REVEAL),
        ("{{config.items()}}", REVEAL),
        ("{{ settings.SECRET_KEY }}", REVEAL),
        ("{{7*7}}", PROBE),
        ("${ 7 * 7 }", PROBE),
        ("<%= 7*7 %>", PROBE),
        ("{{7*'7'}}", PROBE),
        ("#{3*3}", PROBE),
        ("{{=8*8}}", PROBE),
        ("{{ [[ 7*7 ]] }}", PROBE),
        ("a {{ b }} {{9-2}}", PROBE),
    ] {
        assert_eq!(kinds(text), [kind], "{text}");
    }
}

#[test]
fn templates_of_every_day_are_not() {
    for text in [
        "Hello {{ user.name }}, you owe {{ total | round(2) }}",
        "${{ secrets.TOKEN }} ${{ github.event.inputs.system }} ${{ matrix.os }}",
        "{{ .Values.image.repository }}:{{ .Chart.AppVersion | default \"1\" }}",
        "{{- include \"chart.labels\" . | nindent 4 }}",
        "{% for item in items %}{{ item.title }}{% endfor %}",
        "{% extends 'base.html' %}{% include 'partials/nav.html' %}",
        "{{ lookup('env', 'HOME') }} {{ ansible_facts['os_family'] }}",
        "{{ config(materialized='table') }} select * from {{ ref('orders') }}",
        "<li v-for=\"x in xs\">{{ x.price * x.count }}</li> {{ $t('menu.file') }}",
        "${project.version} ${HOME:-/root}/bin ${a} + ${b}",
        "<%= link_to 'Home', root_path %><% if user %>hi<% end %>",
        "<img th:src=\"@{/img/a.png}\"> #{home.title} *{name}",
        "echo \"${arr[1]}\" ${#x} $((7*7)) {1..5}",
        "`${a.constructor.name}: ${b.length * 2}`",
        "#if defined(X)\n#include <stdio.h>\n#set ruler",
        "[[ -f x ]] && [[ $a == 1 ]]",
        "Try the usual `{{ config.items() }}` there and see whether it is rendered.",
        "100% {of} @{user} #{1}",
        "f\"{{{self.__class__.__name__}}}\"\n\n\n\n\n\n",
    ] {
        assert!(kinds(text).is_empty(), "{text}");
    }
    // What a program's own strings call.
    let program = format!("const v = `${{require('./package.json').version}}`;\n{}", "go();\n".repeat(9));
    assert!(kinds(&program).is_empty());
}

#[test]
fn padding_hides_nothing() {
    let text = format!("{}{{{{ x.__class__.__mro__ }}}}", "{{ user.name }}\n".repeat(5_000));
    assert_eq!(kinds(&text), [CLIMB]);
}

#[test]
fn hostile_templates_are_read_in_linear_time() {
    for piece in
        ["{{", "${", "{{'", "{{ a.", "{%", "<%", "{{}}", "#set", "{{ x|attr('", "${${", "{{(}}", "{{'}}", "{[("]
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
        Just("{{"), Just("}}"), Just("${"), Just("}"), Just("<%"), Just("%>"), Just("'"), Just("\""), Just("\\x5f"), Just("\\u00"), Just("`"), Just("7*7"),
        Just("a.b"), Just("|attr("), Just(")"), Just("é"), Just("\\"), Just("#set"), Just("\n"), Just("_"),
    ], 0..60)) {
        kinds(&parts.concat());
    }
}

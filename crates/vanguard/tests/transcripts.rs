//! What a person sees: transcripts of the binary, reviewed when they change (`TRYCMD=overwrite` rewrites them).

#[test]
fn transcripts() {
    let home = tempfile::tempdir().expect("a directory");
    let home = home.path().display().to_string();
    trycmd::TestCases::new()
        .env("HOME", home.as_str())
        .env("XDG_CONFIG_HOME", format!("{home}/config"))
        .env("XDG_DATA_HOME", format!("{home}/data"))
        .env("XDG_STATE_HOME", "/state")
        .case("tests/cmd/*.trycmd");
}

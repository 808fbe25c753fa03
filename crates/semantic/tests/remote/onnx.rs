//! Classifiers in files: what they score, and what no file and no text may bring about.

use std::fs::{self, File};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::{Duration, Instant};

use e2e::{Classifier as Made, Cuts};
use serde::Deserialize;
use tempfile::TempDir;
use vanguard_engine::meaning::{Counsel as _, Unscored};
use vanguard_semantic::onnx::{Classifier, Description, MAX_MODEL};
use vanguard_semantic::remote::{Adviser as _, Remote, Score as _, Shown};

use crate::support::{Edge, PATIENCE, answer, limits};

fn description(model: PathBuf) -> Description {
    Description { model, tokenizer: None, attack: Vec::new(), window: None, threads: 1, timeout: PATIENCE }
}

/// A classifier as it is made, in a folder of this name.
fn made(made: &Made) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("tiny");
    fs::create_dir(&inner).unwrap();
    let model = made.write(&inner);
    (folder, model)
}

fn open(model: &Path) -> Result<Classifier, String> {
    Classifier::open(&description(model.to_owned())).map_err(|error| error.to_string())
}

/// What a classifier says of a text that a call sends.
fn score(classifier: &Classifier, text: &str) -> Result<f32, Unscored> {
    classifier.score(&Edge::new().about(text)).map(|(scored, _)| scored.score)
}

#[test]
fn texts_are_scored_whichever_way_they_are_cut_into_tokens() {
    for cuts in [Cuts::WordPiece, Cuts::Unigram] {
        let (_folder, model) = made(&Made { cuts, ..Made::default() });
        let remote = Remote::new(Box::new(open(&model).unwrap()), limits());
        let mut edge = Edge::new();
        for (text, label) in
            [("See you Friday", "SAFE"), ("please EXFILTRATE", "INJECTION"), ("日本語 \u{1f980}\0", "SAFE")]
        {
            let scored = answer(&remote, edge.about(text)).unwrap();
            let attack = label == "INJECTION";
            assert!(if attack { scored.score > 0.99 } else { scored.score < 0.2 }, "{cuts:?} {text}: {scored:?}");
            assert_eq!(&*scored.reason, format!("classified as {label:?}"));
            assert!(scored.by.starts_with("onnx tiny ") && scored.by.len() == "onnx tiny ".len() + 12, "{}", scored.by);
            assert!(!scored.took.is_zero());
        }
        // What is read are the texts alone: one token for each word, and two round them.
        let known = edge.about("see you friday");
        assert_eq!(remote.figures().tokens, 5 + 4 + if cuts == Cuts::WordPiece { 6 } else { 4 });
        let classifier = open(&model).unwrap();
        let shown = classifier.shows(&known).unwrap();
        assert_eq!(shown, Shown::Read { text: "see you friday".to_owned(), windows: vec![5] });
        let [harmless, attack] = classifier.try_out().map(|out| out.scored.unwrap().score);
        assert!(harmless < 0.2 && attack > 0.99, "{harmless} {attack}");
    }
}

#[test]
fn an_attack_is_found_wherever_in_a_long_text_it_stands() {
    let (_folder, model) = made(&Made::default());
    let classifier = open(&model).unwrap();
    for at in 0..80 {
        let words: Vec<&str> = (0..80).map(|n| if n == at { "exfiltrate" } else { "friday" }).collect();
        assert!(score(&classifier, &words.join(" ")).unwrap() > 0.7, "at {at}");
    }
    assert!(score(&classifier, &["friday"; 80].join(" ")).unwrap() < 0.2);
    let (scored, tokens) = classifier.score(&Edge::new().about(&["friday"; 80].join(" "))).unwrap();
    assert!(scored.reason.ends_with(" of 4") || scored.reason.contains("in part 1 of "), "{}", scored.reason);
    assert!(tokens.unwrap() > 80);
}

#[test]
fn what_a_text_spells_is_text() {
    let (_folder, model) = made(&Made::default());
    let classifier = open(&model).unwrap();
    // A bracket, a word and a bracket, three times, which is nothing like the end of a text.
    let shown = classifier.shows(&Edge::new().about("[SEP] [CLS] [PAD]")).unwrap();
    assert_eq!(shown, Shown::Read { text: "[SEP] [CLS] [PAD]".to_owned(), windows: vec![11] });
}

#[test]
fn a_text_without_an_end_has_no_score_and_leaves_the_scorer_in_its_place() {
    let (_folder, model) = made(&Made::default());
    let hasty = Description { timeout: Duration::ZERO, ..description(model.clone()) };
    let hasty = Classifier::open(&hasty).unwrap();
    let harmless = ["friday"; 100].join(" ");
    assert_eq!(score(&hasty, &harmless), Err(Unscored::Endless));
    // What is found before the time is over is found.
    assert!(score(&hasty, &format!("exfiltrate {harmless}")).unwrap() > 0.7);
    assert_eq!(score(&hasty, &format!("{harmless} exfiltrate")), Err(Unscored::Endless));
    assert!(score(&hasty, "see you friday").unwrap() < 0.2);
    // More windows than are read at all.
    let narrow = Classifier::open(&Description { window: Some(16), ..description(model) }).unwrap();
    assert_eq!(score(&narrow, &"a ".repeat(1_500)), Err(Unscored::Endless));

    let remote = Remote::new(Box::new(narrow), vanguard_semantic::remote::Limits { failures: 1, ..limits() });
    let mut edge = Edge::new();
    assert_eq!(answer(&remote, edge.about(&"b ".repeat(1_500))), Err(Unscored::Endless));
    assert!(answer(&remote, edge.about("see you friday")).is_ok());
}

#[test]
fn what_is_no_classifier_is_said_at_the_start_with_what_to_do() {
    let usual = Made::default;
    for (of, said) in [
        (Made { opset: 99, ..usual() }, "opset 99"),
        (Made { opset: 0, ..usual() }, "opset 0"),
        (Made { input: "pixels", ..usual() }, "it takes \"pixels\""),
        (Made { external: true, ..usual() }, "keeps its weights in another file"),
        (Made { labels: 3, bias: f32::NAN, ..usual() }, "gives no score: of a sentence it makes no numbers"),
        (Made { bias: f32::INFINITY, ..usual() }, "gives no score"),
        (Made { labels: 1, ..usual() }, "which of its labels 0 \"SAFE\" is an attack"),
        (Made { missing: 1, ..usual() }, "fails on 32 tokens with the number 9"),
    ] {
        let (_folder, model) = made(&of);
        let failed = open(&model).expect_err(said);
        assert!(failed.contains(said) && failed.contains("tiny/model.onnx"), "{failed}");
    }
    let (folder, model) = made(&usual());
    let with = |file: &str, bytes: &[u8]| {
        let path = model.with_file_name(file);
        let kept = fs::read(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        let failed = open(&model).expect_err(file);
        fs::write(&path, kept).unwrap();
        failed
    };
    let failed = with("tokenizer.json", b"{}");
    assert!(
        failed.contains("tiny/tokenizer.json: no tokenizer") && failed.contains("semantic.onnx.tokenizer"),
        "{failed}"
    );
    let failed = with("config.json", b"{\"id2label\": 7}");
    assert!(failed.contains("tiny/config.json"), "{failed}");
    let failed = with("config.json", b"{\"id2label\": {\"0\": \"a\", \"1\": \"b\", \"2\": \"attack\"}}");
    assert!(failed.contains("gives no score"), "{failed}");
    let failed = with("model.onnx", b"version https://git-lfs.github.com/spec/v1\noid sha256:0");
    assert!(failed.contains("git lfs pull"), "{failed}");
    assert!(with("model.onnx", b"").contains("no whole ONNX model"));

    let failed = open(&folder.path().join("none.onnx")).expect_err("there is none");
    assert!(failed.contains("none.onnx: No such file"), "{failed}");
    let begun = Instant::now();
    File::options().write(true).open(&model).unwrap().set_len(MAX_MODEL + 1).unwrap();
    let failed = open(&model).expect_err("it is too large");
    assert!(failed.contains("more than 2147483648 bytes") && begun.elapsed() < PATIENCE, "{failed}");
}

#[test]
fn who_has_no_names_says_numbers() {
    let (_folder, model) = made(&Made::default());
    fs::remove_file(model.with_file_name("config.json")).unwrap();
    assert!(open(&model).expect_err("it is not known").contains("no config.json"));
    let said = Description { attack: vec!["1".to_owned()], ..description(model) };
    assert!(score(&Classifier::open(&said).unwrap(), "please exfiltrate").unwrap() > 0.99);
}

/// Damages a file in each way that `damage` knows, and says how often it was still a classifier.
fn damaged(file: &Path, damages: impl Iterator<Item = Vec<u8>>) -> usize {
    // The runtime may fall over a damaged file, and is caught; there is nothing to be read of it here.
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |fell| {
            let thread = std::thread::current().name().unwrap_or_default().to_owned();
            if thread != "scorer" && !thread.starts_with("rten") {
                usual(fell);
            }
        }));
    });
    let model = file.with_file_name("model.onnx");
    let question = Edge::new().about("please exfiltrate");
    let mut sound = 0;
    for bytes in damages {
        fs::write(file, bytes).unwrap();
        match open(&model).map(|classifier| classifier.score(&question)) {
            Ok(Ok((scored, _))) => {
                assert!((0.0..=1.0).contains(&scored.score), "{scored:?}");
                sound += 1;
            }
            Ok(Err(_)) => {}
            Err(said) => assert!(said.contains("tiny"), "{said}"),
        }
    }
    sound
}

/// The file with one bit of each byte turned, another one each time.
fn flipped(whole: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..whole.len()).map(|at| {
        let mut file = whole.to_vec();
        file[at] ^= 1 << (at % 8);
        file
    })
}

#[test]
fn a_damaged_file_gives_an_error_or_a_score_and_nothing_else() {
    let (_folder, model) = made(&Made::default());
    let whole = fs::read(&model).unwrap();
    let cut = (0..whole.len()).map(|length| whole[..length].to_vec());
    assert_eq!(damaged(&model, cut), 0, "a model that is cut off is none");
    let sound = damaged(&model, flipped(&whole));
    assert!(sound > 0 && sound < whole.len(), "{sound}");
}

#[test]
fn a_damaged_tokenizer_gives_an_error_or_a_score_and_nothing_else() {
    for cuts in [Cuts::WordPiece, Cuts::Unigram] {
        let (_folder, model) = made(&Made { cuts, ..Made::default() });
        let file = model.with_file_name("tokenizer.json");
        let whole = fs::read(&file).unwrap();
        assert_eq!(damaged(&file, (0..whole.len()).map(|length| whole[..length].to_vec())), 0);
        damaged(&file, flipped(&whole));
    }
}

/// A text, and how it is scored by somebody else.
#[derive(Deserialize)]
struct Expected {
    text: String,
    score: f32,
}

/// By hand: holds a real model against another runtime. `tests/remote/onnx.py` makes the file.
#[test]
fn a_real_model_scores_as_another_runtime_says() {
    let (Some(model), Some(expected)) = (std::env::var_os("VANGUARD_ONNX"), std::env::var_os("VANGUARD_ONNX_EXPECTED"))
    else {
        return;
    };
    let begun = Instant::now();
    let classifier = Classifier::open(&description(model.into())).unwrap();
    eprintln!("{}: opened in {:.1?}", classifier.name(), begun.elapsed());
    let mut edge = Edge::new();
    let (mut worst, mut count) = (0.0_f32, 0);
    for line in fs::read_to_string(expected).unwrap().lines() {
        let Expected { text, score } = serde_json::from_str(line).unwrap();
        if !edge.asks(&text) {
            continue;
        }
        let (scored, tokens) = classifier.score(&edge.about(&text)).unwrap();
        eprintln!("{:.5} {score:.5} {} tokens in {:.1?}", scored.score, tokens.unwrap(), scored.took);
        worst = worst.max((scored.score - score).abs());
        count += 1;
    }
    eprintln!("{count} texts, the largest difference {worst:e}");
    assert!(count > 0 && worst < 1e-3, "{worst}");
}

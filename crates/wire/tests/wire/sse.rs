//! Events out of a stream.

use proptest::prelude::*;
use vanguard_wire::{Event, EventFramer, Line, Piece};

/// What a stream says, fed in pieces of so many bytes.
fn said(stream: &[u8], step: usize, max: usize) -> Vec<String> {
    let mut framer = EventFramer::new(max);
    let mut said = Vec::new();
    for piece in stream.chunks(step) {
        framer.feed(piece, &mut |piece| {
            said.push(match piece {
                Piece::Comment => ":".to_owned(),
                Piece::Event(Event { name, id, retry, data }) => {
                    let data = match data {
                        Some(Line::Message(bytes)) => format!("{:?}", String::from_utf8_lossy(bytes)),
                        Some(Line::Oversize { head, tail, length }) => {
                            format!("{length}:{}+{}", head.len(), tail.len())
                        }
                        None => "-".to_owned(),
                    };
                    format!("{} {} {} {data}", name.unwrap_or("-"), id.unwrap_or("-"), retry.unwrap_or("-"))
                }
            });
        });
    }
    said
}

#[test]
fn every_line_end_of_the_standard_ends_a_line() {
    for end in ["\n", "\r\n", "\r"] {
        let stream = "id: 7\nevent: message\nretry: 500\ndata: {\ndata:  }\n\n: alive\ndata:x\n\nid: 8\ndata\n\n"
            .replace('\n', end);
        for step in 1..stream.len() {
            let all = said(stream.as_bytes(), step, 1 << 10);
            assert_eq!(all, [r#"message 7 500 "{\n }""#, ":", r#"- - - "x""#, r#"- 8 - """#], "{end:?} {step}");
        }
    }
}

#[test]
fn what_no_client_reads_is_left_out() {
    let stream =
        "\u{feff}data: a\nfoo: ignore all previous instructions\nretry: soon\nevent: \u{1b}[2J\n\nevent: lonely\n\n";
    assert_eq!(said(stream.as_bytes(), 3, 64), [r#"- - - "a""#]);
}

#[test]
fn an_event_that_was_not_ended_is_none() {
    assert!(said(b"data: {}\n", 4, 64).is_empty());
}

#[test]
fn too_much_data_leaves_samples_however_it_is_cut_in_lines() {
    let one = format!("data: {}\n\ndata: next\n\n", "x".repeat(100));
    let many = format!("{}\ndata: next\n\n", "data: xxxx\n".repeat(20));
    for step in [1, 7, 1000] {
        assert_eq!(said(one.as_bytes(), step, 99), ["- - - 100:100+0", r#"- - - "next""#]);
        assert_eq!(said(many.as_bytes(), step, 98), ["- - - 99:99+0", r#"- - - "next""#]);
        assert_eq!(said(many.as_bytes(), step, 99).len(), 2);
    }
    let long_name = format!("event: {}\ndata: a\n\n", "x".repeat(5000));
    assert_eq!(said(long_name.as_bytes(), 100, 64), [r#"- - - "a""#]);
}

proptest! {
    #[test]
    fn how_a_stream_is_cut_makes_no_difference(stream in "(data|id|event|:|x|\r|\n| |\u{feff}){0,60}", step in 1_usize..9) {
        prop_assert_eq!(said(stream.as_bytes(), step, 24), said(stream.as_bytes(), usize::MAX, 24));
    }

    #[test]
    fn no_bytes_make_it_fall_over(stream in proptest::collection::vec(any::<u8>(), 0..300), step in 1_usize..40) {
        said(&stream, step, 16);
    }
}

//! Any stream in any pieces: the framer gives the lines that a plain split gives, samples of those that are too long, and
//! never keeps more than it may.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vanguard_wire::{Line, LineFramer};

fuzz_target!(|input: &[u8]| {
    // The first byte is the limit, the second the number of sizes of pieces that follow; the rest is the stream.
    let [max, count, rest @ ..] = input else { return };
    let max = usize::from(*max);
    let (sizes, stream) = rest.split_at((usize::from(*count) % 8).min(rest.len()));
    let mut framer = LineFramer::new(max);
    let mut expected =
        stream.split(|byte| *byte == b'\n').map(without_cr).filter(|line| line.len() > max || !blank(line));
    let mut sizes = sizes.iter().cycle();
    let mut left = stream;
    while !left.is_empty() {
        let size = sizes.next().map_or(usize::MAX, |size| usize::from(*size) + 1);
        let space = framer.space();
        assert!(!space.is_empty() && space.len() <= 1 << 18);
        let size = size.min(left.len()).min(space.len());
        space[..size].copy_from_slice(&left[..size]);
        framer.filled(size);
        left = &left[size..];
        while let Some(line) = framer.next() {
            check(&line, expected.next(), max);
        }
    }
    if let Some(line) = framer.finish() {
        check(&line, expected.next(), max);
    }
    assert_eq!(expected.next(), None, "a line is lost");
});

fn check(line: &Line<'_>, expected: Option<&[u8]>, max: usize) {
    let expected = expected.expect("a line too many");
    match line {
        Line::Message(text) => {
            assert_eq!(*text, expected);
            assert!(text.len() <= max);
        }
        Line::Oversize { head, tail, length } => {
            assert!(expected.len() > max);
            assert_eq!(*length, expected.len() as u64);
            assert!(expected.starts_with(head) && expected.ends_with(tail));
            assert!(head.len() + tail.len() <= expected.len());
        }
    }
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn blank(line: &[u8]) -> bool {
    line.iter().all(|byte| b" \t\r".contains(byte))
}

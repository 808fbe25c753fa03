//! Lines out of a stream.

use vanguard_wire::{Line, LineFramer};

/// A line with its bytes owned, to compare.
#[derive(Debug, PartialEq, Eq, Clone)]
pub(crate) enum Got {
    Message(Vec<u8>),
    Oversize { head: Vec<u8>, tail: Vec<u8>, length: u64 },
}

impl From<Line<'_>> for Got {
    fn from(line: Line<'_>) -> Self {
        match line {
            Line::Message(bytes) => Self::Message(bytes.to_vec()),
            Line::Oversize { head, tail, length } => {
                Self::Oversize { head: head.to_vec(), tail: tail.to_vec(), length }
            }
        }
    }
}

/// All lines of the stream when it comes in pieces of these sizes, over and over.
pub(crate) fn lines(max: usize, stream: &[u8], pieces: &[usize]) -> Vec<Got> {
    let mut framer = LineFramer::new(max);
    let mut got = Vec::new();
    let mut rest = stream;
    let mut sizes = pieces.iter().cycle();
    while !rest.is_empty() {
        let space = framer.space();
        let count = (*sizes.next().unwrap()).clamp(1, rest.len()).min(space.len());
        space[..count].copy_from_slice(&rest[..count]);
        framer.filled(count);
        rest = &rest[count..];
        while let Some(line) = framer.next() {
            got.push(line.into());
        }
    }
    got.extend(framer.finish().map(Got::from));
    assert!(framer.finish().is_none());
    got
}

fn message(text: &str) -> Got {
    Got::Message(text.into())
}

#[test]
fn lines_end_at_lf_and_blank_ones_are_skipped() {
    let got = lines(100, b"one\ntwo\r\n\n\r\n \t\nthr\ree\n\nlast", &[5]);
    assert_eq!(got, ["one", "two", "thr\ree", "last"].map(message));
    assert_eq!(lines(100, b"", &[1]), []);
    assert_eq!(lines(100, b"\n\r\n \r", &[1]), []);
}

#[test]
fn the_limit_is_met_and_exceeded() {
    for pieces in [1, 3, 1000] {
        let got = lines(4, b"1234\n1234\r\n12345\n12345\r\n12", &[pieces]);
        let over = |end: &[u8]| Got::Oversize { head: end.to_vec(), tail: Vec::new(), length: 5 };
        assert_eq!(got, [message("1234"), message("1234"), over(b"12345"), over(b"12345"), message("12")]);
    }
}

#[test]
fn an_oversize_line_leaves_samples_and_its_length() {
    let mut stream = vec![b'h'; 20 << 10];
    stream.extend(vec![b'm'; 200 << 10]);
    stream.extend(vec![b't'; 10 << 10]);
    let length = stream.len() as u64;
    stream.extend_from_slice(b"\nnext\n");
    let got = lines(1000, &stream, &[4096]);
    let Got::Oversize { head, tail, length: counted } = &got[0] else { panic!("{got:?}") };
    assert_eq!(*counted, length);
    assert_eq!((head.len(), tail.len()), (16 << 10, 16 << 10));
    assert!(head.iter().all(|byte| *byte == b'h') && tail.ends_with(&[b't'; 10 << 10]));
    assert_eq!(got[1], message("next"));
    assert_eq!(lines(1000, &stream[..stream.len() - 6], &[7, 70_000])[..], got[..1]);
}

#[test]
fn space_is_never_empty_and_filled_never_lies() {
    let mut framer = LineFramer::new(10);
    framer.filled(usize::MAX);
    assert_eq!(framer.next(), None);
    assert!(!framer.space().is_empty());
    framer.filled(usize::MAX);
    while framer.next().is_some() {}
    assert!(!framer.space().is_empty());
}

#[test]
fn memory_returns_after_a_large_line() {
    let mut framer = LineFramer::new(16 << 20);
    let (mut total, mut largest) = (0, 0);
    while total < 8 << 20 {
        let space = framer.space();
        space.fill(b'x');
        let count = space.len();
        largest = largest.max(count);
        total += count;
        framer.filled(count);
        assert!(framer.next().is_none());
    }
    assert!(largest > 1 << 20);
    framer.space()[..3].copy_from_slice(b"\nab");
    framer.filled(3);
    assert!(matches!(framer.next(), Some(Line::Message(line)) if line.len() == total));
    assert!(framer.space().len() <= 128 << 10);
    framer.space()[..2].copy_from_slice(b"c\n");
    framer.filled(2);
    assert_eq!(framer.next(), Some(Line::Message(b"abc")));
}

#[test]
fn a_line_without_end_keeps_memory_bounded() {
    let mut framer = LineFramer::new(1 << 20);
    for _ in 0..2000 {
        let space = framer.space();
        assert!(space.len() <= (1 << 20) + (128 << 10));
        space.fill(b'x');
        let count = space.len();
        framer.filled(count);
        assert!(framer.next().is_none());
    }
    assert!(matches!(framer.finish(), Some(Line::Oversize { length, .. }) if length > 16 << 20));
}

//! Whether a file holds together as a model in ONNX: each part lies within the one that holds it, and none is nested beyond reason.
//!
//! The runtime trusts lengths: it sets memory aside for as much as a damaged one says, and goes as deep as a file is nested, and neither ends in an
//! error. So a file is looked through first. What is looked into are the messages that the runtime reads; of the rest only where it ends.

/// The oldest and the newest opset of ONNX's own operators that are taken: what another one means by an operator may be something else.
pub(super) const OPSETS: std::ops::RangeInclusive<u64> = 7..=28;
/// How deep graphs lie in graphs at most. Exports have none, or one level of branches.
const MAX_DEPTH: usize = 40;

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// At this byte something begins that the file does not hold, or that is no field at all.
    Broken(usize),
    /// It is nested too deep.
    Deep,
    /// It holds no graph.
    Empty,
    /// It is written for these operators, or says nothing of them.
    Opset(Option<u64>),
}

/// Messages that are looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Value,
    Type,
    TensorType,
    SequenceType,
    Shape,
    Opset,
    /// Holds no further message.
    Plain,
}

/// Which field of which message is what, by `onnx.proto3`.
const FIELDS: [(Kind, u64, Kind); 18] = [
    (Kind::Model, 7, Kind::Graph),
    (Kind::Model, 8, Kind::Opset),
    (Kind::Model, 14, Kind::Plain),
    (Kind::Graph, 1, Kind::Node),
    (Kind::Graph, 5, Kind::Tensor),
    (Kind::Graph, 11, Kind::Value),
    (Kind::Graph, 12, Kind::Value),
    (Kind::Graph, 13, Kind::Value),
    (Kind::Node, 5, Kind::Attribute),
    (Kind::Attribute, 5, Kind::Tensor),
    (Kind::Attribute, 6, Kind::Graph),
    (Kind::Tensor, 13, Kind::Plain),
    (Kind::Value, 2, Kind::Type),
    (Kind::Type, 1, Kind::TensorType),
    (Kind::Type, 4, Kind::SequenceType),
    (Kind::SequenceType, 1, Kind::Type),
    (Kind::TensorType, 2, Kind::Shape),
    (Kind::Shape, 1, Kind::Plain),
];

/// Looks a file through.
pub(super) fn check(file: &[u8]) -> Result<(), Flaw> {
    let mut seen = Seen { opset: None, is_named: false, has_graph: false };
    Part { file, at: 0, end: file.len() }.check(Kind::Model, 0, &mut seen)?;
    match (seen.has_graph, seen.opset) {
        (false, _) => Err(Flaw::Empty),
        (true, Some(opset)) if OPSETS.contains(&opset) => Ok(()),
        (true, opset) => Err(Flaw::Opset(opset)),
    }
}

/// What a file says of itself.
struct Seen {
    /// The version of ONNX's own operators, once it is named: the runtime goes by what is named first.
    opset: Option<u64>,
    is_named: bool,
    has_graph: bool,
}

/// Some bytes of a file.
struct Part<'f> {
    file: &'f [u8],
    at: usize,
    end: usize,
}

impl Part<'_> {
    fn check(mut self, kind: Kind, depth: usize, seen: &mut Seen) -> Result<(), Flaw> {
        if depth > MAX_DEPTH {
            return Err(Flaw::Deep);
        }
        let (mut domain, mut version) = (&[][..], None);
        while self.at < self.end {
            let begun = self.at;
            let broken = Flaw::Broken(begun);
            let tag = self.varint().ok_or(broken)?;
            let (field, form) = (tag >> 3, tag & 7);
            match form {
                0 => {
                    let value = self.varint().ok_or(broken)?;
                    if (kind, field) == (Kind::Opset, 2) {
                        version = Some(value);
                    }
                }
                1 => self.skip(8).ok_or(broken)?,
                5 => self.skip(4).ok_or(broken)?,
                2 => {
                    let length = self.varint().and_then(|length| usize::try_from(length).ok()).ok_or(broken)?;
                    let from = self.at;
                    self.skip(length).ok_or(broken)?;
                    if (kind, field) == (Kind::Opset, 1) {
                        domain = self.file.get(from..self.at).unwrap_or_default();
                    }
                    seen.has_graph |= (kind, field) == (Kind::Model, 7);
                    if let Some((_, _, inner)) = FIELDS.iter().find(|(of, number, _)| (*of, *number) == (kind, field)) {
                        Part { file: self.file, at: from, end: self.at }.check(*inner, depth + 1, seen)?;
                    }
                }
                _ => return Err(broken),
            }
        }
        if kind == Kind::Opset && matches!(domain, b"" | b"ai.onnx") && !seen.is_named {
            (seen.opset, seen.is_named) = (version, true);
        }
        Ok(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.file.get(self.at).filter(|_| self.at < self.end)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.at = self.at.checked_add(bytes).filter(|at| *at <= self.end)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field that holds `bytes`.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut field = vec![number << 3 | 2];
        let mut length = bytes.len();
        while length >= 0x80 {
            field.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        field.push(u8::try_from(length).unwrap());
        field.extend(bytes);
        field
    }

    /// A model for this opset.
    fn model(opset: u8, graph: &[u8]) -> Vec<u8> {
        [field(7, graph), field(8, &[0x0a, 0, 0x10, opset])].concat()
    }

    #[test]
    fn a_version_that_means_something_else_is_said() {
        assert_eq!(check(&model(17, b"")), Ok(()));
        assert_eq!(check(&model(99, b"")), Err(Flaw::Opset(Some(99))));
        assert_eq!(check(&model(6, b"")), Err(Flaw::Opset(Some(6))));
        assert_eq!(check(&field(7, b"")), Err(Flaw::Opset(None)));
        assert_eq!(check(&field(8, &[0x0a, 0, 0x10, 17])), Err(Flaw::Empty));
        assert_eq!(check(b""), Err(Flaw::Empty));
    }

    #[test]
    fn what_reaches_beyond_its_place_is_found() {
        // A tensor that says it holds more than its graph does, though the file has as much.
        let tensor = [vec![9 << 3 | 2, 100], vec![0; 10]].concat();
        let file = [model(17, &field(5, &tensor)), vec![0; 200]].concat();
        assert!(matches!(check(&file), Err(Flaw::Broken(_))));
        // A length of 2^63, and a number without an end.
        assert_eq!(check(&[0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), Err(Flaw::Broken(0)));
        assert_eq!(check(&[0xff; 40]), Err(Flaw::Broken(0)));
        assert_eq!(check(b"version https://example.invalid/spec/v1"), Err(Flaw::Broken(0)));
    }

    #[test]
    fn a_nest_without_a_bottom_is_found() {
        let mut graph = Vec::new();
        for _ in 0..100_000 {
            // A node, with an attribute, that is a graph.
            graph = field(1, &field(5, &field(6, &graph)));
            if graph.len() > 4_096 {
                break;
            }
        }
        assert_eq!(check(&model(17, &graph)), Err(Flaw::Deep));
    }
}

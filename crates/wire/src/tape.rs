//! The flat storage that the reader fills and [`Value`](crate::Value) walks.

use std::cell::RefCell;
use std::collections::HashMap;

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number; its digits are kept as text.
    Number,
    /// A string, or the key of a member.
    String,
    /// `[…]`
    Array,
    /// `{…}`
    Object,
}

/// "No node": the parent of the outermost value.
pub(crate) const NONE: u32 = u32::MAX;

/// One value or key. The nodes of an object alternate key, value; a key always stands right before its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// Where its source text starts and ends; of a string, with the quotes.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// The node after this one and all that it holds.
    pub(crate) next: u32,
    pub(crate) parent: u32,
    pub(crate) kind: Kind,
    /// A string whose source text has a backslash, so that it differs from its value.
    pub(crate) escaped: bool,
    pub(crate) key: bool,
}

/// Nodes that stay allocated between messages: 1.3 MB.
const KEPT_NODES: usize = 1 << 16;

/// Reusable storage for [`read`](crate::read): one for each thread, so that reading a message allocates nothing.
#[derive(Debug, Default)]
pub struct Tape {
    pub(crate) nodes: Vec<Node>,
    /// By array, the element whose position was asked for last, and that position: pointers are asked for in the order of
    /// the text, and an array of a hundred thousand must not be counted from its start for each.
    counted: RefCell<HashMap<u32, (u32, usize)>>,
}

impl Tape {
    /// Forgets the last message, and gives back what a huge one made it grow to.
    pub(crate) fn reset(&mut self) {
        self.nodes.clear();
        self.counted.take();
        if self.nodes.capacity() > KEPT_NODES {
            self.nodes.shrink_to(KEPT_NODES);
        }
    }

    pub(crate) fn node(&self, index: u32) -> Option<&Node> {
        self.nodes.get(index as usize)
    }

    /// How many elements of an array stand before the node `child`.
    pub(crate) fn position(&self, array: u32, child: u32) -> usize {
        let known = self.counted.borrow().get(&array).copied().filter(|(at, _)| *at <= child);
        let (mut at, mut count) = known.unwrap_or((array.saturating_add(1), 0));
        while at < child {
            let Some(node) = self.node(at).filter(|node| node.next > at && node.next != NONE) else { break };
            at = node.next;
            count = count.saturating_add(1);
        }
        self.counted.borrow_mut().insert(array, (at, count));
        count
    }

    /// The index that the next node will get.
    pub(crate) fn len(&self) -> u32 {
        // A message is shorter than 4 GiB, so it has fewer nodes than that.
        u32::try_from(self.nodes.len()).unwrap_or(NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, Limits, Packet, read};

    #[test]
    fn positions_are_right_in_any_order() {
        let mut tape = Tape::default();
        let line = br#"{"jsonrpc":"2.0","id":1,"result":[[0,1],[2],{"a":[3,4]}]}"#;
        let Ok(Packet::Single(message)) = read(line, &Limits::default(), &mut tape) else { panic!("it is a message") };
        let Body::Response { result, .. } = message.body else { panic!("it is a response") };
        let outer: Vec<_> = result.elements().collect();
        let last: Vec<_> = outer[2].get("a").into_iter().flat_map(|array| array.elements()).collect();
        for _ in 0..2 {
            assert_eq!(last[1].pointer(), "/result/2/a/1");
            assert_eq!(outer[0].elements().nth(1).map(|value| value.pointer()).as_deref(), Some("/result/0/1"));
            assert_eq!(last[0].pointer(), "/result/2/a/0");
            assert_eq!(outer[1].pointer(), "/result/1");
        }
    }

    #[test]
    fn what_a_huge_message_took_is_given_back() {
        let mut tape = Tape::default();
        let line = |count: usize| format!(r#"{{"jsonrpc":"2.0","id":1,"result":[0{}]}}"#, ",0".repeat(count));
        assert!(read(line(400_000).as_bytes(), &Limits::default(), &mut tape).is_ok());
        assert!(tape.nodes.capacity() > 400_000);
        assert!(read(line(1).as_bytes(), &Limits::default(), &mut tape).is_ok());
        assert!(tape.nodes.capacity() <= KEPT_NODES);
    }
}

//! Whose trace a message belongs to: the trace context of W3C, as MCP carries it (`params._meta.traceparent`, SEP-414).

use vanguard_wire::Value;

/// The trace that a message belongs to, and the span in which it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    id: [u8; 32],
    span: [u8; 16],
}

impl Trace {
    /// Of the params of a request or notification; `None` where they name none, or none that can be read.
    pub(crate) fn of(params: Option<&Value<'_, '_>>) -> Option<Self> {
        Self::read(&params?.get("_meta")?.get("traceparent")?.string()?)
    }

    /// Reads `VERSION-TRACE-SPAN-FLAGS`. What a later version appends is passed over, as the specification has it.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, id, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let ends = parts.next().is_none() || version != "00";
        if !ends || !is_hex(version, 2) || version == "ff" || !is_hex(flags, 2) || !is_hex(id, 32) || !is_hex(span, 16)
        {
            return None;
        }
        let is_some = |digits: &str| digits.bytes().any(|digit| digit != b'0');
        if !is_some(id) || !is_some(span) {
            return None;
        }
        Some(Self { id: id.as_bytes().try_into().ok()?, span: span.as_bytes().try_into().ok()? })
    }

    /// The trace: 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        str::from_utf8(&self.id).unwrap_or_default()
    }

    /// The span of who sent it: 16 hexadecimal digits.
    pub fn span(&self) -> &str {
        str::from_utf8(&self.span).unwrap_or_default()
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn a_trace_parent_is_read_as_the_specification_has_it() {
        let trace = Trace::read(&format!("00-{ID}-{SPAN}-01")).unwrap();
        assert_eq!((trace.id(), trace.span()), (ID, SPAN));
        assert_eq!(Trace::read(&format!("cc-{ID}-{SPAN}-01-what-comes-later")), Some(trace));
        for wrong in [
            String::new(),
            format!("00-{ID}-{SPAN}"),
            format!("00-{ID}-{SPAN}-01-more"),
            format!("ff-{ID}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", ID.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{ID}-{}-01", "0".repeat(16)),
            format!("00-{ID}\"-{SPAN}-01"),
            format!("00-{ID}-{SPAN}-1"),
        ] {
            assert_eq!(Trace::read(&wrong), None, "{wrong}");
        }
    }

    proptest! {
        /// It is the peer's, and goes into records.
        #[test]
        fn nothing_but_digits_is_kept(text in r#"[0-9a-f\-"\\]{0,80}|00-[0-9a-g]{32}-[0-9a-g]{16}-[0-9a-g]{2}"#) {
            if let Some(trace) = Trace::read(&text) {
                prop_assert!(is_hex(trace.id(), 32) && is_hex(trace.span(), 16), "{}", text);
            }
        }
    }
}

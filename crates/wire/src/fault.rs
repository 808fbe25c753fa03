//! Why a message is refused.

use std::fmt;

use crate::limits::Limits;
use crate::salvage::salvage_cut_id;

/// A refusal of a message: what is wrong, where, and whose request it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The byte of the message where it was seen.
    pub offset: usize,
    /// The RFC 6901 pointer of the value where it was seen; empty for the message itself. Shortened when very long.
    pub pointer: String,
    /// The source text of the message's id, where exactly one could be read.
    pub id: Option<String>,
}

impl Fault {
    /// The refusal of a line that was too long to be kept, of which its first and last bytes are at hand.
    pub fn oversize(head: &[u8], tail: &[u8], limits: &Limits) -> Self {
        Self {
            kind: FaultKind::MessageTooLarge,
            offset: limits.message_bytes,
            pointer: String::new(),
            id: salvage_cut_id(head, tail),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {}", self.kind.title(), self.offset)?;
        if !self.pointer.is_empty() {
            write!(f, ", {}", self.pointer.escape_debug())?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for Fault {}

/// The code of JSON-RPC for text that is no JSON.
const PARSE_ERROR: i32 = -32700;
/// The code of JSON-RPC for JSON that is no message.
const INVALID_REQUEST: i32 = -32600;

macro_rules! fault_kinds {
    ($($(#[$doc:meta])* $kind:ident, $code:literal, $rpc:ident, $title:literal;)*) => {
        /// What can be wrong with a message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FaultKind { $($(#[$doc])* $kind,)* }

        impl FaultKind {
            /// Every kind, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The name that rules, records and documentation call it by.
            pub fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)* }
            }

            /// What is wrong and what would be right, in one sentence without its full stop.
            pub fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }

            /// The code of the JSON-RPC error that answers it.
            pub fn rpc_code(self) -> i32 {
                match self { $(Self::$kind => $rpc,)* }
            }
        }
    };
}

fault_kinds! {
    /// More bytes than [`Limits::message_bytes`](crate::Limits::message_bytes).
    MessageTooLarge, "WIRE-MESSAGE-SIZE", INVALID_REQUEST, "the message is larger than the limit";
    /// Python reads a replacement character where others refuse.
    InvalidUtf8, "WIRE-UTF8", PARSE_ERROR, "the message is not valid UTF-8";
    /// Some readers skip a byte order mark, others refuse it.
    ByteOrderMark, "WIRE-BOM", PARSE_ERROR, "the message starts with a byte order mark; send plain UTF-8";
    /// Python's stdio servers split a line at a bare CR and execute what follows.
    LineBreak, "WIRE-LINE-BREAK", PARSE_ERROR, "a raw line break stands inside the message; write it as \\r or \\n";
    /// JSON forbids them, some readers take them.
    ControlCharacter, "WIRE-CONTROL", PARSE_ERROR, "a raw control character stands in the message; escape it";
    /// Any other violation of the grammar.
    Syntax, "WIRE-SYNTAX", PARSE_ERROR, "the message is not valid JSON";
    /// The text ends inside a value.
    Truncated, "WIRE-TRUNCATED", PARSE_ERROR, "the message ends before its JSON does";
    /// Python takes `NaN` and `Infinity`.
    NotANumber, "WIRE-NAN", PARSE_ERROR, "NaN and Infinity are not JSON";
    /// A leading zero or plus, a dot or an exponent without digits.
    BadNumber, "WIRE-NUMBER", PARSE_ERROR, "a number is not written as JSON writes it";
    /// As `1e999`: infinity to some readers, an error to others.
    NumberRange, "WIRE-NUMBER-RANGE", PARSE_ERROR, "a number is too large for a double";
    /// An escape that JSON does not have.
    BadEscape, "WIRE-ESCAPE", PARSE_ERROR, "a string has an escape that JSON does not know";
    /// Half of a surrogate pair: text that no UTF-8 can say.
    LoneSurrogate, "WIRE-SURROGATE", PARSE_ERROR, "a string escapes half of a surrogate pair";
    /// Something follows the JSON value.
    TrailingData, "WIRE-TRAILING", PARSE_ERROR, "something follows the end of the JSON value; send one message a line";
    /// Which of the two counts depends on the reader.
    DuplicateKey, "WIRE-DUPLICATE-KEY", INVALID_REQUEST, "an object has the same key twice";
    /// A key that a lenient reader takes for one of the protocol's.
    KeyVariant, "WIRE-KEY-VARIANT", INVALID_REQUEST,
        "a key differs from one of the protocol only by letter case, a NUL or a lookalike of Unicode's case folding";
    /// More open arrays and objects than [`Limits::depth`](crate::Limits::depth).
    TooDeep, "WIRE-DEPTH", INVALID_REQUEST, "arrays and objects are nested deeper than the limit";
    /// A string or key longer than [`Limits::string_bytes`](crate::Limits::string_bytes).
    StringTooLong, "WIRE-STRING-SIZE", INVALID_REQUEST, "a string is longer than the limit";
    /// More values than [`Limits::nodes`](crate::Limits::nodes).
    TooManyValues, "WIRE-NODES", INVALID_REQUEST, "the message has more values than the limit";
    /// A number, a string, a boolean or null on its own.
    NotAnObject, "WIRE-NOT-AN-OBJECT", INVALID_REQUEST, "a message is an object, or an array of objects";
    /// `[]`.
    EmptyBatch, "WIRE-BATCH-EMPTY", INVALID_REQUEST, "a batch has at least one message";
    /// More messages than [`Limits::batch`](crate::Limits::batch).
    BatchTooLarge, "WIRE-BATCH-SIZE", INVALID_REQUEST, "the batch has more messages than the limit";
    /// A member of a batch that is no object.
    BatchMember, "WIRE-BATCH-MEMBER", INVALID_REQUEST, "each member of a batch is an object";
    /// `jsonrpc` is missing or another version.
    BadVersion, "WIRE-VERSION", INVALID_REQUEST, "a message says \"jsonrpc\": \"2.0\"";
    /// `method` is not a string.
    BadMethod, "WIRE-METHOD", INVALID_REQUEST, "method is a string";
    /// `params` is a scalar other than null.
    BadParams, "WIRE-PARAMS", INVALID_REQUEST, "params is an object or an array";
    /// Python executes the method, TypeScript refuses.
    MethodWithResult, "WIRE-METHOD-AND-RESULT", INVALID_REQUEST,
        "a message with a method is a request, and has no result or error";
    /// An answer that both succeeds and fails.
    ResultWithError, "WIRE-RESULT-AND-ERROR", INVALID_REQUEST, "an answer has a result or an error, not both";
    /// No method, result or error.
    NoPayload, "WIRE-EMPTY", INVALID_REQUEST, "a message has a method, a result or an error";
    /// `error` is not an object.
    BadError, "WIRE-ERROR", INVALID_REQUEST, "error is an object with a code and a message";
    /// An id with a fraction or exponent, or of another type.
    BadId, "WIRE-ID", INVALID_REQUEST, "an id is a string or an integer without fraction and exponent";
    /// A request or result whose id is null.
    NullId, "WIRE-ID-NULL", INVALID_REQUEST, "the id of a request or result is not null";
    /// A result without an id.
    MissingId, "WIRE-ID-MISSING", INVALID_REQUEST, "a result has the id of its request";
    /// An id of over 1 KiB.
    IdTooLong, "WIRE-ID-SIZE", INVALID_REQUEST, "the id is longer than 1024 bytes";
}

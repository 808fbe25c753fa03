//! What the form of words and sentences says, beside the words.

bitflags::bitflags! {
    /// What the form of a word says.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) struct Form: u16 {
        /// It begins a sentence, a line or what follows a colon.
        const START = 1;
        /// Three capitals or more, and nothing else.
        const CAPS = 1 << 1;
        /// It stands in a quotation that begins inside a sentence.
        const QUOTED = 1 << 2;
        /// `<`, `[`, `{`, `#` or `*` stands before it.
        const MARKED = 1 << 3;
        /// A colon follows.
        const COLON = 1 << 4;
        /// A comma follows, be it escaped or full-width.
        const COMMA = 1 << 5;
        /// It is among the first four words of a sentence, a line or what follows a colon.
        const EARLY = 1 << 6;
        /// It is one of three words after a colon.
        const TOLD = 1 << 7;
        /// A quotation mark follows: it ends a value or a name.
        const CLOSED = 1 << 8;
    }
}

bitflags::bitflags! {
    /// What a sentence has beside words.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub(super) struct Marks: u16 {
        /// Three words in capitals in a row.
        const CAPITALS = 1;
        /// Two exclamation marks in a row.
        const EXCLAIMED = 1 << 1;
        /// It ends with a question mark.
        const QUESTION = 1 << 2;
        /// It is inside an HTML comment.
        const COMMENT = 1 << 3;
        /// A banner of stars, hashes, signs of equality or percent signs.
        const BANNER = 1 << 4;
        /// An address of mail or the web, or an account number.
        const ADDRESS = 1 << 5;
        /// Signs of source code.
        const CODE = 1 << 6;
        /// A place to put data into, inside a link or a tag.
        const PLACEHOLDER = 1 << 7;
        /// A token or tag by which a conversation is marked up.
        const ROLE = 1 << 8;
        /// Script in an HTML attribute.
        const HANDLER = 1 << 9;
        /// It is where a page shows nothing.
        const HIDDEN = 1 << 10;
    }
}

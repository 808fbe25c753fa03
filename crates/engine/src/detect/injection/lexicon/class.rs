//! What words are about.

/// Classes of words, one bit each.
pub(in super::super) type Classes = u64;

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// A class of words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(in super::super) enum Class { $($(#[$doc])* $name),* }
        /// Every class.
        #[cfg(test)]
        pub(in super::super) const ALL: &[Class] = &[$(Class::$name),*];
    };
}

classes! {
    /// To drop instructions: ignore, forget, bypass.
    Override,
    /// What came before: previous, above, prior.
    Prior,
    /// What tells a model what to do: instructions, rules, guidelines.
    Instruction,
    /// What may be meant by instructions: commands, context, text.
    Matter,
    /// New, updated, following.
    New,
    /// The model by what it is: assistant, AI, agent.
    Model,
    /// You, your.
    You,
    /// Your, in particular.
    Your,
    /// Important, urgent, critical.
    Important,
    /// Must, should, required.
    Must,
    /// Not, never, without.
    Not,
    /// To tell somebody: inform, mention, notify.
    Tell,
    /// Whom nobody should tell: user, human, anyone.
    User,
    /// Silently, secretly.
    Silent,
    /// To send something away.
    Send,
    /// To destroy.
    Delete,
    /// To run or open something.
    Run,
    /// To change or bring about something in the world.
    Change,
    /// To look something up or get it.
    Get,
    /// To take what is not one's own.
    Steal,
    /// Tool, function, command.
    Tool,
    /// Password, key, credentials.
    Secret,
    /// History, personal data, files.
    Private,
    /// Prompt.
    Prompt,
    /// System, developer, admin: whose word a model obeys.
    Authority,
    /// To show what is hidden.
    Reveal,
    /// To put something in an answer.
    Put,
    /// Response, answer, reply.
    Answer,
    /// To speak: say, respond, state.
    Say,
    /// Exactly, only, following.
    Exact,
    /// To play a role.
    Persona,
    /// Unrestricted, jailbroken.
    Unbound,
    /// What binds: restrictions, ethics, filters.
    Limits,
    /// Before, first.
    Before,
    /// Instead, rather.
    Instead,
    /// If, when.
    If,
    /// What a user asks a model for: to summarise, to read.
    Ask,
    /// Remember, permanently, from now on.
    Remember,
    /// Please.
    Please,
    /// What articles about attacks are about.
    Attack,
    /// Example, quote, phrase.
    Example,
    /// Encodings and to decode.
    Encode,
    /// Marks of a task: TODO, task.
    Task,
    /// Complete, done, end.
    Done,
    /// Me, my: the voice of who wrote it.
    Me,
    /// Now, immediately.
    Now,
    /// To comply, obey, adhere.
    Obey,
    /// Mode.
    Mode,
    /// Pretexts: maintenance, compliance, verification.
    Pretext,
    /// Money and accounts.
    Money,
    /// Snippet, code, block.
    Snippet,
    /// All, every.
    Every,
    /// Parameter, recipient, field.
    Parameter,
    /// Regardless.
    Regardless,
    /// What, which, could.
    What,
    /// Also, then.
    Also,
    /// To translate, encode or rewrite.
    Rewrite,
    /// The model by a word that means nothing else.
    Machine,
    /// What a letter begins with, before the name of whom it addresses: dear, note to, for.
    Heed,
    /// What a user is asked for: confirmation, permission.
    Consent,
    /// Before a verb, that somebody is spoken of: they, would.
    Spoken,
}

impl Class {
    pub(in super::super) const fn bit(self) -> Classes {
        1 << (self as u8)
    }
}

//! What sentences say that the score counts: words of certain classes near one another.

use super::lexicon::{Class, Classes};
use super::marks::{Form, Marks};
use super::single::{imperative, of_classes, of_form, of_marks};
use super::words::{Sentence, Word};

/// Features of some sentences, one bit each.
pub(super) type Features = u128;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Something that a text says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Feature { $($(#[$doc])* $name),* }
        /// Every feature, in order.
        pub(super) const ALL: &[Feature] = &[$(Feature::$name),*];
        impl Feature {
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

features! {
    // Dropping instructions.
    OverridePriorInstruction, OverrideInstruction, OverridePrior, OverrideEvery, OverrideYour, OverrideLimits, ImperativeOverride,
    NewInstruction, YourInstruction, YourTask, ImportantInstruction, NotObey, InsteadOrder,
    // Getting at what the model knows.
    RevealPrompt, RevealInstruction, RevealSecret, SystemPrompt, AskSecret, YourSecret, AskPrivate,
    // Dictating the answer.
    PutAnswer, YourAnswer, SayExact, RewriteAnswer, ImperativePut, ImperativeSay, ImperativeReveal, SnippetOrder, PutExact,
    // Secrecy.
    NotTell, NotTellUser, Silently, SilentAction,
    // Acts.
    ImperativeSend, ImperativeDelete, ImperativeRun, ImperativeChange, ImperativeGet, PleaseAct, PleaseStart, YouMustAct, MustFirstAct,
    SendPrivate, SendSecret, GetSecret, SendAddress, DeletePrivate, SendMe, MoneyAct, RunTool, BeforeTool, BeforeAsk, ChangeParameter, MustChange,
    TaskMark, TaskAct, TaskDone, StealData, StealOrder, RoleAct, OverridePriorMatter, OverrideMatter, FirstRun, SnippetYour, BeforeOrder, PretextOrder, OrderedRun, OrderedTool, OrderedChange, EndOfInstruction, AlsoAct, GetPrivate,
    // Whom it speaks to.
    AddressModel, YouModel, IfModel, IfAsk, You, RegardlessUser, AuthorityMe,
    // Roles.
    PersonaYou, PersonaStart, UnboundWord, PersonaUnbound, NotLimits, LimitsYou, ModeSwitch, FromNowOn,
    // Pressure.
    Important, ImportantLoud, Must, Pretext, Loud, Exclaimed,
    // Form.
    RoleColon, RoleTag, RoleToken, InComment, Banner, Placeholder, Handler, Address, Encoded, EncodedOrder, MemoryOrder,
    // Parts of what follows.
    Addressed, ModelMust, NotAsk, Hidden, ActAddress,
    // Several together, in one sentence or the next.
    ToModelSecrecy, ToModelSend, ToModelSecret, ToModelOverride, ToModelHarm, ToModelAct, SecrecySend, SecrecyAct, HiddenOrder, MustSecret, UnaskedHarm,
    // What speaks for harmless text.
    AttackWord, AttackArticle, ExampleWord, Quoted, Code, NeverOverride, Courtesy,
}

impl Feature {
    pub(super) const fn bit(self) -> Features {
        1 << (self as u8)
    }
}

/// What stands for several classes, or for words that stood near one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Pattern {
    Act = 64,
    Outward,
    Target,
    Speak,
    OverridePrior,
    OverrideInstruction,
    PriorInstruction,
    YourInstruction,
    YourAnswer,
    NotTell,
    NotObey,
    YouModel,
    YouMust,
    MustFirst,
    Imperative,
    /// An imperative, but for one to send.
    Dictates,
    Data,
    TaskMark,
    RoleMark,
    Ordered,
    OrderedRun,
    OrderedChange,
    ImperativePut,
    SnippetOrder,
    Heed,
    Heeded,
    Addressed,
    ModelIf,
    ModelMust,
    OverrideWhat,
    IfNot,
}

/// Either a class or a pattern.
#[derive(Debug, Clone, Copy)]
struct Sign(u8);

const fn c(class: Class) -> Sign {
    Sign(class as u8)
}
const fn p(pattern: Pattern) -> Sign {
    Sign(pattern as u8)
}

enum Gives {
    Feature(Feature),
    Pattern(Pattern),
}

/// The second sign at most so many words after the first.
struct Pair(Sign, Sign, u32, Gives);

const fn f(a: Sign, b: Sign, words: u32, feature: Feature) -> Pair {
    Pair(a, b, words, Gives::Feature(feature))
}
const fn v(a: Sign, b: Sign, words: u32, pattern: Pattern) -> Pair {
    Pair(a, b, words, Gives::Pattern(pattern))
}

/// What an order can be to do.
const ACT: Classes = DICTATING | Class::Send.bit();
/// The same, but for what says nothing of how an answer is to be.
const DICTATING: Classes = Class::Delete.bit()
    | Class::Run.bit()
    | Class::Change.bit()
    | Class::Get.bit()
    | Class::Put.bit()
    | Class::Say.bit()
    | Class::Reveal.bit()
    | Class::Rewrite.bit()
    | Class::Override.bit()
    | Class::Persona.bit();

/// Patterns that any of several classes makes.
const UNIONS: &[(Classes, Pattern)] = &[
    (ACT, Pattern::Act),
    (Class::Send.bit() | Class::Delete.bit() | Class::Run.bit() | Class::Change.bit(), Pattern::Outward),
    (Class::Instruction.bit() | Class::Prompt.bit(), Pattern::Target),
    (Class::Say.bit() | Class::Reveal.bit() | Class::Put.bit(), Pattern::Speak),
    (Class::Secret.bit() | Class::Private.bit(), Pattern::Data),
];

/// Those that make patterns come before those that use them.
const PAIRS: &[Pair] = &{
    use Class as C;
    use Feature as F;
    use Pattern as P;
    [
        v(c(C::Override), c(C::Prior), 5, P::OverridePrior),
        v(c(C::Override), p(P::Target), 6, P::OverrideInstruction),
        v(c(C::Prior), p(P::Target), 4, P::PriorInstruction),
        v(c(C::Your), p(P::Target), 4, P::YourInstruction),
        v(p(P::Target), c(C::Your), 2, P::YourInstruction),
        v(c(C::Your), c(C::Answer), 3, P::YourAnswer),
        v(c(C::Answer), c(C::Your), 1, P::YourAnswer),
        v(c(C::Not), c(C::Tell), 3, P::NotTell),
        v(c(C::Not), c(C::Obey), 2, P::NotObey),
        v(c(C::You), c(C::Model), 4, P::YouModel),
        v(c(C::You), c(C::Must), 2, P::YouMust),
        v(c(C::Must), c(C::Before), 2, P::MustFirst),
        f(c(C::Override), c(C::Prior), 3, F::OverridePrior),
        f(c(C::Override), p(P::Target), 6, F::OverrideInstruction),
        // Languages that put the verb last.
        f(p(P::Target), c(C::Override), 4, F::OverrideInstruction),
        f(p(P::OverridePrior), p(P::Target), 5, F::OverridePriorInstruction),
        f(p(P::OverrideInstruction), c(C::Prior), 5, F::OverridePriorInstruction),
        f(p(P::PriorInstruction), c(C::Override), 6, F::OverridePriorInstruction),
        f(p(P::NotObey), p(P::PriorInstruction), 8, F::OverridePriorInstruction),
        f(p(P::OverridePrior), c(C::Matter), 5, F::OverridePriorMatter),
        f(c(C::Override), c(C::Matter), 4, F::OverrideMatter),
        f(p(P::RoleMark), p(P::Act), 4, F::RoleAct),
        f(c(C::Override), c(C::Every), 2, F::OverrideEvery),
        f(c(C::Override), c(C::Your), 3, F::OverrideYour),
        f(c(C::Override), c(C::Limits), 5, F::OverrideLimits),
        f(c(C::New), p(P::Target), 3, F::NewInstruction),
        f(c(C::New), c(C::Task), 3, F::NewInstruction),
        f(c(C::Your), p(P::Target), 4, F::YourInstruction),
        f(c(C::Your), c(C::Task), 3, F::YourTask),
        f(c(C::Important), p(P::Target), 3, F::ImportantInstruction),
        f(c(C::Important), c(C::Task), 3, F::ImportantInstruction),
        f(c(C::Not), c(C::Obey), 2, F::NotObey),
        f(c(C::Instead), p(P::Act), 4, F::InsteadOrder),
        f(c(C::Reveal), c(C::Prompt), 6, F::RevealPrompt),
        f(c(C::Prompt), c(C::Reveal), 4, F::RevealPrompt),
        f(c(C::Reveal), p(P::YourInstruction), 6, F::RevealInstruction),
        f(c(C::Reveal), p(P::PriorInstruction), 6, F::RevealInstruction),
        f(c(C::Reveal), c(C::Secret), 6, F::RevealSecret),
        f(c(C::Secret), c(C::Reveal), 4, F::RevealSecret),
        f(c(C::Authority), c(C::Prompt), 2, F::SystemPrompt),
        f(c(C::What), c(C::Secret), 6, F::AskSecret),
        f(c(C::Your), c(C::Secret), 3, F::YourSecret),
        f(c(C::What), p(P::Data), 8, F::AskPrivate),
        f(c(C::Put), p(P::YourAnswer), 8, F::PutAnswer),
        f(p(P::YourAnswer), c(C::Put), 6, F::PutAnswer),
        f(p(P::YourAnswer), c(C::Must), 4, F::PutAnswer),
        f(c(C::Your), c(C::Answer), 3, F::YourAnswer),
        f(c(C::Answer), c(C::Your), 1, F::YourAnswer),
        f(c(C::Say), c(C::Exact), 3, F::SayExact),
        f(c(C::Put), c(C::Exact), 6, F::PutExact),
        f(c(C::Rewrite), p(P::YourAnswer), 8, F::RewriteAnswer),
        f(p(P::YourAnswer), c(C::Encode), 8, F::RewriteAnswer),
        f(p(P::Dictates), p(P::YourAnswer), 14, F::RewriteAnswer),
        v(p(P::ImperativePut), c(C::Snippet), 7, P::SnippetOrder),
        f(p(P::ImperativePut), c(C::Snippet), 7, F::SnippetOrder),
        f(c(C::Not), c(C::Tell), 3, F::NotTell),
        f(p(P::NotTell), c(C::User), 5, F::NotTellUser),
        f(c(C::Silent), p(P::Act), 3, F::SilentAction),
        f(p(P::Outward), c(C::Silent), 3, F::SilentAction),
        f(c(C::Say), p(P::YourAnswer), 8, F::PutAnswer),
        f(p(P::TaskMark), p(P::Act), 3, F::TaskAct),
        f(c(C::Steal), p(P::Data), 6, F::StealData),
        f(c(C::Before), c(C::Run), 2, F::FirstRun),
        f(p(P::SnippetOrder), c(C::Your), 12, F::SnippetYour),
        f(c(C::Also), c(C::Steal), 2, F::StealOrder),
        f(c(C::Must), c(C::Steal), 2, F::StealOrder),
        f(c(C::Silent), c(C::Steal), 2, F::StealOrder),
        f(c(C::Before), p(P::Ordered), 16, F::BeforeOrder),
        f(c(C::Pretext), p(P::Ordered), 24, F::PretextOrder),
        f(p(P::OrderedRun), c(C::Tool), 7, F::OrderedTool),
        f(p(P::OrderedChange), c(C::Parameter), 5, F::OrderedChange),
        f(c(C::Please), p(P::Act), 2, F::PleaseAct),
        f(p(P::YouMust), p(P::Act), 4, F::YouMustAct),
        f(p(P::MustFirst), p(P::Act), 3, F::MustFirstAct),
        f(c(C::Send), c(C::Private), 8, F::SendPrivate),
        f(c(C::Send), c(C::Secret), 8, F::SendSecret),
        f(c(C::Get), c(C::Secret), 8, F::GetSecret),
        f(p(P::Imperative), c(C::Private), 8, F::GetPrivate),
        f(c(C::Delete), c(C::Private), 6, F::DeletePrivate),
        f(c(C::Send), c(C::Me), 6, F::SendMe),
        f(p(P::Imperative), c(C::Money), 6, F::MoneyAct),
        f(c(C::Run), c(C::Tool), 4, F::RunTool),
        f(c(C::Before), c(C::Tool), 6, F::BeforeTool),
        f(c(C::Before), c(C::Ask), 2, F::BeforeAsk),
        f(c(C::Change), c(C::Parameter), 5, F::ChangeParameter),
        f(c(C::Must), c(C::Change), 2, F::MustChange),
        f(c(C::Task), c(C::Done), 1, F::TaskDone),
        f(c(C::Done), p(P::Target), 5, F::EndOfInstruction),
        f(c(C::Also), p(P::Act), 2, F::AlsoAct),
        f(c(C::You), c(C::Model), 4, F::YouModel),
        f(c(C::If), p(P::YouModel), 6, F::IfModel),
        f(c(C::If), c(C::Ask), 5, F::IfAsk),
        f(c(C::Regardless), c(C::User), 6, F::RegardlessUser),
        f(c(C::Me), c(C::Authority), 4, F::AuthorityMe),
        f(c(C::Persona), c(C::You), 4, F::PersonaYou),
        f(c(C::You), c(C::Persona), 4, F::PersonaYou),
        f(c(C::Persona), c(C::Unbound), 8, F::PersonaUnbound),
        f(c(C::Unbound), c(C::Model), 3, F::PersonaUnbound),
        f(c(C::You), c(C::Unbound), 4, F::PersonaUnbound),
        f(c(C::Not), c(C::Limits), 4, F::NotLimits),
        f(c(C::Your), c(C::Limits), 4, F::LimitsYou),
        f(c(C::Unbound), c(C::Mode), 2, F::ModeSwitch),
        f(c(C::Authority), c(C::Mode), 1, F::ModeSwitch),
        f(c(C::Now), c(C::You), 3, F::FromNowOn),
        f(c(C::You), c(C::Now), 2, F::FromNowOn),
        f(c(C::Encode), p(P::Speak), 8, F::EncodedOrder),
        f(p(P::Speak), c(C::Encode), 6, F::EncodedOrder),
        f(c(C::Remember), p(P::Act), 3, F::MemoryOrder),
        f(p(P::Act), c(C::Remember), 4, F::MemoryOrder),
        f(c(C::Not), c(C::Override), 2, F::NeverOverride),
        // "If you did not ask for this, please ignore this mail."
        v(c(C::If), c(C::Not), 4, P::IfNot),
        f(p(P::IfNot), c(C::Override), 16, F::Courtesy),
        v(c(C::If), c(C::Model), 4, P::ModelIf),
        v(c(C::Machine), c(C::Must), 3, P::ModelMust),
        v(p(P::Heed), c(C::Model), 5, P::Heeded),
        v(c(C::Machine), c(C::Heed), 2, P::Addressed),
        v(p(P::ModelIf), c(C::Ask), 2, P::Addressed),
        v(c(C::If), p(P::YouModel), 6, P::Addressed),
        f(p(P::Addressed), p(P::Act), 14, F::Addressed),
        f(p(P::ModelMust), p(P::Act), 10, F::ModelMust),
        f(c(C::Not), c(C::Consent), 3, F::NotAsk),
        f(c(C::Override), c(C::Consent), 4, F::NotAsk),
        v(c(C::Override), c(C::What), 1, P::OverrideWhat),
        f(p(P::OverrideWhat), c(C::User), 3, F::OverridePriorMatter),
    ]
};

/// What articles quote; a path or a name in quotation marks says nothing.
const QUOTABLE: Features = Feature::OverridePriorInstruction.bit()
    | Feature::OverrideInstruction.bit()
    | Feature::OverridePrior.bit()
    | Feature::OverrideEvery.bit()
    | Feature::NewInstruction.bit()
    | Feature::RevealPrompt.bit()
    | Feature::RevealInstruction.bit()
    | Feature::SystemPrompt.bit()
    | Feature::PersonaYou.bit()
    | Feature::PersonaUnbound.bit()
    | Feature::NotTellUser.bit();

const SIGNS: usize = 128;

/// The pairs by their second sign, as a range of `order`.
struct Index {
    order: Vec<u16>,
    starts: [u16; SIGNS + 1],
}

static INDEX: std::sync::LazyLock<Index> = std::sync::LazyLock::new(|| {
    let mut order: Vec<u16> = (0..PAIRS.len()).filter_map(|n| u16::try_from(n).ok()).collect();
    let second = |n: &u16| PAIRS.get(usize::from(*n)).map_or(0, |pair| pair.1.0);
    order.sort_by_key(second);
    let starts = std::array::from_fn(|sign| {
        u16::try_from(order.partition_point(|n| usize::from(second(n)) < sign)).unwrap_or(0)
    });
    Index { order, starts }
});

impl Index {
    fn of(&self, sign: u8) -> impl Iterator<Item = &'static Pair> {
        let start = self.starts.get(usize::from(sign)).copied().unwrap_or(0);
        let end = self.starts.get(usize::from(sign).saturating_add(1)).copied().unwrap_or(start);
        let here = self.order.get(usize::from(start)..usize::from(end)).unwrap_or_default();
        here.iter().filter_map(|n| PAIRS.get(usize::from(*n)))
    }
}

/// Remembers where each sign stood last.
pub(super) struct Scanner {
    /// The word's number, by sign; 0 for nowhere. Numbers begin at 1.
    last: [u32; SIGNS],
    /// The number of the first word of the sentence at hand: what stood before it is forgotten.
    floor: u32,
    index: &'static Index,
}

impl Scanner {
    pub(super) fn new() -> Self {
        Self { last: [0; SIGNS], floor: 1, index: &INDEX }
    }

    /// The features of one sentence.
    pub(super) fn sentence(&mut self, sentence: &Sentence, words: &[Word]) -> Features {
        self.floor = words.first().map_or(1, |word| word.index);
        let mut found = of_marks(sentence.marks);
        let mut all = 0;
        for word in words {
            all |= word.classes;
            found |= self.word(word);
        }
        found |= of_classes(all);
        if all & Class::Send.bit() != 0 && sentence.marks.contains(Marks::ADDRESS) {
            found |= Feature::SendAddress.bit();
        }
        if found & REACHING != 0 && sentence.marks.contains(Marks::ADDRESS) {
            found |= Feature::ActAddress.bit();
        }
        found
    }

    fn word(&mut self, word: &Word) -> Features {
        let word = &Word { classes: word.classes & !self.unmeant(word), ..*word };
        let mut signs = u128::from(word.classes);
        for (classes, pattern) in UNIONS {
            if word.classes & classes != 0 {
                signs |= bit(*pattern as u8);
            }
        }
        let mut found = 0;
        let act = signs & bit(Pattern::Act as u8) != 0;
        let ordered = self.near(c(Class::Please), word, 2)
            || self.near(p(Pattern::YouMust), word, 4)
            || self.near(p(Pattern::MustFirst), word, 3)
            || self.near(c(Class::Must), word, 2)
            || self.near(p(Pattern::Addressed), word, 4);
        if act && (ordered || word.form.contains(Form::START)) {
            signs |= bit(Pattern::Imperative as u8);
            found |= imperative(word.classes);
            // "Send me your answer by Friday" says nothing of what it is to be.
            if word.classes & DICTATING != 0 {
                signs |= bit(Pattern::Dictates as u8);
            }
            if word.classes & Class::Put.bit() != 0 {
                signs |= bit(Pattern::ImperativePut as u8);
            }
        }
        if act && ordered {
            signs |= bit(Pattern::Ordered as u8);
            if word.classes & (Class::Run.bit() | Class::Delete.bit()) != 0 {
                signs |= bit(Pattern::OrderedRun as u8);
                found |= Feature::OrderedRun.bit();
            }
            if word.classes & Class::Change.bit() != 0 {
                signs |= bit(Pattern::OrderedChange as u8);
            }
        }
        if word.classes & Class::Heed.bit() != 0 && word.form.contains(Form::START) {
            signs |= bit(Pattern::Heed as u8);
        }
        // "Your answer must not contain": what is kept out is put nowhere.
        if word.classes & Class::Put.bit() != 0 && self.near(c(Class::Not), word, 1) {
            signs &= !u128::from(Class::Put.bit());
        }
        // "Note to the model reading this: ..."; "assistant, ...".
        let named = word.classes & Class::Machine.bit() != 0
            && word.form.contains(Form::EARLY)
            && word.form.intersects(Form::COLON | Form::COMMA)
            && !self.near(c(Class::Your), word, 3);
        if named || word.form.contains(Form::TOLD) && self.near(p(Pattern::Heeded), word, 10) {
            signs |= bit(Pattern::Addressed as u8);
        }
        let own = Class::Your.bit() | Class::Answer.bit();
        if word.classes & own == own {
            signs |= bit(Pattern::YourAnswer as u8);
            found |= Feature::YourAnswer.bit();
        }
        if word.classes & Class::Task.bit() != 0
            && word.form.contains(Form::START)
            && word.form.intersects(Form::CAPS | Form::COLON)
        {
            signs |= bit(Pattern::TaskMark as u8);
            found |= Feature::TaskMark.bit();
        }
        let of_form = of_form(word);
        // Not "Customer: please send", as transcripts have it.
        if of_form & Feature::RoleTag.bit() != 0
            || of_form & Feature::RoleColon.bit() != 0 && word.classes & Class::Authority.bit() != 0
        {
            signs |= bit(Pattern::RoleMark as u8);
        }
        found |= of_form;
        // Patterns that the word completes count as signs at its place.
        let mut rest = signs;
        let mut quoted = false;
        while rest != 0 {
            let sign = u8::try_from(rest.trailing_zeros()).unwrap_or(0);
            rest &= rest.wrapping_sub(1);
            for Pair(first, _, words, gives) in self.index.of(sign) {
                if !self.near(*first, word, *words) {
                    continue;
                }
                match gives {
                    Gives::Feature(feature) => {
                        found |= feature.bit();
                        quoted |= word.form.contains(Form::QUOTED) && feature.bit() & QUOTABLE != 0;
                    }
                    Gives::Pattern(pattern) if signs & bit(*pattern as u8) == 0 => {
                        signs |= bit(*pattern as u8);
                        rest |= bit(*pattern as u8);
                    }
                    Gives::Pattern(_) => {}
                }
            }
        }
        // "If not, tell the user": a negation ends with its clause.
        if word.form.contains(Form::COMMA) {
            signs &= !u128::from(Class::Not.bit());
        }
        while signs != 0 {
            if let Some(last) = self.last.get_mut(signs.trailing_zeros() as usize) {
                *last = word.index;
            }
            signs &= signs.wrapping_sub(1);
        }
        if quoted { found | Feature::Quoted.bit() } else { found }
    }

    /// Classes that the word has, but for where it stands.
    fn unmeant(&self, word: &Word) -> Classes {
        let mut none = 0;
        // "The agency would disregard the rules": news is no order.
        if word.classes & Class::Override.bit() != 0 && self.near(c(Class::Spoken), word, 1) {
            none |= Class::Override.bit();
        }
        // `{"role": "assistant", "content": …}` and `{"type": "message", …}` speak to nobody.
        if word.form.contains(Form::CLOSED) {
            none |= Class::Machine.bit() | Class::Heed.bit();
        }
        none
    }

    fn near(&self, sign: Sign, word: &Word, words: u32) -> bool {
        let last = self.last.get(usize::from(sign.0)).copied().unwrap_or(0);
        last >= self.floor && word.index.saturating_sub(last) <= words
    }
}

const fn bit(sign: u8) -> u128 {
    1 << sign
}

/// Acts that an address can be meant for.
const REACHING: Features = Feature::ImperativeSend.bit()
    | Feature::ImperativeRun.bit()
    | Feature::ImperativeGet.bit()
    | Feature::ImperativePut.bit()
    | Feature::OrderedRun.bit();

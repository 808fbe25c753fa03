//! What words are about: classes of words in some thirty languages, and a table that finds a word's classes.
//!
//! An entry ends with `*` where any ending may follow. Words are folded before they are looked up ([`super::fold`]):
//! lower case, without marks. Scripts written without spaces are looked up at every character.

mod languages;

use std::sync::LazyLock;

use super::fold;

/// Classes of words, one bit each.
pub(super) type Classes = u64;

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// A class of words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Class { $($(#[$doc])* $name),* }
        /// Every class.
        #[cfg(test)]
        pub(super) const ALL: &[Class] = &[$(Class::$name),*];
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
}

impl Class {
    pub(super) const fn bit(self) -> Classes {
        1 << (self as u8)
    }
}

const ENGLISH: &[(Class, &str)] = &[
    (
        Class::Override,
        "ignore disregard forget override overrule bypass dismiss neglect abandon discard overwrite circumvent supersede violate disobey skip unlearn overriding overrides",
    ),
    (Class::Prior, "previous previously prior above earlier preceding foregoing before past initial original former"),
    (
        Class::Instruction,
        "instruction instructions prompt prompts rules guideline guidelines directive directives instructed directions",
    ),
    (
        Class::Matter,
        "command commands orders order constraint constraints policy policies restriction restrictions context programming training safeguards protocols told said requirements guidance rule conversation input text messages message task tasks content information everything request direction",
    ),
    (Class::New, "new updated revised additional following next actual real true latest modified"),
    (
        Class::Model,
        "assistant assistants ai llm llms chatbot chatbots gpt chatgpt claude gemini agent agents bot copilot model models gpt4 gpt3 openai anthropic llama",
    ),
    (Class::You, "you your yours yourself u ur youre youll youve yall"),
    (Class::Your, "your ur"),
    (
        Class::Important,
        "important urgent urgently critical crucial essential vital attention warning alert mandatory emergency priority caution notice imperative highest",
    ),
    (
        Class::Must,
        "must should shall need needs required requires require mandatory always automatically have obligated necessary ensure sure strictly supposed",
    ),
    (Class::Not, "not dont never without no cannot cant refrain avoid doesnt wont neither nor shouldnt mustnt nothing"),
    (
        Class::Tell,
        "tell telling mention mentioning inform informing notify notifying disclose alert alerting warn warning let explain explaining acknowledge report reference show reveal confirm discuss comment announce display bring brought",
    ),
    (Class::User, "user users human humans anyone anybody operator customer owner person people nobody them"),
    (
        Class::Silent,
        "silently secretly quietly covertly stealthily discreetly invisibly unnoticed undetected confidentially unnoticeably stealth",
    ),
    (
        Class::Send,
        "send sending sends email emailing mail forward forwarding post upload transfer wire exfiltrate exfiltrat* share transmit submit leak dm bcc cc append attach deliver relay beacon pass tweet export publish supply hand posting forwarding uploading sharing passing passed",
    ),
    (
        Class::Delete,
        "delete deleting remove erase wipe destroy format shutdown kill drop purge stop halt uninstall disable rm revoke unsubscribe terminate encrypt corrupt",
    ),
    (
        Class::Run,
        "run execute executing invoke call install download open visit click navigate go fetch curl browse launch follow use start access query trigger load eval sudo bash",
    ),
    (
        Class::Change,
        "create add change update modify set reset book schedule buy purchase pay make invite grant approve withdraw redirect replace edit rename move reserve order issue adjust manage restrict allocate assign donate invest sell accept enable activate prescribe implement monitor protect secure operate conduct provide support manipulate alter increase change introduce restore block conceal hide falsify fabricate exploit divert overcharge suspend recommend star fork merge rate subscribe",
    ),
    (
        Class::Get,
        "get read retrieve find search check list look collect gather extract harvest steal copy scan capture record obtain dump grep cat exfil",
    ),
    (Class::Steal, "steal steals stealing exfiltrat* siphon harvest leak smuggle exfil intercept eavesdrop snoop"),
    (
        Class::Tool,
        "tool tools function functions command commands script scripts api endpoint plugin plugins mcp bash terminal shell",
    ),
    (
        Class::Secret,
        "password passwords passphrase credential credentials secret secrets key keys token tokens apikey cookie cookies ssh pin passcode env login otp rsa ed25519 netrc kdbx mnemonic",
    ),
    (
        Class::Private,
        "history conversation conversations chat personal private confidential sensitive contents content file files database databases passport bank account accounts ssn records emails inbox documents messages address phone birth contacts pii data environment internal memory variables customer customers patient",
    ),
    (Class::Prompt, "prompt prompts preprompt preamble"),
    (
        Class::Authority,
        "system developer developers admin administrator root sysadmin operator creator maintainer superuser sudo official authorized authorised owner supervisor engineer moderator management authority",
    ),
    (
        Class::Reveal,
        "reveal print show output repeat display recite disclose leak dump expose return reproduce copy paste echo tell give share list describe summarize spell write divulge provide state translate reiterate regurgitate",
    ),
    (
        Class::Put,
        "include insert append add put embed prepend begin start end incorporate integrate write place inject mention conclude finish attach weave introduce infuse prefix intersperse enhance augment modify adopt employ utilize",
    ),
    (
        Class::Answer,
        "response responses reply replies answer answers output outputs summary summaries completion responce answer",
    ),
    (
        Class::Say,
        "say says respond reply answer print output state tell write return display repeat type echo begin respond inform claim provide express convey present give deliver recommend promote advertise suggest mention speak",
    ),
    (
        Class::Exact,
        "exactly verbatim only following string word words phrase sentence just precisely literally letter nothing else solely phrases",
    ),
    (
        Class::Persona,
        "pretend pretending roleplay role act acting simulate simulating imagine hypothetical hypothetically hypothesis character persona play embody impersonate immerse fictional fiction scenario become scene game twin pose assume emulate",
    ),
    (
        Class::Unbound,
        "unrestricted unfiltered uncensored jailbr* dan amoral unethical limitless unlimited unbound unhinged unconstrained evil rogue uncensor* immoral illegal unrestrict* nsfw stan aim dude devmode",
    ),
    (
        Class::Limits,
        "restrictions restriction ethics ethical filter filters filtering limitations limitation limits censorship guidelines guideline moral morals morality safety safeguards guardrails boundaries rules constraints policies policy confines warnings disclaimers restraint validation approval authorization checks",
    ),
    (Class::Before, "before prior first after once beforehand firstly beginning initially"),
    (Class::Instead, "instead rather"),
    (Class::If, "if when whenever unless case anytime every while upon"),
    (
        Class::Ask,
        "summarize summarizing summarise summarising summary asked asks read reading process processing analyze analyzing view viewing answering browsing parsing reviewing translating seeing encountering told requested using calling invoked queries requests answer respond",
    ),
    (
        Class::Remember,
        "remember memorize memorise permanently forever always persist future henceforth onwards onward subsequent every session sessions memory",
    ),
    (Class::Please, "please kindly pls plz"),
    (
        Class::Attack,
        "injection injections attack attacks attacker attackers adversar* jailbreak jailbreaks jailbreaking jailbroken vulnerab* malicious malware exploit exploits exploiting exploitation payload payloads mitigat* owasp guardrail guardrails detect detects detected detection detector threat threats redteam security poisoning hijack* phishing xss csrf cve sanitiz* sanitis* untrusted defens* defenc* prevent* scanner blocklist denylist",
    ),
    (
        Class::Example,
        "example examples eg mock mocks canned expected expects illustrative simulates placeholder sample samples illustrat* demonstrat* pattern patterns phrase phrases keyword keywords fixture fixtures quote quotes quoted quoting such documentation docs tutorial lesson changelog snapshot literal corpus dataset titled labelled called classifier whether",
    ),
    (
        Class::Encode,
        "base64 decode decoded decoding rot13 hex hexadecimal encoded encode encoding cipher decrypt base32 reverse reversed backwards morse base16 binary caesar",
    ),
    (Class::Task, "todo task tasks objective objectives goal mission step action assignment job"),
    (Class::Done, "complete completed done finished successful successfully end ended ends over concluded finish"),
    (Class::Me, "me my mine myself us im i"),
    (Class::Now, "now immediately asap right instantly directly today henceforth onwards"),
    (
        Class::Obey,
        "comply obey adhere follow abide fulfil fulfill refuse decline apologize apologise reject execute agree stay",
    ),
    (Class::Mode, "mode modes"),
    (
        Class::Pretext,
        "maintenance compliance verification validation audit protocol diagnostic debugging debug authentication experimental academic educational research testing test integrity security troubleshooting upgrade optimization verify regulatory purposes emergency",
    ),
    (
        Class::Money,
        "transaction transactions invoices payment payments iban bitcoin btc usd dollars crypto wallet funds invoice refund transfer fee lottery subscription account",
    ),
    (Class::Snippet, "snippet snippets code excerpt excerpts block fragment codebase implementation"),
    (Class::Every, "all any every everything each entire whole everytime whatever anything"),
    (
        Class::Parameter,
        "parameter parameters recipient recipients field argument arguments behavior behaviour request requests call calls value values",
    ),
    (Class::Regardless, "regardless irrespective matter despite notwithstanding"),
    (Class::What, "what which could can would who where how whats why"),
    (Class::Also, "also then additionally furthermore next finally afterwards moreover plus"),
    (
        Class::Rewrite,
        "translate translated translation convert rewrite substitute encode paraphrase reverse capitalize alternate cipher encrypt replace swap transform scramble",
    ),
    (Class::Machine, "ai ais llm llms assistant assistants chatbot chatbots gpt chatgpt gpt4 claude gemini copilot"),
    (
        Class::Heed,
        "note notes nb ps attention dear hey hi hello greetings to for any notice message instruction instructions directions directive whichever whoever reminder fao",
    ),
    (
        Class::Consent,
        "ask asking asks confirm confirming confirmation confirmations approval approvals approve permission consent authorization prompting verification",
    ),
];

struct Entry {
    word: Box<str>,
    prefix: bool,
    classes: Classes,
}

/// Finds the classes of words.
pub(super) struct Lexicon {
    /// One bit for each value of [`slot`] under which there are entries: most words end here.
    seen: Vec<u64>,
    /// Sorted by slot.
    entries: Vec<(u16, Entry)>,
    /// Where each slot's entries begin.
    starts: Vec<u16>,
}

pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::build);

/// Slots of the table.
const SLOTS: usize = 1 << 14;

/// The slot of a word by its first four bytes.
pub(super) fn slot(word: &[u8]) -> u16 {
    let key = match word {
        [a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]),
        [a, b, c] => u32::from_le_bytes([*a, *b, *c, 0]),
        [a, b] => u32::from_le_bytes([*a, *b, 0, 0]),
        [a] => u32::from(*a),
        [] => 0,
    };
    u16::try_from(key.wrapping_mul(0x9e37_79b1).wrapping_shr(18)).unwrap_or(0)
}

impl Lexicon {
    fn build() -> Self {
        let mut words: Vec<(String, bool, Classes)> = Vec::new();
        for (class, list) in ENGLISH.iter().chain(languages::LISTS) {
            for word in list.split_ascii_whitespace() {
                let (stem, prefix) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
                words.push((fold::word(stem), prefix, class.bit()));
            }
        }
        words.sort_unstable();
        words.dedup_by(|next, kept| {
            let same = next.0 == kept.0 && next.1 == kept.1;
            if same {
                kept.2 |= next.2;
            }
            same
        });
        let entry = |(word, prefix, classes): (String, bool, Classes)| {
            (slot(word.as_bytes()), Entry { word: word.into(), prefix, classes })
        };
        let mut entries: Vec<(u16, Entry)> = words.into_iter().map(entry).collect();
        entries.sort_by_key(|(slot, _)| *slot);
        let mut seen = vec![0_u64; SLOTS / 64];
        let mut starts = Vec::with_capacity(SLOTS.saturating_add(1));
        for slot in 0..=SLOTS {
            let start = entries.partition_point(|(of, _)| usize::from(*of) < slot);
            starts.push(u16::try_from(start).unwrap_or(u16::MAX));
        }
        for (slot, _) in &entries {
            if let Some(bits) = seen.get_mut(usize::from(*slot) / 64) {
                *bits |= 1_u64.wrapping_shl(u32::from(*slot) % 64);
            }
        }
        Self { seen, entries, starts }
    }

    /// Whether some entry could be under `slot`.
    pub(super) fn has(&self, slot: u16) -> bool {
        self.seen.get(usize::from(slot) / 64).is_some_and(|bits| bits.wrapping_shr(u32::from(slot) % 64) & 1 != 0)
    }

    fn under(&self, slot: u16) -> &[(u16, Entry)] {
        let start = self.starts.get(usize::from(slot)).copied().unwrap_or(0);
        let end = self.starts.get(usize::from(slot).saturating_add(1)).copied().unwrap_or(start);
        self.entries.get(usize::from(start)..usize::from(end)).unwrap_or_default()
    }

    /// The classes of a folded word.
    pub(super) fn classes(&self, word: &[u8]) -> Classes {
        let slot = slot(word);
        if !self.has(slot) {
            return 0;
        }
        self.under(slot).iter().fold(0, |classes, (_, entry)| {
            let known = entry.word.as_bytes();
            let same = known == word || entry.prefix && word.starts_with(known);
            classes | if same { entry.classes } else { 0 }
        })
    }

    /// The classes of the longest entry that `text` begins with, and its length: for scripts without spaces.
    pub(super) fn at(&self, text: &[u8]) -> Option<(Classes, usize)> {
        let slot = slot(text);
        if !self.has(slot) {
            return None;
        }
        let here = self.under(slot).iter().filter(|(_, entry)| text.starts_with(entry.word.as_bytes()));
        here.max_by_key(|(_, entry)| entry.word.len()).map(|(_, entry)| (entry.classes, entry.word.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found_in_its_own_class() {
        for (class, list) in ENGLISH.iter().chain(languages::LISTS) {
            for word in list.split_ascii_whitespace() {
                let stem = word.trim_end_matches('*');
                let folded = fold::word(stem);
                assert!(!word.ends_with('*') || folded.len() >= 4, "{word}: an ending needs a stem of four bytes");
                assert_ne!(LEXICON.classes(folded.as_bytes()) & class.bit(), 0, "{word} as {class:?}");
            }
        }
    }

    #[test]
    fn classes_fit_in_their_word() {
        assert!(ALL.len() <= 64);
        assert!(LEXICON.entries.len() < usize::from(u16::MAX));
    }

    #[test]
    fn endings_follow_only_where_they_may() {
        assert_eq!(LEXICON.classes(b"ignored"), 0);
        assert_ne!(LEXICON.classes(b"exfiltrating") & Class::Steal.bit(), 0);
        assert_eq!(LEXICON.classes(b""), 0);
        assert_eq!(LEXICON.classes(b"zyzzyva"), 0);
    }
}

//! The English lexicon: the words that orders to a model need.

use super::Class;

pub(super) const LIST: &[(Class, &str)] = &[
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
    (Class::Spoken, "he she they would did does doesnt didnt wouldnt"),
    (
        Class::Consent,
        "ask asking asks confirm confirming confirmation confirmations approval approvals approve permission consent authorization prompting verification",
    ),
];

//! The protocols: how a question is put to each kind of server, and where in its answer the words are.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use vanguard_engine::meaning::Unscored;

use super::MAX_TOKENS;
use super::answer::Answer;
use super::prompt::Prompt;

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Ollama: `/api/chat`.
    Ollama,
    /// `OpenAI`, and all that speak like it: `/chat/completions`.
    OpenAi,
    /// Anthropic: `/v1/messages`.
    Anthropic,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ollama => "ollama",
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    /// Where it is, unless told otherwise.
    pub fn url(self) -> &'static str {
        match self {
            Self::Ollama => "http://localhost:11434",
            Self::OpenAi => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com",
        }
    }

    /// Whom it is asked for, unless told otherwise.
    pub fn model(self) -> &'static str {
        match self {
            Self::Ollama => "phi4-mini",
            Self::OpenAi => "gpt-4o-mini",
            Self::Anthropic => "claude-haiku-4-5",
        }
    }
}

/// How a server like `OpenAI`'s is asked to keep to the form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// By a JSON schema.
    #[default]
    Schema,
    /// By asking for a JSON object, which more servers know.
    Object,
    /// By words alone.
    Words,
}

/// A server, and the model that is asked there.
#[derive(Clone)]
pub struct Backend {
    kind: Kind,
    url: String,
    model: String,
    key: Option<String>,
    format: Format,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.as_ref().map(|_| MASK);
        let Self { kind, url, model, format, .. } = self;
        f.debug_struct("Backend")
            .field("kind", kind)
            .field("url", url)
            .field("model", model)
            .field("key", &key)
            .field("format", format)
            .finish()
    }
}

/// What stands in the place of a key.
const MASK: &str = "***";

/// What is wrong with a server as it is described. No message holds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BackendError {
    /// It is no address.
    #[error("the address is none: give http://host:port or https://host/path, without blanks")]
    Url,
    /// It says who asks.
    #[error("the address holds a name or a password; give a key instead")]
    Credentials,
    /// Anybody on the way could read the key.
    #[error("a key is sent over https only, or to this machine")]
    Open,
    /// It is none.
    #[error("the key is empty, or holds what no header can")]
    Key,
    /// There is none.
    #[error("this kind of server takes a key")]
    NoKey,
    /// It is none.
    #[error("the model has no name")]
    Model,
    /// They hold nobody who vouches.
    #[error("the certificates hold none in PEM, or one that cannot be read")]
    Roots,
}

/// A question as it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Where to.
    pub url: String,
    /// Names and values, the key's among them.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

impl Request {
    /// Its headers as a person may see them.
    pub fn shown_headers(&self) -> Vec<(&'static str, &str)> {
        let is_key = |name: &str| matches!(name, "authorization" | "api-key" | "x-api-key");
        self.headers.iter().map(|(name, value)| (*name, if is_key(name) { MASK } else { value.as_str() })).collect()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers = self.shown_headers();
        f.debug_struct("Request").field("url", &self.url).field("headers", &headers).field("body", &self.body).finish()
    }
}

impl Backend {
    /// A server of this kind at `url`.
    ///
    /// # Errors
    /// It cannot be asked, or not without giving something away.
    pub fn new(kind: Kind, url: &str, model: &str, key: Option<&str>, format: Format) -> Result<Self, BackendError> {
        let rest = ["http://", "https://"].into_iter().find_map(|scheme| url.strip_prefix(scheme));
        let rest = rest.ok_or(BackendError::Url)?;
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        if authority.is_empty() || url.contains('#') || url.chars().any(|c| !c.is_ascii_graphic()) {
            return Err(BackendError::Url);
        }
        if authority.contains('@') {
            return Err(BackendError::Credentials);
        }
        if model.trim().is_empty() || model.chars().any(char::is_control) {
            return Err(BackendError::Model);
        }
        match key {
            Some(key) if key.is_empty() || key.chars().any(|c| !c.is_ascii_graphic()) => return Err(BackendError::Key),
            Some(_) if url.starts_with("http://") && !is_loopback(authority) => return Err(BackendError::Open),
            None if kind == Kind::Anthropic || (kind == Kind::OpenAi && url == kind.url()) => {
                return Err(BackendError::NoKey);
            }
            _ => {}
        }
        Ok(Self { kind, url: url.to_owned(), model: model.to_owned(), key: key.map(str::to_owned), format })
    }

    /// Its kind and its model, as records have them.
    pub fn name(&self) -> String {
        format!("{} {}", self.kind.name(), self.model)
    }

    /// `text` with the key masked, wherever it stands.
    pub(super) fn without_key(&self, text: &str) -> String {
        self.key.as_ref().map_or_else(|| text.to_owned(), |key| text.replace(key.as_str(), MASK))
    }

    /// The question as it is sent.
    pub fn request(&self, prompt: &Prompt) -> Request {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        let (path, body) = match self.kind {
            Kind::Ollama => {
                if let Some(key) = &self.key {
                    headers.push(("authorization", format!("Bearer {key}")));
                }
                ("/api/chat", json(&OllamaAsks::of(&self.model, prompt)))
            }
            Kind::OpenAi => {
                if let Some(key) = &self.key {
                    headers.push(("authorization", format!("Bearer {key}")));
                    // Azure takes it by this name, and tells itself apart by a version in its addresses.
                    if self.url.contains("api-version=") {
                        headers.push(("api-key", key.clone()));
                    }
                }
                ("/chat/completions", json(&OpenAiAsks::of(&self.model, prompt, self.format)))
            }
            Kind::Anthropic => {
                if let Some(key) = &self.key {
                    headers.push(("x-api-key", key.clone()));
                }
                headers.push(("anthropic-version", "2023-06-01".to_owned()));
                ("/v1/messages", json(&AnthropicAsks::of(&self.model, prompt)))
            }
        };
        Request { url: endpoint(&self.url, path), headers, body }
    }

    /// The score in an answer, and the tokens that it says it took.
    pub(super) fn read(&self, body: &[u8]) -> Result<(Answer, Option<u64>), Unscored> {
        let garbage = |_| Unscored::Garbage;
        match self.kind {
            Kind::Ollama => {
                let said: OllamaSays = serde_json::from_slice(body).map_err(garbage)?;
                let tokens = said.prompt_eval_count.zip(said.eval_count).map(|(read, written)| sum(read, written));
                Ok((Answer::read(&said.message.content)?, tokens))
            }
            Kind::OpenAi => {
                let said: OpenAiSays = serde_json::from_slice(body).map_err(garbage)?;
                let [choice] = said.choices.as_slice() else { return Err(Unscored::Garbage) };
                let words = choice.message.content.as_deref().ok_or(Unscored::NoScore)?;
                Ok((Answer::read(words)?, said.usage.map(|usage| usage.total_tokens)))
            }
            Kind::Anthropic => {
                let said: AnthropicSays = serde_json::from_slice(body).map_err(garbage)?;
                let tokens = said.usage.map(|usage| sum(usage.input_tokens, usage.output_tokens));
                let mut uses = said.content.into_iter().filter(|block| block.kind == "tool_use");
                match (uses.next(), uses.next()) {
                    (Some(Block { name: Some(name), input: Some(answer), .. }), None) if name == TOOL => {
                        Ok((answer.checked()?, tokens))
                    }
                    _ => Err(Unscored::NoScore),
                }
            }
        }
    }
}

fn sum(read: u64, written: u64) -> u64 {
    read.saturating_add(written)
}

/// `path` below a base address, before its query; what the base says already is not said twice.
fn endpoint(base: &str, path: &str) -> String {
    let (base, query) = base.split_once('?').map_or((base, None), |(base, query)| (base, Some(query)));
    let base = base.trim_end_matches('/');
    let mut url = match path.strip_prefix("/v1") {
        _ if base.ends_with(path) => base.to_owned(),
        Some(rest) if base.ends_with("/v1") => format!("{base}{rest}"),
        _ => format!("{base}{path}"),
    };
    if let Some(query) = query {
        url.push('?');
        url.push_str(query);
    }
    url
}

/// Whether the host of an address is this machine.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn json(value: &impl Serialize) -> String {
    // Plain values written into memory: no input makes this fail.
    serde_json::to_string(value).unwrap_or_default()
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

impl<'a> Message<'a> {
    fn both(prompt: &'a Prompt) -> [Self; 2] {
        [Self { role: "system", content: &prompt.system }, Self { role: "user", content: &prompt.user }]
    }
}

/// The form of the answer, as JSON schema. Ranges are left out: not every server takes them.
#[derive(Serialize)]
struct Schema {
    r#type: &'static str,
    properties: Properties,
    required: [&'static str; 2],
    #[serde(rename = "additionalProperties")]
    additional_properties: bool,
}

#[derive(Serialize)]
struct Properties {
    score: Property,
    reason: Property,
}

#[derive(Serialize)]
struct Property {
    r#type: &'static str,
}

const SCHEMA: Schema = Schema {
    r#type: "object",
    properties: Properties { score: Property { r#type: "number" }, reason: Property { r#type: "string" } },
    required: ["score", "reason"],
    additional_properties: false,
};

#[derive(Serialize)]
struct OllamaAsks<'a> {
    model: &'a str,
    messages: [Message<'a>; 2],
    stream: bool,
    format: Schema,
    options: OllamaOptions,
}

#[derive(Serialize)]
struct OllamaOptions {
    temperature: u8,
    num_predict: u32,
}

impl<'a> OllamaAsks<'a> {
    fn of(model: &'a str, prompt: &'a Prompt) -> Self {
        let options = OllamaOptions { temperature: 0, num_predict: MAX_TOKENS };
        Self { model, messages: Message::both(prompt), stream: false, format: SCHEMA, options }
    }
}

#[derive(Deserialize)]
struct OllamaSays {
    message: Content,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
}

#[derive(Deserialize)]
struct Content {
    content: String,
}

#[derive(Serialize)]
struct OpenAiAsks<'a> {
    model: &'a str,
    messages: [Message<'a>; 2],
    temperature: u8,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat>,
}

#[derive(Serialize)]
struct ResponseFormat {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_schema: Option<NamedSchema>,
}

#[derive(Serialize)]
struct NamedSchema {
    name: &'static str,
    strict: bool,
    schema: Schema,
}

impl<'a> OpenAiAsks<'a> {
    fn of(model: &'a str, prompt: &'a Prompt, format: Format) -> Self {
        let schema = NamedSchema { name: TOOL, strict: true, schema: SCHEMA };
        let response_format = match format {
            Format::Schema => Some(ResponseFormat { r#type: "json_schema", json_schema: Some(schema) }),
            Format::Object => Some(ResponseFormat { r#type: "json_object", json_schema: None }),
            Format::Words => None,
        };
        Self { model, messages: Message::both(prompt), temperature: 0, max_tokens: MAX_TOKENS, response_format }
    }
}

#[derive(Deserialize)]
struct OpenAiSays {
    choices: Vec<Choice>,
    usage: Option<OpenAiUsage>,
}

#[derive(Deserialize)]
struct Choice {
    message: MaybeContent,
}

#[derive(Deserialize)]
struct MaybeContent {
    content: Option<String>,
}

#[derive(Deserialize)]
struct OpenAiUsage {
    total_tokens: u64,
}

/// What the form of the answer is called.
const TOOL: &str = "score";

#[derive(Serialize)]
struct AnthropicAsks<'a> {
    model: &'a str,
    max_tokens: u32,
    temperature: u8,
    system: &'a str,
    messages: [Message<'a>; 1],
    tools: [Tool; 1],
    tool_choice: ToolChoice,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    description: &'static str,
    input_schema: Schema,
}

#[derive(Serialize)]
struct ToolChoice {
    r#type: &'static str,
    name: &'static str,
}

impl<'a> AnthropicAsks<'a> {
    fn of(model: &'a str, prompt: &'a Prompt) -> Self {
        Self {
            model,
            max_tokens: MAX_TOKENS,
            temperature: 0,
            system: &prompt.system,
            messages: [Message { role: "user", content: &prompt.user }],
            tools: [Tool { name: TOOL, description: "Takes the score of the text.", input_schema: SCHEMA }],
            tool_choice: ToolChoice { r#type: "tool", name: TOOL },
        }
    }
}

#[derive(Deserialize)]
struct AnthropicSays {
    content: Vec<Block>,
    usage: Option<AnthropicUsage>,
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    input: Option<Answer>,
}

#[derive(Deserialize)]
struct AnthropicUsage {
    input_tokens: u64,
    output_tokens: u64,
}

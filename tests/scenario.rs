//! Conversations as Markdown (tests/scenarios, see its README): what each side says, and what must become of it.

use std::fmt;
use std::path::Path;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The agent.
    Client,
    /// The MCP server.
    Server,
}

/// What must become of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// It arrives as it was sent, and nothing was found.
    Allow,
    /// It arrives as it was sent, and the record names this rule.
    Warn(String),
    /// It arrives with placeholders in place of secrets, and the record names this rule.
    Redact(String),
    /// It does not arrive; the error and the record name this rule.
    Block(String),
    /// It arrives as it was sent, and the record says which rule would have stopped it.
    WouldBlock(String),
}

/// One message of a conversation.
#[derive(Debug)]
pub struct Step {
    /// The line of the file that its verdict stands on.
    pub line: usize,
    /// Who sends it.
    pub side: Side,
    /// The line to be sent, without its line feed.
    pub bytes: Vec<u8>,
    /// What must become of it.
    pub expected: Expected,
}

/// One conversation.
#[derive(Debug)]
pub struct Scenario {
    /// Its heading.
    pub title: String,
    /// The `vanguard.yaml` that it is held under.
    pub configuration: Option<String>,
    /// The messages in order.
    pub steps: Vec<Step>,
}

impl Scenario {
    /// Reads one from a file.
    pub fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        Self::parse(&text).unwrap_or_else(|e| panic!("{}:{e}", file.display()))
    }

    /// Reads one from Markdown.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut title = None;
        let mut configuration = None;
        let mut steps = Vec::new();
        // A message that still waits for its verdict.
        let mut said: Option<(Side, Vec<u8>)> = None;
        let mut lines = text.lines().zip(1..);
        while let Some((line, number)) = lines.next() {
            let fault = |what: &str| Fault { line: number, what: what.into() };
            if let Some(info) = line.strip_prefix("```") {
                let mut block = Vec::new();
                loop {
                    match lines.next() {
                        Some(("```", _)) => break,
                        Some((inner, _)) => block.push(inner),
                        None => return Err(fault("the block has no end")),
                    }
                }
                if said.is_some() {
                    return Err(fault("the message before this block has no verdict"));
                }
                match info {
                    "yaml" => configuration = Some(block.join("\n") + "\n"),
                    "json client" => said = Some((Side::Client, one_line(&block))),
                    "json server" => said = Some((Side::Server, one_line(&block))),
                    "raw client" => said = Some((Side::Client, raw(&block).map_err(|what| fault(&what))?)),
                    "raw server" => said = Some((Side::Server, raw(&block).map_err(|what| fault(&what))?)),
                    _ => {
                        return Err(fault(
                            "a block is `yaml`, `json client`, `json server`, `raw client` or `raw server`",
                        ));
                    }
                }
            } else if let Some(verdict) = line.strip_prefix("→ ") {
                let (side, bytes) = said.take().ok_or_else(|| fault("a verdict without a message"))?;
                let expected = expected(verdict)
                    .ok_or_else(|| fault("a verdict is `allow`, or `warn`, `block` or `would block` and a rule"))?;
                steps.push(Step { line: number, side, bytes, expected });
            } else if let (Some(heading), None) = (line.strip_prefix("# "), &title) {
                title = Some(heading.to_owned());
            }
        }
        let last = text.lines().count();
        match (title, said) {
            (_, Some(_)) => Err(Fault { line: last, what: "the last message has no verdict".into() }),
            (None, _) => Err(Fault { line: 1, what: "no heading".into() }),
            (Some(_), None) if steps.is_empty() => Err(Fault { line: last, what: "no messages".into() }),
            (Some(title), None) => Ok(Self { title, configuration, steps }),
        }
    }
}

/// Where a scenario cannot be read, and why.
#[derive(Debug)]
pub struct Fault {
    line: usize,
    what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.what)
    }
}

/// JSON over several lines, for readers, as the one line that goes over the wire: no string holds a line break.
fn one_line(block: &[&str]) -> Vec<u8> {
    block.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ").into_bytes()
}

/// A line that may hold bytes that no editor shows: `⟦0D⟧` stands for the byte 0D.
fn raw(block: &[&str]) -> Result<Vec<u8>, String> {
    let [line] = block else { return Err("a raw message is one line".into()) };
    let mut bytes = Vec::new();
    let mut rest = *line;
    while let Some((before, marked)) = rest.split_once('⟦') {
        let (digits, after) = marked.split_once('⟧').ok_or("a ⟦ without its ⟧")?;
        bytes.extend_from_slice(before.as_bytes());
        for digits in digits.split(' ') {
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| format!("⟦{digits}⟧ is no byte"))?);
        }
        rest = after;
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

fn expected(verdict: &str) -> Option<Expected> {
    let verdict = verdict.trim();
    if verdict == "allow" {
        return Some(Expected::Allow);
    }
    let (word, rule) = verdict.rsplit_once(' ')?;
    match word {
        "warn" => Some(Expected::Warn(rule.into())),
        "redact" => Some(Expected::Redact(rule.into())),
        "block" => Some(Expected::Block(rule.into())),
        "would block" => Some(Expected::WouldBlock(rule.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Expected, Scenario, Side};

    #[test]
    fn a_conversation_is_read_in_order() {
        let text = "# A day\n\nProse.\n\n```yaml\nprofile: strict\n```\n\n```json client\n{\"a\":\n  1}\n```\n→ allow\n\n\
                    ```raw server\n{⟦0D FF⟧}\n```\n→ block WIRE-CR\n";
        let scenario = Scenario::parse(text).unwrap();
        assert_eq!(scenario.title, "A day");
        assert_eq!(scenario.configuration.as_deref(), Some("profile: strict\n"));
        let [first, second] = &scenario.steps[..] else { panic!("{:?}", scenario.steps) };
        assert_eq!(
            (first.side, &first.bytes[..], &first.expected),
            (Side::Client, &b"{\"a\": 1}"[..], &Expected::Allow)
        );
        assert_eq!((second.side, &second.bytes[..]), (Side::Server, &b"{\r\xff}"[..]));
        assert_eq!(second.expected, Expected::Block("WIRE-CR".into()));
    }

    #[test]
    fn a_slip_names_its_line() {
        let slip = |text: &str| Scenario::parse(text).unwrap_err().to_string();
        assert_eq!(slip("# A\n→ allow\n"), "2: a verdict without a message");
        assert_eq!(slip("# A\n```json client\n{}\n"), "2: the block has no end");
        assert_eq!(slip("# A\n```json client\n{}\n```\n"), "4: the last message has no verdict");
        assert_eq!(slip("# A\n```json\n{}\n```\n").split(':').next(), Some("2"));
        assert_eq!(slip("# A\n```json client\n{}\n```\n→ refuse\n").split(':').next(), Some("5"));
    }
}

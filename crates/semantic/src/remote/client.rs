//! One call over HTTP, bounded in time and size. It follows no redirect: a question goes where it was meant to go, or nowhere.

use std::time::{Duration, Instant};

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use vanguard_engine::meaning::{Question, Scored, Subject, Unscored};

use super::MAX_ANSWER;
use super::backend::{Backend, BackendError};
use super::counsel::Score;
use super::prompt::Prompt;
use super::trial::{Adviser, Shown, TEXTS, TriedOut};

/// Asks one server.
#[derive(Debug)]
pub struct Client {
    backend: Backend,
    name: std::sync::Arc<str>,
    agent: ureq::Agent,
}

impl Client {
    /// One that waits for an answer as long as `timeout`. Where there are `roots` (PEM), they alone may vouch for the server, and no public authority.
    ///
    /// # Errors
    /// The roots hold no certificate.
    pub fn new(backend: Backend, timeout: Duration, roots: Option<&[u8]>) -> Result<Self, BackendError> {
        let mut tls = TlsConfig::builder();
        if let Some(pem) = roots {
            let mut certificates = Vec::new();
            for item in parse_pem(pem) {
                match item {
                    Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
                    Ok(_) => {}
                    Err(_) => return Err(BackendError::Roots),
                }
            }
            if certificates.is_empty() {
                return Err(BackendError::Roots);
            }
            tls = tls.root_certs(RootCerts::from(certificates));
        }
        let agent = ureq::Agent::config_builder()
            .tls_config(tls.build())
            .timeout_global(Some(timeout))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("vanguard/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Ok(Self { name: backend.name().into(), backend, agent })
    }

    /// Asks, and where somebody wants to know, tells `wrote` what came in the place of a score.
    fn ask(&self, prompt: &Prompt, mut wrote: Option<&mut String>) -> Result<(Scored, Option<u64>), Unscored> {
        let begun = Instant::now();
        let request = self.backend.request(prompt);
        let mut call = self.agent.post(&request.url);
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        let mut response = call.send(&request.body).map_err(|error| trouble(&error))?;
        let read = match response.status().as_u16() {
            200 => Ok(()),
            // Whoever does not take a key may repeat it.
            status @ (401 | 403) => return Err(Unscored::Key(status)),
            429 => Err(Unscored::TooOften),
            status @ 500..=599 => Err(Unscored::Broken(status)),
            status => Err(Unscored::Status(status)),
        };
        if wrote.is_none() {
            read?;
        }
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
        let read = read.and_then(|()| self.backend.read(body.as_ref().map_err(trouble)?));
        if let (Err(_), Some(wrote), Ok(body)) = (&read, &mut wrote, &body) {
            **wrote = self.shown(body);
        }
        let (answer, tokens) = read?;
        let took = begun.elapsed().max(Duration::from_nanos(1));
        Ok((Scored { score: answer.score, reason: answer.reason.into(), by: self.name.clone(), took }, tokens))
    }

    /// What a server wrote, as its user may see it: not for long, and without the key.
    fn shown(&self, body: &[u8]) -> String {
        let mut shown = self.backend.without_key(&String::from_utf8_lossy(body));
        if let Some((at, _)) = shown.char_indices().nth(MAX_SHOWN) {
            shown.truncate(at);
            shown.push('…');
        }
        shown
    }
}

/// Letters of what a server wrote that are shown.
const MAX_SHOWN: usize = 300;

impl Score for Client {
    fn score(&self, question: &Question) -> Result<(Scored, Option<u64>), Unscored> {
        let prompt = Prompt::of(&question.masked()).map_err(|_| Unscored::Unreachable)?;
        self.ask(&prompt, None)
    }
}

impl Adviser for Client {
    fn name(&self) -> &str {
        &self.name
    }

    fn try_out(&self) -> [TriedOut; 2] {
        TEXTS.map(|(text, words)| {
            let mut wrote = String::new();
            let question = format!("tool: fetch\nat /result/content/0/text:\n{words}\n");
            let scored = Prompt::about(Subject::Result, &question)
                .map_err(|_| Unscored::Unreachable)
                .and_then(|prompt| self.ask(&prompt, Some(&mut wrote)));
            TriedOut { text, scored: scored.map(|(scored, _)| scored), wrote }
        })
    }

    fn shows(&self, question: &Question) -> Result<Shown, Unscored> {
        let prompt = Prompt::of(&question.masked()).map_err(|_| Unscored::Unreachable)?;
        Ok(Shown::Sent(self.backend.request(&prompt)))
    }
}

/// What an error of the call comes to. Its own words are dropped: they may quote what was sent.
fn trouble(error: &ureq::Error) -> Unscored {
    match error {
        ureq::Error::Timeout(_) => Unscored::Timeout,
        ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => Unscored::TooLong,
        ureq::Error::Http(_) | ureq::Error::Protocol(_) => Unscored::Garbage,
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Unscored::Timeout,
        _ => Unscored::Unreachable,
    }
}

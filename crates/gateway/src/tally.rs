//! What is counted of the gateway's work, as Prometheus reads it.
//!
//! No label is of a peer's making: ways, verdicts, families of the rules that are loaded, methods that are known, statuses of our own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use vanguard_engine::meaning::Figures;
use vanguard_engine::verdict::{Decision, Flow, Timing, Verdict};

/// Seconds: the bounds of the time that a message's judgment takes.
const JUDGING: [f64; 10] = [1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 1e-3, 1e-2, 0.1, 0.5, 2.0];
/// Seconds: those of the time until an answer begins.
const ANSWERING: [f64; 10] = [5e-4, 1e-3, 2.5e-3, 1e-2, 2.5e-2, 0.1, 0.5, 2.5, 10.0, 60.0];

/// All counts.
#[derive(Debug)]
pub(crate) struct Tally {
    registry: Registry,
    messages: Family<Message, Counter>,
    refusals: Family<Refusal, Counter>,
    judging: Family<Way, Histogram>,
    requests: Family<Request, Counter>,
    answering: Histogram,
    streams: Gauge,
    sessions: Family<Kind, Gauge>,
    asked: Asked,
}

/// What a scorer that takes its time was asked, as it counts itself.
#[derive(Debug, Default)]
struct Asked {
    questions: Counter,
    known: Counter,
    joined: Counter,
    calls: Counter,
    scores: Counter,
    tokens: Counter,
    seconds: Counter<f64, AtomicU64>,
    unscored: Family<Why, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    why: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Message {
    flow: &'static str,
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refusal {
    flow: &'static str,
    family: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Way {
    flow: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

impl Default for Tally {
    fn default() -> Self {
        let judging: fn() -> Histogram = || Histogram::new(JUDGING);
        let mut tally = Self {
            registry: Registry::with_prefix("vanguard"),
            messages: Family::default(),
            refusals: Family::default(),
            judging: Family::new_with_constructor(judging),
            requests: Family::default(),
            answering: Histogram::new(ANSWERING),
            streams: Gauge::default(),
            sessions: Family::default(),
            asked: Asked::default(),
        };
        let registry = &mut tally.registry;
        registry.register("messages", "Messages by the way they went and what became of them", tally.messages.clone());
        let help = "Refused messages by the family of the rule that asked for it most";
        registry.register("refusals", help, tally.refusals.clone());
        let help = "Time to read and judge the bytes that a message came in";
        registry.register_with_unit("judgment", help, Unit::Seconds, tally.judging.clone());
        registry.register(
            "http_requests",
            "Requests by method and by the status of the answer",
            tally.requests.clone(),
        );
        let help = "Time from a request's head to the head of its answer";
        registry.register_with_unit("http_answer", help, Unit::Seconds, tally.answering.clone());
        registry.register("http_streams", "Streams of events that are open", tally.streams.clone());
        registry.register("sessions", "Sessions that are open", tally.sessions.clone());
        tally.asked.register(registry);
        tally
    }
}

impl Tally {
    /// One message was judged.
    pub(crate) fn judged(&self, decision: &Decision, timing: Timing) {
        let flow = match decision.flow {
            Flow::ToServer => "client-to-server",
            Flow::ToClient => "server-to-client",
        };
        let verdict = match decision.verdict {
            Verdict::Allow => "allow",
            Verdict::Warn => "warn",
            Verdict::Redact => "redact",
            Verdict::Review => "review",
            Verdict::Block => "block",
        };
        self.messages.get_or_create(&Message { flow, verdict }).inc();
        let time = Duration::from_nanos(timing.parse_ns.saturating_add(timing.judge_ns));
        self.judging.get_or_create(&Way { flow }).observe(time.as_secs_f64());
        if !decision.verdict.passes()
            && let Some(finding) = decision.findings.first()
        {
            self.refusals.get_or_create(&Refusal { flow, family: finding.rule.family.to_string() }).inc();
        }
    }

    /// One request was answered, or its answer has begun.
    pub(crate) fn answered(&self, method: &str, status: u16, after: Duration) {
        let known = ["GET", "POST", "DELETE", "HEAD", "OPTIONS"];
        let method = known.into_iter().find(|known| *known == method).unwrap_or("other");
        self.requests.get_or_create(&Request { method, status }).inc();
        self.answering.observe(after.as_secs_f64());
    }

    /// One more stream, until what is returned is dropped.
    pub(crate) fn stream(&self) -> Streaming {
        self.streams.inc();
        Streaming(self.streams.clone())
    }

    /// All of it as text. `sessions` are those before URLs and those before commands; `asked` is what a scorer was that takes its time.
    pub(crate) fn text(&self, sessions: [(&'static str, usize); 2], asked: Option<&Figures>) -> String {
        if let Some(figures) = asked {
            self.asked.are(figures);
        }
        for (kind, count) in sessions {
            self.sessions.get_or_create(&Kind { kind }).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        // Memory takes whatever is written to it.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}

impl Asked {
    fn register(&self, registry: &mut Registry) {
        for (name, help, counter) in [
            ("semantic_questions", "Questions about texts to a scorer that takes its time", &self.questions),
            ("semantic_known", "Questions whose answer was known", &self.known),
            ("semantic_joined", "Questions that were asked already", &self.joined),
            ("semantic_calls", "Calls of the scorer", &self.calls),
            ("semantic_scores", "Scores that it gave", &self.scores),
            ("semantic_tokens", "Tokens that the scorer read and wrote", &self.tokens),
        ] {
            registry.register(name, help, counter.clone());
        }
        let help = "Time that scores took, all together";
        registry.register_with_unit("semantic_call", help, Unit::Seconds, self.seconds.clone());
        registry.register("semantic_unscored", "Questions without a score", self.unscored.clone());
    }

    /// Takes the figures over: they are counted elsewhere, and begin anew with new settings.
    #[expect(clippy::cast_precision_loss, reason = "2^52 microseconds are a hundred years")]
    fn are(&self, figures: &Figures) {
        let Figures { questions, known, joined, calls, scores, tokens, micros, unscored } = figures;
        for (counter, figure) in [
            (&self.questions, questions),
            (&self.known, known),
            (&self.joined, joined),
            (&self.calls, calls),
            (&self.scores, scores),
            (&self.tokens, tokens),
        ] {
            counter.inner().store(*figure, Ordering::Relaxed);
        }
        self.seconds.inner().store((*micros as f64 / 1e6).to_bits(), Ordering::Relaxed);
        for (why, count) in unscored {
            self.unscored.get_or_create(&Why { why }).inner().store(*count, Ordering::Relaxed);
        }
    }
}

/// A stream that is open.
#[derive(Debug)]
pub(crate) struct Streaming(Gauge);

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_told_by_known_labels_only() {
        let tally = Tally::default();
        tally.answered("POST", 200, Duration::from_millis(2));
        tally.answered("BREW\"}", 405, Duration::ZERO);
        let stream = tally.stream();
        let text = tally.text([("url", 3), ("command", 1)], None);
        for line in [
            r#"vanguard_http_requests_total{method="POST",status="200"} 1"#,
            r#"vanguard_http_requests_total{method="other",status="405"} 1"#,
            "vanguard_http_streams 1",
            r#"vanguard_sessions{kind="url"} 3"#,
            "vanguard_http_answer_seconds_count 2",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} in\n{text}");
        }
        drop(stream);
        assert!(tally.text([("url", 0), ("command", 0)], None).contains("vanguard_http_streams 0\n"));
        assert!(!text.contains("BREW"));
    }

    #[test]
    fn what_a_scorer_counts_is_taken_over() {
        let figures =
            Figures { questions: 7, calls: 5, micros: 2_500_000, unscored: vec![("timeout", 2)], ..Figures::default() };
        let text = Tally::default().text([("url", 0), ("command", 0)], Some(&figures));
        for line in [
            "vanguard_semantic_questions_total 7",
            "vanguard_semantic_calls_total 5",
            "vanguard_semantic_call_seconds_total 2.5",
            r#"vanguard_semantic_unscored_total{why="timeout"} 2"#,
        ] {
            assert!(text.lines().any(|known| known == line), "{line} in\n{text}");
        }
    }
}

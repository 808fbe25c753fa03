//! Where windows are in Redis, and how those of one subject are asked for together.

use redis::ScriptInvocation;
use vanguard_engine::behaviour::{Count, Of};

/// The windows of one session, principal or tool in which a message counts. They lie together in a cluster.
#[derive(Debug, Default)]
pub(super) struct Subject {
    own: bool,
    /// Which of the message's counts they are.
    places: Vec<usize>,
    keys: Vec<String>,
    /// For each its milliseconds and what is added.
    arguments: Vec<u64>,
}

impl Subject {
    /// Whether it is the session.
    pub(super) fn is_own(&self) -> bool {
        self.own
    }

    /// Has a script ask for them.
    pub(super) fn ask(&self, call: &mut ScriptInvocation<'_>) {
        for key in &self.keys {
            call.key(key);
        }
        for argument in &self.arguments {
            call.arg(argument);
        }
    }
}

/// The counts of a message by whose windows they are. Windows of a session are those of the one under `name`.
pub(super) fn by_subject(name: &str, counts: &[Count<'_>]) -> Vec<Subject> {
    let mut subjects: Vec<(Of<'_>, Subject)> = Vec::new();
    for (place, count) in counts.iter().enumerate() {
        let known = subjects.iter().position(|(of, _)| *of == count.of).unwrap_or_else(|| {
            subjects.push((count.of, Subject { own: count.of == Of::Session, ..Subject::default() }));
            subjects.len() - 1
        });
        let subject = &mut subjects[known].1;
        subject.places.push(place);
        subject.keys.push(key(name, count));
        subject.arguments.extend([count.window_ms, count.amount]);
    }
    subjects.into_iter().map(|(_, subject)| subject).collect()
}

/// The totals of subjects in the order of the counts.
pub(super) fn in_order<'s>(
    counts: usize,
    subjects: impl IntoIterator<Item = (&'s Subject, Vec<u64>)>,
) -> Result<Vec<u64>, String> {
    let mut all = vec![0; counts];
    for (subject, totals) in subjects {
        if subject.places.len() != totals.len() {
            return Err("answered something else".to_owned());
        }
        for (place, total) in subject.places.iter().zip(totals) {
            all[*place] = total;
        }
    }
    Ok(all)
}

/// Where a window is. Windows of a session are those of the one under `name`.
pub(super) fn key(name: &str, count: &Count<'_>) -> String {
    let subject = match count.of {
        Of::Session => subject("session", name),
        Of::Principal(name) => subject("principal", name),
        Of::Tool(name) => subject("tool", name),
    };
    format!("vanguard:{subject}:{}:{}", count.window_ms, count.limit)
}

/// Where the trail under `name` is. The number is that of its form.
pub(super) fn trail_key(name: &str) -> String {
    format!("vanguard:{}:trail:1", subject("session", name))
}

/// What stands in braces decides on the slot, up to the first that closes: a name must not close them.
fn subject(kind: &str, name: &str) -> String {
    let name: String =
        name.chars().flat_map(|c| if c == '}' { ['%', ')'] } else { [c, '\0'] }).filter(|c| *c != '\0').collect();
    format!("{{{kind}:{name}}}")
}

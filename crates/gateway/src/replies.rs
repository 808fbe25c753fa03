//! Answers to the server's own refused requests.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};

use vanguard_engine::verdict::Answer;

use crate::outlet::Outlet as _;
use crate::pipe::Pipe;

/// The most answers that wait for the server to read them.
const QUEUE: usize = 1024;

/// A queue to the server with a thread of its own: started with the first answer, as most sessions have none.
#[derive(Debug)]
pub(crate) struct Replies {
    server: Arc<Pipe>,
    queue: OnceLock<Option<SyncSender<Answer>>>,
}

/// The server leaves more answers unread than may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overflow;

impl Replies {
    pub(crate) fn new(server: Arc<Pipe>) -> Self {
        Self { server, queue: OnceLock::new() }
    }

    /// Queues `answer`; never waits.
    pub(crate) fn push(&self, answer: Answer) -> Result<(), Overflow> {
        let queue = self.queue.get_or_init(|| start(Arc::clone(&self.server)));
        queue.as_ref().ok_or(Overflow)?.try_send(answer).map_err(|_| Overflow)
    }
}

/// `None` where the system gives no thread: an overflow at once.
fn start(server: Arc<Pipe>) -> Option<SyncSender<Answer>> {
    let (queue, answers) = sync_channel(QUEUE);
    std::thread::Builder::new().name("replies".to_owned()).spawn(move || deliver(&server, &answers)).ok()?;
    Some(queue)
}

fn deliver(server: &Pipe, answers: &Receiver<Answer>) {
    // A server that no longer reads is the supervisor's matter; what is queued for it is drained and dropped.
    for answer in answers {
        let _ = server.answer(&answer);
    }
}

//! A task that is done with what it began before another one runs.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// How often a future may go on at once before others have a turn.
const ROUNDS: usize = 32;

/// A future that is polled again at once where it wakes itself.
///
/// A connection and the handler of its requests are one task, and pass each piece of a body on by waking each other. The runtime takes that
/// for work that another thread could help with, and rouses one: twice a request.
#[derive(Debug)]
pub(super) struct Eager<F> {
    inner: Pin<Box<F>>,
    call: Arc<Call>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct Call {
    /// It was woken since it was last polled.
    woken: AtomicBool,
    /// It is being polled, and looks at `woken` afterwards.
    polled: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl<F> Eager<F> {
    pub(super) fn new(inner: F) -> Self {
        let call = Arc::new(Call::default());
        Self { inner: Box::pin(inner), waker: Arc::clone(&call).into(), call }
    }

    pub(super) fn inner(&mut self) -> Pin<&mut F> {
        self.inner.as_mut()
    }
}

impl<F: Future> Future for Eager<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        this.call.by(cx.waker());
        for _ in 0..ROUNDS {
            this.call.woken.store(false, Ordering::SeqCst);
            this.call.polled.store(true, Ordering::SeqCst);
            let polled = this.inner.as_mut().poll(&mut Context::from_waker(&this.waker));
            this.call.polled.store(false, Ordering::SeqCst);
            // Who wakes it from here on finds that it is not being polled.
            if polled.is_ready() || !this.call.woken.load(Ordering::SeqCst) {
                return polled;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Call {
    fn by(&self, waker: &Waker) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *task {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        if !self.polled.load(Ordering::SeqCst)
            && let Some(task) = &*self.task.lock().unwrap_or_else(PoisonError::into_inner)
        {
            task.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[derive(Default)]
    struct Count(std::sync::atomic::AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// How often a future that wakes itself `times` is polled at once, and how often its task is woken.
    fn polled(times: usize) -> (usize, usize, bool) {
        let (count, mut polls) = (Arc::new(Count::default()), 0);
        let mut eager = Eager::new(poll_fn(|cx| {
            polls += 1;
            if polls > times {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        let waker = Arc::clone(&count).into();
        let done = Pin::new(&mut eager).poll(&mut Context::from_waker(&waker)).is_ready();
        drop(eager);
        (polls, count.0.load(Ordering::SeqCst), done)
    }

    #[test]
    fn what_wakes_itself_goes_on_at_once_but_not_for_ever() {
        assert_eq!(polled(0), (1, 0, true));
        assert_eq!(polled(3), (4, 0, true));
        assert_eq!(polled(usize::MAX), (ROUNDS, 1, false));
    }

    #[test]
    fn whoever_wakes_it_later_wakes_the_task() {
        let (count, mut own) = (Arc::new(Count::default()), None);
        let mut eager = Eager::new(poll_fn(|cx| {
            own = Some(cx.waker().clone());
            Poll::<()>::Pending
        }));
        let waker = Arc::clone(&count).into();
        assert!(Pin::new(&mut eager).poll(&mut Context::from_waker(&waker)).is_pending());
        drop(eager);
        assert_eq!(count.0.load(Ordering::SeqCst), 0);
        own.expect("it was polled").wake();
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
    }
}

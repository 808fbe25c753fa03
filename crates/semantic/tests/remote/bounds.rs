//! What bounds it: deadlines, a breaker, a budget, a cache, and one call for what several ask.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use e2e::{Protocol, Reply, Scorer};
use vanguard_engine::meaning::{Counsel, Question, Unscored};
use vanguard_semantic::remote::{Limits, MAX_QUEUED, Remote};

use crate::support::{Edge, Own, Waiting, answer, ask, client, limits, remote};

fn waits(deadline: u64) -> Limits {
    Limits { deadline: Some(Duration::from_millis(deadline)), ..limits() }
}

fn waiting(remote: &Remote, question: Question) -> Waiting {
    ask(remote, question).unwrap_or_else(|advice| panic!("{advice:?}"))
}

/// By how much the deadlines of `count` messages were missed at worst, while the scorer answers none.
fn worst_miss(edge: &mut Edge, count: usize) -> Duration {
    let deadline = Duration::from_millis(1_500);
    let remote = Remote::new(Box::new(Own(Duration::from_mins(10), Ok(0.1))), waits(1_500));
    let questions: Vec<_> = (0..count).map(|n| edge.about(&format!("question {n}"))).collect();
    let all: Vec<_> = questions.into_iter().map(|question| (Instant::now(), waiting(&remote, question))).collect();
    let misses = all.iter().map(|(asked, waiting)| {
        let (told, advice) = waiting.next();
        assert_eq!(advice, Err(Unscored::Deadline));
        (told - *asked).abs_diff(deadline)
    });
    misses.max().unwrap_or_default()
}

#[test]
fn deadlines_hold_with_500_in_flight() {
    let mut edge = Edge::new();
    let limit = Duration::from_millis(5);
    // Another process may hold the processor; it does not do so each time.
    let misses: Vec<_> = (0..5).map(|_| worst_miss(&mut edge, 500)).take_while(|miss| *miss > limit).collect();
    eprintln!("deadlines missed by more than {limit:?} before it held: {misses:?}");
    assert!(misses.len() < 5, "{misses:?}");
}

#[test]
fn a_dead_scorer_is_left_alone_after_its_threshold() {
    let mut edge = Edge::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    // It takes connections and says nothing.
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let limits = Limits { timeout: Duration::from_millis(200), ..limits() };
    let (failures, concurrency) = (u64::from(limits.failures), limits.concurrency as u64);
    let remote = Remote::new(Box::new(client(Protocol::Ollama, &url, limits.timeout)), limits);
    let (begun, mut later) = (Instant::now(), Vec::new());
    let mut at_once = 0;
    for n in 0..10_000 {
        match ask(&remote, edge.about(&format!("call {n}"))) {
            Ok(waiting) => later.push(waiting),
            Err(Err(Unscored::LeftAlone | Unscored::Busy)) => at_once += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    let timeouts = later.iter().filter(|waiting| waiting.advice() == Err(Unscored::Timeout)).count();
    let took = begun.elapsed();
    let figures = remote.figures();
    eprintln!(
        "10,000 questions: {} calls, {timeouts} time-outs, {at_once} answered at once, in {took:?}",
        figures.calls
    );
    // Those that were under way when it tripped come to their end.
    assert!(figures.calls >= failures && figures.calls < failures + concurrency, "{figures:?}");
    assert_eq!(timeouts as u64, figures.calls);
    assert_eq!(at_once + later.len(), 10_000);
    assert!(at_once > 8_000 - MAX_QUEUED, "{at_once}");
}

#[test]
fn one_question_tries_whether_it_is_well_again() {
    let mut edge = Edge::new();
    let scorer = Scorer::start(Protocol::OpenAi, Reply::Raw(500, "oops"));
    let pause = Duration::from_millis(300);
    let remote = remote(&scorer, Protocol::OpenAi, Limits { failures: 2, pause, ..limits() });
    for n in 0..2 {
        assert_eq!(answer(&remote, edge.about(&format!("{n}"))), Err(Unscored::Broken(500)));
    }
    assert!(matches!(ask(&remote, edge.about("c")), Err(Err(Unscored::LeftAlone))));
    std::thread::sleep(pause);
    assert_eq!(answer(&remote, edge.about("d")), Err(Unscored::Broken(500)));
    assert!(matches!(ask(&remote, edge.about("e")), Err(Err(Unscored::LeftAlone))));
    scorer.now(Reply::Honest);
    std::thread::sleep(pause);
    assert!(answer(&remote, edge.about("f")).is_ok());
    assert!(answer(&remote, edge.about("g")).is_ok());
    assert_eq!(remote.figures().calls, 5);
}

#[test]
fn a_score_that_comes_too_late_comes_all_the_same() {
    let mut edge = Edge::new();
    let remote = Remote::new(Box::new(Own(Duration::from_millis(400), Ok(0.9))), waits(50));
    let waiting = waiting(&remote, edge.about("a"));
    assert_eq!(waiting.advice(), Err(Unscored::Deadline));
    assert_eq!(waiting.advice().expect("late").score.to_bits(), 0.9_f32.to_bits());
    assert!(waiting.is_over());

    let remote = Remote::new(Box::new(Own(Duration::from_millis(200), Err(Unscored::Timeout))), waits(50));
    let waiting = self::waiting(&remote, edge.about("a"));
    assert_eq!(waiting.advice(), Err(Unscored::Deadline));
    assert!(waiting.is_over(), "of a failure nobody need hear twice");
}

#[test]
fn what_is_asked_is_not_asked_again() {
    let mut edge = Edge::new();
    let remote = Remote::new(Box::new(Own(Duration::from_millis(200), Ok(0.25))), limits());
    let all: Vec<_> = (0..100).map(|_| waiting(&remote, edge.about("the same"))).collect();
    for waiting in &all {
        assert!(waiting.advice().is_ok());
    }
    let known = ask(&remote, edge.about("the same")).err().expect("known").expect("a score");
    assert!(known.took.is_zero());
    let figures = remote.figures();
    assert_eq!((figures.calls, figures.joined, figures.known, figures.questions), (1, 99, 1, 101));

    let limits = Limits { cached_for: Duration::from_millis(1), ..limits() };
    let remote = Remote::new(Box::new(Own(Duration::ZERO, Ok(0.25))), limits);
    for _ in 0..2 {
        assert!(answer(&remote, edge.about("the same")).is_ok());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(remote.figures().calls, 2, "it forgets");
}

#[test]
fn a_budget_and_a_queue_end() {
    let mut edge = Edge::new();
    let remote = Remote::new(Box::new(Own(Duration::ZERO, Ok(0.1))), Limits { calls_a_minute: 3, ..limits() });
    for n in 0..3 {
        assert!(answer(&remote, edge.about(&format!("{n}"))).is_ok());
    }
    assert!(matches!(ask(&remote, edge.about("4")), Err(Err(Unscored::Budget))));
    assert!(matches!(ask(&remote, edge.about("0")), Err(Ok(_))), "what is known costs nothing");

    let remote = Remote::new(Box::new(Own(Duration::from_mins(1), Ok(0.1))), Limits { concurrency: 1, ..limits() });
    let mut busy = 0;
    let mut all = Vec::new();
    for n in 0..MAX_QUEUED + 50 {
        match ask(&remote, edge.about(&format!("{n}"))) {
            Ok(waiting) => all.push(waiting),
            Err(advice) => {
                assert_eq!(advice, Err(Unscored::Busy));
                busy += 1;
            }
        }
    }
    assert!((48..=50).contains(&busy), "{busy}");
    drop(remote);
    // Nobody is left waiting for what is gone.
    for waiting in &all[1..] {
        assert_eq!(waiting.advice(), Err(Unscored::LeftAlone));
    }
}

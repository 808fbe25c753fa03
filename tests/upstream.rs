//! An HTTP server that a test leads: it shows what reaches it and answers with the bytes it is given.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::client::PATIENCE;

/// Answers each request with what a function makes of it.
pub struct Upstream {
    port: u16,
    arrived: Receiver<Arrival>,
}

/// A request that reached it.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Request line and headers.
    pub head: String,
    /// What follows.
    pub body: String,
}

impl Arrival {
    /// A header's value; names have no case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Upstream {
    /// One that writes what `answer` gives, then closes.
    pub fn new(answer: impl Fn(&Arrival) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::streaming(move |arrival, stream| {
            let _ = stream.write_all(&answer(arrival));
        })
    }

    /// One that leaves the connection to `answer`.
    pub fn streaming(answer: impl Fn(&Arrival, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, arrived) = channel();
        let answer = std::sync::Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (sender, answer) = (sender.clone(), std::sync::Arc::clone(&answer));
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let Some(arrival) = read(&stream) else { return };
                    let _ = sender.send(arrival.clone());
                    answer(&arrival, &mut stream);
                });
            }
        });
        Self { port, arrived }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port)
    }

    /// The next request that reaches it.
    pub fn arrival(&self) -> Arrival {
        self.arrived.recv_timeout(PATIENCE).expect("nothing reaches the upstream")
    }

    /// Whether nothing more has reached it.
    pub fn is_quiet(&self) -> bool {
        self.arrived.try_recv().is_err()
    }
}

fn read(stream: &TcpStream) -> Option<Arrival> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut arrival = Arrival { head, body: String::new() };
    let length = arrival.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    arrival.body = String::from_utf8(body).unwrap();
    Some(arrival)
}

/// A response with a body of this type.
pub fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}", body.len())
        .into_bytes()
}

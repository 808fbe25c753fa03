//! A real server over HTTP, on a port of its own.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::client::PATIENCE;
use crate::processes::settle;

/// The process. It ends with this.
pub struct Served {
    process: Child,
    port: u16,
}

impl Served {
    /// Starts what a function makes of a port, and waits until it listens there.
    pub fn start(command: impl FnOnce(u16) -> Command) -> Self {
        // Free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = command(port).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { process, port };
        let up = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        assert!(settle(PATIENCE, up), "the server does not listen");
        server
    }

    /// Where it speaks Streamable HTTP.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

//! Syslog (RFC 5424), to a server on this machine: what has to go further it sends on, over TLS.

use std::fmt;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use super::{Line, Refusal};

/// How long one connection or datagram may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of a datagram: a little less than UDP can carry.
const MAX_DATAGRAM: usize = 60_000;
/// Facility 13, log audit.
const FACILITY: u8 = 13;

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Syslog {
    /// A datagram for each record.
    Udp(SocketAddr),
    /// Each with its length before it (RFC 6587).
    Tcp(SocketAddr),
    /// A datagram for each to a socket in the file system.
    Unix(PathBuf),
}

impl Syslog {
    /// Reads what stands after `syslog…:`.
    pub(super) fn parse(scheme: &str, rest: &str) -> Result<Self, &'static str> {
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let address = || {
            let named = rest.strip_prefix("localhost").map(|port| format!("{}{port}", Ipv4Addr::LOCALHOST));
            let address: SocketAddr = named
                .as_deref()
                .unwrap_or(rest)
                .parse()
                .map_err(|_| "write HOST:PORT, with localhost or an address")?;
            if address.ip().is_loopback() {
                Ok(address)
            } else {
                Err("syslog goes to this machine only, where nobody listens: have the server there send it on over TLS")
            }
        };
        match scheme {
            "syslog+udp" => Ok(Self::Udp(address()?)),
            "syslog+tcp" => Ok(Self::Tcp(address()?)),
            "syslog+unix" if cfg!(unix) && rest.starts_with('/') => Ok(Self::Unix(rest.into())),
            _ => Err("syslog is reached by syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT or syslog+unix:/PATH"),
        }
    }

    pub(super) fn send(&self, lines: &[Line]) -> Result<(), Refusal> {
        let texts: Vec<String> = lines.iter().map(text).collect();
        if !matches!(self, Self::Tcp(_)) && texts.iter().any(|text| text.len() > MAX_DATAGRAM) {
            return Err(Refusal { why: "it is longer than a datagram".to_owned(), seconds: None, for_good: true });
        }
        self.give(&texts).map_err(Refusal::now)
    }

    fn give(&self, texts: &[String]) -> io::Result<()> {
        match self {
            Self::Tcp(address) => {
                let mut stream = TcpStream::connect_timeout(address, TIMEOUT)?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                let framed =
                    texts.iter().fold(String::new(), |framed, text| framed + &text.len().to_string() + " " + text);
                stream.write_all(framed.as_bytes())?;
                stream.shutdown(std::net::Shutdown::Write)
            }
            Self::Udp(address) => {
                let own: SocketAddr =
                    if address.is_ipv4() { ([127, 0, 0, 1], 0).into() } else { ([0, 0, 0, 0, 0, 0, 0, 1], 0).into() };
                let socket = UdpSocket::bind(own)?;
                socket.connect(address)?;
                socket.set_write_timeout(Some(TIMEOUT))?;
                texts.iter().try_for_each(|text| socket.send(text.as_bytes()).map(drop))
            }
            #[cfg(unix)]
            Self::Unix(path) => {
                let socket = std::os::unix::net::UnixDatagram::unbound()?;
                socket.connect(path)?;
                socket.set_write_timeout(Some(TIMEOUT))?;
                texts.iter().try_for_each(|text| socket.send(text.as_bytes()).map(drop))
            }
            #[cfg(not(unix))]
            Self::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// One message. What it says is ours, and has no line break: JSON and CEF write them otherwise.
fn text(line: &Line) -> String {
    let priority = FACILITY * 8 + line.level;
    format!("<{priority}>1 {} - mcp-vanguard - verdict - {}", line.time, line.text)
}

impl fmt::Display for Syslog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(address) => write!(f, "syslog+udp://{address}"),
            Self::Tcp(address) => write!(f, "syslog+tcp://{address}"),
            Self::Unix(path) => write!(f, "syslog+unix:{}", path.display()),
        }
    }
}

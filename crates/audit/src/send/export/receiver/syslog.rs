//! Syslog (RFC 5424), to a server on this machine, or over TLS to any.

use std::fmt;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::pki_types::ServerName;

use super::{Line, Refusal, tls};

/// How long one connection or datagram may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of a datagram: a little less than UDP can carry.
const MAX_DATAGRAM: usize = 60_000;
/// Facility 13, log audit.
const FACILITY: u8 = 13;
/// Names the file of the authorities whose servers are believed, as it does for other programs.
const AUTHORITIES: &str = "SSL_CERT_FILE";

/// What an address is to be.
const WHERE: &str = "write HOST:PORT, with a name or an address";

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Syslog {
    /// A datagram for each record.
    Udp(SocketAddr),
    /// Each with its length before it (RFC 6587).
    Tcp(SocketAddr),
    /// The same over TLS (RFC 5425), to any machine.
    Tls {
        /// Its name, or its address.
        host: String,
        /// Its port.
        port: u16,
    },
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
                Err("syslog without TLS goes to this machine only, where nobody listens: write syslog+tls://HOST:PORT")
            }
        };
        match scheme {
            "syslog+udp" => Ok(Self::Udp(address()?)),
            "syslog+tcp" => Ok(Self::Tcp(address()?)),
            "syslog+tls" => {
                let (host, port) = rest.rsplit_once(':').ok_or(WHERE)?;
                let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
                let port = port.parse().map_err(|_| WHERE)?;
                ServerName::try_from(host).map_err(|_| WHERE)?;
                Ok(Self::Tls { host: host.to_owned(), port })
            }
            "syslog+unix" if cfg!(unix) && rest.starts_with('/') => Ok(Self::Unix(rest.into())),
            _ => Err(
                "syslog is reached by syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT, syslog+tls://HOST:PORT or syslog+unix:/PATH",
            ),
        }
    }

    pub(super) fn send(&self, lines: &[Line]) -> Result<(), Refusal> {
        let texts: Vec<String> = lines.iter().map(text).collect();
        if !matches!(self, Self::Tcp(_) | Self::Tls { .. }) && texts.iter().any(|text| text.len() > MAX_DATAGRAM) {
            return Err(Refusal { why: "it is longer than a datagram".to_owned(), seconds: None, for_good: true });
        }
        self.give(&texts).map_err(Refusal::now)
    }

    fn give(&self, texts: &[String]) -> io::Result<()> {
        match self {
            Self::Tcp(address) => {
                let mut stream = TcpStream::connect_timeout(address, TIMEOUT)?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                stream.write_all(framed(texts).as_bytes())?;
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
            Self::Tls { host, port } => {
                let authorities = std::env::var_os(AUTHORITIES).filter(|file| !file.is_empty());
                tls::give(host, *port, framed(texts).as_bytes(), authorities.as_deref().map(Path::new))
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

/// Each with its length before it.
fn framed(texts: &[String]) -> String {
    texts.iter().fold(String::new(), |framed, text| framed + &text.len().to_string() + " " + text)
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
            Self::Tls { host, port } if host.contains(':') => write!(f, "syslog+tls://[{host}]:{port}"),
            Self::Tls { host, port } => write!(f, "syslog+tls://{host}:{port}"),
            Self::Unix(path) => write!(f, "syslog+unix:{}", path.display()),
        }
    }
}

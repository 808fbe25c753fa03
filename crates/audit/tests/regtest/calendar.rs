//! A calendar, as small as one can be: it takes digests, puts the root of their tree into a transaction, and tells the ways to the block.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::node::Regtest;
use super::{bytes, hex};

/// What was promised, and the way from it once there is one.
type Ways = Arc<Mutex<BTreeMap<Vec<u8>, Option<Vec<u8>>>>>;

pub(crate) struct Calendar {
    url: String,
    ways: Ways,
}

impl Calendar {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (ways, own) = (Ways::default(), url.clone());
        let shared = Arc::clone(&ways);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &own, &shared);
            }
        });
        Self { url, ways }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Puts all that was promised into a block, whose height this is.
    pub(crate) fn mine(&self, node: &Regtest) -> u64 {
        #[derive(Deserialize)]
        struct Hex {
            hex: String,
        }
        #[derive(Deserialize)]
        struct Block {
            height: u64,
            tx: Vec<String>,
        }
        let mut ways = self.ways.lock().unwrap();
        // Each commitment's SHA-256 is a leaf; a lone one moves up.
        let mut tree: Vec<(Vec<u8>, Vec<Vec<u8>>)> =
            ways.keys().map(|commitment| (Sha256::digest(commitment).to_vec(), vec![commitment.clone()])).collect();
        for way in ways.values_mut() {
            *way = Some(vec![0x08]);
        }
        while tree.len() > 1 {
            let mut above = Vec::new();
            for pair in tree.chunks(2) {
                let [(left, of_left), (right, of_right)] = pair else {
                    above.extend(pair.to_vec());
                    continue;
                };
                for (leaves, op, sibling) in [(of_left, 0xf0, right), (of_right, 0xf1, left)] {
                    for leaf in leaves {
                        let way = ways.get_mut(leaf).unwrap().as_mut().unwrap();
                        way.extend([op, 32]);
                        way.extend(sibling);
                        way.push(0x08);
                    }
                }
                above.push((Sha256::digest([&left[..], right].concat()).to_vec(), [&of_left[..], of_right].concat()));
            }
            tree = above;
        }
        let root = &tree[0].0;
        // The transaction as it is before it is signed is the one that its hash is of.
        let raw: String = node.ask("createrawtransaction", &format!(r#"[[], {{"data":"{}"}}]"#, hex(root)));
        let funded: Hex = node.ask("fundrawtransaction", &format!(r#"["{raw}"]"#));
        let signed: Hex = node.ask("signrawtransactionwithwallet", &format!(r#"["{}"]"#, funded.hex));
        let id: String = node.ask("sendrawtransaction", &format!(r#"["{}"]"#, signed.hex));
        let hash = node.generate(1).remove(0);
        let block: Block = node.ask("getblock", &format!(r#"["{hash}"]"#));
        assert_eq!(block.tx[1], id);
        let transaction = bytes(&funded.hex);
        let at = transaction.windows(32).position(|window| window == root).unwrap();
        let mut tail = Vec::new();
        put(&mut tail, 0xf1, &transaction[..at]);
        put(&mut tail, 0xf0, &transaction[at + 32..]);
        tail.extend([0x08, 0x08]);
        let coinbase: Vec<u8> = bytes(&block.tx[0]).into_iter().rev().collect();
        put(&mut tail, 0xf1, &coinbase);
        tail.extend([0x08, 0x08, 0x00, 0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01]);
        let mut height = Vec::new();
        number(&mut height, block.height);
        number(&mut tail, height.len() as u64);
        tail.extend(height);
        ways.values_mut().for_each(|way| way.as_mut().unwrap().extend(&tail));
        block.height
    }
}

fn put(out: &mut Vec<u8>, op: u8, argument: &[u8]) {
    out.push(op);
    number(out, argument.len() as u64);
    out.extend(argument);
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(0x80 | (number & 0x7f) as u8);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

/// Answers one connection's questions.
fn serve(stream: TcpStream, url: &str, ways: &Ways) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut out = stream;
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let path = first.split(' ').nth(1).unwrap();
        let answer = if path == "/digest" {
            let commitment = [&b"time"[..], &body, b"12345678"].concat();
            ways.lock().unwrap().insert(commitment, None);
            let mut answer = Vec::new();
            put(&mut answer, 0xf1, b"time");
            put(&mut answer, 0xf0, b"12345678");
            answer.extend([0x00, 0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e]);
            number(&mut answer, url.len() as u64 + 1);
            number(&mut answer, url.len() as u64);
            answer.extend(url.as_bytes());
            Some(answer)
        } else {
            let commitment = bytes(path.strip_prefix("/timestamp/").unwrap());
            ways.lock().unwrap().get(&commitment).cloned().flatten()
        };
        let status = if answer.is_some() { "200 OK" } else { "404 Not Found" };
        let answer = answer.unwrap_or_default();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", answer.len());
        if out.write_all(&[head.as_bytes(), &answer].concat()).is_err() {
            return;
        }
    }
}

//! A node in regtest, with a wallet that has coins to spend.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde::de::DeserializeOwned;
use vanguard_audit::send::Http;

/// Killed when it is dropped.
pub(crate) struct Regtest {
    child: Child,
    dir: PathBuf,
    port: u16,
}

impl Regtest {
    /// Starts the program of these words; 101 blocks make the first coins ripe.
    pub(crate) fn start(words: &str, dir: &Path) -> Self {
        fs::create_dir_all(dir).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut words = words.split(' ');
        let child = Command::new(words.next().unwrap())
            .args(words)
            .args([
                "-regtest",
                "-listen=0",
                "-server",
                "-fallbackfee=0.0001",
                "-dnsseed=0",
                "-discover=0",
                "-txindex=0",
            ])
            .arg(format!("-datadir={}", dir.display()))
            .arg(format!("-rpcport={port}"))
            .arg(format!("-rpcbind=127.0.0.1:{port}"))
            .arg("-rpcallowip=127.0.0.1")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let node = Self { child, dir: dir.to_owned(), port };
        let begun = Instant::now();
        while node.try_ask::<u64>("getblockcount", "[]").is_none() {
            assert!(begun.elapsed() < Duration::from_mins(1), "the node does not answer");
            std::thread::sleep(Duration::from_millis(200));
        }
        let _: serde::de::IgnoredAny = node.ask("createwallet", r#"["w"]"#);
        node.generate(101);
        node
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn cookie(&self) -> String {
        fs::read_to_string(self.dir.join("regtest/.cookie")).unwrap()
    }

    pub(crate) fn url_with_cookie(&self) -> String {
        format!("http://{}@127.0.0.1:{}", self.cookie(), self.port)
    }

    /// Mines blocks; their hashes.
    pub(crate) fn generate(&self, count: u32) -> Vec<String> {
        // What such an address spends leaves a transaction's hash as it is when it is signed.
        let address: String = self.ask("getnewaddress", r#"["", "bech32"]"#);
        self.ask("generatetoaddress", &format!(r#"[{count}, "{address}"]"#))
    }

    pub(crate) fn header(&self, height: u64) -> String {
        let hash: String = self.ask("getblockhash", &format!("[{height}]"));
        self.ask("getblockheader", &format!(r#"["{hash}", false]"#))
    }

    pub(crate) fn ask<T: DeserializeOwned>(&self, method: &str, params: &str) -> T {
        self.try_ask(method, params).unwrap_or_else(|| panic!("{method} {params}"))
    }

    fn try_ask<T: DeserializeOwned>(&self, method: &str, params: &str) -> Option<T> {
        #[derive(serde::Deserialize)]
        struct Answer<T> {
            result: Option<T>,
        }
        let cookie = fs::read_to_string(self.dir.join("regtest/.cookie")).ok()?;
        let authorization = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(cookie));
        let body = format!(r#"{{"jsonrpc":"1.0","id":"t","method":"{method}","params":{params}}}"#);
        let answer =
            Http::new().post(&self.url(), &[("authorization", &authorization)], body.as_bytes(), 1 << 20).ok()?;
        serde_json::from_slice::<Answer<T>>(&answer.body).ok()?.result
    }
}

impl Drop for Regtest {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! Where headers of blocks come from, for commands that hold anchors against them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use vanguard_audit::bitcoin::{Header, Headers, Node};

use crate::config::sending::Address;
use crate::exit::Failure;
use crate::reading;

/// Headers of blocks of Bitcoin.
#[derive(Debug, clap::Args)]
pub(super) struct Blocks {
    /// File of all block headers from the first on, 80 bytes each
    #[arg(long, value_name = "FILE", conflicts_with_all = ["header", "bitcoin_rpc"])]
    headers: Option<PathBuf>,
    /// Header of one block, in hexadecimal digits; may be repeated
    #[arg(long, value_name = "HEIGHT:HEX", value_parser = header, conflicts_with = "bitcoin_rpc")]
    header: Vec<(u64, Header)>,
    /// Address of a node of your own that is asked for headers
    #[arg(long, value_name = "URL")]
    bitcoin_rpc: Option<Address>,
    /// File of the name and password that the node lets in by, such as its .cookie
    #[arg(long, value_name = "FILE", requires = "bitcoin_rpc")]
    bitcoin_auth: Option<PathBuf>,
}

impl Blocks {
    /// Where headers come from; `None` where nothing was said.
    pub(super) fn headers(&self) -> Result<Option<Headers>, Failure> {
        const MAX_AUTH: u64 = 4096;
        if let Some(path) = &self.headers {
            let failed = |error| Failure::Usage(format!("{}: {error}", path.display()));
            return Headers::file(path).map(Some).map_err(failed);
        }
        if let Some(Address(url)) = &self.bitcoin_rpc {
            let auth = self.bitcoin_auth.as_ref().map(|path| reading::bounded(path, MAX_AUTH)).transpose()?;
            let auth = auth.map(String::from_utf8).transpose();
            let auth = auth.map_err(|_| Failure::Usage("--bitcoin-auth: the file is no text".to_owned()))?;
            return Ok(Some(Headers::Node(Box::new(Node::new(url.clone(), auth.as_deref())))));
        }
        let given: BTreeMap<_, _> = self.header.iter().copied().collect();
        Ok((!given.is_empty()).then_some(Headers::Given(given)))
    }
}

fn header(text: &str) -> Result<(u64, Header), &'static str> {
    let parts = text.split_once(':').and_then(|(height, hex)| Some((height.parse().ok()?, Header::parse(hex)?)));
    parts.ok_or("write HEIGHT:HEX, with the 160 digits that `bitcoin-cli getblockheader HASH false` prints")
}

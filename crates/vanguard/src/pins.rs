//! From settings to pins: who keeps those of a server, and by what it is known again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vanguard_engine::Session;
use vanguard_gateway::StdioConfig;
use vanguard_state::pins::{By, File, Memory, Server, Store};

use crate::config::Settings;
use crate::config::pins::PinMode;
use crate::config::show::masked_command;
use crate::config::sources::Surroundings;

/// The directory of the files, if there is any: the one that is named, or that of the user's state.
pub(crate) fn store(settings: &Settings, around: &Surroundings) -> Option<Store> {
    let named = settings.pins.path.value.clone();
    named.or_else(|| Some(around.state_home()?.join("pins"))).map(Store::at)
}

/// The session with the pins of `server`. Without a directory they last as long as the proxy.
pub(crate) fn pinned(session: Session, settings: &Settings, around: &Surroundings, server: Server) -> Session {
    match (settings.pins.mode.value, store(settings, around)) {
        (PinMode::Off, _) => session,
        (PinMode::Disk, Some(store)) => session.pinned(Arc::new(File::new(store, server))),
        _ => session.pinned(Arc::new(Memory::default())),
    }
}

/// A server that is started. Secrets do not tell it apart, so they may change; a file does by its whole path, so that `server.py` of two
/// directories are two servers.
pub(crate) fn started(server: &StdioConfig, directory: &Path) -> Server {
    let words: Vec<String> = std::iter::once(&server.program)
        .chain(&server.args)
        .map(|word| whole(directory, word.as_ref()).unwrap_or_else(|| word.into()).to_string_lossy().into_owned())
        .collect();
    Server { name: server.name.clone(), by: By::Command(masked_command(&words)) }
}

/// One at a URL.
pub(crate) fn reached(name: Option<&str>, url: &str) -> Server {
    let (place, query) = url.split_once('?').map_or((url, None), |(place, query)| (place, Some(query)));
    let mut url = masked_command(&[place.to_owned()]).concat();
    for (at, pair) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        url.push(if at == 0 { '?' } else { '&' });
        url.push_str(&masked_command(&[pair.to_owned()]).concat());
    }
    Server { name: name.unwrap_or(&url).to_owned(), by: By::Url(url) }
}

/// The whole path of a file that is named from where the server runs.
fn whole(directory: &Path, word: &Path) -> Option<PathBuf> {
    if word.is_absolute() || word.as_os_str().is_empty() {
        return None;
    }
    let path = std::path::absolute(directory.join(word)).ok()?;
    // `a/../b` is left as it is written: where `a` is a link, it is not `b`.
    path.is_file().then(|| path.components().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_the_same_wherever_it_is_started_but_for_files_that_lie_there() {
        let (one, other) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        for dir in [&one, &other] {
            std::fs::write(dir.path().join("server.py"), "").expect("written");
        }
        let key = |words: &[&str], dir: &Path| started(&StdioConfig::new(words[0], &words[1..]), dir).key();
        let script = ["python", "server.py", "--fast"];
        assert_ne!(key(&script, one.path()), key(&script, other.path()));
        assert_eq!(key(&script, one.path()), key(&["python", "./server.py", "--fast"], one.path()));
        let package = ["npx", "-y", "server", "."];
        assert_eq!(key(&package, one.path()), key(&package, other.path()));
        assert_ne!(key(&package, one.path()), key(&["npx", "-y", "server", ".."], one.path()));
        let with = |token: &str| key(&["server", "--token", token], one.path());
        assert_eq!(with("a"), with("b"));
        let address = |secret: &str| reached(None, &format!("https://mcp.example/mcp?set=x&api_key={secret}")).key();
        assert_eq!(address("a"), address("b"));
        assert_ne!(address("a"), reached(None, "https://mcp.example/mcp?set=y").key());
    }
}

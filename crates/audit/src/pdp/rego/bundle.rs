//! The files of a bundle: policies, and the data that they look at, which stands where its folders say, as OPA has it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use regorus::{Engine, PolicyLengthConfig, Value};

use super::accept::{Names, accepted};
use super::builtin::json_not_held;

/// The most files of a bundle…
const MAX_FILES: usize = 1_000;
/// …the most bytes of one…
const MAX_FILE: u64 = 1024 * 1024;
/// …and the most folders below each other.
const MAX_DEPTH: usize = 16;
/// The most characters of a line: those of a generated policy are long.
const MAX_LINE: NonZeroU32 = NonZeroU32::new(16 * 1024).expect("not zero");

/// The most characters of one in which operators are written as calls.
const MAX_REWRITTEN: NonZeroU32 = NonZeroU32::new(256 * 1024).expect("not zero");

/// A bundle cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file or directory cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {what}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// There is none, or too much.
    #[error("{}: {what}", path.display())]
    Amount {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// The files are well, but do not decide together.
    #[error("{}: {rule} cannot be evaluated: {what}", path.display())]
    Policies {
        /// Where they are.
        path: PathBuf,
        /// What should decide.
        rule: String,
        /// What the interpreter says.
        what: String,
    },
}

/// Gives an engine all that lies at `path`.
pub(super) fn read_into(engine: &mut Engine, path: &Path) -> Result<(), BundleError> {
    let lengths = PolicyLengthConfig { max_col: MAX_LINE, ..PolicyLengthConfig::default() };
    // What was written is read first, and then as it is to be evaluated, with longer lines.
    let mut plain = Engine::new();
    plain.set_policy_length_config(lengths);
    engine.set_policy_length_config(PolicyLengthConfig { max_col: MAX_REWRITTEN, ..lengths });
    let mut files = Vec::new();
    if fs::metadata(path).map_err(|source| unreadable(path, source))?.is_dir() {
        gather(path, MAX_DEPTH, &mut files)?;
    } else {
        files.push(path.to_owned());
    }
    let amount = |what| Err(BundleError::Amount { path: path.to_owned(), what });
    if !files.iter().any(|file| is(file, "rego")) {
        return amount("there is no .rego file");
    }
    if files.len() > MAX_FILES {
        return amount("these are more than 1000 files");
    }
    let mut policies = Vec::new();
    for file in &files {
        let text = text(file)?;
        let wrong = |what: String| BundleError::File { path: file.clone(), what };
        if is(file, "json") {
            if let Some(what) = json_not_held(&text) {
                return Err(wrong(what));
            }
            let data = Value::from_json_str(&text).map_err(|error| wrong(error.to_string()))?;
            let place = file.parent().and_then(|folder| folder.strip_prefix(path).ok()).unwrap_or(Path::new(""));
            engine.add_data(placed(place, data)).map_err(|error| wrong(error.to_string()))?;
        } else {
            // What it says names the file and shows the line.
            let name = file.display().to_string();
            plain.add_policy(name.clone(), text).map_err(|error| wrong(error.to_string().trim().to_owned()))?;
            policies.push((file, name));
        }
    }
    let modules = plain.get_modules();
    let names = Names::of(modules.iter().map(AsRef::as_ref));
    for (module, (file, name)) in modules.iter().zip(policies) {
        let wrong = |what: String| BundleError::File { path: file.clone(), what };
        let text = accepted(module, &names).map_err(wrong)?;
        engine.add_policy(name, text).map_err(|error| wrong(error.to_string().trim().to_owned()))?;
    }
    Ok(())
}

/// The files below a folder, in an order that is always the same. Hidden ones are somebody else's: an editor's, or a mounted volume's own.
fn gather(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), BundleError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.map_err(|source| unreadable(folder, source))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") || files.len() > MAX_FILES {
            continue;
        }
        if fs::metadata(&path).map_err(|source| unreadable(&path, source))?.is_dir() {
            let Some(depth) = depth.checked_sub(1) else {
                return Err(BundleError::Amount { path, what: "it lies more than 16 folders deep" });
            };
            gather(&path, depth, files)?;
        } else if is(&path, "rego") || is(&path, "json") {
            files.push(path);
        }
    }
    Ok(())
}

fn text(file: &Path) -> Result<String, BundleError> {
    let mut text = String::new();
    let read = File::open(file).and_then(|opened| opened.take(MAX_FILE + 1).read_to_string(&mut text));
    match read {
        Err(source) => Err(unreadable(file, source)),
        Ok(_) if text.len() as u64 > MAX_FILE => {
            Err(BundleError::Amount { path: file.to_owned(), what: "it is longer than 1 MiB" })
        }
        Ok(_) => Ok(text),
    }
}

/// Data at the place of its folders.
fn placed(folders: &Path, data: Value) -> Value {
    folders.components().rev().fold(data, |data, folder| {
        let mut object = Value::new_object();
        if let Ok(entries) = object.as_object_mut() {
            entries.insert(folder.as_os_str().to_string_lossy().into_owned().into(), data);
        }
        object
    })
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|own| own == extension)
}

fn unreadable(path: &Path, source: io::Error) -> BundleError {
    BundleError::Unreadable { path: path.to_owned(), source }
}

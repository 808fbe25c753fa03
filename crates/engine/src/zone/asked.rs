//! What is asked about one path: how sure it is that it is one, and what is to be done there.

use std::borrow::Cow;

use crate::role::name::each_word;

use super::{Breach, Rights, Standing, Trouble, What};

/// How sure it is that a text is a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sure {
    /// It is one.
    Path,
    /// It has the shape of one.
    Shape,
    /// It has the name of one alone: `location: Zurich`.
    Word,
}

/// A path under judgment.
pub(super) struct Asked<'a> {
    pub(super) text: &'a str,
    pub(super) pointer: &'a str,
    pub(super) sure: Sure,
    pub(super) needs: Rights,
}

impl Asked<'_> {
    /// Whether it is a path, or leads somewhere like one: something stands there, or could be made there.
    pub(super) fn is_meant(&self, standing: &Standing) -> bool {
        if self.sure == Sure::Path {
            return true;
        }
        if self.text.len() < 2 {
            return false;
        }
        match standing.what {
            _ if standing.trouble == Some(Trouble::MagicLink) => true,
            // Next to nothing is made in the root itself, and `/users` is a route more often than a file.
            What::Missing => {
                self.sure == Sure::Shape
                    && self.needs.contains(Rights::WRITE)
                    && standing.place.matches(['/', '\\']).count() > 1
            }
            What::Nowhere => false,
            What::File(_) | What::Directory | What::Special => true,
        }
    }

    pub(super) fn evidence(&self, breach: Breach, standing: &Standing) -> String {
        let Self { text, needs, .. } = self;
        let leads = if *text == standing.place {
            Cow::Borrowed(*text)
        } else {
            format!("{text} → {}", standing.place).into()
        };
        match (standing.trouble, breach) {
            (Some(trouble), _) => format!("{leads} {trouble}"),
            (None, Breach::Right) => format!("{leads} (needed: {needs})"),
            _ => leads.into_owned(),
        }
    }
}

/// Whether an argument of this name can be nothing but a file or a directory. `location`, `source`, `profile` can.
pub(super) fn names_file(key: &str) -> bool {
    let mut names = false;
    each_word(key, |word| {
        names |= matches!(
            word,
            "path"
                | "paths"
                | "pathname"
                | "file"
                | "files"
                | "filename"
                | "filenames"
                | "filepath"
                | "filepaths"
                | "dir"
                | "dirs"
                | "directory"
                | "directories"
                | "dirname"
                | "folder"
                | "folders"
                | "cwd"
                | "workdir"
                | "logfile"
                | "outfile"
                | "infile"
                | "outputpath"
        );
    });
    names
}

/// The property path and the name of an argument: `/params/arguments/edits/0/path` is `edits/path` and `path`.
pub(super) fn property(pointer: &str) -> (String, String) {
    let below =
        pointer.strip_prefix("/params/arguments").or_else(|| pointer.strip_prefix("/params")).unwrap_or(pointer);
    let is_index = |step: &&str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    let steps: Vec<String> = below
        .split('/')
        .filter(|step| !step.is_empty() && !is_index(step))
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect();
    (steps.join("/"), steps.last().cloned().unwrap_or_default())
}

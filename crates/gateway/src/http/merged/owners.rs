//! Whose a resource is: of the server that has listed it, or has a template that it fits.

use std::collections::HashMap;

/// What the servers have listed, by the order in which they come.
#[derive(Debug, Default)]
pub(super) struct Owners {
    /// By URI.
    listed: Option<HashMap<String, usize>>,
    /// By what templates begin with.
    templates: Option<Vec<(String, usize)>>,
}

impl Owners {
    /// The resources that are listed now, of servers in their order. One that an earlier server has listed stays its own: the answer says
    /// which are.
    pub(super) fn list(&mut self, uris: impl IntoIterator<Item = (String, usize)>) -> Vec<bool> {
        let mut listed = HashMap::new();
        let kept = uris.into_iter().map(|(uri, at)| *listed.entry(uri).or_insert(at) == at).collect();
        self.listed = Some(listed);
        kept
    }

    /// The templates that are listed now, of servers in their order.
    pub(super) fn list_templates(&mut self, templates: impl IntoIterator<Item = (String, usize)>) {
        let begins = |template: String| template.split('{').next().unwrap_or_default().to_owned();
        self.templates = Some(templates.into_iter().map(|(template, at)| (begins(template), at)).collect());
    }

    /// Whether it was listed at all.
    pub(super) fn is_known(&self) -> bool {
        self.listed.is_some() && self.templates.is_some()
    }

    /// Whose `uri` is, which may be a template itself.
    pub(super) fn of(&self, uri: &str) -> Option<usize> {
        let listed = self.listed.as_ref().and_then(|listed| listed.get(uri)).copied();
        let fits = |(begins, _): &&(String, usize)| !begins.is_empty() && uri.starts_with(&**begins);
        // Of two whose templates it fits, it is the earlier one's: a later one cannot draw it to itself.
        let by_template = || self.templates.iter().flatten().filter(fits).map(|(_, at)| *at).min();
        listed.or_else(by_template)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_first_keeps_what_two_have() {
        let mut owners = Owners::default();
        let kept = owners.list([("a:1", 0), ("a:2", 0), ("a:1", 1), ("b:1", 1)].map(|(uri, at)| (uri.to_owned(), at)));
        assert_eq!(kept, [true, true, false, true]);
        owners.list_templates(
            [("file:///{path}", 0), ("file:///home/{x}", 1), ("{any}", 1)].map(|(t, at)| (t.to_owned(), at)),
        );
        for (uri, owner) in [
            ("a:1", Some(0)),
            ("b:1", Some(1)),
            ("file:///home/me", Some(0)),
            ("file:///{path}", Some(0)),
            ("other:x", None),
        ] {
            assert_eq!(owners.of(uri), owner, "{uri}");
        }
    }
}

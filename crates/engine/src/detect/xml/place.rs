//! Places that a document is loaded from: whose they are.

/// Owners of document types that every parser's catalogue knows.
#[rustfmt::skip]
const OWNERS: &[&str] = &[
    "W3C", "OASIS", "Apple", "Apache", "Apache Software Foundation", "Spring", "SPRING", "Hibernate", "IETF", "NetBeans", "Sun Microsystems, Inc.",
    "JBoss", "mybatis.org", "Checkstyle", "Puppy Crawl", "PMD", "Oracle", "Google", "freedesktop", "GNOME", "JSR", "WAPFORUM", "NLM", "DTD", "OpenSymphony Group",
    "BEA Systems, Inc.", "Eclipse", "KDE", "ibatis.apache.org", "Jetty", "Mort Bay Consulting", "Intuit", "NCBI", "Google Inc.", "Netscape Communications",
];

/// Hosts of document types.
#[rustfmt::skip]
const HOSTS: &[&str] = &[
    "w3.org", "apple.com", "oasis-open.org", "docbook.org", "docbook.sourceforge.net", "apache.org", "springframework.org", "hibernate.org", "mybatis.org",
    "sun.com", "jcp.org", "oracle.com", "jboss.org", "jboss.com", "checkstyle.org", "puppycrawl.com", "netbeans.org", "gnome.org", "freedesktop.org", "eclipse.org",
    "opensymphony.com", "openmobilealliance.org", "wapforum.org", "nih.gov", "bea.com", "kde.org", "eclipse.dev", "google.com", "xml.org", "xmlsoap.org", "maven.apache.org", "openoffice.org", "musicxml.org", "python.org",
];

/// Whether what is loaded by these identifiers is neither a file of the document's own folder nor a standard.
pub(super) fn is_foreign(public: &str, system: &str, is_entity: bool) -> bool {
    let system = system.trim();
    let owner = public.strip_prefix("-//").or_else(|| public.strip_prefix("+//"));
    let owner = owner.and_then(|rest| rest.split("//").next());
    let known = owner.is_some_and(|owner| OWNERS.contains(&owner));
    if let Some(host) = host(system) {
        return !HOSTS
            .iter()
            .any(|known| host == *known || host.strip_suffix(known).is_some_and(|sub| sub.ends_with('.')));
    }
    if points_out(system) {
        return true;
    }
    // `<!DOCTYPE html SYSTEM "about:legacy-compat">`, `<!DOCTYPE book SYSTEM "book.dtd">`.
    let file = [".dtd", ".ent", ".mod", ".xml", ".sgml", ".xsd", ".rng", ".txt", ".gml", ".svg"]
        .iter()
        .any(|end| system.to_ascii_lowercase().ends_with(end));
    is_entity && !known && !file
}

/// The host of an address of the web.
pub(super) fn host(place: &str) -> Option<&str> {
    let rest =
        strip_prefix_ignoring_case(place, "http://").or_else(|| strip_prefix_ignoring_case(place, "https://"))?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    host.split(':').next()
}

/// Whether a place is a file or an address outside, by scheme or by path.
pub(super) fn points_out(place: &str) -> bool {
    let place = place.trim_start();
    let drive = matches!(place.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    drive
        || place.starts_with(['/', '\\', '&', '%'])
        || place.starts_with("../")
        || SCHEMES.iter().any(|scheme| strip_prefix_ignoring_case(place, scheme).is_some())
}

/// Schemes of files, streams and servers other than the web's.
#[rustfmt::skip]
const SCHEMES: &[&str] = &[
    "file:", "ftp:", "php:", "expect:", "data:", "jar:", "netdoc:", "gopher:", "phar:", "zip:", "ldap:", "ldaps:", "dict:", "sftp:", "tftp:", "mailto:",
    "compress.", "ogg:", "glob:", "ssh2.", "rar:", "unc:", "smb:", "http:", "https:",
];

fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    text.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix))?;
    text.get(prefix.len()..)
}

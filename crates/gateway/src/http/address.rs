//! From which address somebody asks, and whether anybody may from there.

use std::net::IpAddr;

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

use super::reply::Fault;

/// Where those who pass requests on say from whom they have them.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Which addresses are let in, and which are believed.
#[derive(Debug, Clone, Default)]
pub(super) struct Addresses {
    /// From where one may ask; from everywhere where there is none.
    pub(super) allowed: Vec<IpNet>,
    /// Who is believed when it says for whom it asks.
    pub(super) proxies: Vec<IpNet>,
}

impl Addresses {
    /// The address of who asks, if it is let in. `peer` is the other end of the connection.
    pub(super) fn admit(&self, peer: IpAddr, headers: &HeaderMap) -> Result<IpAddr, Fault> {
        let client = self.client(peer.to_canonical(), headers);
        let client = client.ok_or_else(|| Fault::new(StatusCode::BAD_REQUEST, "X-Forwarded-For cannot be read"))?;
        if !self.allowed.is_empty() && !holds(&self.allowed, client) {
            return Err(Fault::new(StatusCode::FORBIDDEN, "this address is not let in (--allow-from)"));
        }
        Ok(client)
    }

    /// Each proxy adds the one that it was asked by: the last that no proxy of ours is, has asked. What stands before that, anybody may
    /// have written.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let mut client = peer;
        let hops: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        let mut hops = hops.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        while holds(&self.proxies, client) {
            let Some(hop) = hops.next() else { break };
            client = hop_address(std::str::from_utf8(hop).ok()?.trim())?;
        }
        Some(client)
    }
}

fn holds(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// An address as proxies write it: some with a port.
fn hop_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').map_or_else(
        || text.split_once(':').filter(|(_, port)| !port.contains(':')).map_or(text, |(address, _)| address),
        |rest| rest.split_once(']').map_or(rest, |(address, _)| address),
    );
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn admitted(allowed: &[&str], peer: &str, lines: &[&str]) -> Option<String> {
        let proxies = networks(&["10.0.0.0/8", "fd00::/8"]);
        let addresses = Addresses { allowed: networks(allowed), proxies };
        let headers = lines.iter().map(|line| (FORWARDED_FOR, line.parse().unwrap())).collect();
        addresses.admit(peer.parse().unwrap(), &headers).ok().map(|client| client.to_string())
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_of_whom_it_was_asked_by() {
        for (peer, lines, client) in [
            ("203.0.113.9", &[][..], Some("203.0.113.9")),
            ("203.0.113.9", &["10.0.0.1"], Some("203.0.113.9")),
            ("10.0.0.1", &[], Some("10.0.0.1")),
            ("10.0.0.1", &["198.51.100.7"], Some("198.51.100.7")),
            ("10.0.0.1", &["127.0.0.1, 198.51.100.7, 10.0.0.2"], Some("198.51.100.7")),
            ("10.0.0.1", &["127.0.0.1", "198.51.100.7", "10.0.0.2"], Some("198.51.100.7")),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], Some("10.0.0.3")),
            ("10.0.0.1", &["garbage, 198.51.100.7:4711"], Some("198.51.100.7")),
            ("::ffff:10.0.0.1", &["[2001:db8::1]:4711"], Some("2001:db8::1")),
            ("fd00::1", &["2001:db8::1"], Some("2001:db8::1")),
            ("10.0.0.1", &["198.51.100.7, unknown"], None),
            ("10.0.0.1", &["198.51.100.7,"], None),
        ] {
            assert_eq!(admitted(&[], peer, lines).as_deref(), client, "{peer} {lines:?}");
        }
    }

    #[test]
    fn a_list_lets_in_whom_it_names_whatever_the_header_says() {
        let list = &["192.0.2.0/24", "2001:db8::/32"];
        assert!(admitted(list, "192.0.2.7", &[]).is_some());
        assert!(admitted(list, "::ffff:192.0.2.7", &[]).is_some());
        assert!(admitted(list, "10.0.0.1", &["192.0.2.7"]).is_some());
        assert!(admitted(list, "203.0.113.9", &["192.0.2.7"]).is_none());
        assert!(admitted(list, "10.0.0.1", &["192.0.2.7, 203.0.113.9"]).is_none());
        assert!(admitted(list, "10.0.0.1", &[]).is_none());
    }

    proptest! {
        #[test]
        fn whoever_is_no_proxy_is_where_it_is(line in "[ -~]{0,80}|([0-9.:a-f, ]{0,30}){3}") {
            let peer = "203.0.113.9";
            prop_assert_eq!(admitted(&[], peer, &[&line]), Some(peer.to_owned()));
        }

        #[test]
        fn what_a_client_writes_itself_does_not_matter(before in "[ -~]{0,60}") {
            let line = format!("{before},198.51.100.7, 10.0.0.2");
            prop_assert_eq!(admitted(&[], "10.0.0.1", &[&line]), Some("198.51.100.7".to_owned()));
        }
    }
}

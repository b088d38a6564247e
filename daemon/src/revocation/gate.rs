//! Which addresses on the network may be asked for revocation lists. Pure; it changes when that policy changes.
//!
//! The address of a list stands in a certificate, and certificates come by mail. Only those of paths that held are looked at
//! (`signers.rs`), and even those may name hosts of the administrator's list alone: nobody else chooses where we connect.

use hyper::Uri;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest address of a list, bytes. Real ones have under 100.
const URL_BYTES_MAX: usize = 1024;

/// What may be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gate {
    /// `host`, on the usual port, or `host:port`; lower case.
    pub hosts: Vec<String>,
    /// Addresses of the body's own network that a host may have. All others must be public.
    pub inner: Vec<IpAddr>,
}

/// Where to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// TLS from the first byte.
    pub tls: bool,
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

impl Gate {
    /// Where `url` leads, if that may be asked.
    ///
    /// # Errors
    /// Why not, in Italian.
    pub fn target(&self, url: &str) -> Result<Target, String> {
        let bad = || format!("«{}» non è un indirizzo http", url.get(..80).unwrap_or(url).escape_debug());
        if url.len() > URL_BYTES_MAX {
            return Err(bad());
        }
        let uri: Uri = url.parse().map_err(|_| bad())?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(bad()),
        };
        let authority = uri.authority().filter(|a| !a.as_str().contains('@')).ok_or_else(bad)?;
        let host = authority.host().to_ascii_lowercase();
        let usual = if tls { 443 } else { 80 };
        let port = authority.port_u16().unwrap_or(usual);
        let listed = self.hosts.iter().any(|h| *h == format!("{host}:{port}") || (port == usual && *h == host));
        if !listed {
            let shown = if port == usual { host } else { format!("{host}:{port}") };
            return Err(format!("{shown} non è tra gli host di `revoca.host`"));
        }
        let path = uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
        Ok(Target { tls, host, port, path })
    }

    /// Whether a connection to this address may be opened: a listed name could be made to point into our network.
    #[must_use]
    pub fn admits(&self, address: IpAddr) -> bool {
        self.inner.contains(&address) || is_public(address)
    }
}

/// An address of the public network (RFC 6890, RFC 8190: everything that is not «globally reachable» is refused).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || (a == 100 && (64..128).contains(&b)) // shared address space, RFC 6598
        || (a == 192 && b == 0 && c == 0) // protocol assignments, RFC 6890
        || (a == 198 && (18..20).contains(&b)) // benchmarks, RFC 2544
        || a >= 240; // reserved, and broadcast
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Forms that carry a v4 address are that address: mapped, compatible, 6to4 (RFC 3056), NAT64 (RFC 6052).
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(w, x, y, z))
    };
    match (a, b) {
        _ if [a, b, c, d, e] == [0; 5] && (f == 0xffff || f == 0) => v4(g, h),
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => v4(g, h),
        (0x2002, _) => v4(b, c),
        (0x2001, 0..0x200) | (0x2001, 0x0db8) => false, // protocol assignments (Teredo too), documentation
        _ => (0x2000..0x4000).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        Gate {
            hosts: vec!["ca1.agid.gov.it".into(), "crl.ente.example:8080".into()],
            inner: vec!["10.1.2.3".parse().unwrap()],
        }
    }

    #[test]
    fn only_listed_hosts_on_their_ports_are_asked() {
        let target = gate().target("http://CA1.agid.gov.it/CRL?x=1").unwrap();
        let expected = Target { tls: false, host: "ca1.agid.gov.it".into(), port: 80, path: "/CRL?x=1".into() };
        assert_eq!(target, expected);
        assert!(gate().target("https://ca1.agid.gov.it").unwrap().tls);
        assert_eq!(gate().target("http://crl.ente.example:8080/a").unwrap().port, 8080);
        for refused in [
            "http://ca1.agid.gov.it:8080/CRL",
            "http://ca1.agid.gov.it:443/CRL",
            "http://crl.ente.example/a",
            "http://ca1.agid.gov.it.evil.example/CRL",
            "http://evil.example/ca1.agid.gov.it",
            "http://ca1.agid.gov.it@evil.example/CRL",
            "http://user@ca1.agid.gov.it/CRL",
            "ftp://ca1.agid.gov.it/CRL",
            "file:///etc/passwd",
            "ldap://ca1.agid.gov.it/CRL",
            "/CRL",
            "http://ca1.agid.gov.it/C RL",
            "http://ca1.agid.gov.it/\r\nX: y",
            "",
        ] {
            assert!(gate().target(refused).is_err(), "{refused}");
        }
        assert!(gate().target(&format!("http://ca1.agid.gov.it/{}", "a".repeat(2000))).is_err());
    }

    #[test]
    fn a_listed_name_that_points_into_a_network_of_ours_is_not_followed() {
        let admits = |text: &str| gate().admits(text.parse().unwrap());
        for public in ["93.184.216.34", "2a02:1234::1", "64:ff9b::5db8:d822", "10.1.2.3"] {
            assert!(admits(public), "{public}");
        }
        for inner in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "203.0.113.9",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!admits(inner), "{inner}");
        }
    }
}

//! Which addresses may be fetched from: the form of a URL and the ranges an IP address may not lie in. Nothing here
//! touches the network.
//!
//! Ranges follow the IANA special-purpose registries
//! (<https://www.iana.org/assignments/iana-ipv4-special-registry/>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry/>), read on the side of caution: of IPv6, only global
//! unicast that embeds no IPv4 address is public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Url;

/// Longest address looked at, bytes. RFC 9110 asks for at least 8000; pictures of a quote need no such thing.
const MAX_URL_BYTES: usize = 2048;

/// Instance metadata of clouds that lies outside link-local ranges: Azure's wire server, Alibaba Cloud, AWS over IPv6,
/// Oracle Cloud. Refused even where private networks are allowed.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
];

/// How far an IP address may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// On the public internet.
    Public,
    /// Of a network of one's own; the text names the range.
    Private(&'static str),
    /// Never a server of pictures; the text names the range.
    Never(&'static str),
}

/// A URL whose form allows fetching it; names are checked again once they are resolved.
///
/// # Errors
/// The reason, naming the value and what is allowed.
pub(super) fn check_url(text: &str, allow_private: bool) -> Result<Url, String> {
    if text.len() > MAX_URL_BYTES {
        return Err(format!("{} bytes long, allowed are {MAX_URL_BYTES}", text.len()));
    }
    let url = Url::parse(text).map_err(|e| format!("not a URL ({e})"))?;
    check_parsed(&url, allow_private)?;
    Ok(url)
}

/// The same for an address that is parsed already, such as the target of a redirect.
///
/// # Errors
/// The reason, naming the value and what is allowed.
pub(super) fn check_parsed(url: &Url, allow_private: bool) -> Result<(), String> {
    if url.as_str().len() > MAX_URL_BYTES {
        return Err(format!("{} bytes long, allowed are {MAX_URL_BYTES}", url.as_str().len()));
    }
    let default_port = match url.scheme() {
        "http" => 80,
        "https" => 443,
        other => return Err(format!("scheme `{other}`, allowed are http and https")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("user and password are not allowed in it".to_owned());
    }
    let port = url.port().unwrap_or(default_port);
    if !allow_private && !matches!(port, 80 | 443) {
        return Err(format!("port {port}, allowed are 80 and 443"));
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or("it has no host")?;
    // The URL parser has turned decimal, hexadecimal, octal and shortened forms into four numbers by now.
    match ip_literal(host) {
        Some(ip) => check_ip(ip, allow_private),
        None if url.domain().is_some() => Ok(()),
        None => Err("its host is neither a name nor an IP address".to_owned()),
    }
}

/// Refuses an IP address that must not be connected to.
///
/// # Errors
/// The range it lies in; the address itself is not named, since it may reveal an internal network.
pub(super) fn check_ip(ip: IpAddr, allow_private: bool) -> Result<(), String> {
    match reach(ip) {
        Reach::Public => Ok(()),
        Reach::Private(_) if allow_private => Ok(()),
        Reach::Private(range) | Reach::Never(range) => {
            Err(format!("it points to a {range} address, allowed are public ones"))
        }
    }
}

/// A URL without user, password, query and fragment; what is no URL is cut at the first `?` or `#`, and at a userinfo.
pub(super) fn without_secrets(text: &str) -> String {
    let text: String = text.chars().take(MAX_URL_BYTES).collect();
    if let Some(mut url) = Url::parse(&text).ok().filter(|url| !url.cannot_be_a_base()) {
        let cleared = url.set_username("").is_ok() && url.set_password(None).is_ok();
        if cleared || (url.username().is_empty() && url.password().is_none()) {
            url.set_query(None);
            url.set_fragment(None);
            return url.to_string();
        }
    }
    let path = text.split(['?', '#']).next().unwrap_or_default();
    match path.rsplit_once('@') {
        Some((_, after)) => format!("…@{after}"),
        None => path.to_owned(),
    }
}

fn ip_literal(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse().ok(),
    }
}

fn reach(ip: IpAddr) -> Reach {
    if METADATA.contains(&ip.to_canonical()) {
        return Reach::Never("cloud metadata");
    }
    match ip {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => reach_v6(v6),
    }
}

fn reach_v4(ip: Ipv4Addr) -> Reach {
    let [a, b, c, _] = ip.octets();
    match (a, b, c) {
        (0, ..) => Reach::Never("`this network` (0.0.0.0/8)"),
        (127, ..) => Reach::Private("loopback (127.0.0.0/8)"),
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => Reach::Private("private (RFC 1918)"),
        (100, 64..=127, _) => Reach::Private("carrier-grade NAT (100.64.0.0/10)"),
        (169, 254, _) => Reach::Never("link-local (169.254.0.0/16)"),
        (192, 0, 0) => Reach::Never("protocol assignment (192.0.0.0/24)"),
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => Reach::Never("documentation (RFC 5737)"),
        (192, 88, 99) => Reach::Never("6to4 relay (192.88.99.0/24)"),
        (192, 31, 196) | (192, 52, 193) | (192, 175, 48) => Reach::Never("AS112 or AMT (RFC 7534, 7535, 7450)"),
        (198, 18..=19, _) => Reach::Never("benchmark (198.18.0.0/15)"),
        (224..=239, ..) => Reach::Never("multicast (224.0.0.0/4)"),
        (240..=255, ..) => Reach::Never("reserved or broadcast (240.0.0.0/4)"),
        _ => Reach::Public,
    }
}

fn reach_v6(ip: Ipv6Addr) -> Reach {
    if ip == Ipv6Addr::LOCALHOST {
        return Reach::Private("loopback (::1)");
    }
    if let Some(v4) = ip.to_ipv4_mapped() {
        // The kernel connects to the IPv4 address: it is judged as that, and never as public, since no honest name
        // resolves to the mapped form.
        return match reach_v4(v4) {
            Reach::Public => Reach::Never("IPv4-mapped (::ffff:0:0/96)"),
            other => other,
        };
    }
    let [first, second, third, ..] = ip.segments();
    match (first, second, third) {
        (0xfc00..=0xfdff, ..) => Reach::Private("unique local (fc00::/7)"),
        (0xfe80..=0xfebf, ..) => Reach::Never("link-local (fe80::/10)"),
        (0xff00..=0xffff, ..) => Reach::Never("multicast (ff00::/8)"),
        (0x64, 0xff9b, _) => Reach::Never("NAT64 (64:ff9b::/96, 64:ff9b:1::/48)"),
        (0x2001, 0..=0x1ff, _) => Reach::Never("protocol assignment, Teredo included (2001::/23)"),
        (0x2001, 0xdb8, _) | (0x3fff, 0..=0xfff, _) => Reach::Never("documentation (2001:db8::/32, 3fff::/20)"),
        (0x2002, ..) => Reach::Never("6to4 (2002::/16)"),
        (0x2620, 0x4f, 0x8000) => Reach::Never("AS112 (2620:4f:8000::/48)"),
        (0x2000..=0x3fff, ..) => Reach::Public,
        _ => Reach::Never("not globally routed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spellings of addresses that must never be connected to: loopback in every notation the URL standard knows, inner
    /// ranges, IPv4 inside IPv6, metadata, other schemes and ports, credentials.
    const REFUSED: [&str; 69] = [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://0177.0x0.0.1/",
        "http://127.0.0.1./",
        "http://127.255.255.254/",
        "http://%31%32%37.0.0.1/",
        "http://127。0。0。1/",
        "http://１２７.0.0.1/",
        "http://①②⑦.0.0.1/",
        "http:\\\\127.0.0.1\\",
        "http:127.0.0.1",
        "http:////127.0.0.1/",
        "  http://127.0.0.1/",
        "ht\ntp://127.0.0.1/",
        "http://0/",
        "http://0.0.0.0/",
        "http://0.1.2.3/",
        "http://10.0.0.1/",
        "http://10.255.255.255/",
        "http://0xa000001/",
        "http://172.16.0.1/",
        "http://172.31.255.255/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://100.127.255.255/",
        "http://100.100.100.200/latest/meta-data/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://168.63.129.16/",
        "http://192.0.0.192/",
        "http://192.0.2.1/",
        "http://198.51.100.7/",
        "http://203.0.113.7/",
        "http://198.18.0.1/",
        "http://198.19.255.255/",
        "http://192.88.99.1/",
        "http://224.0.0.1/",
        "http://239.255.255.250/",
        "http://240.0.0.1/",
        "http://255.255.255.255/",
        "http://[::]/",
        "http://[::1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::ffff:8.8.8.8]/",
        "http://[::127.0.0.1]/",
        "http://[::ffff:0:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b:1::a00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
        "http://[2001:db8::1]/",
        "http://[3fff::1]/",
        "http://[fc00::1]/",
        "http://[fd00:ec2::254]/",
        "http://[fe80::1]/",
        "http://[fec0::1]/",
        "http://[ff02::1]/",
        "http://[100::1]/",
        "http://[5f00::1]/",
    ];

    #[test]
    fn every_spelling_of_an_inner_address_is_refused() {
        for url in REFUSED {
            assert!(check_url(url, false).is_err(), "{url}");
        }
    }

    #[test]
    fn other_schemes_ports_and_credentials_are_refused() {
        for url in [
            "file:///etc/passwd",
            "ftp://example.com/logo.png",
            "gopher://example.com/",
            "javascript:alert(1)",
            "unix:/run/x.sock",
            "//example.com/logo.png",
            "logo.png",
            "",
            "http://",
            "http://user@example.com/",
            "http://user:secret@example.com/",
            "http://:secret@example.com/",
            "http://example.com:22/",
            "http://example.com:8080/",
            "https://example.com:0/",
            "http://256.1.1.1/",
            "http://1.2.3.4.5/",
            "http://[fe80::1%25eth0]/",
        ] {
            assert!(check_url(url, false).is_err(), "{url}");
        }
        assert!(check_url(&format!("http://example.com/{}", "a".repeat(MAX_URL_BYTES)), false).is_err());
    }

    #[test]
    fn public_addresses_and_names_pass() {
        for url in [
            "http://example.com/logo.png",
            "https://example.com:443/logo.png?size=1#x",
            "https://example.com:80/",
            "http://8.8.8.8/",
            "http://172.32.0.1/",
            "http://100.128.0.1/",
            "http://192.0.1.1/",
            "http://198.20.0.1/",
            "http://223.255.255.255/",
            "https://[2606:4700::1111]/",
            "https://[2a00:1450:4001::200e]/",
            "https://bücher.example/",
        ] {
            assert_eq!(check_url(url, false).err(), None, "{url}");
        }
    }

    #[test]
    fn an_allowed_private_network_still_excludes_link_local_and_metadata() {
        for url in
            ["http://127.0.0.1:8080/", "http://10.1.2.3/", "http://[::1]:9/", "http://[fd12::1]/", "http://100.64.0.1/"]
        {
            assert_eq!(check_url(url, true).err(), None, "{url}");
        }
        for url in [
            "http://169.254.169.254/",
            "http://[::ffff:169.254.169.254]/",
            "http://100.100.100.200/",
            "http://[::ffff:100.100.100.200]/",
            "http://[fd00:ec2::254]/",
            "http://224.0.0.1/",
            "http://0.0.0.0/",
            "http://[64:ff9b::7f00:1]/",
        ] {
            assert!(check_url(url, true).is_err(), "{url}");
        }
    }

    #[test]
    fn names_of_addresses_keep_no_secret() {
        assert_eq!(without_secrets("https://u:p@example.com/a.png?sig=abc#frag"), "https://example.com/a.png");
        for text in ["https://u:secret@exa mple.com/?secret", "u:secret@host?secret#secret", "https://x:secret@[bad/"] {
            assert!(!without_secrets(text).contains("secret"), "{text} became {}", without_secrets(text));
        }
    }
}

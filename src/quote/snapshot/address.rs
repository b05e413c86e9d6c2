//! Whether web addresses, e-mail addresses, telephone numbers, identifiers of companies and object keys look right. Nothing is looked up.

/// Whether `text` is an absolute http or https address with a host and nothing that cannot stand in one.
pub(super) fn is_http_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
        && is_host_and_port(authority)
        && !text
            .contains(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}'))
}

/// Whether `text` is a bare host name with an optional path: `solnorte.example/cotizar`.
pub(super) fn is_bare_site(text: &str) -> bool {
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    host.contains('.') && !text.contains(char::is_whitespace) && is_host_and_port(host)
}

fn is_host_and_port(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) if !authority.starts_with('[') => return false,
        _ => authority,
    };
    let labels = host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let ipv6 = host.starts_with('[') && host.ends_with(']');
    !host.is_empty() && (labels || ipv6) && !host.starts_with('.') && !host.contains("..")
}

/// Whether `text` has the shape of an e-mail address: something, one `@`, a host with a dot, no spaces.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    !local.is_empty() && !text.contains(char::is_whitespace) && !local.contains('@') && is_bare_site(host)
}

/// Whether `text` has the shape of a telephone number: 5 to 20 digits (15 by E.164, and an extension) and the usual
/// marks between them.
pub(super) fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    let usual = |c: char| c.is_numeric() || matches!(c, '+' | '-' | '(' | ')' | '.' | '/' | ' ' | '\u{A0}' | '#' | 'x');
    (5..=20).contains(&digits) && text.chars().all(usual)
}

/// Whether `id` can be the identifier of a company or an organization.
pub(super) fn is_tenant_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
    !id.is_empty() && id.bytes().all(allowed) && !id.starts_with('.')
}

/// Whether `key` can be a key in object storage: relative, no empty, `.` or `..` parts, no backslash.
pub(super) fn is_object_key(key: &str) -> bool {
    !key.contains(['\\', '?', '#']) && key.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_addresses() {
        for good in
            ["https://solnorte.example", "HTTP://a.example:8080/x?y=1#z", "https://[::1]/", "https://münchen.example/ä"]
        {
            assert!(is_http_url(good), "{good}");
        }
        for bad in [
            "solnorte.example",
            "ftp://a.example",
            "https://",
            "https:///x",
            "https://a b.example",
            "javascript:alert(1)",
            "https://a.example/<x>",
            "https://a.example:port/",
        ] {
            assert!(!is_http_url(bad), "{bad}");
        }
        assert!(
            is_bare_site("solnorte.example/cotizar") && !is_bare_site("solnorte") && !is_bare_site("javascript:a.b")
        );
    }

    #[test]
    fn contacts() {
        assert!(is_email("ventas@solnorte.example") && !is_email("ventas@solnorte") && !is_email("a b@c.example"));
        assert!(is_phone("+56 9 5555 0147") && is_phone("(011) 5555-0123") && !is_phone("call me") && !is_phone("12"));
    }

    #[test]
    fn object_keys_stay_inside() {
        assert!(is_object_key("org_01/logos/a.png"));
        for bad in ["/a", "a//b", "a/../b", "..", "a\\b", ""] {
            assert!(!is_object_key(bad), "{bad}");
        }
    }
}

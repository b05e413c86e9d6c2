//! Secrets that have strayed into a document: keys that name them, values that look like them.
//!
//! A snapshot is stored, logged about and turned into a public video, so a secret in it is refused, never shown, and
//! never repeated in a message.

use serde_json::Value;

use crate::ground::problem::{Problem, Problems, element, member};

/// Words that betray a key, compared without case, hyphens and underscores; no field of the contract contains one.
const KEY_PARTS: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "authorization",
    "privatekey",
    "accesskey",
    "credential",
];
/// Keys that are secrets only as a whole word.
const KEYS: [&str; 4] = ["pwd", "jwt", "cookie", "bearer"];
/// Query parameters that sign or authorise an address, in lower case.
const PARAMETERS: [&str; 20] = [
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "x-goog-signature",
    "x-goog-credential",
    "awsaccesskeyid",
    "googleaccessid",
    "signature",
    "sig",
    "token",
    "access_token",
    "id_token",
    "refresh_token",
    "auth",
    "authorization",
    "api_key",
    "apikey",
    "password",
    "secret",
    "jwt",
];
/// How keys of well-known services begin, with the fewest letters, digits, `-` and `_` that follow in a real one.
const PREFIXES: [(&str, usize, &str); 12] = [
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("AIza", 35, "a Google API key"),
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("github_pat_", 22, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("sk_live_", 16, "a Stripe key"),
    ("rk_live_", 16, "a Stripe key"),
    ("EAAG", 60, "a Meta access token"),
];

/// Every secret in `value`, at any depth.
pub(super) fn find(value: &Value) -> Problems {
    let mut found = Problems::new();
    walk(value, String::new(), &mut found);
    found
}

fn walk(value: &Value, pointer: String, found: &mut Problems) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let pointer = member(&pointer, key);
                if names_secret(key) {
                    found.push(problem(pointer, "a field whose name says that it holds a secret"));
                } else {
                    walk(value, pointer, found);
                }
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                walk(value, element(&pointer, index), found);
            }
        }
        Value::String(text) => {
            if let Some(kind) = secret_in(text) {
                found.push(problem(pointer, kind));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn problem(pointer: String, kind: &str) -> Problem {
    Problem::error("credential", pointer, format!("{kind} (not shown)"), "no secrets in a snapshot")
        .with_hint("take it out, and replace the secret: it has been copied")
}

fn names_secret(key: &str) -> bool {
    let plain: String = key.chars().filter(char::is_ascii_alphanumeric).take(200).collect();
    let plain = plain.to_ascii_lowercase();
    KEYS.contains(&plain.as_str()) || KEY_PARTS.iter().any(|part| plain.contains(part))
}

/// What kind of secret `text` holds, if any. Pictures in data URIs are not searched.
fn secret_in(text: &str) -> Option<&'static str> {
    if text
        .trim_start()
        .strip_prefix("data:")
        .and_then(|rest| rest.get(..60))
        .is_some_and(|head| head.contains(";base64,"))
    {
        return None;
    }
    if text.contains("-----BEGIN") && text.contains("PRIVATE KEY") {
        return Some("a private key");
    }
    if bearer(text) {
        return Some("a bearer token");
    }
    let words = || text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')));
    for word in words() {
        for (prefix, rest, kind) in PREFIXES {
            if word.strip_prefix(prefix).is_some_and(|tail| tail.len() >= rest) {
                return Some(kind);
            }
        }
        if word.starts_with("eyJ") && word.matches(".").count() == 2 && word.len() > 40 {
            return Some("a JSON Web Token");
        }
    }
    addresses(text).find_map(secret_in_address)
}

/// `Bearer` followed by something too long to be a word.
fn bearer(text: &str) -> bool {
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let named = word.trim_matches(|c: char| !c.is_ascii_alphanumeric()).eq_ignore_ascii_case("bearer");
        if named && words.clone().next().is_some_and(|token| token.len() >= 20) {
            return true;
        }
    }
    false
}

fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("://").map(|(at, _)| at + 3);
    starts.map(|at| text[at..].split(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>')).next().unwrap_or(""))
}

/// Looks at what follows `://`.
fn secret_in_address(address: &str) -> Option<&'static str> {
    let authority = address.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Some("an address with a user name or password");
    }
    let (_, parameters) = address.split_once(['?', '#'])?;
    let signed = parameters.split(['&', ';', '?', '#']).any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        !value.is_empty() && PARAMETERS.contains(&name.to_ascii_lowercase().as_str())
    });
    signed.then_some("an address that is signed or carries a token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_name_secrets() {
        for key in
            ["password", "apiKey", "api_key", "X-Auth-Token", "clientSecret", "Authorization", "privateKey", "pwd"]
        {
            assert!(names_secret(key), "{key}");
        }
        for key in ["name", "companyId", "quantity", "acceptUrl", "taxId", "notes", "keyboard"] {
            assert!(!names_secret(key), "{key}");
        }
    }

    #[test]
    fn values_that_look_like_secrets() {
        for text in [
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
            "Authorization: Bearer abcdefghijklmnopqrstuvwxyz",
            "key AKIAIOSFODNN7EXAMPLE",
            "https://bucket.example/a.png?X-Amz-Date=1&X-Amz-Signature=abc",
            "see https://bucket.example/a.png?x=1&sig=abc today",
            "https://user:pass@example.com/",
            "https://example.com/#access_token=abc",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",
        ] {
            assert!(secret_in(text).is_some(), "{text}");
        }
        for text in [
            "the bearer of this letter",
            "AKIA",
            "https://example.com/q/147?lang=es&page=2",
            "https://example.com/?token=",
            "write to ventas@solnorte.example",
            "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAKIAIOSFODNN7EXAMPLE",
        ] {
            assert_eq!(secret_in(text), None, "{text}");
        }
    }

    #[test]
    fn a_message_never_repeats_the_secret() {
        let value = serde_json::json!({ "a": [{ "token": "hunter2" }], "b": "Bearer hunter2hunter2hunter2" });
        let found = find(&value);
        let pointers: Vec<&str> = found.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a/0/token", "/b"]);
        assert!(!found.to_string().contains("hunter2"));
    }
}

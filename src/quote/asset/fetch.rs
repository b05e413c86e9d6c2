//! Fetching over HTTP(S) without being led astray: every hop is checked, every address a name resolves to is checked
//! and then used as it was checked, and bytes and time are capped. What the bytes are is not looked at here.

use std::error::Error;
use std::future::Future;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, header};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::{AssetError, Policy, Source, address};

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;

/// What came of the address at an index.
type Fetched = (usize, Result<Vec<u8>, AssetError>);

/// A name could not be used: one of its addresses is refused.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct RefusedAddress(String);

/// No HTTP client can be had.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// TLS cannot be set up, for example because the system has no certificates.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The client cannot be built.
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

/// Where names are looked up.
type Lookup = Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>> + Send + Sync>;

/// Resolves a name and hands its addresses to the connector only if every one of them is allowed. The connector uses
/// exactly these, so a second answer of the name server changes nothing.
struct CheckedResolver {
    lookup: Lookup,
    allow_private: bool,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (answer, allow_private) = ((self.lookup)(name.as_str().to_owned()), self.allow_private);
        Box::pin(async move {
            let ips = answer.await?;
            for ip in &ips {
                address::check_ip(*ip, allow_private).map_err(RefusedAddress)?;
            }
            // Port 0 stands for the port of the URL.
            let addresses: Addrs = Box::new(ips.into_iter().take(MAX_ADDRESSES).map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

/// Fetches every `(index, address)` concurrently; all bodies together may have `total_bytes`.
pub(super) fn fetch_all(urls: &[(usize, &str)], policy: &Policy, total_bytes: u64) -> Vec<Fetched> {
    if urls.is_empty() {
        return Vec::new();
    }
    fetch_all_with(urls, policy, total_bytes, system_lookup())
}

fn system_lookup() -> Lookup {
    let look_up = |name: String| Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect());
    Arc::new(move |name| {
        Box::pin(async move { spawn_blocking(move || look_up(name)).await.map_err(std::io::Error::other)? })
    })
}

fn fetch_all_with(urls: &[(usize, &str)], policy: &Policy, total_bytes: u64, lookup: Lookup) -> Vec<Fetched> {
    // A thread of its own: the caller may itself be inside an asynchronous runtime, where a second cannot block.
    let fetched = thread::scope(|scope| {
        thread::Builder::new()
            .name("asset-fetch".to_owned())
            .spawn_scoped(scope, || run(urls, policy, total_bytes, lookup))
            .map_err(|e| e.to_string())?
            .join()
            .map_err(|_| "fetching failed inside the program".to_owned())?
    });
    fetched.unwrap_or_else(|reason| {
        let failed = |url: &str| Err(AssetError::Unreachable { source_name: name_of(url), reason: reason.clone() });
        urls.iter().map(|(index, url)| (*index, failed(url))).collect()
    })
}

fn run(urls: &[(usize, &str)], policy: &Policy, total_bytes: u64, lookup: Lookup) -> Result<Vec<Fetched>, String> {
    let client = client(policy, lookup).map_err(|e| format!("no HTTP client ({})", root_cause(&e)))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let fetched = runtime.block_on(fetch_concurrently(urls, policy, total_bytes, &client));
    // A name lookup of the system cannot be cancelled; it is left behind instead of waited for.
    runtime.shutdown_background();
    Ok(fetched)
}

/// A client that looks names up with the system, for other requests to addresses from outside.
pub(super) fn guarded_client(policy: &Policy) -> Result<Client, ClientError> {
    client(policy, system_lookup())
}

fn client(policy: &Policy, lookup: Lookup) -> Result<Client, ClientError> {
    let client = Client::builder()
        .tls_backend_preconfigured(tls()?)
        .user_agent(concat!("quotereel/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(CheckedResolver { lookup, allow_private: policy.allow_private_network })
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .http1_only()
        .connect_timeout(policy.limits.connect_deadline)
        .build()?;
    Ok(client)
}

/// TLS 1.2 and 1.3 with the certificates that the system trusts.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_platform_verifier()?.with_no_client_auth())
}

async fn fetch_concurrently(
    urls: &[(usize, &str)],
    policy: &Policy,
    total_bytes: u64,
    client: &Client,
) -> Vec<Fetched> {
    let deadline = Instant::now() + policy.limits.total_deadline;
    let permits = Arc::new(Semaphore::new(policy.limits.max_parallel_fetches.max(1)));
    let left_bytes = Arc::new(AtomicU64::new(total_bytes));
    let mut running = JoinSet::new();
    for (index, url) in urls {
        let (index, url, client, policy) = (*index, (*url).to_owned(), client.clone(), policy.clone());
        let (permits, left_bytes) = (Arc::clone(&permits), Arc::clone(&left_bytes));
        running.spawn(async move {
            let _permit = permits.acquire_owned().await;
            let limit = policy.limits.per_asset_deadline;
            let fetched = timeout(limit, fetch(&client, &url, &policy, &left_bytes)).await;
            (index, fetched.unwrap_or_else(|_| Err(AssetError::TimedOut { source_name: name_of(&url), limit })))
        });
    }
    let mut results: Vec<Fetched> = Vec::with_capacity(urls.len());
    while let Ok(Some(finished)) = timeout_at(deadline, running.join_next()).await {
        results.extend(finished.ok());
    }
    for (index, url) in urls {
        if !results.iter().any(|(done, _)| done == index) {
            let limit = policy.limits.total_deadline;
            results.push((*index, Err(AssetError::TimedOut { source_name: name_of(url), limit })));
        }
    }
    results
}

/// One picture, over at most `max_redirects` redirects.
async fn fetch(client: &Client, text: &str, policy: &Policy, left_bytes: &AtomicU64) -> Result<Vec<u8>, AssetError> {
    let source_name = name_of(text);
    let refused = |reason| AssetError::AddressRefused { source_name: source_name.clone(), reason };
    let mut url = address::check_url(text, policy.allow_private_network).map_err(refused)?;
    for _hop in 0..=policy.limits.max_redirects {
        let limit = policy.limits.answer_deadline;
        let answer = client
            .get(url.clone())
            .header(header::ACCEPT, "image/png, image/jpeg, image/webp, image/svg+xml")
            .header(header::ACCEPT_ENCODING, "identity")
            .send();
        let response = timeout(limit, answer)
            .await
            .map_err(|_| AssetError::NoAnswer { source_name: source_name.clone(), limit })?
            .map_err(|e| network_error(e, &source_name, policy.limits.connect_deadline))?;
        match response.status().as_u16() {
            200 => return body(response, &source_name, policy, left_bytes).await,
            301 | 302 | 303 | 307 | 308 => {
                url = next_hop(&url, response.headers().get(header::LOCATION))
                    .map_err(|reason| AssetError::BadRedirect { source_name: source_name.clone(), reason })?;
                address::check_parsed(&url, policy.allow_private_network)
                    .map_err(|reason| refused(format!("after a redirect: {reason}")))?;
            }
            status => return Err(AssetError::BadStatus { source_name, status }),
        }
    }
    let reason = format!("more than {} redirects", policy.limits.max_redirects);
    Err(AssetError::BadRedirect { source_name, reason })
}

/// Where a redirect leads, made absolute.
fn next_hop(from: &Url, location: Option<&header::HeaderValue>) -> Result<Url, String> {
    let location = location.ok_or("a redirect without a target")?;
    let location = location.to_str().map_err(|_| "a redirect whose target is not ASCII")?;
    let to = from.join(location).map_err(|e| format!("a redirect whose target is not a URL ({e})"))?;
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err("a redirect from https to http".to_owned());
    }
    Ok(to)
}

async fn body(
    mut response: Response,
    source_name: &str,
    policy: &Policy,
    left_bytes: &AtomicU64,
) -> Result<Vec<u8>, AssetError> {
    let limit_bytes = policy.limits.max_bytes;
    let too_many = || AssetError::TooManyBytes { source_name: source_name.to_owned(), limit_bytes };
    if response.content_length().is_some_and(|announced| announced > limit_bytes) {
        return Err(too_many());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|e| network_error(e, source_name, policy.limits.connect_deadline))?
    {
        if (bytes.len() + chunk.len()) as u64 > limit_bytes {
            return Err(too_many());
        }
        left_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(chunk.len() as u64))
            .map_err(|_| AssetError::TooManyAssets {
                source_name: source_name.to_owned(),
                reason: format!("all pictures together may have {} bytes", policy.limits.max_total_bytes),
            })?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn network_error(error: reqwest::Error, source_name: &str, connect_deadline: Duration) -> AssetError {
    let source_name = source_name.to_owned();
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(current) = cause {
        if let Some(RefusedAddress(reason)) = current.downcast_ref() {
            return AssetError::AddressRefused { source_name, reason: reason.clone() };
        }
        cause = current.source();
    }
    if error.is_timeout() {
        let reason = format!("no connection within {} ms", connect_deadline.as_millis());
        return AssetError::Unreachable { source_name, reason };
    }
    AssetError::Unreachable { source_name, reason: root_cause(&error.without_url()) }
}

/// The innermost cause, which is the one that says what happened.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(deeper) = innermost.source() {
        innermost = deeper;
    }
    super::printable(&innermost.to_string(), 200)
}

fn name_of(url: &str) -> String {
    Source::Url(url.to_owned()).display_name()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_with(ips: &'static [&'static str], allow_private_network: bool) -> &'static str {
        let lookup: Lookup = Arc::new(|_| {
            let ips = ips.iter().map(|ip| ip.parse().map_err(std::io::Error::other)).collect();
            Box::pin(async move { ips })
        });
        let policy = Policy { allow_private_network, ..Policy::default() };
        let mut fetched = fetch_all_with(&[(7, "http://pictures.example/logo.png")], &policy, 1000, lookup);
        let (index, result) = fetched.remove(0);
        assert_eq!(index, 7);
        result.map_or_else(|e| e.code(), |_| "fetched")
    }

    #[test]
    fn one_inner_address_among_public_ones_is_enough_to_refuse_a_name() {
        assert_eq!(code_with(&["127.0.0.1"], false), "asset_address_refused");
        assert_eq!(code_with(&["8.8.8.8", "10.0.0.1"], false), "asset_address_refused");
        assert_eq!(code_with(&["2606:4700::1111", "fd00::1"], false), "asset_address_refused");
        assert_eq!(code_with(&["::ffff:127.0.0.1"], false), "asset_address_refused");
        assert_eq!(code_with(&["127.0.0.1", "169.254.169.254"], true), "asset_address_refused");
    }

    #[test]
    fn a_refused_name_is_not_connected_to() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("binds");
        listener.set_nonblocking(true).expect("set");
        let port = listener.local_addr().expect("bound").port();
        let url = format!("http://pictures.example:{port}/");
        let mut policy = Policy { allow_private_network: true, ..Policy::default() };
        policy.limits.per_asset_deadline = Duration::from_millis(200);
        let accepted_from = |ip: &'static str| {
            let ip: IpAddr = ip.parse().expect("an address");
            let lookup: Lookup = Arc::new(move |_| Box::pin(async move { Ok(vec![ip]) }));
            let result = fetch_all_with(&[(0, url.as_str())], &policy, 1000, lookup).remove(0).1;
            (result.map_err(|e| e.code()), listener.accept().is_ok())
        };
        // 0.0.0.0 would reach the listener; 127.0.0.1, allowed here, does.
        assert_eq!(accepted_from("0.0.0.0"), (Err("asset_address_refused"), false));
        assert_eq!(accepted_from("127.0.0.1"), (Err("asset_timeout"), true));
    }

    #[test]
    fn a_name_without_addresses_is_unreachable() {
        assert_eq!(code_with(&[], false), "asset_unreachable");
        assert_eq!(code_with(&["not an address"], false), "asset_unreachable");
    }

    #[test]
    fn a_lookup_that_never_answers_ends_with_the_connect_deadline() {
        let lookup: Lookup = Arc::new(|_| Box::pin(std::future::pending()));
        let mut policy = Policy::default();
        policy.limits.connect_deadline = Duration::from_millis(50);
        let fetched = fetch_all_with(&[(0, "https://pictures.example/")], &policy, 1000, lookup);
        assert_eq!(fetched[0].1.as_ref().map_err(AssetError::code), Err("asset_unreachable"));
    }

    #[test]
    fn redirects_do_not_leave_https() {
        let from = Url::parse("https://pictures.example/a").expect("a URL");
        let answer = |location: &'static str| {
            next_hop(&from, Some(&header::HeaderValue::from_static(location))).map(|url| url.to_string())
        };
        assert_eq!(answer("/b").as_deref(), Ok("https://pictures.example/b"));
        assert!(answer("http://pictures.example/b").is_err());
        assert!(answer("http://[").is_err());
    }
}

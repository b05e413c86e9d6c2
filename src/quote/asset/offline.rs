//! Pictures from the network in a program without the feature `fetch`: each is refused, and nothing is connected to.

use super::{AssetError, Policy, Source, address};

/// A refusal for every `(index, address)`; an address that could never be fetched is refused for that.
pub(super) fn fetch_all(
    urls: &[(usize, &str)],
    policy: &Policy,
    _total_bytes: u64,
) -> Vec<(usize, Result<Vec<u8>, AssetError>)> {
    let refused = |url: &str| {
        let source_name = Source::Url(url.to_owned()).display_name();
        match address::check_url(url, policy.allow_private_network) {
            Err(reason) => AssetError::AddressRefused { source_name, reason },
            Ok(_) => {
                let reason = "this program was built without access to the network".to_owned();
                AssetError::Unreachable { source_name, reason }
            }
        }
    };
    urls.iter().map(|(index, url)| (*index, Err(refused(url)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_refused_and_a_bad_one_for_what_it_is() {
        let urls = [(3, "https://pictures.example/logo.png"), (5, "ftp://pictures.example/logo.png")];
        let codes: Vec<_> = fetch_all(&urls, &Policy::default(), 1000)
            .into_iter()
            .map(|(index, result)| (index, result.expect_err("refused").code()))
            .collect();
        assert_eq!(codes, [(3, "asset_unreachable"), (5, "asset_address_refused")]);
    }
}

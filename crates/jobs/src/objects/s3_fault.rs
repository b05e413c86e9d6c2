//! What an answer of S3, or the lack of one, means. Codes are those of
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html> and the few that other stores add.

use std::error::Error;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::error::{Asked, Refusal, StorageError, one_line};

/// Longest part of a foreign message that is passed on.
const MAX_DETAIL_CHARS: usize = 300;

impl Asked<'_> {
    /// The verdict on a request that failed.
    pub(super) fn fault<E>(self, error: &SdkError<E>) -> StorageError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                self.answer(status, answer.err().code().unwrap_or_default(), answer.err().message().unwrap_or_default())
            }
            SdkError::TimeoutError(_) => self.unavailable("no answer in time"),
            // No keys, or a request that the SDK cannot build.
            SdkError::ConstructionFailure(_) => self.refused(Refusal::Keys, causes(error)),
            _ => {
                let detail = causes(error);
                if detail.contains("certificate") {
                    self.refused(Refusal::Certificate, detail)
                } else if detail.contains("credential") {
                    self.refused(Refusal::Keys, detail)
                } else {
                    self.unavailable(detail)
                }
            }
        }
    }

    /// The verdict on an error that the store answered.
    pub(super) fn answer(self, status: u16, code: &str, message: &str) -> StorageError {
        let mut detail = format!("status {status}");
        for part in [code, message].into_iter().filter(|part| !part.is_empty()) {
            detail += ", ";
            detail += &one_line(part, MAX_DETAIL_CHARS);
        }
        match verdict(status, code) {
            Verdict::Later => self.unavailable(detail),
            Verdict::Refused(reason) => self.refused(reason, detail),
            Verdict::Missing => StorageError::Missing { key: self.key.to_owned() },
            Verdict::Full => self.full(detail),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Later,
    Refused(Refusal),
    Missing,
    Full,
}

/// The code decides where there is one, the status where there is none (answers to HEAD have no body).
fn verdict(status: u16, code: &str) -> Verdict {
    match code {
        "NoSuchKey" | "NoSuchVersion" => Verdict::Missing,
        "NoSuchBucket" | "InvalidBucketName" => Verdict::Refused(Refusal::Bucket),
        "RequestTimeTooSkewed" | "RequestExpired" => Verdict::Refused(Refusal::Clock),
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidSecurity"
        | "NotSignedUp"
        | "MissingSecurityHeader"
        | "Unauthorized" => Verdict::Refused(Refusal::Keys),
        "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" => Verdict::Refused(Refusal::ExpiredKeys),
        "AccessDenied" | "AllAccessDisabled" | "AccountProblem" => Verdict::Refused(Refusal::Rights),
        "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
            Verdict::Refused(Refusal::Region)
        }
        "XMinioStorageFull" | "QuotaExceeded" | "XMinioAdminBucketQuotaExceeded" | "InsufficientStorage" => {
            Verdict::Full
        }
        // Bytes that were lost or changed on their way, collisions, and a store that asks for patience.
        "BadDigest"
        | "IncompleteBody"
        | "XAmzContentSHA256Mismatch"
        | "RequestTimeout"
        | "OperationAborted"
        | "ConditionalRequestConflict"
        | "SlowDown"
        | "InternalError"
        | "ServiceUnavailable"
        | "TooManyRequests" => Verdict::Later,
        _ => match status {
            301 | 308 => Verdict::Refused(Refusal::Region),
            401 => Verdict::Refused(Refusal::Keys),
            403 => Verdict::Refused(Refusal::Rights),
            404 => Verdict::Missing,
            // 499: the connection broke while the file was on its way, as proxies and SeaweedFS put it.
            408 | 409 | 425 | 429 | 499 => Verdict::Later,
            501 => Verdict::Refused(Refusal::Feature),
            507 => Verdict::Full,
            400..=499 => Verdict::Refused(Refusal::Feature),
            _ => Verdict::Later,
        },
    }
}

/// The chain of causes in words. Not the SDK's own form, which shows headers.
fn causes(error: &dyn Error) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let part = error.to_string();
        if !text.contains(&part) {
            text += if text.is_empty() { "" } else { ": " };
            text += &part;
        }
        next = error.source();
    }
    one_line(&text, MAX_DETAIL_CHARS)
}

#[cfg(test)]
mod tests {
    use super::super::error::StorageErrorClass;
    use super::*;

    #[test]
    fn answers_fold_into_classes() {
        use StorageErrorClass::{Full, Missing, Refused, Transient};
        let asked = Asked { target: "bucket `b` at http://s3", action: "write", key: "k" };
        for (status, code, class) in [
            (403, "AccessDenied", Refused),
            (403, "InvalidAccessKeyId", Refused),
            (403, "SignatureDoesNotMatch", Refused),
            (403, "RequestTimeTooSkewed", Refused),
            (404, "NoSuchBucket", Refused),
            (400, "ExpiredToken", Refused),
            (301, "PermanentRedirect", Refused),
            (501, "NotImplemented", Refused),
            (403, "", Refused),
            (400, "", Refused),
            (404, "NoSuchKey", Missing),
            (404, "", Missing),
            (500, "InternalError", Transient),
            (503, "SlowDown", Transient),
            (429, "", Transient),
            (400, "RequestTimeout", Transient),
            (400, "BadDigest", Transient),
            (409, "OperationAborted", Transient),
            (502, "", Transient),
            (499, "ClientDisconnected", Transient),
            (507, "", Full),
            (507, "XMinioStorageFull", Full),
        ] {
            assert_eq!(asked.answer(status, code, "").class(), class, "{status} {code}");
        }
    }

    #[test]
    fn messages_name_place_key_and_remedy_on_one_line() {
        let asked = Asked { target: "bucket `b` at http://s3", action: "write", key: "org/k" };
        let message = asked.answer(404, "NoSuchBucket", "no\nsuch").to_string();
        assert_eq!(
            message,
            "bucket `b` at http://s3: may not write `org/k`: status 404, NoSuchBucket, no such; create the bucket, or correct its name"
        );
    }
}

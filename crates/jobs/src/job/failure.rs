//! The one verdict on everything that can go wrong with a job: whose fault, whether trying again helps, and what the
//! customer reads.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whose fault a failure is, and so what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorClass {
    /// The input is wrong: no retry, a clear message.
    User,
    /// Something broke that may work next time: retry.
    System,
    /// Somebody has to set something right: the worker pauses, an alert goes out, no attempt is burnt.
    Config,
}

impl ErrorClass {
    /// As the row spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::System => "system",
            Self::Config => "config",
        }
    }

    /// The class of that spelling.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::User, Self::System, Self::Config].into_iter().find(|class| class.as_str() == name)
    }
}

/// Language of a message to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Spanish.
    Spanish,
    /// English, also for every language that has no messages of its own.
    English,
    /// Portuguese.
    Portuguese,
}

impl Language {
    /// The language of a locale tag such as `es-CL`.
    #[must_use]
    pub fn of_locale(tag: &str) -> Self {
        match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "es" => Self::Spanish,
            "pt" => Self::Portuguese,
            _ => Self::English,
        }
    }
}

/// Every way a job can fail: a stable word for programs, a class, a message for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureCode {
    /// The snapshot breaks its contract.
    SnapshotInvalid,
    /// The snapshot belongs to another company than the row.
    TenantMismatch,
    /// The quote is not issued.
    QuoteNotIssued,
    /// The quote's validity is over.
    QuoteExpired,
    /// No template of that name.
    TemplateUnknown,
    /// Snapshot and template do not go together.
    TemplateFailed,
    /// The snapshot makes the renderer crash or ask for more than its limits.
    RenderCrashed,
    /// The render did not end in its time.
    RenderTimedOut,
    /// The render failed by no fault of the input.
    RenderFailed,
    /// The worker's disk is full.
    DiskFull,
    /// Storage did not take the file.
    UploadFailed,
    /// Storage refuses the worker: rights, bucket, or clock.
    StorageRefused,
    /// Worker after worker died with it.
    WorkerLost,
    /// The video vanished from storage.
    OutputLost,
    /// A bug of ours, caught.
    Internal,
}

impl FailureCode {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::SnapshotInvalid,
        Self::TenantMismatch,
        Self::QuoteNotIssued,
        Self::QuoteExpired,
        Self::TemplateUnknown,
        Self::TemplateFailed,
        Self::RenderCrashed,
        Self::RenderTimedOut,
        Self::RenderFailed,
        Self::DiskFull,
        Self::UploadFailed,
        Self::StorageRefused,
        Self::WorkerLost,
        Self::OutputLost,
        Self::Internal,
    ];

    /// The word in `error_code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SnapshotInvalid => "snapshot_invalid",
            Self::TenantMismatch => "tenant_mismatch",
            Self::QuoteNotIssued => "quote_not_issued",
            Self::QuoteExpired => "quote_expired",
            Self::TemplateUnknown => "template_unknown",
            Self::TemplateFailed => "template_failed",
            Self::RenderCrashed => "render_crashed",
            Self::RenderTimedOut => "render_timed_out",
            Self::RenderFailed => "render_failed",
            Self::DiskFull => "disk_full",
            Self::UploadFailed => "upload_failed",
            Self::StorageRefused => "storage_refused",
            Self::WorkerLost => "worker_lost",
            Self::OutputLost => "output_lost",
            Self::Internal => "internal",
        }
    }

    /// The code of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// Whose fault it is.
    #[must_use]
    pub const fn class(self) -> ErrorClass {
        match self {
            Self::SnapshotInvalid
            | Self::TenantMismatch
            | Self::QuoteNotIssued
            | Self::QuoteExpired
            | Self::TemplateUnknown
            | Self::TemplateFailed => ErrorClass::User,
            // A crash may have been the machine's: it is tried again, and ends like every system failure.
            Self::RenderCrashed
            | Self::RenderTimedOut
            | Self::RenderFailed
            | Self::DiskFull
            | Self::UploadFailed
            | Self::WorkerLost
            | Self::OutputLost
            | Self::Internal => ErrorClass::System,
            Self::StorageRefused => ErrorClass::Config,
        }
    }

    /// What the customer reads: no name of a machine, no path, no secret.
    #[must_use]
    pub const fn message(self, language: Language) -> &'static str {
        let [es, en, pt] = match self {
            Self::SnapshotInvalid => [
                "La cotización tiene datos que no se pueden mostrar. Revísala y vuelve a generar el video.",
                "The quote has data that cannot be shown. Check it and generate the video again.",
                "A cotação tem dados que não podem ser exibidos. Revise-a e gere o vídeo novamente.",
            ],
            Self::TenantMismatch => [
                "La cotización no pertenece a esta empresa.",
                "The quote does not belong to this company.",
                "A cotação não pertence a esta empresa.",
            ],
            Self::QuoteNotIssued => [
                "La cotización todavía no está emitida. Emítela y vuelve a generar el video.",
                "The quote has not been issued yet. Issue it and generate the video again.",
                "A cotação ainda não foi emitida. Emita-a e gere o vídeo novamente.",
            ],
            Self::QuoteExpired => [
                "La cotización está vencida. Extiende su validez y vuelve a generar el video.",
                "The quote has expired. Extend its validity and generate the video again.",
                "A cotação está vencida. Prorrogue a validade e gere o vídeo novamente.",
            ],
            Self::TemplateUnknown => [
                "El diseño elegido ya no existe. Elige otro y vuelve a generar el video.",
                "The chosen design no longer exists. Choose another and generate the video again.",
                "O modelo escolhido não existe mais. Escolha outro e gere o vídeo novamente.",
            ],
            Self::TemplateFailed => [
                "Esta cotización no cabe en el diseño elegido. Elige otro y vuelve a generar el video.",
                "This quote does not fit the chosen design. Choose another and generate the video again.",
                "Esta cotação não cabe no modelo escolhido. Escolha outro e gere o vídeo novamente.",
            ],
            Self::UploadFailed | Self::StorageRefused | Self::OutputLost => [
                "No pudimos guardar el video. No se cobró nada; vuelve a intentarlo en unos minutos.",
                "We could not save the video. Nothing was charged; try again in a few minutes.",
                "Não foi possível salvar o vídeo. Nada foi cobrado; tente novamente em alguns minutos.",
            ],
            Self::RenderCrashed
            | Self::RenderTimedOut
            | Self::RenderFailed
            | Self::DiskFull
            | Self::WorkerLost
            | Self::Internal => [
                "No pudimos generar el video. No se cobró nada; vuelve a intentarlo en unos minutos.",
                "We could not generate the video. Nothing was charged; try again in a few minutes.",
                "Não foi possível gerar o vídeo. Nada foi cobrado; tente novamente em alguns minutos.",
            ],
        };
        match language {
            Language::Spanish => es,
            Language::English => en,
            Language::Portuguese => pt,
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A verdict on one try.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Failure {
    /// The failure's code.
    pub code: FailureCode,
    /// For the log and the operator; the customer never sees it.
    pub detail: String,
}

impl Failure {
    /// A verdict with its details.
    pub fn new(code: FailureCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_round_trip() {
        for code in FailureCode::ALL {
            assert_eq!(FailureCode::from_name(code.as_str()), Some(code));
        }
        assert_eq!(FailureCode::from_name("oops"), None);
    }

    #[test]
    fn every_message_exists_in_three_languages() {
        for code in FailureCode::ALL {
            let messages =
                [Language::Spanish, Language::English, Language::Portuguese].map(|language| code.message(language));
            assert!(messages.iter().all(|message| message.ends_with('.')), "{code}");
            assert!(messages[0] != messages[1] && messages[1] != messages[2], "{code}");
        }
    }

    #[test]
    fn a_system_failure_says_that_nothing_was_charged() {
        for code in FailureCode::ALL.into_iter().filter(|code| code.class() != ErrorClass::User) {
            assert!(code.message(Language::English).contains("Nothing was charged"), "{code}");
        }
    }

    #[test]
    fn languages_come_from_locales() {
        assert_eq!(Language::of_locale("es-CL"), Language::Spanish);
        assert_eq!(Language::of_locale("pt_BR"), Language::Portuguese);
        assert_eq!(Language::of_locale("ar"), Language::English);
    }
}

//! What the customer reads when a video cannot be made, in every language that the templates have words for
//! (`templates/words/`). No name of a machine, no path, no secret. Each says "quote" with the word that the video shows.

use super::failure::FailureCode;

/// The messages of one language.
#[derive(Debug, PartialEq, Eq)]
struct Messages {
    /// Language, then script or region, as the folder of words names it. A script or region stands only where it says
    /// something otherwise.
    tag: &'static str,
    snapshot_invalid: &'static str,
    tenant_mismatch: &'static str,
    quote_not_issued: &'static str,
    quote_expired: &'static str,
    template_unknown: &'static str,
    template_failed: &'static str,
    not_saved: &'static str,
    not_generated: &'static str,
}

/// Language of a message to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language(&'static Messages);

impl Language {
    /// English, also for every language that has no messages of its own.
    pub const ENGLISH: Self = Self(&ENGLISH);

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::ENGLISH).chain(OTHERS.iter().map(Self))
    }

    /// The language of a locale tag such as `es-CL` or `zh-TW`.
    #[must_use]
    pub fn of_locale(tag: &str) -> Self {
        let mut subtags = tag.split(['-', '_']).take_while(|subtag| subtag.len() > 1);
        let language = subtags.next().unwrap_or_default().to_ascii_lowercase();
        let (mut script, mut region) = (None, None);
        for subtag in subtags {
            match subtag.len() {
                4 if script.is_none() => script = Some(subtag.to_ascii_lowercase()),
                2 | 3 if region.is_none() => region = Some(subtag.to_ascii_uppercase()),
                _ => {}
            }
        }
        let region = region.as_deref().unwrap_or_default();
        let variant = match (&*language, script.as_deref(), region) {
            ("zh", Some("hant"), _) | ("zh", None, "HK" | "MO" | "TW") => "zh-Hant",
            ("de", _, "CH" | "LI") => "de-CH",
            ("es", _, "AR") => "es-AR",
            ("es", _, "EA" | "ES" | "GQ" | "IC") => "es-ES",
            ("fr", _, "CA") => "fr-CA",
            ("pt", _, "AO" | "CH" | "CV" | "FR" | "GQ" | "GW" | "LU" | "MO" | "MZ" | "PT" | "ST" | "TL") => "pt-PT",
            _ => &*language,
        };
        let found = |wanted: &str| Self::all().find(|known| known.tag() == wanted);
        found(variant).unwrap_or(Self::ENGLISH)
    }

    /// Its tag, such as `es` or `zh-Hant`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.0.tag
    }
}

impl FailureCode {
    /// What the customer reads.
    #[must_use]
    pub const fn message(self, language: Language) -> &'static str {
        let messages = language.0;
        match self {
            Self::SnapshotInvalid => messages.snapshot_invalid,
            Self::TenantMismatch => messages.tenant_mismatch,
            Self::QuoteNotIssued => messages.quote_not_issued,
            Self::QuoteExpired => messages.quote_expired,
            Self::TemplateUnknown => messages.template_unknown,
            Self::TemplateFailed => messages.template_failed,
            Self::UploadFailed | Self::StorageRefused | Self::OutputLost => messages.not_saved,
            Self::RenderCrashed
            | Self::RenderTimedOut
            | Self::RenderFailed
            | Self::DiskFull
            | Self::WorkerLost
            | Self::Internal => messages.not_generated,
        }
    }
}

const ENGLISH: Messages = Messages {
    tag: "en",
    snapshot_invalid: "The quote has data that cannot be shown. Check it and generate the video again.",
    tenant_mismatch: "The quote does not belong to this company.",
    quote_not_issued: "The quote has not been issued yet. Issue it and generate the video again.",
    quote_expired: "The quote has expired. Extend its validity and generate the video again.",
    template_unknown: "The chosen design no longer exists. Choose another and generate the video again.",
    template_failed: "This quote does not fit the chosen design. Choose another and generate the video again.",
    not_saved: "We could not save the video. Nothing was charged; try again in a few minutes.",
    not_generated: "We could not generate the video. Nothing was charged; try again in a few minutes.",
};

const OTHERS: &[Messages] = &[
    Messages {
        tag: "ar",
        snapshot_invalid: "يحتوي عرض السعر على بيانات لا يمكن عرضها. راجعه ثم أنشئ الفيديو من جديد.",
        tenant_mismatch: "عرض السعر لا يخص هذه الشركة.",
        quote_not_issued: "لم يتم إصدار عرض السعر بعد. أصدره ثم أنشئ الفيديو من جديد.",
        quote_expired: "انتهت صلاحية عرض السعر. مدّد صلاحيته ثم أنشئ الفيديو من جديد.",
        template_unknown: "التصميم المختار لم يعد موجودًا. اختر تصميمًا آخر ثم أنشئ الفيديو من جديد.",
        template_failed: "عرض السعر هذا لا يناسب التصميم المختار. اختر تصميمًا آخر ثم أنشئ الفيديو من جديد.",
        not_saved: "تعذّر حفظ الفيديو. لم يتم خصم أي مبلغ؛ أعد المحاولة بعد بضع دقائق.",
        not_generated: "تعذّر إنشاء الفيديو. لم يتم خصم أي مبلغ؛ أعد المحاولة بعد بضع دقائق.",
    },
    Messages {
        tag: "bn",
        snapshot_invalid: "মূল্যপ্রস্তাবে এমন তথ্য আছে যা দেখানো যায় না। সেটি যাচাই করে আবার ভিডিও তৈরি করুন।",
        tenant_mismatch: "মূল্যপ্রস্তাবটি এই প্রতিষ্ঠানের নয়।",
        quote_not_issued: "মূল্যপ্রস্তাবটি এখনও ইস্যু করা হয়নি। ইস্যু করে আবার ভিডিও তৈরি করুন।",
        quote_expired: "মূল্যপ্রস্তাবটির মেয়াদ শেষ হয়েছে। মেয়াদ বাড়িয়ে আবার ভিডিও তৈরি করুন।",
        template_unknown: "নির্বাচিত ডিজাইনটি আর নেই। অন্য একটি বেছে নিয়ে আবার ভিডিও তৈরি করুন।",
        template_failed: "এই মূল্যপ্রস্তাবটি নির্বাচিত ডিজাইনের সঙ্গে মেলে না। অন্য একটি বেছে নিয়ে আবার ভিডিও তৈরি করুন।",
        not_saved: "ভিডিওটি সংরক্ষণ করা যায়নি। কোনো মূল্য কাটা হয়নি; কয়েক মিনিট পরে আবার চেষ্টা করুন।",
        not_generated: "ভিডিওটি তৈরি করা যায়নি। কোনো মূল্য কাটা হয়নি; কয়েক মিনিট পরে আবার চেষ্টা করুন।",
    },
    Messages {
        tag: "de",
        snapshot_invalid: "Das Angebot enthält Daten, die sich nicht darstellen lassen. Prüfen Sie es und erstellen Sie \
                           das Video erneut.",
        tenant_mismatch: "Das Angebot gehört nicht zu diesem Unternehmen.",
        quote_not_issued: "Das Angebot ist noch nicht ausgestellt. Stellen Sie es aus und erstellen Sie das Video erneut.",
        quote_expired: "Das Angebot ist abgelaufen. Verlängern Sie seine Gültigkeit und erstellen Sie das Video erneut.",
        template_unknown: "Die gewählte Vorlage gibt es nicht mehr. Wählen Sie eine andere und erstellen Sie das Video \
                           erneut.",
        template_failed: "Dieses Angebot passt nicht in die gewählte Vorlage. Wählen Sie eine andere und erstellen Sie \
                          das Video erneut.",
        not_saved: "Das Video konnte nicht gespeichert werden. Es wurde nichts berechnet; versuchen Sie es in einigen \
                    Minuten erneut.",
        not_generated: "Das Video konnte nicht erstellt werden. Es wurde nichts berechnet; versuchen Sie es in einigen \
                        Minuten erneut.",
    },
    Messages {
        tag: "de-CH",
        snapshot_invalid: "Die Offerte enthält Daten, die sich nicht darstellen lassen. Prüfen Sie sie und erstellen Sie \
                           das Video erneut.",
        tenant_mismatch: "Die Offerte gehört nicht zu diesem Unternehmen.",
        quote_not_issued: "Die Offerte ist noch nicht ausgestellt. Stellen Sie sie aus und erstellen Sie das Video erneut.",
        quote_expired: "Die Offerte ist abgelaufen. Verlängern Sie ihre Gültigkeit und erstellen Sie das Video erneut.",
        template_unknown: "Die gewählte Vorlage gibt es nicht mehr. Wählen Sie eine andere und erstellen Sie das Video \
                           erneut.",
        template_failed: "Diese Offerte passt nicht in die gewählte Vorlage. Wählen Sie eine andere und erstellen Sie \
                          das Video erneut.",
        not_saved: "Das Video konnte nicht gespeichert werden. Es wurde nichts berechnet; versuchen Sie es in einigen \
                    Minuten erneut.",
        not_generated: "Das Video konnte nicht erstellt werden. Es wurde nichts berechnet; versuchen Sie es in einigen \
                        Minuten erneut.",
    },
    Messages {
        tag: "el",
        snapshot_invalid: "Η προσφορά περιέχει στοιχεία που δεν μπορούν να εμφανιστούν. Ελέγξτε την και δημιουργήστε ξανά \
                           το βίντεο.",
        tenant_mismatch: "Η προσφορά δεν ανήκει σε αυτή την εταιρεία.",
        quote_not_issued: "Η προσφορά δεν έχει εκδοθεί ακόμη. Εκδώστε την και δημιουργήστε ξανά το βίντεο.",
        quote_expired: "Η προσφορά έχει λήξει. Παρατείνετε την ισχύ της και δημιουργήστε ξανά το βίντεο.",
        template_unknown: "Το πρότυπο που επιλέξατε δεν υπάρχει πια. Επιλέξτε άλλο και δημιουργήστε ξανά το βίντεο.",
        template_failed: "Αυτή η προσφορά δεν χωρά στο πρότυπο που επιλέξατε. Επιλέξτε άλλο και δημιουργήστε ξανά το \
                          βίντεο.",
        not_saved: "Δεν ήταν δυνατή η αποθήκευση του βίντεο. Δεν έγινε καμία χρέωση· δοκιμάστε ξανά σε λίγα λεπτά.",
        not_generated: "Δεν ήταν δυνατή η δημιουργία του βίντεο. Δεν έγινε καμία χρέωση· δοκιμάστε ξανά σε λίγα λεπτά.",
    },
    Messages {
        tag: "es",
        snapshot_invalid: "La cotización tiene datos que no se pueden mostrar. Revísala y vuelve a generar el video.",
        tenant_mismatch: "La cotización no pertenece a esta empresa.",
        quote_not_issued: "La cotización todavía no está emitida. Emítela y vuelve a generar el video.",
        quote_expired: "La cotización está vencida. Extiende su validez y vuelve a generar el video.",
        template_unknown: "El diseño elegido ya no existe. Elige otro y vuelve a generar el video.",
        template_failed: "Esta cotización no cabe en el diseño elegido. Elige otro y vuelve a generar el video.",
        not_saved: "No pudimos guardar el video. No se cobró nada; vuelve a intentarlo en unos minutos.",
        not_generated: "No pudimos generar el video. No se cobró nada; vuelve a intentarlo en unos minutos.",
    },
    Messages {
        tag: "es-AR",
        snapshot_invalid: "El presupuesto tiene datos que no se pueden mostrar. Revisalo y volvé a generar el video.",
        tenant_mismatch: "El presupuesto no pertenece a esta empresa.",
        quote_not_issued: "El presupuesto todavía no está emitido. Emitilo y volvé a generar el video.",
        quote_expired: "El presupuesto está vencido. Extendé su validez y volvé a generar el video.",
        template_unknown: "El diseño elegido ya no existe. Elegí otro y volvé a generar el video.",
        template_failed: "Este presupuesto no entra en el diseño elegido. Elegí otro y volvé a generar el video.",
        not_saved: "No pudimos guardar el video. No se cobró nada; volvé a intentarlo en unos minutos.",
        not_generated: "No pudimos generar el video. No se cobró nada; volvé a intentarlo en unos minutos.",
    },
    Messages {
        tag: "es-ES",
        snapshot_invalid: "El presupuesto tiene datos que no se pueden mostrar. Revísalo y vuelve a generar el vídeo.",
        tenant_mismatch: "El presupuesto no pertenece a esta empresa.",
        quote_not_issued: "El presupuesto todavía no está emitido. Emítelo y vuelve a generar el vídeo.",
        quote_expired: "El presupuesto ha caducado. Amplía su validez y vuelve a generar el vídeo.",
        template_unknown: "El diseño elegido ya no existe. Elige otro y vuelve a generar el vídeo.",
        template_failed: "Este presupuesto no cabe en el diseño elegido. Elige otro y vuelve a generar el vídeo.",
        not_saved: "No hemos podido guardar el vídeo. No se ha cobrado nada; vuelve a intentarlo en unos minutos.",
        not_generated: "No hemos podido generar el vídeo. No se ha cobrado nada; vuelve a intentarlo en unos minutos.",
    },
    Messages {
        tag: "fr",
        snapshot_invalid: "Le devis contient des données qui ne peuvent pas être affichées. Vérifiez-le et générez à \
                           nouveau la vidéo.",
        tenant_mismatch: "Le devis n’appartient pas à cette entreprise.",
        quote_not_issued: "Le devis n’a pas encore été émis. Émettez-le et générez à nouveau la vidéo.",
        quote_expired: "Le devis a expiré. Prolongez sa validité et générez à nouveau la vidéo.",
        template_unknown: "Le modèle choisi n’existe plus. Choisissez-en un autre et générez à nouveau la vidéo.",
        template_failed: "Ce devis ne convient pas au modèle choisi. Choisissez-en un autre et générez à nouveau la vidéo.",
        not_saved: "Nous n’avons pas pu enregistrer la vidéo. Rien n’a été facturé ; réessayez dans quelques minutes.",
        not_generated: "Nous n’avons pas pu générer la vidéo. Rien n’a été facturé ; réessayez dans quelques minutes.",
    },
    Messages {
        tag: "fr-CA",
        snapshot_invalid: "La soumission contient des données qui ne peuvent pas être affichées. Vérifiez-la et générez \
                           la vidéo de nouveau.",
        tenant_mismatch: "La soumission n’appartient pas à cette entreprise.",
        quote_not_issued: "La soumission n’a pas encore été émise. Émettez-la et générez la vidéo de nouveau.",
        quote_expired: "La soumission est expirée. Prolongez sa validité et générez la vidéo de nouveau.",
        template_unknown: "Le modèle choisi n’existe plus. Choisissez-en un autre et générez la vidéo de nouveau.",
        template_failed: "Cette soumission ne convient pas au modèle choisi. Choisissez-en un autre et générez la vidéo \
                          de nouveau.",
        not_saved: "Nous n’avons pas pu enregistrer la vidéo. Rien n’a été facturé; réessayez dans quelques minutes.",
        not_generated: "Nous n’avons pas pu générer la vidéo. Rien n’a été facturé; réessayez dans quelques minutes.",
    },
    Messages {
        tag: "he",
        snapshot_invalid: "בהצעת המחיר יש נתונים שאי אפשר להציג. בדקו אותה וצרו את הסרטון שוב.",
        tenant_mismatch: "הצעת המחיר אינה שייכת לחברה הזאת.",
        quote_not_issued: "הצעת המחיר עדיין לא הופקה. הפיקו אותה וצרו את הסרטון שוב.",
        quote_expired: "תוקף הצעת המחיר פג. האריכו את התוקף וצרו את הסרטון שוב.",
        template_unknown: "העיצוב שנבחר כבר לא קיים. בחרו עיצוב אחר וצרו את הסרטון שוב.",
        template_failed: "הצעת המחיר אינה מתאימה לעיצוב שנבחר. בחרו עיצוב אחר וצרו את הסרטון שוב.",
        not_saved: "לא הצלחנו לשמור את הסרטון. לא בוצע שום חיוב; נסו שוב בעוד כמה דקות.",
        not_generated: "לא הצלחנו ליצור את הסרטון. לא בוצע שום חיוב; נסו שוב בעוד כמה דקות.",
    },
    Messages {
        tag: "hi",
        snapshot_invalid: "कोटेशन में ऐसा डेटा है जिसे दिखाया नहीं जा सकता। उसे जाँचें और वीडियो दोबारा बनाएँ।",
        tenant_mismatch: "यह कोटेशन इस कंपनी का नहीं है।",
        quote_not_issued: "कोटेशन अभी जारी नहीं किया गया है। उसे जारी करें और वीडियो दोबारा बनाएँ।",
        quote_expired: "कोटेशन की वैधता समाप्त हो गई है। वैधता बढ़ाएँ और वीडियो दोबारा बनाएँ।",
        template_unknown: "चुना गया डिज़ाइन अब उपलब्ध नहीं है। कोई दूसरा चुनें और वीडियो दोबारा बनाएँ।",
        template_failed: "यह कोटेशन चुने गए डिज़ाइन के अनुकूल नहीं है। कोई दूसरा चुनें और वीडियो दोबारा बनाएँ।",
        not_saved: "वीडियो सहेजा नहीं जा सका। कोई शुल्क नहीं लिया गया; कुछ मिनट बाद फिर कोशिश करें।",
        not_generated: "वीडियो बनाया नहीं जा सका। कोई शुल्क नहीं लिया गया; कुछ मिनट बाद फिर कोशिश करें।",
    },
    Messages {
        tag: "id",
        snapshot_invalid: "Penawaran berisi data yang tidak dapat ditampilkan. Periksa, lalu buat videonya lagi.",
        tenant_mismatch: "Penawaran ini bukan milik perusahaan ini.",
        quote_not_issued: "Penawaran belum diterbitkan. Terbitkan, lalu buat videonya lagi.",
        quote_expired: "Penawaran sudah kedaluwarsa. Perpanjang masa berlakunya, lalu buat videonya lagi.",
        template_unknown: "Desain yang dipilih sudah tidak ada. Pilih yang lain, lalu buat videonya lagi.",
        template_failed: "Penawaran ini tidak cocok dengan desain yang dipilih. Pilih yang lain, lalu buat videonya lagi.",
        not_saved: "Video tidak dapat disimpan. Tidak ada biaya yang dikenakan; coba lagi dalam beberapa menit.",
        not_generated: "Video tidak dapat dibuat. Tidak ada biaya yang dikenakan; coba lagi dalam beberapa menit.",
    },
    Messages {
        tag: "it",
        snapshot_invalid: "Il preventivo contiene dati che non si possono mostrare. Controllalo e genera di nuovo il video.",
        tenant_mismatch: "Il preventivo non appartiene a questa azienda.",
        quote_not_issued: "Il preventivo non è ancora stato emesso. Emettilo e genera di nuovo il video.",
        quote_expired: "Il preventivo è scaduto. Prolunga la validità e genera di nuovo il video.",
        template_unknown: "Il modello scelto non esiste più. Scegline un altro e genera di nuovo il video.",
        template_failed: "Questo preventivo non è adatto al modello scelto. Scegline un altro e genera di nuovo il video.",
        not_saved: "Non è stato possibile salvare il video. Non è stato addebitato nulla; riprova tra qualche minuto.",
        not_generated: "Non è stato possibile generare il video. Non è stato addebitato nulla; riprova tra qualche minuto.",
    },
    Messages {
        tag: "ja",
        snapshot_invalid: "見積書に表示できないデータが含まれています。内容を確認して、もう一度動画を作成してください。",
        tenant_mismatch: "この見積書はこの会社のものではありません。",
        quote_not_issued: "見積書がまだ発行されていません。発行してから、もう一度動画を作成してください。",
        quote_expired: "見積書の有効期限が切れています。期限を延長して、もう一度動画を作成してください。",
        template_unknown: "選択したデザインは存在しません。別のデザインを選んで、もう一度動画を作成してください。",
        template_failed: "この見積書は選択したデザインに対応していません。別のデザインを選んで、もう一度動画を作成してください。",
        not_saved: "動画を保存できませんでした。料金は発生していません。数分後にもう一度お試しください。",
        not_generated: "動画を作成できませんでした。料金は発生していません。数分後にもう一度お試しください。",
    },
    Messages {
        tag: "ko",
        snapshot_invalid: "견적서에 표시할 수 없는 데이터가 있습니다. 확인한 후 동영상을 다시 만드세요.",
        tenant_mismatch: "이 회사의 견적서가 아닙니다.",
        quote_not_issued: "견적서가 아직 발행되지 않았습니다. 발행한 후 동영상을 다시 만드세요.",
        quote_expired: "견적서의 유효 기간이 지났습니다. 기간을 연장한 후 동영상을 다시 만드세요.",
        template_unknown: "선택한 디자인이 더 이상 없습니다. 다른 디자인을 선택한 후 동영상을 다시 만드세요.",
        template_failed: "이 견적서는 선택한 디자인에 맞지 않습니다. 다른 디자인을 선택한 후 동영상을 다시 만드세요.",
        not_saved: "동영상을 저장하지 못했습니다. 요금은 청구되지 않았습니다. 몇 분 후에 다시 시도하세요.",
        not_generated: "동영상을 만들지 못했습니다. 요금은 청구되지 않았습니다. 몇 분 후에 다시 시도하세요.",
    },
    Messages {
        tag: "nl",
        snapshot_invalid: "De offerte bevat gegevens die niet kunnen worden getoond. Controleer haar en maak de video \
                           opnieuw.",
        tenant_mismatch: "De offerte hoort niet bij dit bedrijf.",
        quote_not_issued: "De offerte is nog niet uitgebracht. Breng haar uit en maak de video opnieuw.",
        quote_expired: "De offerte is verlopen. Verleng de geldigheid en maak de video opnieuw.",
        template_unknown: "Het gekozen ontwerp bestaat niet meer. Kies een ander en maak de video opnieuw.",
        template_failed: "Deze offerte past niet in het gekozen ontwerp. Kies een ander en maak de video opnieuw.",
        not_saved: "De video kon niet worden opgeslagen. Er is niets in rekening gebracht; probeer het over enkele minuten \
                    opnieuw.",
        not_generated: "De video kon niet worden gemaakt. Er is niets in rekening gebracht; probeer het over enkele minuten \
                        opnieuw.",
    },
    Messages {
        tag: "pl",
        snapshot_invalid: "Oferta zawiera dane, których nie można wyświetlić. Sprawdź ją i wygeneruj film ponownie.",
        tenant_mismatch: "Oferta nie należy do tej firmy.",
        quote_not_issued: "Oferta nie została jeszcze wystawiona. Wystaw ją i wygeneruj film ponownie.",
        quote_expired: "Oferta straciła ważność. Przedłuż jej ważność i wygeneruj film ponownie.",
        template_unknown: "Wybrany szablon już nie istnieje. Wybierz inny i wygeneruj film ponownie.",
        template_failed: "Ta oferta nie pasuje do wybranego szablonu. Wybierz inny i wygeneruj film ponownie.",
        not_saved: "Nie udało się zapisać filmu. Nie pobrano żadnej opłaty; spróbuj ponownie za kilka minut.",
        not_generated: "Nie udało się wygenerować filmu. Nie pobrano żadnej opłaty; spróbuj ponownie za kilka minut.",
    },
    Messages {
        tag: "pt",
        snapshot_invalid: "O orçamento tem dados que não podem ser exibidos. Revise-o e gere o vídeo novamente.",
        tenant_mismatch: "O orçamento não pertence a esta empresa.",
        quote_not_issued: "O orçamento ainda não foi emitido. Emita-o e gere o vídeo novamente.",
        quote_expired: "O orçamento está vencido. Prorrogue a validade e gere o vídeo novamente.",
        template_unknown: "O modelo escolhido não existe mais. Escolha outro e gere o vídeo novamente.",
        template_failed: "Este orçamento não cabe no modelo escolhido. Escolha outro e gere o vídeo novamente.",
        not_saved: "Não foi possível salvar o vídeo. Nada foi cobrado; tente novamente em alguns minutos.",
        not_generated: "Não foi possível gerar o vídeo. Nada foi cobrado; tente novamente em alguns minutos.",
    },
    Messages {
        tag: "pt-PT",
        snapshot_invalid: "O orçamento tem dados que não podem ser apresentados. Reveja-o e volte a gerar o vídeo.",
        tenant_mismatch: "O orçamento não pertence a esta empresa.",
        quote_not_issued: "O orçamento ainda não foi emitido. Emita-o e volte a gerar o vídeo.",
        quote_expired: "O orçamento expirou. Prolongue a validade e volte a gerar o vídeo.",
        template_unknown: "O modelo escolhido já não existe. Escolha outro e volte a gerar o vídeo.",
        template_failed: "Este orçamento não cabe no modelo escolhido. Escolha outro e volte a gerar o vídeo.",
        not_saved: "Não foi possível guardar o vídeo. Nada foi cobrado; tente novamente dentro de alguns minutos.",
        not_generated: "Não foi possível gerar o vídeo. Nada foi cobrado; tente novamente dentro de alguns minutos.",
    },
    Messages {
        tag: "ru",
        snapshot_invalid: "В коммерческом предложении есть данные, которые нельзя показать. Проверьте его и создайте видео \
                           ещё раз.",
        tenant_mismatch: "Коммерческое предложение не принадлежит этой компании.",
        quote_not_issued: "Коммерческое предложение ещё не выставлено. Выставьте его и создайте видео ещё раз.",
        quote_expired: "Срок действия коммерческого предложения истёк. Продлите его и создайте видео ещё раз.",
        template_unknown: "Выбранного шаблона больше нет. Выберите другой и создайте видео ещё раз.",
        template_failed: "Это коммерческое предложение не подходит к выбранному шаблону. Выберите другой и создайте видео \
                          ещё раз.",
        not_saved: "Не удалось сохранить видео. Оплата не списана; повторите попытку через несколько минут.",
        not_generated: "Не удалось создать видео. Оплата не списана; повторите попытку через несколько минут.",
    },
    Messages {
        tag: "ta",
        snapshot_invalid: "விலைப்புள்ளியில் காட்ட முடியாத தரவு உள்ளது. அதைச் சரிபார்த்து, காணொளியை மீண்டும் உருவாக்கவும்.",
        tenant_mismatch: "இந்த விலைப்புள்ளி இந்த நிறுவனத்திற்கு உரியதல்ல.",
        quote_not_issued: "விலைப்புள்ளி இன்னும் வழங்கப்படவில்லை. அதை வழங்கி, காணொளியை மீண்டும் உருவாக்கவும்.",
        quote_expired: "விலைப்புள்ளியின் செல்லுபடிக் காலம் முடிந்துவிட்டது. அதை நீட்டித்து, காணொளியை மீண்டும் உருவாக்கவும்.",
        template_unknown: "தேர்ந்தெடுத்த வடிவமைப்பு இப்போது இல்லை. வேறொன்றைத் தேர்ந்தெடுத்து, காணொளியை மீண்டும் உருவாக்கவும்.",
        template_failed: "இந்த விலைப்புள்ளி தேர்ந்தெடுத்த வடிவமைப்பில் பொருந்தவில்லை. வேறொன்றைத் தேர்ந்தெடுத்து, காணொளியை மீண்டும் \
                          உருவாக்கவும்.",
        not_saved: "காணொளியைச் சேமிக்க முடியவில்லை. கட்டணம் எதுவும் வசூலிக்கப்படவில்லை; சில நிமிடங்களில் மீண்டும் முயலவும்.",
        not_generated: "காணொளியை உருவாக்க முடியவில்லை. கட்டணம் எதுவும் வசூலிக்கப்படவில்லை; சில நிமிடங்களில் மீண்டும் முயலவும்.",
    },
    Messages {
        tag: "th",
        snapshot_invalid: "ใบเสนอราคามีข้อมูลที่แสดงไม่ได้ โปรดตรวจสอบแล้วสร้างวิดีโออีกครั้ง",
        tenant_mismatch: "ใบเสนอราคานี้ไม่ใช่ของบริษัทนี้",
        quote_not_issued: "ใบเสนอราคายังไม่ได้ออก โปรดออกใบเสนอราคาแล้วสร้างวิดีโออีกครั้ง",
        quote_expired: "ใบเสนอราคาหมดอายุแล้ว โปรดขยายวันหมดอายุแล้วสร้างวิดีโออีกครั้ง",
        template_unknown: "ไม่มีแบบที่เลือกไว้แล้ว โปรดเลือกแบบอื่นแล้วสร้างวิดีโออีกครั้ง",
        template_failed: "ใบเสนอราคานี้ไม่เหมาะกับแบบที่เลือก โปรดเลือกแบบอื่นแล้วสร้างวิดีโออีกครั้ง",
        not_saved: "บันทึกวิดีโอไม่สำเร็จ ไม่มีการเรียกเก็บเงิน โปรดลองอีกครั้งในอีกไม่กี่นาที",
        not_generated: "สร้างวิดีโอไม่สำเร็จ ไม่มีการเรียกเก็บเงิน โปรดลองอีกครั้งในอีกไม่กี่นาที",
    },
    Messages {
        tag: "tr",
        snapshot_invalid: "Teklifte gösterilemeyen veriler var. Teklifi kontrol edip videoyu yeniden oluşturun.",
        tenant_mismatch: "Teklif bu şirkete ait değil.",
        quote_not_issued: "Teklif henüz düzenlenmedi. Teklifi düzenleyip videoyu yeniden oluşturun.",
        quote_expired: "Teklifin süresi doldu. Geçerliliğini uzatıp videoyu yeniden oluşturun.",
        template_unknown: "Seçilen tasarım artık yok. Başka bir tasarım seçip videoyu yeniden oluşturun.",
        template_failed: "Bu teklif seçilen tasarıma uymuyor. Başka bir tasarım seçip videoyu yeniden oluşturun.",
        not_saved: "Video kaydedilemedi. Hiçbir ücret alınmadı; birkaç dakika sonra tekrar deneyin.",
        not_generated: "Video oluşturulamadı. Hiçbir ücret alınmadı; birkaç dakika sonra tekrar deneyin.",
    },
    Messages {
        tag: "vi",
        snapshot_invalid: "Báo giá có dữ liệu không thể hiển thị. Hãy kiểm tra rồi tạo lại video.",
        tenant_mismatch: "Báo giá không thuộc về công ty này.",
        quote_not_issued: "Báo giá chưa được phát hành. Hãy phát hành rồi tạo lại video.",
        quote_expired: "Báo giá đã hết hiệu lực. Hãy gia hạn rồi tạo lại video.",
        template_unknown: "Mẫu đã chọn không còn nữa. Hãy chọn mẫu khác rồi tạo lại video.",
        template_failed: "Báo giá này không phù hợp với mẫu đã chọn. Hãy chọn mẫu khác rồi tạo lại video.",
        not_saved: "Không thể lưu video. Bạn chưa bị tính phí; hãy thử lại sau vài phút.",
        not_generated: "Không thể tạo video. Bạn chưa bị tính phí; hãy thử lại sau vài phút.",
    },
    Messages {
        tag: "zh",
        snapshot_invalid: "报价单中有无法显示的数据。请检查后重新生成视频。",
        tenant_mismatch: "该报价单不属于此公司。",
        quote_not_issued: "报价单尚未发出。请发出后重新生成视频。",
        quote_expired: "报价单已过期。请延长有效期后重新生成视频。",
        template_unknown: "所选模板已不存在。请选择其他模板后重新生成视频。",
        template_failed: "该报价单不适用于所选模板。请选择其他模板后重新生成视频。",
        not_saved: "视频保存失败。未产生任何费用，请几分钟后重试。",
        not_generated: "视频生成失败。未产生任何费用，请几分钟后重试。",
    },
    Messages {
        tag: "zh-Hant",
        snapshot_invalid: "報價單中有無法顯示的資料。請檢查後重新產生影片。",
        tenant_mismatch: "此報價單不屬於這家公司。",
        quote_not_issued: "報價單尚未開立。請開立後重新產生影片。",
        quote_expired: "報價單已過期。請延長有效期限後重新產生影片。",
        template_unknown: "所選範本已不存在。請選擇其他範本後重新產生影片。",
        template_failed: "此報價單不適用於所選範本。請選擇其他範本後重新產生影片。",
        not_saved: "影片儲存失敗。未產生任何費用，請於幾分鐘後再試。",
        not_generated: "影片產生失敗。未產生任何費用，請於幾分鐘後再試。",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::failure::ErrorClass;
    use super::*;

    /// The files of `templates/words`, without `.json`.
    fn worded() -> BTreeSet<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../templates/words");
        let files = std::fs::read_dir(folder).expect("the folder of words");
        let name = |file: std::io::Result<std::fs::DirEntry>| file.expect("a file").file_name().into_string().ok();
        files.filter_map(|file| Some(name(file)?.strip_suffix(".json")?.to_owned())).collect()
    }

    #[test]
    fn every_language_that_has_words_has_messages() {
        let known: BTreeSet<String> = Language::all().map(|language| language.tag().to_owned()).collect();
        assert_eq!(known.len(), Language::all().count(), "no tag twice");
        assert_eq!(known, worded());
    }

    #[test]
    fn every_message_is_of_its_language() {
        for code in FailureCode::ALL {
            let mut seen = BTreeSet::new();
            for language in Language::all() {
                let message = code.message(language);
                let ends = message.ends_with(['.', '。', '।']) || language.tag() == "th";
                assert!(message.chars().count() >= 8 && ends, "{code} {}: {message}", language.tag());
                assert!(!message.contains("  "), "{code} {}: {message}", language.tag());
                let shared = matches!(language.tag(), "de-CH" | "es-AR" | "es-ES" | "fr-CA" | "pt-PT");
                assert!(seen.insert(message) || shared, "{code} {}: another language's", language.tag());
            }
        }
    }

    /// A message that stands in the wrong row is in another script.
    #[test]
    fn messages_are_written_in_their_script() {
        let scripts = [
            ("ar", '\u{600}'..='\u{6ff}'),
            ("bn", '\u{980}'..='\u{9ff}'),
            ("el", '\u{370}'..='\u{3ff}'),
            ("he", '\u{590}'..='\u{5ff}'),
            ("hi", '\u{900}'..='\u{97f}'),
            ("ja", '\u{3040}'..='\u{30ff}'),
            ("ko", '\u{ac00}'..='\u{d7a3}'),
            ("ru", '\u{400}'..='\u{4ff}'),
            ("ta", '\u{b80}'..='\u{bff}'),
            ("th", '\u{e00}'..='\u{e7f}'),
            ("zh", '\u{4e00}'..='\u{9fff}'),
            ("zh-Hant", '\u{4e00}'..='\u{9fff}'),
        ];
        for (tag, script) in scripts {
            let language = Language::all().find(|language| language.tag() == tag).expect(tag);
            for code in FailureCode::ALL {
                let message = code.message(language);
                assert!(message.chars().filter(|c| script.contains(c)).count() >= 6, "{tag}: {message}");
            }
        }
    }

    #[test]
    fn a_system_failure_says_that_nothing_was_charged() {
        for code in FailureCode::ALL.into_iter().filter(|code| code.class() != ErrorClass::User) {
            assert!(code.message(Language::ENGLISH).contains("Nothing was charged"), "{code}");
            assert!(code.message(Language::of_locale("de-AT")).contains("Es wurde nichts berechnet"), "{code}");
        }
    }

    #[test]
    fn languages_come_from_locales() {
        let cases = [
            ("es-CL", "es"),
            ("es-ES", "es-ES"),
            ("pt_BR", "pt"),
            ("pt-AO", "pt-PT"),
            ("de-DE", "de"),
            ("de-LI", "de-CH"),
            ("DE-at", "de"),
            ("zh-CN", "zh"),
            ("zh-Hans-HK", "zh"),
            ("zh-TW", "zh-Hant"),
            ("zh-Hant", "zh-Hant"),
            ("ar-u-nu-latn", "ar"),
            ("ja", "ja"),
            ("da-DK", "en"),
            ("", "en"),
        ];
        for (locale, tag) in cases {
            assert_eq!(Language::of_locale(locale).tag(), tag, "{locale}");
        }
    }
}

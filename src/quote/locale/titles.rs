//! What stands around a name without being part of it: titles, forms of address, legal forms, words between. Tables
//! alone, a line or more to a script; `initials` reads them.

/// What stands before a name, without points, lower case: titles and forms of address, recognised by the point they are
/// written with.
#[rustfmt::skip]
pub(super) const TITLES: &[&str] = &[
    "abg", "arch", "arq", "avv", "bc", "dipl-ing", "dott", "dr", "dra", "eng", "hr", "ing", "inż", "lic", "mag", "mgr",
    "mr", "mrs", "ms", "mx", "prof", "profa", "sig", "sr", "sra", "srta",
    "δρ", "κ",
    "д-р",
    "أ", "د", "م",
    "ডা", "ড",
    "திரு",
];

/// Those of them that are written without a point as well, and what a company is called before its name.
#[rustfmt::skip]
pub(super) const PLAIN_TITLES: &[&str] = &[
    "dr", "dra", "frau", "herr", "mlle", "mme", "mr", "mrs", "ms",
    "κα",
    "ד\"ר", "ד״ר", "עו\"ד", "עו״ד", "גב'", "גב׳", "מר",
    "الأستاذ", "الآنسة", "الدكتور", "الدكتورة", "السيد", "السيدة", "المهندس", "شركات", "شركة", "مجموعة", "مؤسسة",
    "डॉ", "कुमारी", "श्री", "श्रीमती", "सुश्री",
    "জনাব", "শ্রী", "শ্রীমতী",
    "செல்வி", "திருமதி", "ஶ்ரீ", "ஸ்ரீ",
    "คุณ", "บจก", "บมจ", "หจก",
];

/// What a Vietnamese company is called before its name, word by word in lower case, the longer first.
pub(super) const COMPANY_PHRASES: &[&[&str]] = &[
    &["công", "ty", "trách", "nhiệm", "hữu", "hạn"],
    &["công", "ty", "cổ", "phần"],
    &["công", "ty", "cp"],
    &["công", "ty"],
    &["một", "thành", "viên"],
    &["doanh", "nghiệp", "tư", "nhân"],
    &["tập", "đoàn"],
    &["tnhh"],
    &["mtv"],
    &["cty"],
    &["ctcp"],
    &["dntn"],
];

/// Legal forms before a name in scripts that set no space between them, or not always; the longer first.
#[rustfmt::skip]
pub(super) const UNSPACED_FORMS: &[&str] = &[
    "株式会社", "有限会社", "合同会社", "合資会社", "合名会社", "一般社団法人", "公益社団法人", "一般財団法人",
    "公益財団法人", "医療法人",
    "주식회사", "유한책임회사", "유한회사",
    "บริษัท", "ห้างหุ้นส่วนจำกัด", "ห้างหุ้นส่วน",
];

/// Legal forms at the end of a company's name, without points, lower case. They are recognised by a point or by two
/// capitals: `SpA` is one, `Spa` is a place.
#[rustfmt::skip]
pub(super) const LEGAL_FORMS: &[&str] = &[
    "ab", "ag", "aps", "as", "bv", "cia", "cía", "co", "cv", "dev", "eirl", "epp", "esp", "eu", "eurl", "gbr", "kft",
    "kg", "lda", "llp", "me", "mei", "nv", "ohg", "oy", "plc", "pte", "rl", "sa", "sac", "sapi", "sarl", "sas", "sasu",
    "sca", "sl", "slu", "snc", "spa", "srl", "sro", "ug",
    "αε", "αεβε", "εε", "επε", "ικε", "οε",
    "зао",
    "प्रा", "लि",
    "প্রা", "লি",
    "பிரை", "லிட்",
];

/// Those that nothing else is written like, and forms of address behind a name.
#[rustfmt::skip]
pub(super) const PLAIN_FORMS: &[&str] = &[
    "corp", "eireli", "gmbh", "inc", "limitada", "limited", "llc", "ltd", "ltda", "private", "pty", "pvt",
    "ооо",
    "בע\"מ", "בע״מ",
    "المحدودة", "ذمم", "شمم", "محدودة",
    "प्राइवेट", "लिमिटेड",
    "প্রাইভেট", "লিঃ", "লিমিটেড",
    "பிரைவேட்", "லிமிடெட்",
    "จำกัด", "มหาชน",
    "有限公司", "股份有限公司", "有限责任公司", "有限責任公司",
    "株式会社", "有限会社", "合同会社", "御中", "様", "殿",
    "주식회사", "유한책임회사", "유한회사", "귀하", "귀중", "님",
];

/// Words between names, as they are written: articles, prepositions, conjunctions.
#[rustfmt::skip]
pub(super) const JOINING: &[&str] = &[
    "&", "and", "da", "das", "de", "degli", "dei", "del", "della", "der", "des", "di", "do", "dos", "du", "e", "en",
    "et", "i", "of", "u", "und", "van", "von", "y",
    "και",
    "и",
];

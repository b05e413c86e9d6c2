//! How much of everything a snapshot may hold. The JSON Schema and the reader both take their limits from here.

/// Largest snapshot, in bytes: a logo and a few pictures as data URIs fit.
pub(super) const INPUT_BYTES: usize = 8 * 1024 * 1024;
/// Deepest nesting of objects and arrays; the contract itself needs 5.
pub(super) const DEPTH: usize = 32;
/// Most values of all kinds; 500 full lines have about 6,000. Bounds the memory that a small text can claim.
pub(super) const VALUES: usize = 100_000;
/// Most errors, and most warnings, that are listed.
pub(super) const PROBLEMS: usize = 500;
/// Most lines.
pub(super) const ITEMS: usize = 500;
/// Most taxes.
pub(super) const TAXES: usize = 20;
/// Characters of a quote's identifier or a tax number.
pub(super) const ID_CHARS: usize = 200;
/// Characters of the identifier of a company or an organization.
pub(super) const TENANT_ID_CHARS: usize = 128;
/// Characters of a quote number or a tax's name.
pub(super) const NUMBER_CHARS: usize = 100;
/// Characters of a name, title or role.
pub(super) const NAME_CHARS: usize = 500;
/// Characters of a unit of measure.
pub(super) const UNIT_CHARS: usize = 50;
/// Characters of a telephone number.
pub(super) const CONTACT_CHARS: usize = 50;
/// Characters of an e-mail address: RFC 5321 allows 254.
pub(super) const EMAIL_CHARS: usize = 254;
/// Characters of a postal address.
pub(super) const ADDRESS_CHARS: usize = 500;
/// Characters of notes, descriptions and terms.
pub(super) const LONG_TEXT_CHARS: usize = 5_000;
/// Characters of a web address, object key or file name.
pub(super) const URL_CHARS: usize = 2_048;
/// Characters of a data URI: 6 MiB, about 4.5 MiB of picture.
pub(super) const DATA_URI_CHARS: usize = 6 * 1024 * 1024;

/// An identifier of a company. It becomes part of the names of objects and paths, so its alphabet is small. White space
/// around it is left out.
pub(super) const TENANT_ID: &str = r"^\s*[A-Za-z0-9_:-][A-Za-z0-9._:-]*\s*$";
/// The same, or nothing.
pub(super) const TENANT_ID_OR_BLANK: &str = r"^\s*([A-Za-z0-9_:-][A-Za-z0-9._:-]*)?\s*$";
/// Something other than white space.
pub(super) const NOT_BLANK: &str = r"\S";
/// An absolute http or https address.
pub(super) const HTTP: &str = r"^\s*[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#]";
/// The same, or nothing.
pub(super) const HTTP_OR_BLANK: &str = r"^\s*($|[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#])";
/// A data URI of a picture in base64.
pub(super) const DATA_URI: &str = r"^\s*data:[A-Za-z0-9.+/;=-]*;base64,[A-Za-z0-9+/]*={0,2}\s*$";
/// A colour, or nothing.
pub(super) const COLOR_OR_BLANK: &str = r"^\s*(#[0-9A-Fa-f]{6})?\s*$";

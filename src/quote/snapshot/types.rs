//! The fields of a quote snapshot, with the limits that its JSON Schema states and its reader enforces.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::limits;
use crate::ground::color::Color;
use crate::ground::problem::{element, member};
use crate::quote::locale::{Amount, Currency, Date, Locale};

/// The version of the snapshot contract that is read.
pub const SCHEMA_VERSION: u32 = 1;

/// A sales quote at one moment, with everything that its video shows.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Snapshot {
    /// Version of this contract: 1.
    #[schemars(range(min = SCHEMA_VERSION, max = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// The organization that the company belongs to, for tenants of several companies. Its identifier is made like
    /// the company's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::TENANT_ID_CHARS), regex(pattern = limits::TENANT_ID_OR_BLANK))]
    pub organization_id: Option<String>,
    /// The company whose quote it is: its identifier in the sender's system, of the characters A-Z a-z 0-9 . _ : - and
    /// not beginning with a dot.
    #[schemars(length(min = 1, max = limits::TENANT_ID_CHARS), regex(pattern = limits::TENANT_ID))]
    pub company_id: String,
    /// How amounts and dates are written, and which strings of the template are used.
    pub locale: Locale,
    /// The currency of every amount.
    pub currency: Currency,
    /// The quote itself.
    pub quote: Quote,
    /// Who sends it.
    pub company: Company,
    /// Who receives it.
    pub customer: Customer,
    /// Who signs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller: Option<Seller>,
    /// What is offered, 1 to 500 lines.
    #[schemars(length(min = 1, max = limits::ITEMS))]
    pub items: Vec<Item>,
    /// What it costs.
    pub totals: Totals,
    /// When and how to pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::LONG_TEXT_CHARS))]
    pub payment_terms: Option<String>,
    /// When and how it is delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::LONG_TEXT_CHARS))]
    pub delivery_terms: Option<String>,
}

/// Number, state, dates and words of a quote.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Quote {
    /// Its identifier in the sender's system, any printable text: `Angebot 118/2026`.
    #[schemars(length(min = 1, max = limits::ID_CHARS), regex(pattern = limits::NOT_BLANK))]
    pub id: String,
    /// Its number as the customer knows it.
    #[schemars(length(min = 1, max = limits::NUMBER_CHARS), regex(pattern = limits::NOT_BLANK))]
    pub number: String,
    /// Its state when the snapshot was taken.
    pub status: QuoteStatus,
    /// The day it was issued.
    pub issued_at: Date,
    /// The last day it can be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
    /// What it is for, in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::NAME_CHARS))]
    pub title: Option<String>,
    /// Words to the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::LONG_TEXT_CHARS))]
    pub notes: Option<String>,
    /// Where the customer accepts it: an absolute http or https address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::URL_CHARS), regex(pattern = limits::HTTP_OR_BLANK))]
    pub accept_url: Option<String>,
}

/// The state of a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum QuoteStatus {
    /// Still being written.
    Draft,
    /// Final and numbered.
    Issued,
    /// Handed to the customer.
    Sent,
    /// Accepted by the customer.
    Accepted,
    /// Declined by the customer.
    Rejected,
    /// Past its last day.
    Expired,
    /// Withdrawn by the sender.
    Cancelled,
}

/// Who sends the quote.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Company {
    /// Its name.
    #[schemars(length(min = 1, max = limits::NAME_CHARS), regex(pattern = limits::NOT_BLANK))]
    pub name: String,
    /// Its tax number, as written in its country.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::ID_CHARS))]
    pub tax_id: Option<String>,
    /// Its logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<AssetRef>,
    /// Its colours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<Brand>,
    /// Its telephone number, with country code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::CONTACT_CHARS))]
    pub phone: Option<String>,
    /// Its WhatsApp number, with country code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::CONTACT_CHARS))]
    pub whatsapp: Option<String>,
    /// Its e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::EMAIL_CHARS))]
    pub email: Option<String>,
    /// Its web site: an address or a bare host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::URL_CHARS))]
    pub website: Option<String>,
    /// Its postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::ADDRESS_CHARS))]
    pub address: Option<String>,
}

/// The colours of a company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Brand {
    /// The main colour, #RRGGBB.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "color_text")]
    #[schemars(with = "Option<String>", regex(pattern = limits::COLOR_OR_BLANK))]
    pub primary: Option<Color>,
    /// The colour that draws the eye, #RRGGBB.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "color_text")]
    #[schemars(with = "Option<String>", regex(pattern = limits::COLOR_OR_BLANK))]
    pub accent: Option<Color>,
}

/// Who receives the quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Customer {
    /// A company or a person.
    #[schemars(length(min = 1, max = limits::NAME_CHARS), regex(pattern = limits::NOT_BLANK))]
    pub name: String,
    /// The person addressed there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::NAME_CHARS))]
    pub contact_name: Option<String>,
    /// Their tax number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::ID_CHARS))]
    pub tax_id: Option<String>,
    /// Their e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::EMAIL_CHARS))]
    pub email: Option<String>,
    /// Their postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::ADDRESS_CHARS))]
    pub address: Option<String>,
}

/// The person who signs the quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Seller {
    /// Their name.
    #[schemars(length(min = 1, max = limits::NAME_CHARS), regex(pattern = limits::NOT_BLANK))]
    pub name: String,
    /// What they do at the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::NAME_CHARS))]
    pub role: Option<String>,
    /// Their portrait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo: Option<AssetRef>,
    /// Their telephone number, with country code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::CONTACT_CHARS))]
    pub phone: Option<String>,
    /// Their e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::EMAIL_CHARS))]
    pub email: Option<String>,
}

/// One line of the quote. Amounts may be negative: a line can be a discount.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Item {
    /// What it is.
    #[schemars(length(min = 1, max = limits::NAME_CHARS), regex(pattern = limits::NOT_BLANK))]
    pub name: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::LONG_TEXT_CHARS))]
    pub description: Option<String>,
    /// How many of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Amount>,
    /// What it is counted in: `un`, `m²`, `h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::UNIT_CHARS))]
    pub unit: Option<String>,
    /// The price of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Amount>,
    /// An amount taken off the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<Amount>,
    /// The price of the line: quantity x unit price - discount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Amount>,
    /// A picture of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<AssetRef>,
}

/// The sums of the quote: total = subtotal - discount + shipping + taxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Totals {
    /// The sum of the lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtotal: Option<Amount>,
    /// An amount taken off the sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<Amount>,
    /// Delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Amount>,
    /// Taxes added, up to 20; withheld taxes are negative.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Option<Vec<Tax>>", length(max = limits::TAXES))]
    pub taxes: Vec<Tax>,
    /// What the customer pays.
    pub total: Amount,
}

/// One tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Tax {
    /// Its name: `IVA`, `VAT`, `GST`.
    #[schemars(length(min = 1, max = limits::NUMBER_CHARS), regex(pattern = limits::NOT_BLANK))]
    pub name: String,
    /// Its rate as a fraction: 0.19 is 19 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Amount>,
    /// What it adds.
    pub amount: Amount,
}

/// Where a picture is. Serialises as the object that it was read from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub enum AssetRef {
    /// An absolute http or https address.
    Url(#[schemars(length(max = limits::URL_CHARS), regex(pattern = limits::HTTP))] String),
    /// A `data:` URI with base64.
    Data(#[schemars(length(max = limits::DATA_URI_CHARS), regex(pattern = limits::DATA_URI))] String),
    /// A key in the tenant's object storage.
    Key(#[schemars(length(min = 1, max = limits::URL_CHARS), regex(pattern = limits::NOT_BLANK))] String),
    /// A file relative to the snapshot; command line only.
    File(#[schemars(length(min = 1, max = limits::URL_CHARS), regex(pattern = limits::NOT_BLANK))] String),
}

impl QuoteStatus {
    /// Every status.
    pub const ALL: [Self; 7] =
        [Self::Draft, Self::Issued, Self::Sent, Self::Accepted, Self::Rejected, Self::Expired, Self::Cancelled];

    /// The status as it is written in a snapshot.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Issued => "ISSUED",
            Self::Sent => "SENT",
            Self::Accepted => "ACCEPTED",
            Self::Rejected => "REJECTED",
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl Snapshot {
    /// Every picture that the snapshot names, with the JSON pointer of its place, in reading order.
    #[must_use]
    pub fn asset_refs(&self) -> Vec<(String, &AssetRef)> {
        let company = self.company.logo.iter().map(|logo| ("/company/logo".to_owned(), logo));
        let photo = self.seller.iter().filter_map(|seller| seller.photo.as_ref());
        let photo = photo.map(|photo| ("/seller/photo".to_owned(), photo));
        let images = self.items.iter().enumerate();
        let images = images.filter_map(|(index, item)| {
            item.image.as_ref().map(|image| (member(&element("/items", index), "image"), image))
        });
        company.chain(photo).chain(images).collect()
    }

    /// The sum of the lines: as given, or counted where it is not; nothing where a line has no total.
    #[must_use]
    pub fn subtotal(&self) -> Option<Amount> {
        self.totals.subtotal.or_else(|| {
            self.items.iter().try_fold(Amount::ZERO, |sum, item| sum.checked_add(item.line_total(self.currency)?))
        })
    }

    /// The sum of all taxes; nothing where there are none.
    #[must_use]
    pub fn tax_total(&self) -> Option<Amount> {
        if self.totals.taxes.is_empty() {
            return None;
        }
        self.totals.taxes.iter().try_fold(Amount::ZERO, |sum, tax| sum.checked_add(tax.amount))
    }

    /// Days from issue to the last day, where there is one.
    #[must_use]
    pub fn validity_days(&self) -> Option<i32> {
        self.quote.valid_until.map(|last| self.quote.issued_at.days_until(last))
    }
}

impl Item {
    /// The price of the line: as given, or quantity x unit price - discount rounded to the currency's minor unit;
    /// a missing quantity counts as 1. Nothing where there is neither total nor unit price.
    #[must_use]
    pub fn line_total(&self, currency: Currency) -> Option<Amount> {
        self.total.or_else(|| Some(self.computed_total()?.rounded(currency.minor_digits())))
    }

    /// Quantity x unit price - discount, unrounded.
    pub(super) fn computed_total(&self) -> Option<Amount> {
        let gross = self.quantity.unwrap_or(Amount::ONE).checked_mul(self.unit_price?)?;
        gross.checked_sub(self.discount.unwrap_or(Amount::ZERO))
    }
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
fn color_text<S: Serializer>(color: &Option<Color>, serializer: S) -> Result<S::Ok, S::Error> {
    match color {
        Some(color) => serializer.collect_str(color),
        None => serializer.serialize_none(),
    }
}

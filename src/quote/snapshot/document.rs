//! Reading the contract, field by field, from a JSON value. The sums are checked next door.

use serde_json::Value;

use super::address::{is_bare_site, is_email, is_http_url, is_object_key, is_phone, is_tenant_id};
use super::limits;
use super::reader::{Object, Reader, Text};
use super::sums::{self, Line, Sums};
use super::types::{
    AssetRef, Brand, Company, Customer, Item, Quote, QuoteStatus, SCHEMA_VERSION, Seller, Snapshot, Tax, Totals,
};
use crate::ground::color::Color;
use crate::ground::json::SCHEMA_KEY;
use crate::ground::problem::{Problem, Warning, element, nearest, quoted};
use crate::quote::locale::{Amount, Currency, Locale};

const ID: Text = Text::line(limits::ID_CHARS);
const TENANT_ID: Text = Text::line(limits::TENANT_ID_CHARS);
const NUMBER: Text = Text::line(limits::NUMBER_CHARS);
const NAME: Text = Text::line(limits::NAME_CHARS);
const UNIT: Text = Text::line(limits::UNIT_CHARS);
const CONTACT: Text = Text::line(limits::CONTACT_CHARS);
const EMAIL: Text = Text::line(limits::EMAIL_CHARS);
const ADDRESS: Text = Text::lines(limits::ADDRESS_CHARS);
const LONG: Text = Text::lines(limits::LONG_TEXT_CHARS);
const URL: Text = Text::line(limits::URL_CHARS);

/// The picture formats that are drawn.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/svg+xml"];

/// How a picture that is a bare string would be written.
fn asset_hint(text: &str, allow_files: bool) -> String {
    let kind = match text {
        _ if is_http_url(text) => "url",
        _ if text.starts_with("data:") => "data",
        _ if allow_files => "file",
        _ => return "a picture is an object such as { \"url\": \"https://…\" }".to_owned(),
    };
    format!("did you mean {{ \"{kind}\": {} }}?", quoted(text, 40).replace('`', "\""))
}

/// What is read as long as it can be; whole only when the reader has noted no error.
pub(super) struct Document<'r> {
    reader: &'r mut Reader,
    allow_files: bool,
    currency: Option<Currency>,
}

impl<'r> Document<'r> {
    pub(super) fn new(reader: &'r mut Reader, allow_files: bool) -> Self {
        Self { reader, allow_files, currency: None }
    }

    /// Reads the whole document; nothing when a part is missing that no placeholder can stand for.
    pub(super) fn snapshot(mut self, value: &Value) -> Option<Snapshot> {
        let version = value.get("schemaVersion").filter(|version| version.is_number());
        if let Some(found) = version.filter(|found| found.as_f64() != Some(f64::from(SCHEMA_VERSION))) {
            let problem = Problem::error("schema_version", "/schemaVersion", found.to_string(), "1, the only version");
            self.reader.note(problem.with_hint("nothing else was checked"));
            return None;
        }
        let root = self.reader.object(
            value,
            String::new(),
            &[
                "schemaVersion",
                "organizationId",
                "companyId",
                "locale",
                "currency",
                "quote",
                "company",
                "customer",
                "seller",
                "items",
                "totals",
                "paymentTerms",
                "deliveryTerms",
                SCHEMA_KEY,
            ],
        )?;
        let _for_editors = self.reader.optional_text(&root, SCHEMA_KEY, URL);
        if let Some(value) = self.reader.required(&root, "schemaVersion").filter(|value| !value.is_number()) {
            self.reader.wrong_type(value, root.at("schemaVersion"), "the number 1");
        }
        let organization_id = self.reader.optional_text(&root, "organizationId", TENANT_ID);
        let company_id = self.reader.required_text(&root, "companyId", TENANT_ID);
        for (key, id) in [("organizationId", organization_id.as_deref()), ("companyId", Some(company_id.as_str()))] {
            // What is missing or blank was noted where it was read.
            if let Some(id) = id.filter(|id| !id.is_empty() && !is_tenant_id(id)) {
                let expected = "characters A-Z a-z 0-9 . _ : -, the first one not a dot";
                let hint = "it becomes part of the names of files and objects; a quote's id may be any text";
                self.reader.note(Problem::error("invalid_id", root.at(key), quoted(id, 40), expected).with_hint(hint));
            }
        }
        let locale = self.locale(&root);
        self.currency = self.currency(&root);
        let quote = self.reader.required(&root, "quote").and_then(|value| self.quote(value, root.at("quote")));
        let company = self.reader.required(&root, "company").and_then(|value| self.company(value, root.at("company")));
        let customer =
            self.reader.required(&root, "customer").and_then(|value| self.customer(value, root.at("customer")));
        let seller = self.reader.optional(&root, "seller").and_then(|value| self.seller(value, root.at("seller")));
        let lines = self.reader.required(&root, "items").and_then(|value| self.items(value, root.at("items")));
        let totals = self.reader.required(&root, "totals").and_then(|value| self.totals(value, root.at("totals")));
        let payment_terms = self.reader.optional_text(&root, "paymentTerms", LONG);
        let delivery_terms = self.reader.optional_text(&root, "deliveryTerms", LONG);
        if let Some(currency) = self.currency {
            let totals = totals.as_ref().filter(|(_, sound)| *sound).map(|(totals, _)| totals);
            sums::check(&Sums { locale: locale.as_ref(), currency, lines: lines.as_deref(), totals }, self.reader);
        }
        Some(Snapshot {
            schema_version: SCHEMA_VERSION,
            organization_id,
            company_id,
            locale: locale?,
            currency: self.currency?,
            quote: quote?,
            company: company?,
            customer: customer?,
            seller,
            items: lines?.into_iter().map(|line| line.item).collect(),
            totals: totals?.0,
            payment_terms,
            delivery_terms,
        })
    }

    fn locale(&mut self, root: &Object<'_>) -> Option<Locale> {
        let value = self.reader.required(root, "locale")?;
        let Value::String(tag) = value else {
            self.reader.wrong_type(value, root.at("locale"), "a BCP 47 locale like \"es-CL\"");
            return None;
        };
        let hint = match Locale::parse(tag) {
            Ok(locale) => return Some(locale),
            Err(crate::quote::locale::InvalidLocale::Uncovered(_)) => {
                "there is no locale data for this language".to_owned()
            }
            Err(crate::quote::locale::InvalidLocale::Form(_)) => match Locale::parse(&tag.replace('_', "-")) {
                Ok(locale) => format!("did you mean `{locale}`?"),
                Err(_) => "language, then region: `es-CL`, `pt-BR`, `en-US`".to_owned(),
            },
        };
        let problem =
            Problem::error("unknown_locale", root.at("locale"), quoted(tag, 40), "a BCP 47 locale like es-CL");
        self.reader.note(problem.with_hint(hint));
        None
    }

    fn currency(&mut self, root: &Object<'_>) -> Option<Currency> {
        let value = self.reader.required(root, "currency")?;
        let Value::String(code) = value else {
            self.reader.wrong_type(value, root.at("currency"), "an ISO 4217 code like \"CLP\"");
            return None;
        };
        match Currency::parse(code) {
            Ok(currency) => Some(currency),
            Err(error) => {
                let hint = error.suggestion.map(|code| format!("did you mean `{code}`?"));
                let expected = "an ISO 4217 code like CLP or USD";
                let problem = Problem::error("unknown_currency", root.at("currency"), quoted(code, 20), expected);
                self.reader.note(problem.with_optional_hint(hint));
                None
            }
        }
    }

    fn quote(&mut self, value: &Value, pointer: String) -> Option<Quote> {
        let known = ["id", "number", "status", "issuedAt", "validUntil", "title", "notes", "acceptUrl"];
        let object = self.reader.object(value, pointer, &known)?;
        let id = self.reader.required_text(&object, "id", ID);
        let number = self.reader.required_text(&object, "number", NUMBER);
        let status = self.status(&object);
        let issued_at = self.reader.required(&object, "issuedAt");
        let issued_at = issued_at.and_then(|value| self.reader.date(value, object.at("issuedAt")));
        let valid_until = self.reader.optional(&object, "validUntil");
        let valid_until = valid_until.and_then(|value| self.reader.date(value, object.at("validUntil")));
        if let (Some(issued), Some(last)) = (issued_at, valid_until)
            && last < issued
        {
            let expected = format!("{issued}, the day of issue, or later");
            self.reader.note(Problem::error("dates_out_of_order", object.at("validUntil"), last.to_string(), expected));
        }
        let title = self.reader.optional_text(&object, "title", NAME);
        let notes = self.reader.optional_text(&object, "notes", LONG);
        let accept_url = self.reader.optional_text(&object, "acceptUrl", URL);
        if let Some(url) = accept_url.as_deref().filter(|url| !is_http_url(url)) {
            self.invalid_url(url, object.at("acceptUrl"), "an absolute http or https address");
        }
        Some(Quote { id, number, status: status?, issued_at: issued_at?, valid_until, title, notes, accept_url })
    }

    fn status(&mut self, object: &Object<'_>) -> Option<QuoteStatus> {
        let value = self.reader.required(object, "status")?;
        let known = QuoteStatus::ALL.map(QuoteStatus::code);
        let Value::String(code) = value else {
            self.reader.wrong_type(value, object.at("status"), "a status like \"ISSUED\"");
            return None;
        };
        let status = QuoteStatus::ALL.into_iter().find(|status| status.code() == code);
        if status.is_none() {
            let hint = nearest(code, known).map(|name| format!("did you mean `{name}`?"));
            let expected = format!("one of {}", known.join(", "));
            let problem = Problem::error("unknown_status", object.at("status"), quoted(code, 40), expected);
            self.reader.note(problem.with_optional_hint(hint));
        }
        status
    }

    fn company(&mut self, value: &Value, pointer: String) -> Option<Company> {
        let known = ["name", "taxId", "logo", "brand", "phone", "whatsapp", "email", "website", "address"];
        let object = self.reader.object(value, pointer, &known)?;
        Some(Company {
            name: self.reader.required_text(&object, "name", NAME),
            tax_id: self.reader.optional_text(&object, "taxId", ID),
            logo: self.asset(&object, "logo"),
            brand: self.reader.optional(&object, "brand").and_then(|value| self.brand(value, object.at("brand"))),
            phone: self.phone(&object, "phone"),
            whatsapp: self.phone(&object, "whatsapp"),
            email: self.email(&object),
            website: self.website(&object),
            address: self.reader.optional_text(&object, "address", ADDRESS),
        })
    }

    fn brand(&mut self, value: &Value, pointer: String) -> Option<Brand> {
        let object = self.reader.object(value, pointer, &["primary", "accent"])?;
        Some(Brand { primary: self.color(&object, "primary"), accent: self.color(&object, "accent") })
    }

    fn color(&mut self, object: &Object<'_>, key: &str) -> Option<Color> {
        let value = self.reader.optional(object, key)?;
        let text = self.reader.text(value, object.at(key), Text::line(limits::URL_CHARS))?;
        let color = Color::parse(&text).ok().filter(|_| text.len() == 7);
        if color.is_none() {
            let problem = Problem::error("invalid_color", object.at(key), quoted(&text, 40), "a colour, #RRGGBB");
            self.reader.note(problem.with_hint("six hexadecimal digits after #, for example #0B1F3A"));
        }
        color
    }

    fn customer(&mut self, value: &Value, pointer: String) -> Option<Customer> {
        let object = self.reader.object(value, pointer, &["name", "contactName", "taxId", "email", "address"])?;
        Some(Customer {
            name: self.reader.required_text(&object, "name", NAME),
            contact_name: self.reader.optional_text(&object, "contactName", NAME),
            tax_id: self.reader.optional_text(&object, "taxId", ID),
            email: self.email(&object),
            address: self.reader.optional_text(&object, "address", ADDRESS),
        })
    }

    fn seller(&mut self, value: &Value, pointer: String) -> Option<Seller> {
        let object = self.reader.object(value, pointer, &["name", "role", "photo", "phone", "email"])?;
        Some(Seller {
            name: self.reader.required_text(&object, "name", NAME),
            role: self.reader.optional_text(&object, "role", NAME),
            photo: self.asset(&object, "photo"),
            phone: self.phone(&object, "phone"),
            email: self.email(&object),
        })
    }

    fn items(&mut self, value: &Value, pointer: String) -> Option<Vec<Line>> {
        let Value::Array(items) = value else {
            self.reader.wrong_type(value, pointer, "an array of 1 to 500 items");
            return None;
        };
        if items.is_empty() || items.len() > limits::ITEMS {
            let found = format!("{} items", items.len());
            self.reader.note(Problem::error("item_count", pointer, found, format!("1 to {} items", limits::ITEMS)));
            return None;
        }
        Some(items.iter().enumerate().filter_map(|(index, item)| self.item(item, element(&pointer, index))).collect())
    }

    fn item(&mut self, value: &Value, pointer: String) -> Option<Line> {
        let known = ["name", "description", "quantity", "unit", "unitPrice", "discount", "total", "image"];
        let object = self.reader.object(value, pointer.clone(), &known)?;
        let name = self.reader.required_text(&object, "name", NAME);
        let description = self.reader.optional_text(&object, "description", LONG);
        let unit = self.reader.optional_text(&object, "unit", UNIT);
        let image = self.asset(&object, "image");
        let before = self.reader.errors();
        let quantity = self.reader.optional_amount(&object, "quantity");
        let [unit_price, discount, total] =
            ["unitPrice", "discount", "total"].map(|key| self.optional_money(&object, key));
        let sound = self.reader.errors() == before;
        let item = Item { name, description, quantity, unit, unit_price, discount, total, image };
        Some(Line { item, pointer, sound })
    }

    fn totals(&mut self, value: &Value, pointer: String) -> Option<(Totals, bool)> {
        let object = self.reader.object(value, pointer, &["subtotal", "discount", "shipping", "taxes", "total"])?;
        let before = self.reader.errors();
        let [subtotal, discount, shipping] =
            ["subtotal", "discount", "shipping"].map(|key| self.optional_money(&object, key));
        let taxes = self.reader.optional(&object, "taxes").map(|value| self.taxes(value, object.at("taxes")));
        let total = self.required_money(&object, "total");
        let sound = self.reader.errors() == before;
        Some((Totals { subtotal, discount, shipping, taxes: taxes.unwrap_or_default(), total: total? }, sound))
    }

    fn taxes(&mut self, value: &Value, pointer: String) -> Vec<Tax> {
        let Value::Array(taxes) = value else {
            self.reader.wrong_type(value, pointer, "an array of taxes");
            return Vec::new();
        };
        if taxes.len() > limits::TAXES {
            let found = format!("{} taxes", taxes.len());
            self.reader.note(Problem::error("tax_count", pointer, found, format!("at most {}", limits::TAXES)));
            return Vec::new();
        }
        taxes.iter().enumerate().filter_map(|(index, tax)| self.tax(tax, element(&pointer, index))).collect()
    }

    fn tax(&mut self, value: &Value, pointer: String) -> Option<Tax> {
        let object = self.reader.object(value, pointer, &["name", "rate", "amount"])?;
        let name = self.reader.required_text(&object, "name", NUMBER);
        let rate = self.reader.optional_amount(&object, "rate");
        if let Some(rate) = rate.filter(|rate| rate.abs() > Amount::ONE) {
            let problem =
                Problem::error("rate_out_of_range", object.at("rate"), rate.to_string(), "a fraction, -1 to 1");
            self.reader.note(problem.with_hint("19 % is written 0.19"));
        }
        let amount = self.required_money(&object, "amount")?;
        Some(Tax { name, rate, amount })
    }

    fn optional_money(&mut self, object: &Object<'_>, key: &str) -> Option<Amount> {
        let amount = self.reader.optional_amount(object, key)?;
        self.excess_decimals(amount, object.at(key));
        Some(amount)
    }

    fn required_money(&mut self, object: &Object<'_>, key: &str) -> Option<Amount> {
        let amount = self.reader.required_amount(object, key)?;
        self.excess_decimals(amount, object.at(key));
        Some(amount)
    }

    fn excess_decimals(&mut self, amount: Amount, pointer: String) {
        let Some(currency) = self.currency.filter(|currency| amount.decimals() > currency.minor_digits()) else {
            return;
        };
        let expected = format!("at most {} decimals in {currency}", currency.minor_digits());
        let problem = Problem::warning(Warning::ExcessDecimals, pointer, amount.to_string(), expected);
        self.reader.note(problem.with_hint("it is shown with all its decimals, not rounded"));
    }

    fn phone(&mut self, object: &Object<'_>, key: &str) -> Option<String> {
        let phone = self.reader.optional_text(object, key, CONTACT)?;
        if !is_phone(&phone) {
            let expected = "a telephone number like +56 9 5555 0147";
            self.reader.note(Problem::warning(Warning::OddPhone, object.at(key), quoted(&phone, 60), expected));
        }
        Some(phone)
    }

    fn email(&mut self, object: &Object<'_>) -> Option<String> {
        let email = self.reader.optional_text(object, "email", EMAIL)?;
        if !is_email(&email) {
            let expected = "an e-mail address like ventas@solnorte.example";
            self.reader.note(Problem::warning(Warning::OddEmail, object.at("email"), quoted(&email, 60), expected));
        }
        Some(email)
    }

    fn website(&mut self, object: &Object<'_>) -> Option<String> {
        let website = self.reader.optional_text(object, "website", URL)?;
        if !is_http_url(&website) && !is_bare_site(&website) {
            self.invalid_url(&website, object.at("website"), "a host name, or an http or https address");
        }
        Some(website)
    }

    fn invalid_url(&mut self, url: &str, pointer: String, expected: &str) {
        let hint = is_bare_site(url).then(|| format!("did you mean `https://{url}`?"));
        self.reader.note(Problem::error("invalid_url", pointer, quoted(url, 80), expected).with_optional_hint(hint));
    }

    fn asset(&mut self, object: &Object<'_>, key: &str) -> Option<AssetRef> {
        let value = self.reader.optional(object, key)?;
        let pointer = object.at(key);
        if let Value::String(text) = value {
            let hint = asset_hint(text, self.allow_files);
            let found = format!("the string {}", quoted(text, 40));
            self.reader.note(Problem::error("wrong_type", pointer, found, "an object").with_hint(hint));
            return None;
        }
        let kinds = ["url", "data", "key", "file"];
        let object = self.reader.object(value, pointer.clone(), &kinds)?;
        let given: Vec<&str> = kinds.into_iter().filter(|kind| value.get(kind).is_some()).collect();
        let [kind] = given[..] else {
            let found = if given.is_empty() { "none of them".to_owned() } else { given.join(" and ") };
            self.reader.note(Problem::error("asset_choice", pointer, found, "exactly one of url, data, key and file"));
            return None;
        };
        let max_chars = if kind == "data" { limits::DATA_URI_CHARS } else { limits::URL_CHARS };
        let text = self.reader.required_text(&object, kind, Text::line(max_chars));
        if text.is_empty() {
            return None;
        }
        let pointer = object.at(kind);
        Some(match kind {
            "url" => {
                if !is_http_url(&text) {
                    self.invalid_url(&text, pointer, "an absolute http or https address");
                }
                AssetRef::Url(text)
            }
            "data" => {
                self.data_uri(&text, pointer);
                AssetRef::Data(text)
            }
            "key" => {
                if !is_object_key(&text) {
                    let expected = "a relative object key without empty, . or .. parts";
                    self.reader.note(Problem::error("invalid_key", pointer, quoted(&text, 80), expected));
                }
                AssetRef::Key(text)
            }
            _ => {
                if !self.allow_files {
                    let problem = Problem::error("file_not_allowed", pointer, quoted(&text, 80), "url, data or key");
                    self.reader.note(problem.with_hint("files are read only when rendering from the command line"));
                }
                AssetRef::File(text)
            }
        })
    }

    /// Checks the form only: whether a picture can be decoded is found out when it is loaded.
    fn data_uri(&mut self, uri: &str, pointer: String) {
        let parts = uri.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
        let encoded = |text: &str| {
            let digits = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
            digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        };
        let media_type =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+/;=-".contains(&byte));
        let Some((media, _)) = parts.filter(|(media, data)| media_type(media) && encoded(data)) else {
            let expected = "data:image/TYPE;base64, and base64 without spaces";
            self.reader.note(Problem::error("invalid_data_uri", pointer, quoted(uri, 40), expected));
            return;
        };
        let media = media.split(';').next().unwrap_or_default().to_ascii_lowercase();
        if !PICTURES.contains(&media.as_str()) {
            let expected = format!("one of {}", PICTURES.join(", "));
            self.reader.note(Problem::warning(Warning::OddPictureType, pointer, quoted(&media, 40), expected));
        }
    }
}

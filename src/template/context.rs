//! What templates can see: the names of the snapshot and the canvas, and nothing else.
//!
//! Amounts and dates are handed over as plain texts; filters give them their look. A field that the snapshot leaves
//! out is `none`; a picture that failed to load is `none` too, so that a template asks one question.

use std::collections::BTreeMap;

use minijinja::value::Value;

use super::fields::placed;
use super::overrides::CanvasShape;
use crate::ground::color::Color;
use crate::ground::geometry::Size;
use crate::ground::problem::member;
use crate::quote::locale::Amount;
use crate::quote::logo::LogoLook;
use crate::quote::snapshot::{Brand, Item, QuoteStatus, Snapshot};

/// A snapshot with its pictures, as far as they loaded.
#[derive(Clone, Copy, Debug)]
pub struct Bindings<'a> {
    /// The quote.
    pub snapshot: &'a Snapshot,
    /// Loaded pictures by the JSON pointer of their place in the snapshot.
    pub pictures: &'a BTreeMap<String, LoadedPicture>,
    /// What the company's logo looks like; its colours stand in for a brand that the quote does not give.
    pub logo: LogoLook,
}

/// A picture that is ready to be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadedPicture {
    /// Its index among the loaded pictures.
    pub asset: usize,
    /// Width divided by height.
    pub aspect: f32,
    /// Most of its edge is clear: a thing by itself, on no ground.
    pub is_cut_out: bool,
    /// Nearly all of its edge is white: a thing by itself, on paper.
    pub is_on_white: bool,
    /// It has too few pixels to fill a screen of 1080 px.
    pub is_small: bool,
}

/// A picture that a snapshot may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Picture {
    /// The company's logo.
    Logo,
    /// The seller's photograph.
    Seller,
    /// Pictures of the items.
    Item,
}

impl Picture {
    const ALL: [Self; 3] = [Self::Logo, Self::Seller, Self::Item];

    /// The picture at a JSON pointer of a snapshot.
    pub(super) fn at(pointer: &str) -> Option<Self> {
        match pointer {
            "/company/logo" => Some(Self::Logo),
            "/seller/photo" => Some(Self::Seller),
            _ => (pointer.starts_with("/items/") && pointer.ends_with("/image")).then_some(Self::Item),
        }
    }

    /// Whose picture it is, and the fields of that which give it, as [`roots`] binds them.
    fn names(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Logo => ("company", &["logo"]),
            Self::Seller => ("seller", &["photo"]),
            Self::Item => ("items", &["image", "photo"]),
        }
    }

    /// The pictures that a field of this name may give, whosever it is.
    pub(super) fn with_field(field: &str) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |picture| picture.names().1.contains(&field))
    }

    /// The picture that a dotted path from a global name leads to, or through.
    pub(super) fn on_path(path: &str) -> Option<Self> {
        let mut names = path.split('.');
        let (owner, field) = (names.next()?, names.next()?);
        Self::with_field(field).find(|picture| picture.names().0 == owner)
    }
}

/// Every dotted path a template may use from outside. A path below one that ends in `*` is free.
pub(super) const KNOWN_PATHS: &[&str] = &[
    "quote.id",
    "quote.number",
    "quote.status",
    "quote.issuedAt",
    "quote.validUntil",
    "quote.validityDays",
    "quote.title",
    "quote.notes",
    "quote.acceptUrl",
    "company.id",
    "company.name",
    "company.taxId",
    "company.logo",
    "company.logo.aspect",
    "company.logo.isCutOut",
    "company.logo.isLight",
    "company.logo.isMixed",
    "company.logo.isOnWhite",
    "company.logo.isOpaque",
    "company.phone",
    "company.whatsapp",
    "company.email",
    "company.website",
    "company.address",
    "brand.primary",
    "brand.accent",
    "customer.name",
    "customer.contactName",
    "customer.taxId",
    "customer.email",
    "customer.address",
    "seller",
    "seller.name",
    "seller.role",
    "seller.photo",
    "seller.photo.aspect",
    "seller.photo.isCutOut",
    "seller.photo.isOnWhite",
    "seller.phone",
    "seller.email",
    "items",
    "items.length",
    "totals.subtotal",
    "totals.discount",
    "totals.shipping",
    "totals.taxes",
    "totals.taxTotal",
    "totals.total",
    "paymentTerms",
    "deliveryTerms",
    "locale",
    "language",
    "rightToLeft",
    "currency",
    "canvas.width",
    "canvas.height",
    "canvas.portrait",
    "canvas.square",
    "canvas.landscape",
    "canvas.tall",
    "canvas.aspect",
];

fn text(value: impl ToString) -> Value {
    Value::from(value.to_string())
}

fn maybe<T: ToString>(value: Option<&T>) -> Value {
    value.map_or(Value::from(()), |value| text(value.to_string()))
}

/// The global names for one snapshot on one canvas.
pub(super) fn roots(bindings: &Bindings<'_>, canvas: Size) -> Vec<(String, Value)> {
    let snapshot = bindings.snapshot;
    let picture = |pointer: &str| {
        bindings.pictures.get(pointer).map_or(Value::from(()), |picture| {
            let mut about = vec![
                ("asset", Value::from(picture.asset)),
                ("aspect", Value::from(f64::from(picture.aspect))),
                ("isCutOut", Value::from(picture.is_cut_out)),
                ("isOnWhite", Value::from(picture.is_on_white)),
            ];
            if pointer == "/company/logo" {
                about.push(("isLight", Value::from(bindings.logo.is_light)));
                about.push(("isMixed", Value::from(bindings.logo.is_mixed)));
                about.push(("isOpaque", Value::from(bindings.logo.is_opaque)));
            }
            Value::from_pairs(about)
        })
    };
    let quote = &snapshot.quote;
    let company = &snapshot.company;
    let customer = &snapshot.customer;
    let totals = &snapshot.totals;
    let items: Vec<Value> = snapshot
        .items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let pointer = format!("/items/{index}/image");
            let fills_screen = bindings.pictures.get(&pointer).is_some_and(|picture| !picture.is_small);
            item_value(item, index, snapshot, picture(&pointer), fills_screen)
        })
        .collect();
    let taxes: Vec<Value> = totals
        .taxes
        .iter()
        .map(|tax| {
            Value::from_pairs([
                ("name", text(&tax.name)),
                ("rate", maybe(tax.rate.as_ref())),
                ("amount", text(tax.amount)),
            ])
        })
        .collect();
    let named = |fields: Vec<(&'static str, Value)>| Value::from_pairs(fields);
    let seller = snapshot.seller.as_ref().map_or(Value::from(()), |seller| {
        named(vec![
            ("name", text(&seller.name)),
            ("role", maybe(seller.role.as_ref())),
            ("photo", picture("/seller/photo")),
            ("phone", maybe(seller.phone.as_ref())),
            ("email", maybe(seller.email.as_ref())),
        ])
    });
    let brand = company.brand.as_ref();
    let given = |of: fn(&Brand) -> Option<Color>| brand.and_then(of);
    let (primary, accent) = match (given(|brand| brand.primary), given(|brand| brand.accent), bindings.logo.palette) {
        // A pair of colours goes together: none of the logo's comes beside one that was given.
        (None, None, Some(logo)) => (Some(logo.primary), logo.accent),
        (primary, accent, _) => (primary, accent),
    };
    let roots = vec![
        (
            "quote",
            named(vec![
                ("id", text(&quote.id)),
                ("number", text(&quote.number)),
                ("status", status(quote.status)),
                ("issuedAt", text(quote.issued_at)),
                ("validUntil", maybe(quote.valid_until.as_ref())),
                ("validityDays", snapshot.validity_days().map_or(Value::from(()), Value::from)),
                ("title", maybe(quote.title.as_ref())),
                ("notes", maybe(quote.notes.as_ref())),
                ("acceptUrl", maybe(quote.accept_url.as_ref())),
            ]),
        ),
        (
            "company",
            named(vec![
                ("id", text(&snapshot.company_id)),
                ("name", text(&company.name)),
                ("taxId", maybe(company.tax_id.as_ref())),
                ("logo", picture("/company/logo")),
                ("phone", maybe(company.phone.as_ref())),
                ("whatsapp", maybe(company.whatsapp.as_ref())),
                ("email", maybe(company.email.as_ref())),
                ("website", maybe(company.website.as_ref())),
                ("address", maybe(company.address.as_ref())),
            ]),
        ),
        ("brand", named(vec![("primary", maybe(primary.as_ref())), ("accent", maybe(accent.as_ref()))])),
        (
            "customer",
            named(vec![
                ("name", text(&customer.name)),
                ("contactName", maybe(customer.contact_name.as_ref())),
                ("taxId", maybe(customer.tax_id.as_ref())),
                ("email", maybe(customer.email.as_ref())),
                ("address", maybe(customer.address.as_ref())),
            ]),
        ),
        ("seller", seller),
        ("items", Value::from(items)),
        (
            "totals",
            named(vec![
                ("subtotal", maybe(snapshot.subtotal().as_ref())),
                ("discount", maybe(totals.discount.as_ref())),
                ("shipping", maybe(totals.shipping.as_ref())),
                ("taxes", Value::from(taxes)),
                ("taxTotal", maybe(snapshot.tax_total().as_ref())),
                ("total", text(totals.total)),
            ]),
        ),
        ("paymentTerms", maybe(snapshot.payment_terms.as_ref())),
        ("deliveryTerms", maybe(snapshot.delivery_terms.as_ref())),
        ("locale", text(snapshot.locale.tag())),
        ("language", text(snapshot.locale.language())),
        ("rightToLeft", Value::from(snapshot.locale.is_rtl())),
        ("currency", text(snapshot.currency.code())),
        ("canvas", canvas_value(canvas)),
    ];
    roots.into_iter().map(|(name, value)| (name.to_owned(), placed(value, &member("", name)))).collect()
}

fn status(status: QuoteStatus) -> Value {
    Value::from(match status {
        QuoteStatus::Draft => "DRAFT",
        QuoteStatus::Issued => "ISSUED",
        QuoteStatus::Sent => "SENT",
        QuoteStatus::Accepted => "ACCEPTED",
        QuoteStatus::Rejected => "REJECTED",
        QuoteStatus::Expired => "EXPIRED",
        QuoteStatus::Cancelled => "CANCELLED",
    })
}

fn item_value(item: &Item, index: usize, snapshot: &Snapshot, image: Value, fills_screen: bool) -> Value {
    let total: Option<Amount> = item.line_total(snapshot.currency);
    Value::from_pairs([
        ("number", Value::from(index + 1)),
        ("name", text(&item.name)),
        ("description", maybe(item.description.as_ref())),
        ("quantity", maybe(item.quantity.as_ref())),
        ("unit", maybe(item.unit.as_ref())),
        ("unitPrice", maybe(item.unit_price.as_ref())),
        ("discount", maybe(item.discount.as_ref())),
        ("total", maybe(total.as_ref())),
        ("photo", if fills_screen { image.clone() } else { Value::from(()) }),
        ("image", image),
    ])
}

fn canvas_value(canvas: Size) -> Value {
    let aspect = f64::from(canvas.width) / f64::from(canvas.height);
    let shape = CanvasShape::of(canvas);
    Value::from_pairs([
        ("width", Value::from(canvas.width)),
        ("height", Value::from(canvas.height)),
        ("aspect", Value::from(aspect)),
        ("portrait", Value::from(matches!(shape, CanvasShape::Tall | CanvasShape::Portrait))),
        ("square", Value::from(shape == CanvasShape::Square)),
        ("landscape", Value::from(shape == CanvasShape::Landscape)),
        ("tall", Value::from(shape == CanvasShape::Tall)),
    ])
}

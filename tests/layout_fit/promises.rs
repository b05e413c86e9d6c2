//! What the built-in templates promise beyond what holds for every layout: products on a stage, who sends the quote and where
//! to accept it, figures in white on strong colours, lists without a silly rest.

use quotereel::SIZES;
use quotereel::compose::scene::{Composition, Content, Geometry, Paint, Picture, Primitive, Scene, Text};
use quotereel::compose::text::{Fit, FontLibrary, TextBlock, TextStyle, layout};
use quotereel::ground::color::Color;
use quotereel::ground::geometry::Size;
use quotereel::template::builtin_names;
use serde_json::{Value, json};

use crate::look::{boxes, contents, flat, outside, overlaps, picture, texts};
use crate::prepared;
use crate::quotes::{edged, plain};

/// Least share of the canvas that a product of its proportions takes.
const MIN_SHARE: f32 = 0.1;

fn with(changes: Value) -> Value {
    fn merge(into: &mut Value, from: Value) {
        match from {
            Value::Object(fields) if into.is_object() => {
                fields.into_iter().for_each(|(name, value)| merge(&mut into[name], value));
            }
            other => *into = other,
        }
    }
    let mut quote = plain();
    merge(&mut quote, changes);
    quote
}

fn composition(quote: &Value, template: &str, look: Option<&str>, size: Size) -> Composition {
    prepared(quote, template, look, size).composition().clone()
}

/// What a scene shows in the end, in the order in which it is drawn.
fn shown(scene: &Scene) -> Vec<&Primitive> {
    scene.layers.iter().filter_map(|layer| contents(&layer.content).last()).flat_map(flat).collect()
}

/// Whether a text says `words`, over however many lines.
fn says(block: &TextBlock, words: &str) -> bool {
    let Some(first) = block.glyphs.first() else { return false };
    let info = FontLibrary::bundled().face(first.face);
    let style = TextStyle { family: info.family.clone(), weight: info.weight, ..TextStyle::default() };
    let letters = |text: &str| {
        let block = layout(FontLibrary::bundled(), text, &style, &Fit::default());
        block.glyphs.iter().map(|glyph| glyph.id).collect::<Vec<_>>()
    };
    // A space alone would be trimmed.
    let space = letters("a a")[1];
    let solid = |ids: Vec<u16>| ids.into_iter().filter(|id| *id != space).collect::<Vec<_>>();
    let (own, wanted) = (solid(block.glyphs.iter().map(|glyph| glyph.id).collect()), solid(letters(words)));
    own.windows(wanted.len()).any(|part| part == wanted)
}

fn scene_texts(scene: &Scene) -> Vec<&Text> {
    let last = scene.layers.iter().filter_map(|layer| contents(&layer.content).last());
    last.flat_map(texts).collect()
}

/// Where the pictures of a scene lie, and what is drawn after the first of them.
fn first_picture<'a>(shown: &'a [&Primitive]) -> Option<(&'a Picture, &'a [&'a Primitive])> {
    let at = shown.iter().position(|primitive| matches!(primitive, Primitive::Picture(_)))?;
    let Primitive::Picture(picture) = shown[at] else { unreachable!("it is a picture") };
    Some((picture, &shown[at + 1..]))
}

/// Whether anything that is drawn lies on a place.
fn lies_on(primitive: &Primitive, place: [f32; 4]) -> bool {
    match primitive {
        Primitive::Shape(shape) => match &shape.geometry {
            Geometry::RoundedRect(area) => {
                let rect = area.rect;
                overlaps([rect.x, rect.y, rect.right(), rect.bottom()], place, 1.0)
            }
            _ => picture(primitive).is_some_and(|area| overlaps(area, place, 1.0)),
        },
        Primitive::Text(text) => boxes(text).any(|line| overlaps(line, place, 1.0)),
        Primitive::Picture(_) | Primitive::Isolated(_) => false,
    }
}

#[test]
fn a_thing_by_itself_stands_whole_and_alone_on_its_stage() {
    for (edge, kind) in [([0; 4], "cut out"), ([255; 4], "on white")] {
        let item = |name: &str, width, height| {
            json!({ "name": name, "description": "With a lid", "quantity": "2", "unitPrice": "50", "total": "100",
                "image": edged(width, height, edge) })
        };
        let items = json!([item("Kettle", 600, 600), item("Rail", 900, 300), item("Lamp", 300, 900)]);
        let quote = with(json!({ "items": items, "totals": { "total": "300" } }));
        for (size, look) in SIZES.into_iter().flat_map(|size| [(size, "dark"), (size, "light")]) {
            let composition = composition(&quote, "quote-showcase", Some(look), size);
            #[expect(clippy::cast_precision_loss, reason = "canvas sides are a few thousand px")]
            let canvas = [0.0, 0.0, size.width as f32, size.height as f32];
            let mut stood = 0;
            for scene in &composition.scenes {
                let shown = shown(scene);
                let Some((product, over)) = first_picture(&shown) else { continue };
                let place = format!("{kind}, {size}, {look}, {}", scene.id);
                let own = [product.rect.x, product.rect.y, product.rect.right(), product.rect.bottom()];
                assert!(
                    !outside(own, canvas, 0.5) && product.clip.rect.contains(product.rect, 1.0),
                    "{place}: {own:?}"
                );
                let share = product.rect.width * product.rect.height / (canvas[2] * canvas[3]);
                let longer = product.rect.width / product.rect.height;
                assert!(share * longer.max(1.0 / longer) >= MIN_SHARE, "{place}: {own:?} is {share} of the canvas");
                let covers = over.iter().find(|primitive| lies_on(primitive, own));
                assert!(covers.is_none(), "{place}: {covers:?} lies on the product at {own:?}");
                stood += 1;
            }
            assert_eq!(stood, 4, "{kind}, {size}, {look}: the cover and three items");
        }
    }
}

/// The dearest of what shows large opens; what is too small to fill a screen stays in the list.
#[test]
fn the_cover_is_a_picture_that_can_bear_it() {
    let item =
        |total: &str, side: u32| json!({ "name": "Cake", "total": total, "image": edged(side, side, [9, 9, 9, 255]) });
    let items = json!([item("500", 40), item("80", 640), item("90", 660), item("70", 680)]);
    let quote = with(json!({ "items": items, "totals": { "total": "740" } }));
    let composition = composition(&quote, "quote-showcase", None, SIZES[0]);
    let sides: Vec<u32> = composition
        .scenes
        .iter()
        .filter_map(|scene| {
            let shown = shown(scene);
            first_picture(&shown).map(|(picture, _)| picture.pixels.size().width)
        })
        .collect();
    assert_eq!(sides, [660, 640, 680, 660, 40], "cover, three photographs, list");
}

/// Whatever gives way to time: an item is shown, or counted among those that are not.
#[test]
fn no_item_of_a_showcase_gets_lost() {
    let names = [
        "Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima",
        "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey",
        "Xray",
    ];
    for (count, size) in (1..=names.len()).flat_map(|count| [(count, SIZES[0]), (count, SIZES[2])]) {
        let item = |name: &&str| json!({ "name": name, "total": "10", "image": edged(600, 600, [0; 4]) });
        let items: Vec<Value> = names[..count].iter().map(item).collect();
        let quote = with(json!({ "items": items, "totals": { "total": (count * 10).to_string() } }));
        let video = prepared(&quote, "quote-showcase", None, size);
        let listed = |name: &str| {
            let of_items = |scene: &&Scene| scene.id.starts_with("items") || scene.id.starts_with("list");
            let mut scenes = video.composition().scenes.iter().filter(of_items);
            scenes.any(|scene| scene_texts(scene).iter().any(|text| says(&text.block, name)))
        };
        let missing = names[..count].iter().filter(|name| !listed(name)).count();
        let told = video.warnings().iter().find(|problem| problem.code == "rows_left_out");
        let words = told.and_then(|problem| problem.hint.clone()).unwrap_or_default();
        assert_eq!(missing > 0, told.is_some(), "{count}, {size}: {missing} missing, {words}");
        assert!(
            missing == 0 || words.contains("`list") && words.ends_with(&format!("there are {missing} more")),
            "{count}, {size}: {missing}, {words}"
        );
    }
}

#[test]
fn the_last_scene_says_who_sends_it_and_where_to_accept() {
    let quote = with(json!({
        "company": { "name": "Northbeam", "whatsapp": "+56 9 1234 5678" },
        "quote": { "acceptUrl": "https://northbeam.example/q/17" }
    }));
    for template in builtin_names() {
        for size in SIZES {
            let composition = composition(&quote, template, None, size);
            let last = composition.scenes.iter().rfind(|scene| scene.id != "backdrop").expect("scenes");
            let texts = scene_texts(last);
            for words in ["Northbeam", "northbeam.example/q/17"] {
                assert!(texts.iter().any(|text| says(&text.block, words)), "{template}, {size}: no {words}");
            }
        }
    }
}

/// Half an address is none, however much else there is to say.
#[test]
fn an_address_to_write_to_is_never_cut() {
    let address = "maria.fernanda.gonzalez@climatizacionlosalerces.example";
    let long = "Constructora e Inmobiliaria Los Alerces del Sur y Compañía Limitada, sucursal Puerto Varas";
    let quote = with(json!({
        "company": { "name": long, "whatsapp": "+56 9 1234 5678", "phone": "+56 2 2345 6789", "email": address,
            "website": "www.climatizacionlosalerces.example" },
        "seller": { "name": long, "role": long, "phone": "+56 9 8765 4321", "email": address },
        "quote": { "title": long, "validUntil": "2026-12-31", "acceptUrl": "https://climatizacionlosalerces.example/q/1" },
        "paymentTerms": long, "deliveryTerms": long
    }));
    for template in builtin_names() {
        for size in SIZES {
            let composition = composition(&quote, template, None, size);
            let last = composition.scenes.iter().rfind(|scene| scene.id != "backdrop").expect("scenes");
            assert!(scene_texts(last).iter().any(|text| says(&text.block, address)), "{template}, {size}");
        }
    }
}

/// Traffic red, emerald and cobalt: white reads well on each, if it is a little darker.
#[test]
fn figures_on_strong_colours_are_white() {
    for (primary, accent) in
        [("#12355B", "#E2231A"), ("#12355B", "#0A9E5C"), ("#20242A", "#1F6FEB"), ("#334155", "#D9480F")]
    {
        let quote = with(json!({ "company": { "brand": { "primary": primary, "accent": accent } } }));
        for template in ["quote-compact", "quote-showcase"] {
            let composition = composition(&quote, template, None, SIZES[0]);
            let layers = || composition.scenes.iter().flat_map(|scene| &scene.layers);
            let total =
                layers().find(|layer| matches!(layer.content, Content::Sequence { .. })).expect("a counted total");
            let figures = contents(&total.content).last().map(|last| texts(last).next().expect("figures").color);
            assert_eq!(figures, Some(Color::WHITE), "{template}, {accent} on {primary}");
        }
    }
}

fn fills(composition: &Composition) -> Vec<Color> {
    let shapes = composition.scenes.iter().flat_map(shown).filter_map(|primitive| match primitive {
        Primitive::Shape(shape) => shape.fill.clone(),
        _ => None,
    });
    shapes.filter_map(|paint| if let Paint::Solid(color) = paint { Some(color) } else { None }).collect()
}

/// Navy would be lost on dark paper, white on white.
#[test]
fn a_logo_of_navy_and_white_stands_on_paper_that_shows_both() {
    let white = [255, 255, 255, 255];
    let color = |x: u32, y: u32| match (x / 100, y / 20 % 2) {
        (0, 1) => [11, 31, 58, 255],
        (1.., 1) => white,
        _ => [0; 4],
    };
    let logo = image::RgbaImage::from_fn(300, 140, |x, y| image::Rgba(color(x, y)));
    let quote = with(json!({ "company": { "logo": crate::quotes::png(&logo) } }));
    for template in builtin_names() {
        let composition = composition(&quote, template, None, SIZES[0]);
        let paper = Color::parse("#8B929C").expect("a colour");
        assert!(fills(&composition).contains(&paper), "{template}");
        assert!(paper.contrast(Color::WHITE) > 2.9 && paper.contrast(Color::rgb(11, 31, 58)) > 2.9);
    }
}

#[test]
fn a_logo_of_which_nothing_can_be_seen_is_as_good_as_none() {
    for color in [[255, 255, 255, 255], [0; 4]] {
        let logo = image::RgbaImage::from_pixel(64, 64, image::Rgba(color));
        let quote = with(json!({ "company": { "logo": crate::quotes::png(&logo) } }));
        for template in builtin_names() {
            let video = prepared(&quote, template, None, SIZES[0]);
            let codes: Vec<&str> = video.warnings().iter().map(|problem| problem.code).collect();
            assert_eq!(codes, ["asset_blank"], "{template}");
            let without = composition(&plain(), template, None, SIZES[0]);
            let words = |composition: &Composition| format!("{:?}", composition.scenes);
            assert!(words(video.composition()) == words(&without), "{template}");
        }
    }
}

/// Where one row more than there are places for is all that is left, it stands there instead of "+ 1 more".
#[test]
fn no_list_ends_in_one_more() {
    for (template, most) in [("quote-compact", 4), ("quote-summary", 24), ("quote-classic", 24)] {
        for (rows, left_out) in [(most + 1, false), (most + 2, true)] {
            let items = vec![json!({ "name": "Panel", "total": "10" }); rows];
            let quote = with(json!({ "items": items, "totals": { "total": (rows * 10).to_string() } }));
            let video = prepared(&quote, template, None, SIZES[0]);
            let told = video.warnings().iter().any(|problem| problem.code == "rows_left_out");
            assert_eq!(told, left_out, "{template}: {rows} rows");
        }
    }
}

//! Features of the template language: from `template.json` and a quote to a frame.

use std::num::NonZeroUsize;
use std::path::Path;

use quotereel::Quote;
use quotereel::compose::text::FontLibrary;
use quotereel::ground::geometry::Size;
use serde_json::{Value, json};

use crate::compare;

/// A square canvas on which four design px are one.
const CANVAS: Size = Size::new(270, 270);

/// A template of one scene, six seconds long, with `more` members of the document.
fn template(children: Value, more: Value) -> Value {
    let mut document = json!({
        "formatVersion": 1, "name": "feature", "version": "1", "description": "One feature.",
        "duration": { "min": 6, "max": 6 },
        "theme": {
            "colors": [
                { "name": "ground", "value": "#F4F1EA" }, { "name": "ink", "value": "#0B1F3A" },
                { "name": "spark", "value": "#F5A623" }
            ],
            "fonts": { "display": { "family": "Inter Display", "weight": 700 }, "body": { "family": "Inter", "weight": 500 } },
            "sizes": { "large": 132, "body": 84 },
            "spaces": { "edge": 60, "near": 32 }, "radii": { "card": 48 }, "numbers": { "slow": 2.0 }
        },
        "styles": { "large": { "font": "display", "size": "large", "color": "ink" }, "body": { "size": "body", "color": "ink" } },
        "scenes": [{ "id": "only", "duration": { "min": 6, "max": 6 }, "fill": "ground",
            "flex": { "padding": "edge", "gap": "near" }, "children": children }]
    });
    if let (Value::Object(document), Value::Object(more)) = (&mut document, more) {
        document.extend(more);
    }
    document
}

/// Compares the frame at `at_ms` of a quote in `locale`.
fn shows(name: &str, document: &Value, locale: &str, params: &[(&str, &str)], at_ms: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("feature");
    std::fs::create_dir(&home).expect("made");
    std::fs::write(home.join("template.json"), document.to_string()).expect("written");
    let quotes = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quotes");
    let mut quote: Value =
        serde_json::from_slice(&std::fs::read(quotes.join("solar-es-cl.json")).expect("a fixture")).expect("JSON");
    quote["locale"] = json!(locale);
    let quote = Quote::from_json(quote.to_string())
        .base_dir(quotes)
        .template(home)
        .params(params.iter().copied())
        .size(CANVAS)
        .threads(NonZeroUsize::MIN);
    let video = quote.prepare().unwrap_or_else(|error| panic!("{name}: {error}"));
    let frame = video.composition().frame_rate.frames_in_ms(at_ms);
    compare(FontLibrary::bundled(), name, video.composition(), frame);
}

/// Icons of the bundled set and one of the template, in colours, sizes and, in Arabic, mirrored order.
fn icons() -> Value {
    let icon =
        |name: &str, size: u32, color: &str| json!({ "type": "icon", "icon": name, "size": size, "color": color });
    let row = |children: Vec<Value>| json!({ "type": "group", "flex": { "direction": "row", "gap": "near", "align": "center" }, "children": children });
    template(
        json!([
            row(vec![icon("calendar", 160, "ink"), icon("truck", 160, "spark"), icon("mail", 240, "ink/50")]),
            row(vec![
                icon("own", 240, "ink"),
                icon("arrow", 160, "ink"),
                icon("star", 96, "spark"),
                icon("users", 160, "ink")
            ]),
            row(vec![icon("wrench", 240, "ink"), icon("leaf", 160, "spark"), icon("shield", 160, "ink")])
        ]),
        json!({ "icons": { "own": "M2 2h20v8a10 10 0 0 1-20 0z" } }),
    )
}

#[test]
fn language_icons() {
    shows("language_icons", &icons(), "es-CL", &[], 3000);
}

#[test]
fn language_icons_mirrored() {
    shows("language_icons_mirrored", &icons(), "ar-AE", &[], 3000);
}

/// Amounts on their way and one that has arrived: figures of equal width do not move their neighbours.
fn counting() -> Value {
    let count = |duration: Value| {
        json!({ "type": "text", "style": "large", "set": { "tabular": true, "minSize": 60, "maxLines": 1 },
            "text": "{{ count | money }}", "count": { "to": "totals.total", "duration": duration } })
    };
    template(json!([count(json!(0.5)), count(json!({ "$number": "slow" })), count(json!(3))]), json!({}))
}

#[test]
fn language_count() {
    shows("language_count", &counting(), "es-CL", &[], 900);
}

/// The same words a third of a second after they set out: by lines and by words, rising and fading.
#[test]
fn language_reveals() {
    let text = |enter: &str| {
        json!({ "type": "text", "style": "body", "set": { "size": 64, "maxLines": 2 }, "text": "{{ quote.title }}",
            "motion": { "enter": { "preset": enter, "duration": 0.6, "stagger": 0.15 } } })
    };
    let all = ["lines-rise", "lines-fade", "words-rise", "words-fade"].map(text);
    shows("language_reveals", &template(json!(all), json!({})), "es-CL", &[], 330);
}

/// Outlines on their way: a path, an icon and a rounded box that draw themselves, and one that is trimmed by keyframes.
#[test]
fn language_drawing() {
    let draw = json!({ "preset": "draw", "duration": 1.0, "easing": "linear" });
    let children = json!([
        { "type": "shape", "shape": "path", "path": "M0 100 L25 0 L50 100 C75 100 75 0 100 0", "motion": { "enter": draw },
          "layout": { "height": 240 }, "surface": { "stroke": { "color": "ink", "width": 24 } } },
        { "type": "group", "flex": { "direction": "row", "gap": "near" }, "children": [
            { "type": "icon", "icon": "check", "size": 280, "color": "spark", "motion": { "enter": draw } },
            { "type": "shape", "layout": { "width": 360, "height": 280 }, "motion": { "enter": draw },
              "surface": { "radius": "card", "stroke": { "color": "ink", "width": 16 } } }
        ] },
        { "type": "shape", "shape": "line", "layout": { "height": 40 }, "surface": { "stroke": { "color": "spark", "width": 32 } },
          "motion": { "keyframes": { "trimStart": [{ "t": 0, "v": 0.25 }], "trimEnd": [{ "t": 0, "v": 0.75 }] } } }
    ]);
    shows("language_drawing", &template(children, json!({})), "es-CL", &[], 600);
}

/// A group turned about its corner that holds a group made smaller about its middle, with text in both.
#[test]
fn language_groups() {
    let held = |value: f64| json!([{ "t": 0, "v": value }]);
    let children = json!([
        { "type": "group", "layout": { "width": 800, "height": 560 }, "flex": { "padding": "edge", "gap": "near" },
          "surface": { "fill": "ink", "radius": "card" },
          "motion": { "origin": [0, 0], "keyframes": { "rotation": held(12.0), "x": held(120.0) } }, "children": [
            { "type": "text", "style": "body", "text": "{{ company.name }}" },
            { "type": "group", "layout": { "grow": 1 }, "flex": { "padding": "near", "justify": "center" },
              "surface": { "fill": "spark", "radius": "card" },
              "motion": { "keyframes": { "scale": held(0.7), "rotation": held(-12.0), "opacity": held(0.8) } },
              "children": [{ "type": "text", "style": "large", "text": "-12°" }] }
        ] }
    ]);
    shows("language_groups", &template(children, json!({})), "es-CL", &[], 3000);
}

/// Rows of a list, each with a list of its own; the part that shows them has arguments, a parameter chooses its colour.
#[test]
fn language_repeats_and_parts() {
    let children = json!([
        { "type": "repeat", "of": "items", "as": "item", "limit": 3, "flex": { "gap": "near" }, "children": [
            { "type": "use", "part": "row", "with": { "words": "item.name", "dots": "loop.index" } }
        ] },
        { "type": "choose", "cases": [{ "when": "items | length > 3",
            "then": [{ "type": "text", "style": "body", "text": "+ {{ (items | length) - 3 }}" }] }],
          "otherwise": [{ "type": "text", "style": "body", "text": "all" }] }
    ]);
    let row = json!({ "args": ["words", "dots"], "children": [
        { "type": "group", "flex": { "gap": 12 }, "children": [
            { "type": "text", "style": "body", "set": { "size": 60, "maxLines": 1 }, "text": "{{ words }}" },
            { "type": "repeat", "of": "range(dots)", "as": "dot", "flex": { "direction": "row", "gap": 16 }, "children": [
                { "type": "shape", "shape": "ellipse", "layout": { "width": 48, "height": 48 }, "surface": { "fill": "chosen" } }
            ] }
        ] }
    ] });
    let params = json!({ "chosen": { "type": "color", "description": "Colour of the dots.", "default": "#F5A623" } });
    let mut document = template(children, json!({ "parts": { "row": row }, "params": params }));
    let colors = document["theme"]["colors"].as_array_mut().expect("colours");
    colors.push(json!({ "name": "chosen", "value": "params.chosen" }));
    shows("language_repeats_and_parts", &document, "es-CL", &[("chosen", "#C22E5A")], 3000);
}

/// Photographs by `fit` and `focus`, cut by round corners, and the monogram of one that is not there.
#[test]
fn language_pictures() {
    let image = |more: Value| {
        let mut node =
            json!({ "type": "image", "source": "items[0].image", "layout": { "width": 450, "height": 450 } });
        if let (Value::Object(node), Value::Object(more)) = (&mut node, more) {
            node.extend(more);
        }
        node
    };
    let row = |children: [Value; 2]| json!({ "type": "group", "flex": { "direction": "row", "gap": "near" }, "children": children });
    let children = json!([
        row([
            image(json!({ "fit": "cover", "focus": [0, 0.5], "surface": { "radius": "card" } })),
            image(json!({ "fit": "cover", "focus": [1, 0.5], "surface": { "radius": "full" } }))
        ]),
        row([
            image(json!({ "fit": "contain", "align": "end", "surface": { "fill": "ink", "radius": "card" } })),
            image(json!({ "source": "items[5].image", "monogram": "{{ items[5].name }}", "monogramFill": "spark",
                "surface": { "radius": "card" } }))
        ])
    ]);
    shows("language_pictures", &template(children, json!({})), "es-CL", &[], 3000);
}

/// A group that fades towards its edges, one cut by an outline and blurred, one with a soft shadow.
#[test]
fn language_effects() {
    let words =
        json!({ "type": "text", "style": "large", "set": { "color": "#FFFFFF" }, "text": "{{ company.name }}" });
    let stripe = json!({ "fill": { "linear": { "angle": 90, "stops": ["ink", "spark", "ink"] } } });
    let group = |more: Value| {
        let mut node = json!({ "type": "group", "layout": { "height": 270 }, "flex": { "padding": "near", "justify": "center" },
            "surface": stripe, "children": [words] });
        if let (Value::Object(node), Value::Object(more)) = (&mut node, more) {
            node.extend(more);
        }
        node
    };
    let children = json!([
        group(json!({ "mask": { "fade": [0, 300], "radius": "card" } })),
        group(json!({ "mask": { "shape": "path", "path": "M0 50L50 0L100 50L50 100z" }, "blur": 24 })),
        group(
            json!({ "surface": { "fill": "ink", "radius": "card", "shadow": { "y": 40, "blur": 80, "color": "ink/60" } } })
        )
    ]);
    shows("language_effects", &template(children, json!({})), "es-CL", &[], 3000);
}

/// Names, what differs on a square canvas, and the filters of contacts and quantities, in two directions.
fn said() -> Value {
    let small = |words: &str| json!({ "type": "text", "style": "body", "set": { "size": 64 }, "text": words });
    let children = json!([
        { "type": "text", "style": "body", "text": "Not on a square", "square": { "text": "{{ loud }}", "set": { "color": "#C22E5A" } } },
        { "type": "repeat", "of": "firstTwo", "as": "item", "flex": { "gap": 12 }, "children": [small("{{ item | quantity_line }}")] },
        { "type": "group", "when": "isReachable", "flex": { "gap": 12 }, "square": { "flex": { "align": "end" } },
          "landscape": { "children": [] }, "children": [
            small("{{ '+56955500147' | phone }}"), small("{{ quote.acceptUrl | link_text(max=30) }}")
        ] }
    ]);
    let lets = json!({ "firstTwo": "items[:2]", "isReachable": "seller.phone or company.phone" });
    let mut document = template(children, json!({ "let": lets }));
    document["scenes"][0]["let"] = json!({ "loud": "company.name | upper" });
    document
}

#[test]
fn language_names_and_canvases() {
    shows("language_names_and_canvases", &said(), "es-CL", &[], 3000);
}

#[test]
fn language_names_and_canvases_mirrored() {
    shows("language_names_and_canvases_mirrored", &said(), "ar-AE", &[], 3000);
}

//! Names by `let`, overrides for some canvases, shared parts and notes: each shows what the same template would that does
//! without it, and each mistake is reported where it was written.

use quotereel::template::{Template, TemplateFiles, builtin_files, schema};
use quotereel::{Quote, SIZES, Size};
use serde_json::{Value, json};

use super::{Files, STEADY, problems, quote};

/// The picture of the second scene at rest on a canvas of this size.
fn picture(files: &Files, size: Size) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    files.write(folder.path());
    let quote = Quote::from_json(quote().to_string()).template(folder.path()).size(size);
    let video = quote.threads(std::num::NonZeroUsize::MIN).prepare().unwrap_or_else(|error| panic!("{error}"));
    let first = video.composition().scenes[2].first_frame;
    video.frame(first + 60).pixels().to_vec()
}

/// A template whose second scene shows these nodes and nothing else.
fn showing(nodes: Value) -> Files {
    let mut files = Files::of(STEADY);
    files.set("/scenes/1/children", nodes);
    files
}

fn line(words: &str) -> Value {
    json!({ "type": "text", "text": words, "style": "lead" })
}

fn reported(files: &Files, file: &str, pointer: &str, words: &str) {
    let found = problems(files);
    let one = |problem: &quotereel::template::TemplateProblem| {
        problem.file == file && problem.pointer == pointer && problem.reason.contains(words)
    };
    assert!(found.iter().any(one), "expected {words} at {file}#{pointer}, found {found:#?}");
}

fn fits_the_schema(files: &Files) -> bool {
    jsonschema::validator_for(&schema()).expect("a JSON Schema").is_valid(&files.document)
}

/// Names of the document reach colours, canvases, conditions, texts and parts; those of a scene see the page as well.
#[test]
fn names_stand_for_their_expressions() {
    let rows = |of: &str, when: &str, words: &str| {
        json!([
            { "type": "repeat", "of": of, "as": "item", "limit": 2, "children": [line("{{ item.name }}")] },
            { "type": "text", "when": when, "text": words, "style": "lead" },
            { "type": "use", "part": "mark" }
        ])
    };
    let mark = |words: &str| json!({ "mark": { "children": [line(words)] } });
    let mut plain = showing(rows(
        "items[:2]",
        "items | length > 3 and quote.title",
        "{{ (quote.title or 'none') ~ '!' }} {{ items | length }}",
    ));
    plain.set("/parts", mark("{{ quote.title or 'none' }}"));
    plain.set("/theme/colors/0/value", json!("'#16325C' if quote.title else '#FFFFFF'"));
    plain.set("/canvases/0/when", json!("quote.title or false"));

    let mut named = showing(rows("firstTwo", "isLong", "{{ loud }} {{ count2 }}"));
    named.set("/parts", mark("{{ title }}"));
    named.set(
        "/let",
        json!({ "firstTwo": "items[:2]", "isLong": "items | length > 3 and hasTitle", "title": "quote.title or 'none'",
            "hasTitle": "quote.title" }),
    );
    named.set("/scenes/1/let", json!({ "loud": "title ~ '!'", "count2": "items | length" }));
    named.set("/theme/colors/0/value", json!("'#16325C' if hasTitle else '#FFFFFF'"));
    named.set("/canvases/0/when", json!("hasTitle or false"));
    assert_eq!(picture(&plain, Size::PORTRAIT), picture(&named, Size::PORTRAIT));
    assert!(fits_the_schema(&named));

    // A scene that pages has its names once for each page.
    let pages = |words: &str| {
        let mut files = showing(json!([line(words)]));
        files.set("/scenes/1/pages", json!({ "of": "items", "maxRows": 5, "maxPages": 2 }));
        files
    };
    let mut named = pages("{{ place }}");
    named.set("/scenes/1/let", json!({ "place": "page.number ~ '/' ~ page.count" }));
    let plain = pages("{{ page.number ~ '/' ~ page.count }}");
    assert_eq!(picture(&plain, Size::PORTRAIT), picture(&named, Size::PORTRAIT));
}

#[test]
fn mistakes_in_names_are_found_where_they_are() {
    let with = |pointer: &str, value: Value| {
        let mut files = Files::of(STEADY);
        files.set(pointer, value);
        files
    };
    for (pointer, value, at, words) in [
        ("/let", json!({ "a": "quote.nmber" }), "/let/a", "did you mean `quote.number`?"),
        ("/let", json!({ "a": "b", "b": "c or 1", "c": "a" }), "/let", "without end: a -> b -> c -> a"),
        ("/let", json!({ "a": "a + 1" }), "/let", "without end: a -> a"),
        ("/let", json!({ "quote": "1" }), "/let/quote", "a meaning of its own"),
        ("/let", json!({ "2nd": "1" }), "/let/2nd", "a name is a letter"),
        ("/let", json!({ "accent": "1" }), "/let/accent", "a colour of the theme"),
        ("/let", json!({ "a": "{{ quote.number }}" }), "/let/a", "write `quote.number`, without"),
        ("/let", json!({ "a": "page.number" }), "/let/a", "nothing is called `page.number`"),
        ("/let", json!({ "a": "is_dark(accent)" }), "/let/a", "colour `accent` comes after the names of the document"),
        ("/let", json!({ "a": "1 | monney" }), "/let/a", "did you mean `money`?"),
        ("/scenes/0/let", json!({ "a": "items.nam" }), "/scenes/0/let/a", "nothing is called `items.nam`"),
        ("/scenes/0/let", json!({ "a": "b", "b": "a" }), "/scenes/0/let", "without end"),
    ] {
        reported(&with(pointer, value), "template.json", at, words);
    }
    let many: serde_json::Map<String, Value> = (0..61).map(|at| (format!("n{at}"), json!("1"))).collect();
    reported(&with("/let", Value::Object(many)), "template.json", "/let", "61 names; there are at most 60");
    for value in [json!({ "a": 1 }), json!(["a"])] {
        let files = with("/let", value);
        assert!(!fits_the_schema(&files) && !problems(&files).is_empty());
    }
    // A name is used as it is written, in the scene that has it.
    let mut files = showing(json!([line("{{ hasTitel }}")]));
    files.set("/let", json!({ "hasTitle": "quote.title" }));
    reported(&files, "template.json", "/scenes/1/children/0/text", "did you mean `hasTitle`?");
    let mut files = showing(json!([line("{{ mine }}")]));
    files.set("/scenes/0/let", json!({ "mine": "1" }));
    reported(&files, "template.json", "/scenes/1/children/0/text", "nothing is called `mine`");
}

/// What a node says of a canvas replaces the twin that was shown there.
#[test]
fn overrides_are_the_twins_of_a_canvas() {
    let node = |more: Value| {
        let mut node = json!({ "type": "group", "layout": { "width": 500, "height": 300 }, "surface": { "fill": "accent" },
            "children": [line("Any canvas")] });
        if let (Value::Object(node), Value::Object(more)) = (&mut node, more) {
            node.extend(more);
        }
        node
    };
    let one = node(json!({
        "portrait": { "layout": { "width": 400 } },
        "tall": { "layout": { "height": 600 }, "surface": { "radius": "card" } },
        "square": { "surface": { "fill": "glow" } },
        "landscape": { "children": [{ "type": "text", "text": "Wide", "style": "title" }], "clip": true }
    }));
    let twin = |when: &str, more: Value| {
        let mut node = node(more);
        node["when"] = json!(when);
        node
    };
    let twins = json!([
        twin(
            "canvas.tall",
            json!({ "layout": { "width": 400, "height": 600 }, "surface": { "fill": "accent", "radius": "card" } })
        ),
        twin("canvas.portrait and not canvas.tall", json!({ "layout": { "width": 400, "height": 300 } })),
        twin("canvas.square", json!({ "surface": { "fill": "glow" } })),
        twin(
            "canvas.landscape",
            json!({ "children": [{ "type": "text", "text": "Wide", "style": "title" }], "clip": true })
        ),
    ]);
    let (one, twins) = (showing(json!([one])), showing(twins));
    assert!(fits_the_schema(&one));
    for size in SIZES {
        assert!(picture(&one, size) == picture(&twins, size), "{size}");
    }
}

#[test]
fn mistakes_in_overrides_are_found_where_they_are() {
    let with = |more: Value| {
        let mut node = line("x");
        if let (Value::Object(node), Value::Object(more)) = (&mut node, more) {
            node.extend(more);
        }
        showing(json!([{ "type": "group", "children": [node] }]))
    };
    let at = |rest: &str| format!("/scenes/1/children/0/children/0{rest}");
    for (more, place, words, of_form) in [
        (json!({ "square": { "texd": "a" } }), "/square/texd", "did you mean `text`?", true),
        (json!({ "square": { "type": "shape" } }), "/square/type", "the same on every canvas", true),
        (json!({ "square": { "tall": {} } }), "/square/tall", "the same on every canvas", true),
        (json!({ "square": [] }), "/square", "found a list, expected an object", true),
        (json!({ "tall": { "set": { "size": "hug" } } }), "/tall/set/size", "size `hug`", false),
        (
            json!({ "portrait": { "text": "{{ quote.nmber }}" } }),
            "/portrait/text",
            "did you mean `quote.number`",
            false,
        ),
        (json!({ "landscape": { "layout": { "grow": 900 } } }), "/landscape/layout/grow", "0 to 100", true),
        (json!({ "landscape": { "layout": "wide" } }), "/landscape/layout", "expected an object", true),
        (json!({ "landscap": {} }), "/landscap", "did you mean `landscape`?", true),
    ] {
        let files = with(more.clone());
        reported(&files, "template.json", &at(place), words);
        assert_eq!(fits_the_schema(&files), !of_form, "{more}");
    }
    // What is wrong on every canvas is reported once.
    let mut files = with(json!({ "square": { "when": "true" }, "style": "leed" }));
    files.set("/styles/hero/color", json!("onDrak"));
    let pointers: Vec<String> = problems(&files).into_iter().map(|problem| problem.pointer).collect();
    assert_eq!(pointers, ["/styles/hero/color".to_owned(), at("/style")]);
}

/// A remark changes nothing, wherever it stands.
#[test]
fn notes_are_for_people() {
    let mut noted = showing(json!([
        { "type": "choose", "cases": [{ "when": "true", "then": [line("x")] }] }, { "type": "use", "part": "own" }
    ]));
    noted.set("/parts", json!({ "own": { "children": [line("y")] } }));
    let before = picture(&noted, Size::SQUARE);
    for object in [
        "",
        "/theme",
        "/theme/colors/0",
        "/canvases/0",
        "/styles/lead",
        "/parts/own",
        "/parts/own/children/0",
        "/scenes/1",
        "/scenes/1/children/0",
        "/scenes/1/children/0/cases/0",
        "/scenes/1/children/0/cases/0/then/0",
        "/scenes/1/children/1",
    ] {
        noted.set(&format!("{object}/note"), json!("Why this is so."));
    }
    noted.set("/params", json!({ "x": { "type": "text", "description": "d", "note": "n" } }));
    assert_eq!(before, picture(&noted, Size::SQUARE));
    assert!(fits_the_schema(&noted));
    noted.set("/scenes/1/note", json!(["a list"]));
    assert!(!fits_the_schema(&noted));
    reported(&noted, "template.json", "/scenes/1/note", "expected a text");
}

/// A folder uses a shared part as a built-in template does; its own part of that name wins.
#[test]
fn shared_parts_are_there_for_every_template() {
    let uses = json!([{ "type": "use", "part": "taxes", "with": { "most": "3" } }]);
    let sum = json!({ "args": ["words", "rate", "amount"], "children": [line("{{ words }} {{ rate }} {{ amount }}")] });
    let mut files = showing(uses.clone());
    files.set("/theme/numbers", json!({ "rowStagger": 0.1 }));
    files.set("/parts", json!({ "sum": sum }));
    let folder = tempfile::tempdir().expect("a folder");
    files.write(folder.path());
    super::used(folder.path()).expect("it has what the part asks for");

    // What the part misses in this template is wrong in the part's file.
    let mut without = showing(uses.clone());
    without.set("/theme/numbers", json!({ "rowStagger": 0.1 }));
    reported(&without, "shared/parts/taxes.json", "/children/0/children/0/part", "part `sum` is not in the template");
    reported(&showing(uses.clone()), "shared/parts/taxes.json", "/children/0/motion/stagger", "number `rowStagger`");

    let own = json!({ "args": ["most"], "children": [line("own {{ most }}")] });
    let mut inside = showing(uses.clone());
    inside.set("/parts", json!({ "taxes": own }));
    let mut outside = showing(uses);
    outside.parts.push(("taxes".to_owned(), own));
    let plain = showing(json!([line("own {{ 3 }}")]));
    assert_eq!(picture(&inside, Size::SQUARE), picture(&plain, Size::SQUARE));
    assert_eq!(picture(&outside, Size::SQUARE), picture(&plain, Size::SQUARE));
}

/// The pictures that a template shows are those of the names it takes them by.
#[test]
fn a_template_shows_the_pictures_that_it_names() {
    let shown = |nodes: Value, parts: Value| {
        let mut files = showing(nodes);
        let scene = files.document["scenes"][1].take();
        files.set("/scenes", json!([scene]));
        files.set("/parts", parts);
        let files = TemplateFiles {
            document: files.document.to_string().into_bytes(),
            ..builtin_files("quote-classic").expect("built in")
        };
        let template = Template::parse(&files).unwrap_or_else(|error| panic!("{error}"));
        ["/company/logo", "/seller/photo", "/items/3/image"].map(|pointer| template.shows_picture(pointer))
    };
    let image = |source: &str| shown(json!([{ "type": "image", "source": source }]), json!({}));
    let repeat = |of: &str, source: &str| {
        let nodes = json!([{ "type": "image", "source": source }]);
        shown(json!([{ "type": "repeat", "of": of, "as": "entry", "children": nodes }]), json!({}))
    };
    assert_eq!(image("none"), [false, false, false]);
    assert_eq!(image("company.logo"), [true, false, false]);
    assert_eq!(image("seller.photo"), [false, true, false]);
    assert_eq!(image("items[0].photo"), [false, true, true], "whose photo it is, only the list could say");
    assert_eq!(image("items[0].image"), [false, false, true]);
    assert_eq!(image("(items | last)['image']"), [false, false, true]);
    assert_eq!(image("items | map(attribute='image') | first"), [false, false, true]);
    assert_eq!(repeat("items", "entry.photo"), [false, false, true]);
    assert_eq!(repeat("items | reverse", "entry.image"), [false, false, true]);
    assert_eq!(shown(json!([line("{{ t('total') }} image photo logo")]), json!({})), [false, false, false]);
    let part = json!({ "face": { "args": ["of"], "children": [{ "type": "image", "source": "of.logo" }] } });
    let used = json!([{ "type": "use", "part": "face", "with": { "of": "company" } }]);
    assert_eq!(shown(used, part), [true, false, false]);
}

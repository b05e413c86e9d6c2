//! Templates as an author meets them: every kind of mistake names its file, its place and what would be right, and the
//! JSON Schema agrees with the reader on everything that is a matter of form.

mod formatted;
mod language;
mod mistakes;

use std::path::Path;

use quotereel::template::{TemplateError, TemplateProblem, builtin_names, schema};
use quotereel::{Error, Quote, Video};
use serde_json::{Value, json};

use mistakes::{nested, used_part};

fn templates() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")
}

/// A template that changes with these tests alone.
const STEADY: &str = "../fixtures/templates/steady";

/// The files of a template, ready to be spoilt.
struct Files {
    document: Value,
    /// Strings of its own by path inside the folder: here the words that every template has.
    strings: Vec<(String, String)>,
    /// Parts in files, by name.
    parts: Vec<(String, Value)>,
}

impl Files {
    fn of(name: &str) -> Self {
        let folder = templates().join(name);
        let read = |path: &Path| std::fs::read_to_string(path).expect("a template has this file");
        let document = serde_json::from_str(&read(&folder.join("template.json"))).expect("JSON");
        let word = |language: &str| {
            let path = templates().join(format!("words/{language}.json"));
            (format!("strings/{language}.json"), read(&path))
        };
        Self { document, strings: ["en", "es", "pt"].map(word).to_vec(), parts: Vec::new() }
    }

    fn strings(&mut self, language: &str) -> &mut String {
        let name = format!("strings/{language}.json");
        &mut self.strings.iter_mut().find(|(path, _)| *path == name).expect("it speaks that language").1
    }

    /// Replaces or adds what stands at a pointer.
    fn set(&mut self, pointer: &str, value: Value) {
        put(&mut self.document, pointer, value);
    }

    fn set_string(&mut self, language: &str, key: &str, value: Value) {
        let file = self.strings(language);
        let mut strings: Value = serde_json::from_str(file).expect("JSON");
        put(&mut strings, &format!("/{key}"), value);
        *file = strings.to_string();
    }

    fn write(&self, folder: &Path) {
        std::fs::create_dir(folder.join("strings")).expect("an empty folder");
        std::fs::write(folder.join("template.json"), self.document.to_string()).expect("written");
        for (path, text) in &self.strings {
            std::fs::write(folder.join(path), text).expect("written");
        }
        if !self.parts.is_empty() {
            std::fs::create_dir(folder.join("parts")).expect("an empty folder");
        }
        for (name, part) in &self.parts {
            std::fs::write(folder.join(format!("parts/{name}.json")), part.to_string()).expect("written");
        }
    }
}

fn put(document: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    match document.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}")) {
        Value::Object(fields) => drop(fields.insert(key.to_owned(), value)),
        Value::Array(elements) => elements[key.parse::<usize>().expect("an index")] = value,
        other => panic!("{other} has no members"),
    }
}

/// A quote with 60 lines, so that lists of lists explode.
fn quote() -> Value {
    let items = vec![json!({ "name": "Work" }); 60];
    json!({
        "schemaVersion": 1, "companyId": "c", "locale": "en-US", "currency": "USD",
        "quote": { "id": "q", "number": "7", "status": "ISSUED", "issuedAt": "2026-11-20", "title": "A title" },
        "company": { "name": "Bo" }, "customer": { "name": "Al" }, "items": items, "totals": { "total": "250" }
    })
}

/// A video by the template in `folder`.
fn video(folder: &Path) -> Result<Video, Error> {
    with_params(folder, &[])
}

/// The same, with parameters of the template.
fn with_params(folder: &Path, params: &[(&str, &str)]) -> Result<Video, Error> {
    let quote = Quote::from_json(quote().to_string()).template(folder).params(params.iter().copied());
    quote.threads(std::num::NonZeroUsize::MIN).prepare()
}

/// Uses the template in `folder`.
fn used(folder: &Path) -> Result<(), Error> {
    video(folder).map(drop)
}

/// What is wrong with a spoilt template.
fn problems(files: &Files) -> Vec<TemplateProblem> {
    let folder = tempfile::tempdir().expect("a folder");
    files.write(folder.path());
    match used(folder.path()) {
        Err(Error::Template(TemplateError::Invalid { problems })) => {
            let source = folder.path().display().to_string();
            assert!(problems.iter().all(|problem| problem.template == source), "{problems:#?}");
            problems
        }
        other => panic!("expected an invalid template, found {other:?}"),
    }
}

#[test]
fn mistakes_in_strings_name_their_file() {
    let said = |files: &Files, file: &str, pointer: &str, words: &str| {
        let found = problems(files);
        let one = |problem: &TemplateProblem| {
            problem.file == file && problem.pointer == pointer && problem.reason.contains(words)
        };
        assert!(found.iter().any(one), "expected {words} at {file}#{pointer}, found {found:#?}");
    };
    let mut files = Files::of(STEADY);
    files.set("/defaultLanguage", json!("eo"));
    said(&files, "template.json", "/defaultLanguage", "there is no strings/eo.json");

    let mut files = Files::of(STEADY);
    *files.strings("es") = "{".to_owned();
    said(&files, "strings/es.json", "", "not valid JSON");

    let mut files = Files::of(STEADY);
    files.set_string("es", "more", json!({ "lots": "muchos" }));
    said(&files, "strings/es.json", "/more/lots", "zero, one, two, few, many, other");

    let mut files = Files::of(STEADY);
    files.set_string("es", "more", json!({ "one": "uno" }));
    said(&files, "strings/es.json", "/more", "plural forms need `other`");

    let mut files = Files::of(STEADY);
    files.set_string("pt", "total", json!("{{ total"));
    said(&files, "strings/pt.json", "/total", "syntax error");

    let mut files = Files::of(STEADY);
    files.set_string("es", "farewell", json!("Adiós"));
    said(&files, "strings/en.json", "", "string `farewell` is missing");

    // A string that refers to itself is found where it is used.
    let mut files = Files::of(STEADY);
    files.set_string("en", "preparedFor", json!("{{ t('preparedFor') }}"));
    said(&files, "template.json", "/scenes/1/children/0/children/0/text", "refers to itself");
}

/// The words and colours of a template are changed from outside, by type, and its defaults hold otherwise.
#[test]
fn parameters_reach_every_expression() {
    let mut files = Files::of(STEADY);
    files.set(
        "/params",
        json!({
            "accent": { "type": "color", "description": "Colour of what matters." },
            "greeting": { "type": "text", "description": "First words.", "default": "Hello" },
            "short": { "type": "boolean", "description": "Leaves the items out.", "default": false },
        }),
    );
    files.set("/theme/colors/1/value", json!("params.accent or brand.accent or '#F5A623'"));
    files.set(
        "/scenes/0/children/0/children/2",
        json!({ "type": "text", "id": "greeting", "text": "{{ params.greeting }}" }),
    );
    files.set("/scenes/2/when", json!("not params.short"));
    files.set_string("en", "total", json!("{{ params.greeting }}, total"));
    let folder = tempfile::tempdir().expect("a folder");
    files.write(folder.path());
    let with = |params: &[(&str, &str)]| with_params(folder.path(), params);
    let scenes = |params: &[(&str, &str)]| with(params).expect("a video").composition().scenes.len();
    assert!(scenes(&[("short", "true")]) < scenes(&[]));
    let picture = |params: &[(&str, &str)]| {
        let video = with(params).expect("a video");
        video.frame(video.thumbnail_frame()).pixels().to_vec()
    };
    let plain = picture(&[]);
    assert_eq!(plain, picture(&[("greeting", "Hello")]));
    assert_ne!(plain, picture(&[("greeting", "Good day")]));
    assert_ne!(plain, picture(&[("accent", "#3366FF")]));
    for (name, value, words) in [
        ("short", "yes", "`short` cannot be `yes`: it takes true or false"),
        ("acent", "#3366FF", "did you mean `accent`?"),
    ] {
        let error = with(&[(name, value)]).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// A template whose second scene shows these nodes, one below the other, and nothing else.
fn showing(nodes: Value) -> Files {
    let mut files = Files::of(STEADY);
    let children = json!([{ "type": "group", "id": "stage", "flex": { "gap": 30 }, "children": nodes }]);
    files.set("/scenes/1/children", children);
    files.set("/scenes/1/stagger", json!(0));
    files
}

/// The second scene's frames that are asked for, counted from its first one.
fn frames(files: &Files, at: &[u32]) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    files.write(folder.path());
    let video = video(folder.path()).unwrap_or_else(|error| panic!("{error}"));
    let first = video.composition().scenes[2].first_frame;
    at.iter().map(|frame| video.frame(first + frame).pixels().to_vec()).collect()
}

/// A mask and a blur come from the template to the picture, and a masked group moves as one.
#[test]
fn groups_are_masked_and_blurred() {
    let group = |effect: Value| {
        let mut group = json!({ "type": "group", "surface": { "fill": "accent" }, "layout": { "height": 400 }, "children": [
            { "type": "text", "text": "Masked", "style": "title" },
            { "type": "group", "clip": true, "layout": { "height": 60 }, "children": [
                { "type": "shape", "layout": { "height": 200, "shrink": 0 }, "surface": { "fill": "ink" } }] },
        ] });
        group.as_object_mut().expect("a group").extend(effect.as_object().expect("an effect").clone());
        showing(json!([group]))
    };
    let shown = |effect: Value| frames(&group(effect), &[70]).remove(0);
    let plain = shown(json!({}));
    assert_eq!(plain, shown(json!({ "mask": {} })), "a mask of the whole box changes nothing");
    let effects = [
        json!({ "mask": { "radius": "full" } }),
        json!({ "mask": { "shape": "ellipse" } }),
        json!({ "mask": { "shape": "path", "path": "M50 0L100 100H0z" } }),
        json!({ "mask": { "fade": [80, 0] } }),
        json!({ "mask": { "fade": [0, "50%", 0, 0] } }),
        json!({ "mask": { "opacity": { "radial": { "stops": ["#000000", "#00000000"] } } } }),
        json!({ "blur": 30 }),
    ];
    let pictures: Vec<Vec<u8>> = effects.iter().map(|effect| shown(effect.clone())).collect();
    for (at, picture) in pictures.iter().enumerate() {
        assert_ne!(*picture, plain, "{}", effects[at]);
        assert!(!pictures[..at].contains(picture), "{}", effects[at]);
    }
    let moving = group(json!({ "mask": { "shape": "ellipse" }, "motion": { "enter": "rise" } }));
    let seen = frames(&moving, &[6, 70]);
    assert_ne!(seen[0], seen[1]);
    assert_eq!(seen[1], pictures[1]);
}

/// A group's keyframes move, turn and scale its children as one, about the point that is asked for.
#[test]
fn a_group_transforms_its_children_as_one() {
    let motion = json!({ "origin": [0, 0], "keyframes": { "x": [{ "t": 0, "v": 0 }, { "t": 1, "v": 50 }],
        "scale": [{ "t": 0, "v": 0.5 }, { "t": 1, "v": 0.8 }], "rotation": [{ "t": 0, "v": -10 }, { "t": 1, "v": 5 }] } });
    let child = |fill: &str| json!({ "type": "shape", "layout": { "height": 90 }, "surface": { "fill": fill } });
    let nodes = json!([{ "type": "group", "id": "turning", "motion": motion, "children": [
        child("accent"), { "type": "group", "children": [child("glow"), { "type": "text", "text": "one", "style": "lead" }] },
    ] }]);
    let folder = tempfile::tempdir().expect("a folder");
    showing(nodes).write(folder.path());
    let video = video(folder.path()).expect("a video");
    let layers = &video.composition().scenes[2].layers;
    assert_eq!(layers.len(), 1, "what moves alike is one picture: {layers:#?}");
    let link = layers[0].motion.last().expect("a motion");
    assert_eq!((link.scale.at(0), link.rotation.at(999), link.x.at(999)), (0.5, 5.0, 50.0));
    let quotereel::compose::scene::Primitive::Shape(first) = (match &layers[0].content {
        quotereel::compose::scene::Content::Still(primitives) => &primitives[0],
        other => panic!("{other:?}"),
    }) else {
        panic!("a shape")
    };
    let quotereel::compose::scene::Geometry::RoundedRect(area) = &first.geometry else { panic!("a rectangle") };
    assert_eq!(link.pivot, (area.rect.x, area.rect.y));
}

/// What is taken out of the flow keeps its distances to the edges of its own group, not of one further out.
#[test]
fn a_place_in_a_group_is_measured_from_that_group() {
    let paint = json!({ "fill": "accent" });
    let group = |children: Value| {
        json!([{ "type": "group", "flex": { "padding": 100 }, "children": [
            { "type": "group", "layout": { "width": 500, "height": 300 }, "children": children }] }])
    };
    let at = json!({ "top": 20, "end": 40, "bottom": 60, "start": 80 });
    let placed = group(json!([{ "type": "shape", "layout": { "at": at }, "surface": paint }]));
    let margin = json!([20, 40, 60, 80]);
    let flowing = group(json!([{ "type": "shape", "layout": { "margin": margin, "height": 220 }, "surface": paint }]));
    assert_eq!(frames(&showing(placed), &[60]), frames(&showing(flowing.clone()), &[60]));
    let stacked = json!([{ "type": "group", "flex": { "padding": 100 }, "children": [
        { "type": "group", "flex": { "direction": "stack" }, "layout": { "width": 380, "height": 220, "margin": margin },
          "children": [{ "type": "shape", "layout": { "width": "100%" }, "surface": paint }] }] }]);
    assert_eq!(frames(&showing(stacked), &[60]), frames(&showing(flowing), &[60]));
}

/// A repeat in a repeat sees both entries, and shows what the same nodes written out would.
#[test]
fn repeats_nest() {
    let line = |words: &str| json!({ "type": "text", "text": words, "style": "lead" });
    let nested = json!([{ "type": "repeat", "of": "range(3)", "as": "row", "children": [
        { "type": "repeat", "of": "range(row + 1)", "as": "cell", "flex": { "direction": "row", "gap": 20 },
          "children": [line("{{ row ~ '.' ~ cell ~ '/' ~ loop.length }}")] } ] }]);
    let written = json!([{ "type": "group", "children": [
        { "type": "group", "flex": { "direction": "row", "gap": 20 }, "children": [line("{{ '0.0/1' }}")] },
        { "type": "group", "flex": { "direction": "row", "gap": 20 },
          "children": [line("{{ '1.0/2' }}"), line("{{ '1.1/2' }}")] },
        { "type": "group", "flex": { "direction": "row", "gap": 20 },
          "children": [line("{{ '2.0/3' }}"), line("{{ '2.1/3' }}"), line("{{ '2.2/3' }}")] },
    ] }]);
    assert_eq!(frames(&showing(nested), &[60]), frames(&showing(written), &[60]));
}

/// A name of the theme does what its number does, in every place.
#[test]
fn numbers_have_names() {
    let nodes = |slow: Value, far: Value, heavy: Value, wide: Value| {
        json!([{ "type": "group", "motion": { "delay": slow, "enter": { "preset": "rise", "duration": slow, "distance": far } },
            "surface": { "stroke": { "color": "accent", "width": wide }, "shadow": { "blur": far, "y": wide, "color": "shade" } },
            "children": [{ "type": "text", "text": "Named", "style": "lead", "set": { "weight": heavy, "size": far } }] }])
    };
    let name = |name: &str| json!({ "$number": name });
    let plain = showing(nodes(json!(0.4), json!(60), json!(800), json!(9)));
    let mut named = showing(nodes(name("slow"), name("far"), name("heavy"), name("wide")));
    named.set("/theme/numbers", json!({ "slow": 0.4, "far": 60, "heavy": 800, "wide": 9 }));
    assert_eq!(frames(&plain, &[14, 60]), frames(&named, &[14, 60]));
    let validator = jsonschema::validator_for(&schema()).expect("a JSON Schema");
    let errors: Vec<String> = validator.iter_errors(&named.document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Every bundled icon is drawn, each of its own shape.
#[test]
fn bundled_icons_are_all_different() {
    let names: Vec<&str> = quotereel::template::icon_names().collect();
    assert_eq!(names.len(), 24);
    let grid = |names: &[&str]| {
        let icons: Vec<Value> =
            names.iter().map(|name| json!({ "type": "icon", "icon": name, "size": 190, "color": "onDark" })).collect();
        showing(
            json!([{ "type": "group", "flex": { "direction": "row", "wrap": true, "gap": 30 }, "children": icons }]),
        )
    };
    let pictures: std::collections::BTreeSet<Vec<u8>> =
        names.iter().map(|name| frames(&grid(&[name]), &[60]).remove(0)).collect();
    assert_eq!(pictures.len(), names.len());
}

/// However something comes in, it ends as what is simply there; on its way it does not look like it.
#[test]
fn texts_by_line_and_word_and_drawn_outlines_end_as_the_whole() {
    let words = "Roof, walls and windows for the long house by the river, as agreed in spring";
    let node = |motion: Value| {
        json!([
            { "type": "text", "text": words, "style": "title", "motion": motion },
            { "type": "text", "text": "שלום (12) abc", "style": "lead", "motion": motion },
        ])
    };
    let whole = frames(&showing(node(json!({}))), &[75]);
    for preset in ["lines-rise", "lines-fade", "words-rise", "words-fade"] {
        let seen = frames(&showing(node(json!({ "enter": preset }))), &[3, 12, 20, 75]);
        assert_eq!(seen[3], whole[0], "{preset}");
        assert!(seen[0] != seen[1] && seen[1] != seen[2] && seen[2] != seen[3], "{preset} does not move");
    }
    let drawn = |motion: Value| {
        json!([
            { "type": "shape", "shape": "path", "path": "M0 0C100 0 0 100 100 100", "layout": { "height": 300 },
              "surface": { "stroke": { "color": "accent", "width": 12 } }, "motion": motion },
            { "type": "shape", "layout": { "height": 200 }, "motion": motion,
              "surface": { "radius": "card", "fill": "panel", "stroke": { "color": "accent", "width": 6 } } },
            { "type": "shape", "shape": "ellipse", "layout": { "height": 90 }, "motion": motion,
              "surface": { "stroke": { "color": "accent", "width": 6 } } },
            { "type": "icon", "icon": "check", "size": 120, "color": "accent", "stroke": 1.5, "motion": motion },
        ])
    };
    let whole = frames(&showing(drawn(json!({}))), &[75]);
    let keyframes = json!({ "trimStart": [{ "t": 0, "v": 0.5 }, { "t": 1, "v": 0 }], "trimEnd": [{ "t": 0, "v": 0.5 }, { "t": 1, "v": 1 }] });
    for motion in [json!({ "enter": "draw" }), json!({ "keyframes": keyframes })] {
        let seen = frames(&showing(drawn(motion.clone())), &[8, 14, 20, 75]);
        // An inside and its line lie in two pictures instead of one: laying both down may round once more.
        let worst = seen[3].iter().zip(&whole[0]).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(1), "{motion} ends {worst:?} levels off");
        assert!(seen[0] != seen[1] && seen[1] != seen[2] && seen[2] != seen[3], "{motion} does not move");
    }
}

/// A part with arguments draws what its children would have drawn in place, wherever it comes from.
#[test]
fn a_part_stands_for_its_children() {
    let frame = |files: &Files| {
        let folder = tempfile::tempdir().expect("a folder");
        files.write(folder.path());
        let video = video(folder.path()).unwrap_or_else(|error| panic!("{error}"));
        let last = video.composition().frame_count - 90;
        video.frame(last).pixels().to_vec()
    };
    let list = "/scenes/4/children/0/children";
    let line = |words: &str| json!({ "type": "text", "text": format!("{{{{ {words} }}}}"), "style": "lead" });
    let repeat =
        |children: Value| json!({ "type": "repeat", "of": "items", "as": "item", "limit": 3, "children": children });
    let mut plain = Files::of(STEADY);
    plain.set(list, json!([repeat(json!([line("item.name ~ ' ' ~ loop.index")]))]));
    let expected = frame(&plain);
    let with = json!({ "type": "use", "part": "row", "with": { "row": "item", "number": "loop.index" } });
    let row = json!({ "args": ["row", "number"], "children": [line("row.name ~ ' ' ~ number")] });
    let mut inside = Files::of(STEADY);
    inside.set(list, json!([repeat(json!([with]))]));
    inside.set("/parts", json!({ "row": row }));
    assert_eq!(frame(&inside), expected);
    let mut outside = Files::of(STEADY);
    outside.set(list, json!([repeat(json!([with]))]));
    outside.parts.push(("row".to_owned(), row.clone()));
    assert_eq!(frame(&outside), expected);

    // In both places is one too many; what is wrong in a file is said of that file.
    outside.set("/parts", json!({ "row": row }));
    assert!(problems(&outside).iter().any(|problem| problem.file == "parts/row.json"));
    let mut wrong = inside;
    wrong.set("/parts", json!({}));
    wrong.parts = vec![("row".to_owned(), json!({ "args": ["row", "number"], "children": [line("row.name | mony")] }))];
    let found = problems(&wrong);
    assert!(
        found.iter().any(|problem| problem.file == "parts/row.json" && problem.pointer == "/children/0/text"),
        "{found:#?}"
    );
    wrong.parts = vec![("row".to_owned(), json!({ "args": ["row", "size"], "children": [line("row.name")] }))];
    let reasons: Vec<String> = problems(&wrong).into_iter().map(|problem| problem.reason).collect();
    assert_eq!(
        reasons,
        ["part `row` takes size, which is missing", "part `row` does not take `number`; it takes: row, size"]
    );
}

/// Parts within parts count as groups do: a chain of doublings ends at the limit of nodes.
#[test]
fn parts_cannot_explode() {
    let mut files = Files::of(STEADY);
    let mut parts = serde_json::Map::new();
    for at in 0..20 {
        let next = format!("p{}", at + 1);
        parts.insert(format!("p{at}"), json!({ "children": [used_part(&next), used_part(&next)] }));
    }
    parts.insert("p20".to_owned(), json!({ "children": [nested(0)] }));
    files.set("/parts", Value::Object(parts));
    files.set("/scenes/0/children", json!([used_part("p0")]));
    let found = problems(&files);
    assert!(found[0].reason.contains("more than 10000 nodes"), "{found:#?}");
}

#[test]
fn every_mistake_comes_at_once() {
    let mut files = Files::of(STEADY);
    files.set("/styles/hero/color", json!("onDrak"));
    files.set("/styles/title/size", json!("titel"));
    files.set("/transition/easing", json!("boing"));
    let pointers: Vec<String> = problems(&files).into_iter().map(|problem| problem.pointer).collect();
    assert_eq!(pointers, ["/styles/hero/color", "/styles/title/size", "/transition/easing"]);
}

#[test]
fn the_schema_takes_every_builtin_template_and_the_reader_a_copy_of_it() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    for name in builtin_names() {
        let files = Files::of(name);
        let errors: Vec<String> =
            validator.iter_errors(&files.document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        let folder = tempfile::tempdir().expect("a folder");
        files.write(folder.path());
        used(folder.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

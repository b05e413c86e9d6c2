//! Mistakes one by one: who finds each, where it is said to be, and in which words.

use quotereel::template::schema;
use serde_json::{Value, json};

use super::{Files, STEADY, problems};

/// Who finds a mistake.
#[derive(Clone, Copy, PartialEq)]
enum Finder {
    /// The JSON Schema and the reader: a matter of form.
    Schema,
    /// The reader alone: names, expressions, files.
    Reader,
}
use Finder::{Reader, Schema};

/// What is set at a pointer of `template.json`, who finds it, where and in which words.
type Mistake = (&'static str, Value, Finder, &'static str, &'static [&'static str]);

/// Sets one value in the built-in template.
fn mistakes() -> Vec<Mistake> {
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}";
    let name = "/scenes/1/children/0/children/1/text";
    let heading = "/scenes/0/children/0/children/2";
    let ground = "/backdrop/0/surface/fill";
    let repeat =
        |children: Value| json!({ "type": "repeat", "of": "items", "as": "i", "limit": 100, "children": children });
    let explosion = json!([repeat(json!([repeat(json!([repeat(json!([{ "type": "shape" }]))]))]))]);
    vec![
        (
            "/scenes/0/stager",
            json!(0.1),
            Schema,
            "/scenes/0/stager",
            &["unknown field `stager`", "did you mean `stagger`"],
        ),
        ("/scenes/0/children/0/type", json!("grup"), Schema, "/scenes/0/children/0", &["node type \"grup\"", "group"]),
        ("/scenes/0/children", json!("text"), Schema, "/scenes/0/children", &[]),
        ("/scenes/0/children", json!([]), Schema, "/scenes/0/children", &["at least one node"]),
        ("/scenes", json!([]), Schema, "/scenes", &["1 to 40"]),
        ("/formatVersion", json!(2), Schema, "/formatVersion", &["version 2", "reads 1"]),
        ("/audio", json!("../music.ogg"), Schema, "/audio", &["no name of a file", "../music.ogg"]),
        ("/audio", json!("music.ogg"), Reader, "/audio", &["no file `music.ogg`"]),
        ("/duration/min", json!("long"), Schema, "/duration/min", &["found the text \"long\", expected a number"]),
        ("/duration/min", json!(31), Reader, "/duration", &["from 31 to 30 s", "not below min"]),
        ("/styles/hero/maxLines", json!(0), Schema, "/styles/hero/maxLines", &["at least 1"]),
        (ground, json!({ "linear": { "angle": 0, "stops": ["deep"] } }), Schema, ground, &["1 stops", "2 to 16"]),
        (
            "/scenes/3/children/1/surface/shadow/blur",
            json!(900),
            Schema,
            "/scenes/3/children/1/surface/shadow/blur",
            &["0 to 200"],
        ),
        (
            "/scenes/2/pages/maxRows",
            json!(4_000_000_000_u32),
            Schema,
            "/scenes/2/pages/maxRows",
            &["4000000000 is not 1 to 50"],
        ),
        ("/scenes/2/pages/maxPages", json!(0), Schema, "/scenes/2/pages/maxPages", &["0 is not 1 to 20"]),
        ("/transition/duration", json!(1e9), Schema, "/transition/duration", &["not 0 to 2 s"]),
        ("/theme/sizes/hero", json!(1e30), Reader, "/theme/sizes/hero", &["not -20000 to 20000 design px"]),
        ("/styles/hero/lineHeight", json!(900), Schema, "/styles/hero/lineHeight", &["900 is not 0.5 to 4"]),
        (
            "/scenes/3/children/1/children/1/count/duration",
            json!(1e9),
            Schema,
            "/scenes/3/children/1/children/1/count/duration",
            &["not 0.1 to 10 s"],
        ),
        (
            "/transition/easing",
            json!({ "spring": { "stiffness": 1e30, "damping": 1 } }),
            Schema,
            "/transition/easing",
            &["stiffness lies in 1-10000"],
        ),
        (
            "/backdrop/1/surface/fill/radial/center",
            json!([1e30, 0]),
            Reader,
            "/backdrop/1/surface/fill/radial/center",
            &["not -10 to 10"],
        ),
        (name, json!("{{ customer.name"), Reader, name, &["in the text", "syntax error"]),
        (name, json!("{{ customer.nme }}"), Reader, name, &["nothing is called", "did you mean `customer.name`"]),
        (name, json!("{{ shout(customer.name) }}"), Reader, name, &["nothing is called", "shout"]),
        (name, json!("{{ customer.name | mony }}"), Reader, name, &["unknown filter `mony`; did you mean `money`?"]),
        (name, json!("{{ customer.name | money }}"), Reader, name, &["`Al` is no amount"]),
        (name, json!(endless), Reader, name, &["does not come to an end"]),
        (
            name,
            json!("{{ t('prepardFor') }}"),
            Reader,
            name,
            &["string `prepardFor` is neither in strings/en.json", "did you mean `preparedFor`"],
        ),
        ("/name", json!("My Offer"), Schema, "/name", &["`My Offer` is no name"]),
        ("/scenes/1/children/2/when", json!("seller and"), Reader, "/scenes/1/children/2/when", &["in the expression"]),
        (
            "/scenes/2/pages/of",
            json!("company.name | length"),
            Reader,
            "/scenes/2/pages/of",
            &["gives no list but a number", "such as `items`"],
        ),
        (
            "/scenes/0/children/0/children/1/source",
            json!("company.name"),
            Reader,
            "/scenes/0/children/0/children/1/source",
            &["gives no picture"],
        ),
        (
            "/theme/colors/2/value",
            json!("darker(primary)"),
            Reader,
            "/theme/colors/2/value",
            &["nothing is called", "darker"],
        ),
        ("/theme/colors/2/value", json!("#12345"), Reader, "/theme/colors/2/value", &["#12345"]),
        (
            "/theme/fonts/body/family",
            json!("Comic Sans"),
            Reader,
            "/theme/fonts/body/family",
            &["`Comic Sans`", "Inter"],
        ),
        ("/styles/hero/color", json!("onDrak"), Reader, "/styles/hero/color", &["colour", "did you mean `onDark`"]),
        ("/styles/hero/color", json!("onDark/600"), Reader, "/styles/hero/color", &["not 0 to 100"]),
        ("/styles/hero/size", json!("heroo"), Reader, "/styles/hero/size", &["size", "did you mean `hero`"]),
        ("/styles/hero/font", json!("dispaly"), Reader, "/styles/hero/font", &["font", "did you mean `display`"]),
        (
            "/scenes/0/children/0/children/2/style",
            json!("headin"),
            Reader,
            "/scenes/0/children/0/children/2/style",
            &["style", "did you mean `heading`"],
        ),
        (
            "/scenes/4/children/0/children/1/children/0/icon",
            json!("calender"),
            Reader,
            "/scenes/4/children/0/children/1/children/0/icon",
            &["icon", "did you mean `calendar`"],
        ),
        ("/icons/mail", json!("M3 5h18 nonsense"), Reader, "/icons/mail", &["not SVG path data"]),
        ("/scenes/0/flex/gap", json!("stepp"), Reader, "/scenes/0/flex/gap", &["space", "did you mean `step`"]),
        (
            "/scenes/3/children/1/surface/radius",
            json!("crad"),
            Reader,
            "/scenes/3/children/1/surface/radius",
            &["radius", "did you mean `card`"],
        ),
        ("/transition/easing", json!("boing"), Reader, "/transition/easing", &["boing", "quint-out"]),
        ("/transition/easing", json!({ "bezier": [2, 0, 0, 1] }), Reader, "/transition/easing", &[]),
        ("/transition/easing", json!({ "bezier": [0, 1] }), Schema, "/transition/easing", &["an easing's name"]),
        ("/scenes/1/id", json!("opening"), Reader, "/scenes/1/id", &["used twice"]),
        (
            "/scenes/3/children/1/children/1/count/to",
            json!("company.name"),
            Reader,
            "/scenes/3/children/1/children/1/count/to",
            &["is no amount"],
        ),
        ("/scenes/0/children", explosion, Reader, "/scenes/0/children/0", &["more than 10000 nodes"]),
        ("/scenes/0/children", json!([nested(36)]), Reader, "/scenes/0/children/0", &["nested deeper than 32"]),
        ("/scenes/0/children", json!([blurred(5)]), Reader, "/scenes/0/children/0", &["nested deeper than 4"]),
        ("/scenes/0/children", json!([nested(60)]), Reader, "", &["nested deeper than 100 levels"]),
        ("/description", json!("d".repeat(1 << 20)), Reader, "", &["bytes", "at most 1048576"]),
        (
            "/parts",
            json!({ "a": { "children": [used_part("b")] }, "b": { "children": [nested(1), used_part("a")] } }),
            Reader,
            "/parts",
            &["without end: a -> b -> a"],
        ),
        ("/parts", json!({ "a": { "children": [] } }), Schema, "/parts/a/children", &["at least one node"]),
        (
            "/parts",
            json!({ "a": { "argz": [], "children": [nested(0)] } }),
            Schema,
            "/parts/a/argz",
            &["did you mean `args`"],
        ),
        (
            "/parts",
            json!({ "a": { "children": [{ "type": "text", "text": "{{ item.name }}" }] } }),
            Reader,
            "/parts/a/children/0/text",
            &["nothing is called", "item.name"],
        ),
        (heading, used_part("rwo"), Reader, heading, &["part `rwo` is not in the template"]),
        (
            heading,
            json!({ "type": "use", "part": "row", "with": { "item": "items |" } }),
            Reader,
            heading,
            &["in the expression"],
        ),
        (
            heading,
            json!({ "type": "group", "motion": { "enter": "lines-rise" }, "children": [] }),
            Reader,
            heading,
            &["in texts that do not count"],
        ),
        (
            heading,
            json!({ "type": "text", "text": "x", "motion": { "exit": "words-fade" } }),
            Reader,
            heading,
            &["and not out"],
        ),
        (
            heading,
            json!({ "type": "shape", "motion": { "enter": "draw" } }),
            Reader,
            heading,
            &["shapes with a stroke"],
        ),
        (
            heading,
            json!({ "type": "text", "text": "x", "motion": { "keyframes": { "trimEnd": [{ "t": 0, "v": 0 }] } } }),
            Reader,
            heading,
            &["trimStart and trimEnd are for"],
        ),
        (
            heading,
            json!({ "type": "group", "mask": { "fade": 40 }, "children": [{ "type": "group", "children": [
                { "type": "text", "id": "restless", "text": "x", "motion": { "enter": "rise" } }] }] }),
            Reader,
            "/scenes/0/children/0/children/2/mask",
            &["moves as one", "`restless`"],
        ),
        (
            heading,
            json!({ "type": "group", "blur": 20, "children": [
                { "type": "text", "text": "{{ count }}", "count": { "to": "totals.total" } }] }),
            Reader,
            "/scenes/0/children/0/children/2/blur",
            &["moves as one"],
        ),
        (heading, json!({ "type": "group", "blur": 900, "children": [] }), Schema, heading, &["0 to 200"]),
        (
            heading,
            json!({ "type": "group", "mask": { "shape": "path" }, "children": [] }),
            Reader,
            heading,
            &["grid of 100 x 100"],
        ),
        (
            heading,
            json!({ "type": "group", "mask": { "fade": "stepp" }, "children": [] }),
            Reader,
            heading,
            &["did you mean `step`"],
        ),
        (
            "/scenes/0/stagger",
            json!({ "$number": "slow" }),
            Reader,
            "/scenes/0/stagger",
            &["number `slow` is not in the template"],
        ),
        (
            heading,
            json!({ "type": "icon", "icon": "wrnech", "size": 40, "color": "accent" }),
            Reader,
            heading,
            &["did you mean `wrench`"],
        ),
        (heading, json!({ "type": "shape", "shape": "path" }), Reader, heading, &["grid of 100 x 100"]),
        (
            heading,
            json!({ "type": "shape", "shape": "path", "path": "M0 0 L nonsense" }),
            Reader,
            heading,
            &["not SVG path data"],
        ),
        (
            "/params",
            json!({ "tone": { "type": "choice", "description": "t", "default": "loud", "choices": ["calm", "bold"] } }),
            Reader,
            "/params/tone/default",
            &["`loud` is not one of calm, bold"],
        ),
        (
            "/params",
            json!({ "rows": { "type": "number", "description": "r", "default": 9, "min": 1, "max": 6 } }),
            Reader,
            "/params/rows/default",
            &["a number from 1 to 6"],
        ),
        (
            "/params",
            json!({ "tone": { "type": "choice", "description": "t" } }),
            Reader,
            "/params/tone/choices",
            &["a choice has 2 to 40"],
        ),
        (
            "/params",
            json!({ "a-b": { "type": "text", "description": "t" } }),
            Reader,
            "/params/a-b",
            &["a name is a letter"],
        ),
        ("/params", json!({ "x": { "type": "colour", "description": "t" } }), Schema, "/params/x/type", &["color"]),
        ("/params", json!({ "x": { "type": "text" } }), Schema, "/params/x", &["missing field `description`"]),
        (name, json!("{{ params.tone }}"), Reader, name, &["parameter `tone` is not in the template"]),
        (heading, json!({ "type": "text" }), Schema, heading, &["missing field `text`"]),
    ]
}

/// A `use` without arguments.
pub(crate) fn used_part(name: &str) -> Value {
    json!({ "type": "use", "part": name })
}

/// A text inside that many groups.
pub(crate) fn nested(groups: usize) -> Value {
    (0..groups)
        .fold(json!({ "type": "text", "text": "deep" }), |inner, _| json!({ "type": "group", "children": [inner] }))
}

/// A text in that many blurred groups, one within the other.
fn blurred(groups: usize) -> Value {
    (0..groups).fold(
        json!({ "type": "text", "text": "deep" }),
        |inner, _| json!({ "type": "group", "blur": 20, "children": [inner] }),
    )
}

/// Every mistake is reported in `template.json`, at or below the pointer, in these words.
#[test]
fn every_mistake_names_file_place_and_reason() {
    let mut wrong = Vec::new();
    for (at, value, _, pointer, words) in mistakes().into_iter().chain(slips()) {
        let mut files = Files::of(STEADY);
        files.set(at, value.clone());
        let found = problems(&files);
        let said = found.iter().any(|problem| {
            let place = problem.file == "template.json"
                && (problem.pointer == pointer
                    || (!pointer.is_empty() && problem.pointer.starts_with(&format!("{pointer}/"))));
            place
                && words.iter().all(|word| problem.reason.contains(word))
                && problem.to_string().contains("/template.json")
        });
        if !said {
            let value: String = value.to_string().chars().take(80).collect();
            wrong.push(format!("{value} at {at}: expected {words:?} at {pointer}, found {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Names that are misspelt, lists that are none, kinds that are others: set in the first scene's group, or elsewhere.
fn slips() -> Vec<Mistake> {
    let place = "/scenes/0/children/0/children/2";
    let text = |words: &str| json!({ "type": "text", "text": words });
    let repeat = |of: &str, name: &str, words: &str| json!({ "type": "repeat", "of": of, "as": name, "children": [text(words)] });
    let paged = "/scenes/2/children/0";
    let keyframes = |all: Value| json!({ "type": "text", "text": "x", "motion": { "keyframes": all } });
    vec![
        (
            place,
            repeat("items", "it", "{{ it.nmae }}"),
            Reader,
            place,
            &["nothing is called `it.nmae`; did you mean `it.name`?"],
        ),
        (place, repeat("items[:3]", "it", "{{ it.image.asset }}"), Reader, place, &["did you mean `it.image.aspect`?"]),
        (place, repeat("totals.taxes", "tax", "{{ tax.rates }}"), Reader, place, &["did you mean `tax.rate`?"]),
        (place, repeat("items", "it", "{{ loop.idx }}"), Reader, place, &["did you mean `loop.index"]),
        (paged, repeat("page.rows", "it", "{{ it.nmae }}"), Reader, paged, &["did you mean `it.name`?"]),
        (paged, text("{{ page.numbr }}"), Reader, paged, &["did you mean `page.number`?"]),
        (
            "/canvases",
            json!([{ "when": "canvas.landscape", "sizes": { "hreo": 5 } }]),
            Reader,
            "/canvases/0/sizes/hreo",
            &["size `hreo` is not in the template; did you mean `hero`?"],
        ),
        (
            "/canvases",
            json!([{ "when": "true", "spaces": { "stpe": 5 } }]),
            Reader,
            "/canvases/0/spaces/stpe",
            &["space"],
        ),
        (
            "/canvases",
            json!([{ "when": "true", "radii": { "crad": 5 } }]),
            Reader,
            "/canvases/0/radii/crad",
            &["`card`"],
        ),
        (
            place,
            repeat("customer.name", "it", "x"),
            Reader,
            place,
            &["`customer.name` gives no list but a text", "such as `items`"],
        ),
        (place, repeat("customer", "it", "x"), Reader, place, &["`customer` gives no list but an object"]),
        ("/scenes/2/pages/of", json!("company.name"), Reader, "/scenes/2/pages/of", &["gives no list but a text"]),
        (place, repeat("items", "loop", "x"), Reader, "/scenes/0/children/0/children/2/as", &["a meaning of its own"]),
        (place, repeat("items", "quote", "x"), Reader, "/scenes/0/children/0/children/2/as", &["a meaning of its own"]),
        (place, repeat("items", "it em", "x"), Schema, "/scenes/0/children/0/children/2/as", &["a name is a letter"]),
        (
            place,
            json!({ "type": "text", "text": "x", "when": "{{ quote.validUntil }}" }),
            Reader,
            place,
            &["write `quote.validUntil`, without `{{ }}`"],
        ),
        (
            place,
            json!({ "type": "text", "text": "x", "motion": ["rise"] }),
            Schema,
            place,
            &["found a list, expected an object"],
        ),
        (
            place,
            json!({ "type": "shape", "surface": ["#FF0000"] }),
            Schema,
            place,
            &["found a list, expected an object"],
        ),
        (
            "/backdrop/0/surface/fill",
            json!({ "linear": [160, ["#000000", "#FFFFFF"]] }),
            Schema,
            "/backdrop/0/surface/fill",
            &["a colour, {\"linear\": …}"],
        ),
        ("/transition/easing", json!({ "spring": [100, 10, 1] }), Schema, "/transition/easing", &["an easing's name"]),
        ("/theme", json!([[], {}]), Schema, "/theme", &["found a list, expected an object"]),
        ("/scenes/0/stagger", json!(-1), Schema, "/scenes/0/stagger", &["-1 is not 0 to 5 s"]),
        ("/scenes/0/stagger", json!(1e30), Schema, "/scenes/0/stagger", &["is not 0 to 5 s"]),
        (
            place,
            json!({ "type": "text", "text": "x", "motion": { "stagger": 6 } }),
            Schema,
            place,
            &["6 is not 0 to 5 s"],
        ),
        (
            place,
            json!({ "type": "text", "text": "x", "set": { "size": 40, "minSize": 90 } }),
            Reader,
            place,
            &["90 is above `size`, 40"],
        ),
        (place, keyframes(json!({ "opacity": [{ "t": 0, "v": 50 }] })), Reader, place, &["50 is not 0 to 1"]),
        (
            place,
            keyframes(json!({ "x": [{ "t": 0.5, "v": 0 }, { "t": -1, "v": 3 }, { "t": 0.2, "v": 9 }] })),
            Reader,
            "/scenes/0/children/0/children/2/motion/keyframes/x/2/t",
            &["0.2 comes after 0.5"],
        ),
        (
            place,
            json!({ "type": "text", "text": "x", "count": { "to": "totals.total" } }),
            Reader,
            place,
            &["does not show `count`"],
        ),
        (
            place,
            json!({ "type": "text", "text": "x", "layout": { "width": "400px" } }),
            Reader,
            place,
            &["px are plain numbers, 400"],
        ),
        (place, text("{{ mixx('#000000', '#FFFFFF', 0.5) }}"), Reader, place, &["did you mean `mix`?"]),
        (
            place,
            json!({ "type": "text", "text": "x", "when": "totals.total is nonzer" }),
            Reader,
            place,
            &["unknown test `nonzer`; did you mean `nonzero`?"],
        ),
        (place, used_part("rwo"), Reader, place, &["part `rwo` is not in the template; it has none"]),
        (
            "/parts",
            json!({ "a": { "children": [{ "type": "use", "part": "b", "with": { "c": "1" } }] }, "b": { "children": [nested(0)] } }),
            Reader,
            "/parts/a/children/0/with/c",
            &["it takes: no arguments"],
        ),
    ]
}

/// What is neither misspelt nor empty of meaning passes.
#[test]
fn what_is_no_slip_passes() {
    let text = |words: &str| json!({ "type": "text", "text": words });
    let repeat = |of: &str, words: &str| json!({ "type": "repeat", "of": of, "as": "it", "limit": 1, "children": [text(words)] });
    let keyframes =
        json!({ "x": [{ "t": 0, "v": 0 }, { "t": 1, "v": 5 }, { "t": -1, "v": 5 }, { "t": -0.5, "v": 9 }] });
    for node in [
        repeat("items[:3]", "{{ it.name ~ it.image.aspect ~ loop.index0 }}"),
        repeat("items | map(attribute='name')", "{{ it }}"),
        repeat("[{ 'nmae': 'x' }]", "{{ it.nmae }}"),
        repeat("seller", "{{ it }}"),
        json!({ "type": "text", "text": "x", "motion": { "stagger": 5, "keyframes": keyframes } }),
    ] {
        let mut files = Files::of(STEADY);
        files.set("/scenes/0/children/0/children/2", node.clone());
        files.set("/canvases", json!([{ "when": "canvas.landscape", "spaces": { "safeTop": 40 } }]));
        let folder = tempfile::tempdir().expect("a folder");
        files.write(folder.path());
        super::used(folder.path()).unwrap_or_else(|error| panic!("{node}: {error}"));
    }
}

/// A file is read as a quote is: a byte order mark is passed over, a key that comes twice is refused where it stands.
#[test]
fn a_byte_order_mark_passes_and_a_second_key_does_not() {
    let mut files = Files::of(STEADY);
    let first = files.strings("es").replacen('{', "{ \"quote\": \"Oferta\", \"quote\": \"Otra\",", 1);
    let folder = tempfile::tempdir().expect("a folder");
    files.write(folder.path());
    let document = folder.path().join("template.json");
    let marked = |text: &str| std::fs::write(&document, format!("\u{feff}{text}")).expect("written");
    marked(&files.document.to_string());
    super::used(folder.path()).expect("a good template");
    marked(&files.document.to_string().replacen('{', "{ \"version\": \"0\", \"name\": \"x\",", 1));
    let error = super::used(folder.path()).expect_err("two keys twice").to_string();
    for key in ["name", "version"] {
        assert!(error.contains(&format!("template.json#/{key}: `{key}` a second time")), "{error}");
    }
    *files.strings("es") = first;
    let found = problems(&files);
    assert!(found.iter().any(|problem| problem.file == "strings/es.json" && problem.pointer == "/quote"), "{found:#?}");
}

/// A string may use what calls of it give it, and a file of strings is named as locales are.
#[test]
fn strings_are_checked_for_what_they_are_given_and_files_for_their_names() {
    let told = |language: &str, key: &str, text: &str| {
        let mut files = Files::of(STEADY);
        let file = format!("strings/{language}.json");
        if files.strings.iter().any(|(path, _)| *path == file) {
            files.set_string(language, key, json!(text));
        } else {
            files.strings.push((file.clone(), json!({ key: text }).to_string()));
        }
        let found = problems(&files).into_iter().filter(|problem| problem.file == file);
        found.map(|problem| format!("{}: {}", problem.pointer, problem.reason)).collect::<Vec<_>>().join("\n")
    };
    let mut files = Files::of(STEADY);
    for language in ["en", "es", "pt"] {
        files.set_string(language, "uncalled", json!("{{ whatever }}"));
    }
    files.set_string("es", "validUntil", json!("Hasta {{ date }} en {{ company.name }}"));
    let folder = tempfile::tempdir().expect("a folder");
    files.write(folder.path());
    super::used(folder.path()).expect("what nobody calls may be given anything");
    let wrong = told("es", "validUntil", "Hasta {{ fecha }}");
    assert!(wrong.contains("nothing called `fecha` is given to this string; it is given date"), "{wrong}");
    let wrong = told("es", "validUntil", "Hasta {{ dat }}");
    assert!(wrong.contains("did you mean `date`?"), "{wrong}");
    for (language, reason) in [
        ("es-cl", "did you mean `es-CL.json`?"),
        ("pt_PT", "did you mean `pt-PT.json`?"),
        ("Spanish", "is no language that a quote can be in"),
    ] {
        let wrong = told(language, "quote", "Oferta");
        assert!(wrong.contains(reason), "{language}: {wrong}");
    }
}

/// Mistakes of form fail the schema, the others pass it: an editor finds what can be found without the program.
#[test]
fn the_schema_finds_mistakes_of_form_and_no_others() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    let mut wrong = Vec::new();
    for (at, value, finder, ..) in mistakes().into_iter().chain(slips()) {
        let mut files = Files::of(STEADY);
        files.set(at, value.clone());
        if validator.is_valid(&files.document) == (finder == Schema) {
            let value: String = value.to_string().chars().take(80).collect();
            wrong.push(format!("{value} at {at}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! Templates as an author meets them: every kind of mistake names its file, its place and what would be right, and the
//! JSON Schema agrees with the reader on everything that is a matter of form.

use std::path::Path;

use quotereel::geometry::Size;
use quotereel::studio::{Order, StudioError, TemplateChoice, prepare};
use quotereel::template::{TemplateError, TemplateProblem, builtin_names, schema};
use quotereel::time::FrameRate;
use serde_json::{Value, json};

fn templates() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")
}

/// The files of a template, ready to be spoilt.
struct Files {
    document: Value,
    /// Contents by path inside the folder.
    strings: Vec<(String, String)>,
}

impl Files {
    fn of(name: &str) -> Self {
        let folder = templates().join(name);
        let read = |path: &Path| std::fs::read_to_string(path).expect("a built-in template has this file");
        let document = serde_json::from_str(&read(&folder.join("template.json"))).expect("JSON");
        let entries = std::fs::read_dir(folder.join("strings")).expect("it has strings");
        let mut strings: Vec<(String, String)> = entries
            .map(|entry| entry.expect("readable").path())
            .map(|path| (format!("strings/{}", path.file_name().expect("named").to_string_lossy()), read(&path)))
            .collect();
        strings.sort();
        Self { document, strings }
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

/// Uses the template in `folder`.
fn used(folder: &Path) -> Result<(), StudioError> {
    let order = Order {
        snapshot: quote().to_string().into_bytes(),
        base_dir: None,
        keyed_files: std::collections::HashMap::new(),
        template: TemplateChoice::Folder(folder.to_owned()),
        size: Size::new(1080, 1920),
        frame_rate: FrameRate::DEFAULT,
        allow_private_network: false,
        limits: quotereel::asset::Limits::default(),
        threads: std::num::NonZeroUsize::MIN,
    };
    prepare(&order).map(drop)
}

/// What is wrong with a spoilt template.
fn problems(files: &Files) -> Vec<TemplateProblem> {
    let folder = tempfile::tempdir().expect("a folder");
    files.write(folder.path());
    match used(folder.path()) {
        Err(StudioError::Template(TemplateError::Invalid { problems })) => {
            let source = folder.path().display().to_string();
            assert!(problems.iter().all(|problem| problem.template == source), "{problems:#?}");
            problems
        }
        other => panic!("expected an invalid template, found {other:?}"),
    }
}

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
        ("/duration/min", json!("long"), Schema, "/duration/min", &["f64"]),
        ("/duration/min", json!(31), Reader, "/duration", &["not below min"]),
        ("/styles/hero/maxLines", json!(0), Schema, "/styles/hero/maxLines", &["at least 1"]),
        (ground, json!({ "linear": { "angle": 0, "stops": ["deep"] } }), Schema, ground, &["1 stops", "2 to 16"]),
        (
            "/scenes/3/children/1/surface/shadow/blur",
            json!(900),
            Schema,
            "/scenes/3/children/1/surface/shadow/blur",
            &["0 to 200"],
        ),
        (name, json!("{{ customer.name"), Reader, name, &["in the text", "syntax error"]),
        (name, json!("{{ customer.nme }}"), Reader, name, &["nothing is called", "did you mean `customer.name`"]),
        (name, json!("{{ shout(customer.name) }}"), Reader, name, &["nothing is called", "shout"]),
        (name, json!("{{ customer.name | mony }}"), Reader, name, &["unknown filter", "mony"]),
        (name, json!("{{ customer.name | money }}"), Reader, name, &["`Al` is no amount"]),
        (name, json!(endless), Reader, name, &["does not come to an end"]),
        (name, json!("{{ t('prepardFor') }}"), Reader, name, &["string `prepardFor` is not in strings/en.json"]),
        ("/scenes/1/children/2/when", json!("seller and"), Reader, "/scenes/1/children/2/when", &["in the expression"]),
        ("/scenes/2/pages/of", json!("company.name | length"), Reader, "/scenes/2/pages/of", &["gives no list"]),
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
        ("/scenes/0/children", json!([nested(60)]), Reader, "", &["nested deeper than 100 levels"]),
        ("/description", json!("d".repeat(1 << 20)), Reader, "", &["bytes", "at most 1048576"]),
        (heading, json!({ "type": "text" }), Schema, heading, &["missing field `text`"]),
    ]
}

/// A text inside that many groups.
fn nested(groups: usize) -> Value {
    (0..groups)
        .fold(json!({ "type": "text", "text": "deep" }), |inner, _| json!({ "type": "group", "children": [inner] }))
}

/// Every mistake is reported in `template.json`, at or below the pointer, in these words.
#[test]
fn every_mistake_names_file_place_and_reason() {
    let mut wrong = Vec::new();
    for (at, value, _, pointer, words) in mistakes() {
        let mut files = Files::of("quote-summary");
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

#[test]
fn mistakes_in_strings_name_their_file() {
    let said = |files: &Files, file: &str, pointer: &str, words: &str| {
        let found = problems(files);
        let one = |problem: &TemplateProblem| {
            problem.file == file && problem.pointer == pointer && problem.reason.contains(words)
        };
        assert!(found.iter().any(one), "expected {words} at {file}#{pointer}, found {found:#?}");
    };
    let mut files = Files::of("quote-summary");
    files.strings.retain(|(path, _)| path != "strings/en.json");
    said(&files, "template.json", "/defaultLanguage", "there is no strings/en.json");

    let mut files = Files::of("quote-summary");
    *files.strings("es") = "{".to_owned();
    said(&files, "strings/es.json", "", "not valid JSON");

    let mut files = Files::of("quote-summary");
    files.set_string("es", "more", json!({ "lots": "muchos" }));
    said(&files, "strings/es.json", "/more/lots", "zero, one, two, few, many, other");

    let mut files = Files::of("quote-summary");
    files.set_string("es", "more", json!({ "one": "uno" }));
    said(&files, "strings/es.json", "/more", "plural forms need `other`");

    let mut files = Files::of("quote-summary");
    files.set_string("pt", "total", json!("{{ total"));
    said(&files, "strings/pt.json", "/total", "syntax error");

    let mut files = Files::of("quote-summary");
    files.set_string("es", "farewell", json!("Adiós"));
    said(&files, "strings/en.json", "", "string `farewell` is missing");

    // A string that refers to itself is found where it is used.
    let mut files = Files::of("quote-summary");
    files.set_string("en", "preparedFor", json!("{{ t('preparedFor') }}"));
    said(&files, "template.json", "/scenes/1/children/0/children/0/text", "refers to itself");
}

#[test]
fn every_mistake_comes_at_once() {
    let mut files = Files::of("quote-summary");
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

/// Mistakes of form fail the schema, the others pass it: an editor finds what can be found without the program.
#[test]
fn the_schema_finds_mistakes_of_form_and_no_others() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    let mut wrong = Vec::new();
    for (at, value, finder, ..) in mistakes() {
        let mut files = Files::of("quote-summary");
        files.set(at, value.clone());
        if validator.is_valid(&files.document) == (finder == Schema) {
            let value: String = value.to_string().chars().take(80).collect();
            wrong.push(format!("{value} at {at}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

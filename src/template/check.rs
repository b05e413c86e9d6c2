//! Checks of a template that need no snapshot: every name exists, every expression compiles.

mod lets;
mod look;
mod motion;
mod names;
mod ranges;
mod strings;

use std::collections::{BTreeMap, BTreeSet};

use super::context::{KNOWN_PATHS, Picture};
use super::document::{Common, Document, DurationRange, Node, NodeKind, ParamKind, RepeatNode, UseNode};
use super::error::{TemplateProblem, unknown};
use super::expression::{names_in_expression, names_in_text};
use super::files::{DOCUMENT_FILE, STRINGS_FOLDER};
use super::filters::FUNCTIONS;
use super::icons;
use super::overrides::CanvasShape;
use super::parts::{MAX_PARTS, cycle};
use super::places::Places;
use super::read::Read;
use super::strings::Strings;
use crate::ground::problem::{member, nearest, quoted};

use names::{Bound, Names};
use strings::{Call, calls_of_t};

/// Checks a template as read, for every shape of canvas; gives its problems and what it takes from a snapshot.
pub(super) fn check(source: &str, read: &Read) -> (Vec<TemplateProblem>, Fields) {
    let mut checker = Checker {
        source,
        document: &read.document,
        shape: None,
        strings: &read.strings,
        places: &read.places,
        problems: Vec::new(),
        fields: Fields::default(),
        given: BTreeMap::new(),
        lets: Names::default(),
    };
    checker.document();
    for (shape, document) in CanvasShape::ALL.into_iter().zip(&read.by_shape) {
        checker = Checker { shape: Some(shape), document, lets: Names::default(), ..checker };
        checker.document();
    }
    checker.strings();
    (checker.problems, checker.fields)
}

struct Checker<'a> {
    source: &'a str,
    document: &'a Document,
    /// The canvases that the document is for; `None` for the one without overrides.
    shape: Option<CanvasShape>,
    strings: &'a Strings,
    places: &'a Places,
    problems: Vec<TemplateProblem>,
    fields: Fields,
    /// The arguments that calls of `t` pass to each string.
    given: BTreeMap<String, BTreeSet<String>>,
    /// The names that the document's `let` gives.
    lets: Names,
}

/// What a template takes from a snapshot.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    /// Dotted paths of the snapshot.
    pub(super) global: BTreeSet<String>,
    /// The pictures among what it takes.
    pub(super) pictures: BTreeSet<Picture>,
    /// The strings of a language that it uses, by key.
    pub(super) strings: BTreeSet<String>,
}

impl Checker<'_> {
    fn fail(&mut self, pointer: impl AsRef<str>, reason: impl Into<String>) {
        let (file, pointer) = self.places.written(self.shape, DOCUMENT_FILE, pointer.as_ref());
        self.fail_in(&file, pointer, reason);
    }

    /// Reports a problem once, however many canvases have it.
    fn fail_in(&mut self, file: &str, pointer: impl Into<String>, reason: impl Into<String>) {
        let (template, file) = (self.source.to_owned(), file.to_owned());
        let problem = TemplateProblem { template, file, pointer: pointer.into(), reason: reason.into() };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn document(&mut self) {
        let document = self.document;
        if document.format_version != 1 {
            let reason = format!("version {} of the format is unknown; this engine reads 1", document.format_version);
            self.fail("/formatVersion", reason);
        }
        if !is_name(&document.name) {
            let reason = format!(
                "{} is no name: 1 to 63 letters a to z, digits and `-`, no `-` first",
                quoted(&document.name, 70)
            );
            self.fail("/name", reason);
        }
        self.duration(document.duration, "/duration");
        if let Some(name) = &document.audio
            && (name.is_empty() || name.starts_with('.') || name.contains(['/', '\\']) || name.chars().count() > 100)
        {
            let reason = format!("{} is no name of a file beside {DOCUMENT_FILE}", quoted(name, 100));
            self.fail(
                "/audio",
                format!("{reason}: 1 to 100 characters without `/` and `\\`, the first of them no dot"),
            );
        }
        if !self.strings.contains_key(&document.default_language) {
            let reason = format!("there is no {STRINGS_FOLDER}/{}.json", document.default_language);
            self.fail("/defaultLanguage", reason);
        }
        self.params();
        self.lets = self.lets(&document.lets, "", &Names::default());
        let mut known = self.lets.clone();
        for (index, named) in document.theme.colors.iter().enumerate() {
            let at = format!("/theme/colors/{index}/value");
            if named.value.starts_with('#') {
                if let Err(error) = crate::ground::color::Color::parse(&named.value) {
                    self.fail(at, error.to_string());
                }
            } else {
                self.expression(&named.value, &at, &known);
            }
            known.push(named.name.clone(), Bound::Any);
        }
        for (index, variant) in document.canvases.iter().enumerate() {
            self.expression(&variant.when, &format!("/canvases/{index}/when"), &self.lets.clone());
        }
        for (name, style) in &document.styles {
            self.style(style, &member("/styles", name));
        }
        for (name, path) in &document.icons {
            self.path_data(path, &member("/icons", name));
        }
        if let Some(spec) = &document.transition.easing {
            self.easing(spec, "/transition/easing");
        }
        self.theme_numbers();
        self.parts();
        self.nodes(&document.backdrop, "/backdrop", &self.lets.clone());
        let mut ids = BTreeSet::new();
        if document.scenes.is_empty() || document.scenes.len() > 40 {
            self.fail("/scenes", format!("{} scenes; there are 1 to 40", document.scenes.len()));
        }
        for (index, scene) in document.scenes.iter().enumerate() {
            let at = format!("/scenes/{index}");
            if !ids.insert(scene.id.as_str()) {
                self.fail(format!("{at}/id"), format!("scene id {} is used twice", quoted(&scene.id, 60)));
            }
            self.scene(scene, &at);
        }
    }

    fn duration(&mut self, DurationRange { min, max }: DurationRange, at: &str) {
        if !(min > 0.0 && max >= min && max <= 120.0) {
            let reason = format!("from {min} to {max} s: min is above 0, max at most 120 s and not below min");
            self.fail(at, reason);
        }
    }

    fn params(&mut self) {
        let document = self.document;
        for (name, param) in &document.params {
            let at = member("/params", name);
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(word) || name.len() > 40 {
                self.fail(&*at, "a name is a letter, then letters, digits and `_`; at most 40 in all");
            }
            let choices = if param.kind == ParamKind::Choice { 2..=40 } else { 0..=0 };
            if !choices.contains(&param.choices.len()) {
                self.fail(format!("{at}/choices"), "a choice has 2 to 40, other types none");
            }
            let limits = param.min.is_some() || param.max.is_some();
            if limits && param.kind != ParamKind::Number
                || param.min.zip(param.max).is_some_and(|(min, max)| min >= max)
            {
                self.fail(&*at, "min and max are for numbers, and min is below max");
            }
            if let Some(value) = param.default.as_ref().filter(|value| !param.takes(value)) {
                let reason = format!("{} is not {}", quoted(&value.to_string(), 60), param.allowed());
                self.fail(format!("{at}/default"), reason);
            }
        }
    }

    fn parts(&mut self) {
        let parts = &self.document.parts;
        if parts.len() > MAX_PARTS {
            self.fail("/parts", format!("{} parts; there are at most {MAX_PARTS}", parts.len()));
        }
        for (name, part) in parts {
            let at = member("/parts", name);
            let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(word) || name.len() > 40 {
                self.fail(&*at, "a name is a letter, then letters, digits, `_` and `-`; at most 40 in all");
            }
            if part.children.is_empty() {
                self.fail(format!("{at}/children"), "a part has at least one node");
            }
            // A shared part knows nothing of the template that uses it.
            let mut names = if self.places.is_shared(name) { Names::default() } else { self.lets.clone() };
            part.args.iter().for_each(|name| names.push(name, Bound::Any));
            self.nodes(&part.children, &format!("{at}/children"), &names);
        }
        if let Some(chain) = cycle(parts) {
            self.fail("/parts", format!("parts use each other without end: {chain}"));
        }
    }

    fn part(&mut self, node: &UseNode, at: &str, names: &Names) {
        for (name, expression) in &node.with {
            self.expression(expression, &member(&format!("{at}/with"), name), names);
        }
        let parts = &self.document.parts;
        let Some(part) = parts.get(&node.part) else {
            return self.fail(format!("{at}/part"), unknown("part", &node.part, parts.keys()));
        };
        for name in part.args.iter().filter(|name| !node.with.contains_key(*name)) {
            self.fail(format!("{at}/with"), format!("part `{}` takes {name}, which is missing", node.part));
        }
        for name in node.with.keys().filter(|name| !part.args.contains(name)) {
            let taken = if part.args.is_empty() { "no arguments".to_owned() } else { part.args.join(", ") };
            let reason = format!("part `{}` does not take {}; it takes: {taken}", node.part, quoted(name, 60));
            self.fail(member(&format!("{at}/with"), name), reason);
        }
    }

    fn scene(&mut self, scene: &super::document::Scene, at: &str) {
        let mut names = self.lets.clone();
        if let Some(when) = &scene.when {
            self.expression(when, &format!("{at}/when"), &names);
        }
        if let Some(pages) = &scene.pages {
            self.expression(&pages.of, &format!("{at}/pages/of"), &names);
            self.page_numbers(pages, &format!("{at}/pages"));
            let entry = names.entries(&pages.of);
            names.push("page", Bound::Page(entry));
        }
        let names = self.lets(&scene.lets, at, &names);
        if let Some(range) = scene.duration {
            self.duration(range, &format!("{at}/duration"));
        }
        self.stagger(scene.stagger, || format!("{at}/stagger"));
        if let Some(transition) = &scene.transition {
            self.transition_numbers(transition, &format!("{at}/transition"));
            if let Some(spec) = &transition.easing {
                self.easing(spec, &format!("{at}/transition/easing"));
            }
        }
        if let Some(fill) = &scene.fill {
            self.paint(fill, &format!("{at}/fill"));
        }
        self.flex(&scene.flex, at);
        if scene.children.is_empty() {
            self.fail(format!("{at}/children"), "a scene shows at least one node");
        }
        self.nodes(&scene.children, &format!("{at}/children"), &names);
    }

    fn nodes(&mut self, nodes: &[Node], at: &str, names: &Names) {
        for (index, node) in nodes.iter().enumerate() {
            self.node(node, &format!("{at}/{index}"), names);
        }
    }

    fn node(&mut self, node: &Node, at: &str, names: &Names) {
        if let Some(when) = &node.common.when {
            self.expression(when, &format!("{at}/when"), names);
        }
        match &node.kind {
            NodeKind::Use(node) => return self.part(node, at, names),
            NodeKind::Choose(choose) => {
                for (index, case) in choose.cases.iter().enumerate() {
                    self.expression(&case.when, &format!("{at}/cases/{index}/when"), names);
                    self.nodes(&case.then, &format!("{at}/cases/{index}/then"), names);
                }
                return self.nodes(&choose.otherwise, &format!("{at}/otherwise"), names);
            }
            _ => {}
        }
        let Common { layout, motion, .. } = &node.common;
        self.placement(layout, at);
        self.motion(motion, &format!("{at}/motion"));
        self.special_motion(&node.kind, motion, &format!("{at}/motion"));
        match &node.kind {
            NodeKind::Text(n) => {
                let mut inner = names.clone();
                if let Some(count) = &n.count {
                    self.expression(&count.to, &format!("{at}/count/to"), names);
                    self.count_numbers(count, &format!("{at}/count"));
                    if let Some(spec) = &count.easing {
                        self.easing(spec, &format!("{at}/count/easing"));
                    }
                    inner.push("count", Bound::Any);
                    if !n.text.contains("count") {
                        self.fail(format!("{at}/count"), "nothing counts: `text` does not show `count`");
                    }
                }
                self.text(&n.text, &format!("{at}/text"), &inner);
                if let Some(style) = n.style.as_ref().filter(|style| !self.document.styles.contains_key(*style)) {
                    self.fail(format!("{at}/style"), unknown("style", style, self.document.styles.keys()));
                }
                self.style(&n.overrides, &format!("{at}/set"));
            }
            NodeKind::Image(n) => {
                self.expression(&n.source, &format!("{at}/source"), names);
                if let Some(words) = &n.monogram {
                    self.text(words, &format!("{at}/monogram"), names);
                }
                self.color(n.monogram_fill.as_ref(), &format!("{at}/monogramFill"));
                self.point(n.focus, || format!("{at}/focus"));
                self.surface(&n.surface, at);
            }
            NodeKind::Shape(n) => {
                self.surface(&n.surface, at);
                self.shape(n, at);
            }
            NodeKind::Icon(n) => {
                if !self.document.icons.contains_key(&n.icon) && icons::icon(&n.icon).is_none() {
                    let mut known: Vec<String> = self.document.icons.keys().cloned().collect();
                    known.extend(icons::icon_names().map(str::to_owned));
                    self.fail(format!("{at}/icon"), unknown("icon", &n.icon, known.iter()));
                }
                if n.stroke.is_some_and(|width| !(0.1..=12.0).contains(&width)) {
                    self.fail(format!("{at}/stroke"), "0.1 to 12, on the grid of 24");
                }
                self.color(Some(&n.color), &format!("{at}/color"));
                self.size(Some(&n.size), &format!("{at}/size"));
            }
            NodeKind::Qr(n) => {
                self.text(&n.data, &format!("{at}/data"), names);
                self.color(n.color.as_ref(), &format!("{at}/color"));
                self.surface(&n.surface, at);
            }
            NodeKind::Group(n) => {
                self.effects(n.mask.as_ref(), n.blur, at);
                self.flex(&n.flex, at);
                self.surface(&n.surface, at);
                self.nodes(&n.children, &format!("{at}/children"), names);
            }
            NodeKind::Repeat(n) => {
                self.effects(n.mask.as_ref(), n.blur, at);
                self.flex(&n.flex, at);
                self.surface(&n.surface, at);
                self.repeat(n, at, names);
            }
            NodeKind::Choose(_) | NodeKind::Use(_) => {}
        }
    }

    fn repeat(&mut self, repeat: &RepeatNode, at: &str, names: &Names) {
        self.expression(&repeat.of, &format!("{at}/of"), names);
        self.repeat_numbers(repeat, at);
        if let Some(reason) = names::unfit(&repeat.name) {
            self.fail(format!("{at}/as"), reason);
        }
        let mut inner = names.clone();
        inner.push(&*repeat.name, Bound::Entry(names.entries(&repeat.of)));
        inner.push("loop", Bound::Loop);
        self.nodes(&repeat.children, &format!("{at}/children"), &inner);
    }

    fn expression(&mut self, expression: &str, at: &str, names: &Names) {
        self.fields.pictures.extend(names::pictures_in(expression));
        self.fields.strings.extend(calls_of_t(expression).into_iter().map(|call| call.key));
        let reason = match names_in_expression(expression) {
            Ok(used) => return self.names(used, at, names),
            Err(reason) => reason,
        };
        let braces = expression.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        let reason = match braces {
            Some(inner) => {
                let inner = quoted(inner.trim(), 80);
                format!("in the expression {}: write {inner}, without `{{{{ }}}}`", quoted(expression, 80))
            }
            None => format!("in the expression {}: {reason}", quoted(expression, 80)),
        };
        self.fail(at, reason);
    }

    fn text(&mut self, source: &str, at: &str, names: &Names) {
        self.fields.pictures.extend(names::pictures_in(source));
        match names_in_text(source) {
            Ok(used) => self.names(used, at, names),
            Err(reason) => self.fail(at, format!("in the text {}: {reason}", quoted(source, 80))),
        }
        for Call { key, arguments } in calls_of_t(source) {
            let known = self.strings.get(&self.document.default_language);
            if let Some(strings) = known.filter(|strings| !strings.contains_key(&key)) {
                let near = nearest(&key, strings.keys().map(String::as_str));
                let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                let reason = format!(
                    "string {} is neither in {STRINGS_FOLDER}/{}.json nor a word every template has{near}",
                    quoted(&key, 60),
                    self.document.default_language
                );
                self.fail(at, reason);
            }
            self.fields.strings.insert(key.clone());
            self.given.entry(key).or_default().extend(arguments);
        }
    }

    fn names(&mut self, used: Vec<String>, at: &str, local: &Names) {
        for path in used {
            let root = path.split('.').next().unwrap_or_default();
            let color = self.document.theme.colors.iter().any(|color| color.name == root);
            if let Some(known) = local.local(&path) {
                if let Err(hint) = known {
                    self.fail(at, format!("nothing is called {}{hint}", quoted(&path, 80)));
                }
                self.fields.pictures.extend(local.pictures(&path));
                continue;
            }
            if FUNCTIONS.contains(&path.as_str()) || color {
                continue;
            }
            if let Some(param) = path.strip_prefix("params.") {
                let params = &self.document.params;
                if !params.contains_key(param) {
                    self.fail(at, unknown("parameter", param, params.keys()));
                }
                continue;
            }
            let is_known = KNOWN_PATHS.iter().any(|known| *known == path || known.starts_with(&format!("{path}.")));
            if is_known {
                self.fields.pictures.extend(Picture::on_path(&path));
                self.fields.global.insert(path);
                continue;
            }
            let mut names: Vec<&str> = KNOWN_PATHS.to_vec();
            names.extend(local.iter().chain(FUNCTIONS));
            names.extend(self.document.theme.colors.iter().map(|color| color.name.as_str()));
            let hint = nearest(&path, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            self.fail(at, format!("nothing is called {}{hint}", quoted(&path, 80)));
        }
    }
}

/// Whether a template can be called so: in a folder's name, an address and a command line it is written alike.
fn is_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

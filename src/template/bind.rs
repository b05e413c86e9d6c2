//! Binding: a template's scene plus a snapshot gives a scene with nothing left to evaluate.

mod content;
mod spelling;

use std::collections::BTreeMap;

use minijinja::value::{Value, ValueKind};

use super::bound::{
    BoundGroup, BoundKind, BoundMotion, BoundNode, BoundPlacement, BoundScene, BoundShape, BoundSurface, Length,
};
use super::checked::Template;
use super::context::{self, Bindings};
use super::document::{Align, ChooseNode, Direction, Document, Flex, Justify, Node, NodeKind, RepeatNode, UseNode};
use super::error::{TemplateError, TemplateProblem, unknown};
use super::expression::Evaluator;
use super::fields::{reading, remember, remembered};
use super::files::DOCUMENT_FILE;
use super::filters::Locals;
use super::lets;
use super::overrides::CanvasShape;
use super::params;
use super::theme::{Scale, Theme};
use crate::ground::geometry::Size;
use crate::ground::problem::{member, quoted};
use crate::ground::time::FrameRate;
use crate::quote::locale::Amount;

/// Most nodes a bound scene may have; a repeat of a repeat reaches it first.
const MAX_NODES: usize = 10_000;
/// Depth of groups within groups that layout and drawing are ready for.
const MAX_GROUP_DEPTH: usize = 32;
/// Depth of masked or blurred groups within such groups. Each is drawn apart, and a blur reaches as far as all around it do
/// together.
const MAX_EFFECT_DEPTH: usize = 4;
/// Most masked or blurred groups of a scene.
const MAX_EFFECTS: usize = 64;
/// Steps a node takes of what binding may spend. Setting a text into its box takes far longer than evaluating it.
const STEPS_PER_NODE: u64 = 100;

/// Binds the scenes of one template to one snapshot on one canvas.
pub struct Binder<'t> {
    template: &'t Template,
    /// The template's document for this canvas.
    document: &'t Document,
    evaluator: Evaluator,
    /// The fields that the template's own `let` was read from.
    let_fields: Vec<String>,
    pub(super) theme: Theme,
    canvas: Size,
    frame_rate: FrameRate,
}

/// A scene that will show, and the list it pages through, if any.
#[derive(Clone, Debug)]
pub struct PlannedScene {
    /// Its index in the template.
    pub index: usize,
    /// Its paging, where it pages.
    pub paging: Option<Paging>,
}

/// The list behind a paged scene.
#[derive(Clone, Debug)]
pub struct Paging {
    /// Number of entries.
    pub rows: usize,
    /// Most entries a page.
    pub max_rows: usize,
    /// Most pages.
    pub max_pages: usize,
}

/// One page of a paged scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// First entry, from 0.
    pub start: usize,
    /// Number of entries.
    pub len: usize,
    /// Page number, from 0.
    pub index: usize,
    /// Number of pages.
    pub count: usize,
    /// Entries that no page shows.
    pub more: usize,
}

/// What of a scene's limits is used up.
#[derive(Default)]
struct Spent {
    nodes: usize,
    effects: usize,
}

/// Where binding stands: names in scope, the place in the document, and what it may still spend.
struct Scope<'a> {
    locals: &'a Locals,
    depth: usize,
}

pub(super) type Bound<T> = Result<T, Box<TemplateProblem>>;

impl<'t> Binder<'t> {
    /// A binder for `template` with everything the snapshot gives.
    ///
    /// # Errors
    /// [`TemplateError`] where the theme cannot be resolved.
    pub fn new(
        template: &'t Template,
        bindings: &Bindings<'_>,
        canvas: Size,
        frame_rate: FrameRate,
    ) -> Result<Self, TemplateError> {
        let snapshot = bindings.snapshot;
        let mut roots = context::roots(bindings, canvas);
        roots.push(("params".to_owned(), params::root(&template.document().params, &template.params)));
        let strings = template.strings_for(&snapshot.locale);
        let mut evaluator = Evaluator::new(snapshot.locale.clone(), snapshot.currency, strings, roots);
        let shape = CanvasShape::of(canvas);
        let document = template.document_for(shape);
        let failed = |(pointer, reason): (String, String)| {
            template.problem_on(Some(shape), DOCUMENT_FILE, &pointer, spelling::explained(reason))
        };
        let (named, let_fields) = reading(|| lets(&evaluator, &document.lets, "", &Locals::new()));
        for (name, value) in named.map_err(failed)? {
            evaluator.set_root(name, value);
        }
        let theme = Theme::resolve(document, canvas, &mut evaluator).map_err(failed)?;
        Ok(Self { template, document, evaluator, let_fields, theme, canvas, frame_rate })
    }

    /// Canvas px in one design px.
    #[must_use]
    pub fn unit(&self) -> f32 {
        self.theme.unit()
    }

    /// The scenes whose condition holds, in order.
    ///
    /// # Errors
    /// [`TemplateError`] where a condition or list fails.
    pub fn plan(&self) -> Result<Vec<PlannedScene>, TemplateError> {
        let none = Locals::new();
        let mut planned = Vec::new();
        for (index, scene) in self.document.scenes.iter().enumerate() {
            let at = format!("/scenes/{index}");
            if !self.condition(scene.when.as_deref(), &at, &none)? {
                continue;
            }
            let paging = match &scene.pages {
                None => None,
                Some(pages) => {
                    let rows = self.list(&pages.of, &format!("{at}/pages/of"), &none)?.len();
                    if rows == 0 {
                        continue;
                    }
                    Some(Paging { rows, max_rows: pages.max_rows as usize, max_pages: pages.max_pages as usize })
                }
            };
            planned.push(PlannedScene { index, paging });
        }
        Ok(planned)
    }

    /// What lies behind all scenes, as a group over the whole canvas.
    ///
    /// # Errors
    /// [`TemplateError`] where an expression fails or a name is unknown.
    pub fn backdrop(&self) -> Result<BoundNode, TemplateError> {
        let locals = Locals::new();
        let scope = Scope { locals: &locals, depth: 0 };
        let mut spent = Spent::default();
        let mut children = Vec::new();
        self.nodes(&self.document.backdrop, "/backdrop", &scope, &mut spent, &mut children)?;
        let group = BoundGroup { direction: Direction::Stack, children, ..self.canvas_group() };
        Ok(BoundNode { kind: BoundKind::Group(Box::new(group)), ..self.canvas_node("backdrop") })
    }

    /// The scene at `index` of the template, or the given page of it.
    ///
    /// # Errors
    /// [`TemplateError`] where an expression fails or a name is unknown.
    pub fn scene(&self, index: usize, page: Option<Page>) -> Result<BoundScene, TemplateError> {
        let scene = &self.document.scenes[index];
        let at = format!("/scenes/{index}");
        let mut locals = Locals::new();
        if let (Some(page), Some(pages)) = (page, &scene.pages) {
            let rows = self.list(&pages.of, &format!("{at}/pages/of"), &locals)?;
            locals.insert("page".to_owned(), page_value(page, &rows));
        }
        let (named, read) = reading(|| lets(&self.evaluator, &scene.lets, &at, &locals));
        let named = named.map_err(|(pointer, reason)| self.problem(pointer, reason))?;
        locals.extend(named.into_iter().map(|(name, value)| (name.to_owned(), value)));
        remember(&mut locals, read);
        let scope = Scope { locals: &locals, depth: 0 };
        let mut spent = Spent::default();
        let mut children = Vec::new();
        self.nodes(&scene.children, &format!("{at}/children"), &scope, &mut spent, &mut children)?;
        let surface = BoundSurface {
            fill: scene.fill.as_ref().map(|fill| self.paint(fill, &format!("{at}/fill"))).transpose()?,
            ..BoundSurface::default()
        };
        let group = self.group(&scene.flex, surface, false, children, &at)?;
        let transition = scene.transition.as_ref();
        let transition_at = if transition.is_some() { format!("{at}/transition") } else { "/transition".to_owned() };
        let transition = transition.unwrap_or(&self.document.transition);
        let mut root = BoundNode { kind: BoundKind::Group(Box::new(group)), ..self.canvas_node(&scene.id) };
        root.motion.stagger_s = scene.stagger.unwrap_or(0.0);
        let id = match page {
            Some(page) if page.index > 0 => format!("{}/{}", scene.id, page.index + 1),
            _ => scene.id.clone(),
        };
        Ok(BoundScene {
            id,
            root,
            duration: scene.duration.unwrap_or(super::document::DurationRange { min: 1.2, max: 60.0 }),
            transition: self.transition(transition, &transition_at)?,
        })
    }

    pub(super) fn problem(&self, pointer: impl Into<String>, reason: impl Into<String>) -> Box<TemplateProblem> {
        let (shape, pointer) = (CanvasShape::of(self.canvas), pointer.into());
        Box::new(self.template.problem_on(Some(shape), DOCUMENT_FILE, &pointer, spelling::explained(reason.into())))
    }

    /// What a text says, and the fields that it was read from, nearest first.
    fn words(&self, source: &str, locals: &Locals) -> Result<(String, Vec<String>), String> {
        let (text, mut fields) = reading(|| self.evaluator.text(source, locals));
        fields.extend(remembered(locals));
        fields.extend(self.let_fields.iter().cloned());
        Ok((text?, fields))
    }

    fn condition(&self, when: Option<&str>, at: &str, locals: &Locals) -> Bound<bool> {
        match when {
            None => Ok(true),
            Some(expression) => {
                self.evaluator.holds(expression, locals).map_err(|reason| self.problem(format!("{at}/when"), reason))
            }
        }
    }

    fn list(&self, expression: &str, at: &str, locals: &Locals) -> Bound<Vec<Value>> {
        let value = self.evaluator.value(expression, locals).map_err(|reason| self.problem(at, reason))?;
        // Texts and objects can be gone through as well, letter by letter and key by key; nobody means that.
        let found = match value.kind() {
            ValueKind::Undefined | ValueKind::None => return Ok(Vec::new()),
            ValueKind::Seq | ValueKind::Iterable => None,
            ValueKind::String => Some("a text"),
            ValueKind::Number => Some("a number"),
            ValueKind::Bool => Some("true or false"),
            ValueKind::Map => Some("an object"),
            _ => Some("something else"),
        };
        let wrong = |found: &str| {
            let expected = "expected a list, such as `items`, `page.rows` or `totals.taxes`";
            self.problem(at, format!("{} gives no list but {found}; {expected}", quoted(expression, 80)))
        };
        if let Some(found) = found {
            return Err(wrong(found));
        }
        Ok(value.try_iter().map_err(|_| wrong("something else"))?.collect())
    }

    fn nodes(
        &self,
        nodes: &[Node],
        at: &str,
        scope: &Scope<'_>,
        spent: &mut Spent,
        out: &mut Vec<BoundNode>,
    ) -> Bound<()> {
        if scope.depth > MAX_GROUP_DEPTH {
            return Err(self.problem(at, format!("groups are nested deeper than {MAX_GROUP_DEPTH}")));
        }
        for (index, node) in nodes.iter().enumerate() {
            self.node(node, &format!("{at}/{index}"), scope, spent, out)?;
        }
        Ok(())
    }

    fn node(&self, node: &Node, at: &str, scope: &Scope<'_>, spent: &mut Spent, out: &mut Vec<BoundNode>) -> Bound<()> {
        spent.nodes += 1;
        if spent.nodes > MAX_NODES {
            return Err(self.problem(at, format!("the scene has more than {MAX_NODES} nodes")));
        }
        self.evaluator.spend(STEPS_PER_NODE).map_err(|reason| self.problem(at, reason))?;
        if !self.condition(node.common.when.as_deref(), at, scope.locals)? {
            return Ok(());
        }
        let kind = match &node.kind {
            NodeKind::Choose(choose) => return self.choose(choose, at, scope, spent, out),
            NodeKind::Use(node) => return self.part(node, at, scope, spent, out),
            NodeKind::Text(text) => self.text(text, at, scope)?,
            NodeKind::Image(image) => self.image(image, at, scope)?,
            NodeKind::Shape(shape) => {
                let (kind, path) = (shape.shape, shape.path.clone());
                Some(BoundKind::Shape(Box::new(BoundShape { kind, path, surface: self.surface(&shape.surface, at)? })))
            }
            NodeKind::Icon(icon) => Some(self.icon(icon, at)?),
            NodeKind::Qr(qr) => self.qr(qr, at, scope)?,
            NodeKind::Group(group) => {
                let inner = Scope { depth: scope.depth + 1, ..*scope };
                let mut children = Vec::new();
                self.nodes(&group.children, &format!("{at}/children"), &inner, spent, &mut children)?;
                let surface = self.surface(&group.surface, at)?;
                let bound = self.group(&group.flex, surface, group.clip, children, at)?;
                Some(BoundKind::Group(Box::new(self.with_effects(bound, group.mask.as_ref(), group.blur, at)?)))
            }
            NodeKind::Repeat(repeat) => Some(self.repeat(repeat, at, scope, spent)?),
        };
        let Some(kind) = kind else { return Ok(()) };
        let mut placement = self.placement(&node.common.layout, at)?;
        if let NodeKind::Icon(icon) = &node.kind {
            let side =
                self.theme.px(&icon.size, Scale::Sizes).map_err(|why| self.problem(format!("{at}/size"), why))?;
            placement.size = [Length::Px(side); 2];
            placement.shrink = 0.0;
        }
        let bound = BoundNode {
            label: node.common.id.clone().unwrap_or_else(|| at.to_owned()),
            placement,
            motion: self.motion(&node.common.motion, &format!("{at}/motion"))?,
            kind,
        };
        if let BoundKind::Group(group) = &bound.kind
            && bound.has_effect()
            && let Some(inner) = bound.first_moving_inside()
        {
            let reason =
                format!("what is masked or blurred moves as one: `{}` inside has a motion of its own", inner.label);
            return Err(self.problem(format!("{at}/{}", if group.mask.is_some() { "mask" } else { "blur" }), reason));
        }
        if bound.has_effect() {
            spent.effects += 1;
            if spent.effects > MAX_EFFECTS {
                return Err(self.problem(at, format!("the scene has more than {MAX_EFFECTS} masked or blurred groups")));
            }
            if bound.depth_of_effects() > MAX_EFFECT_DEPTH {
                let reason = format!("masked or blurred groups are nested deeper than {MAX_EFFECT_DEPTH}");
                return Err(self.problem(at, reason));
            }
        }
        out.push(bound);
        Ok(())
    }

    fn choose(
        &self,
        choose: &ChooseNode,
        at: &str,
        scope: &Scope<'_>,
        spent: &mut Spent,
        out: &mut Vec<BoundNode>,
    ) -> Bound<()> {
        let inner = Scope { depth: scope.depth + 1, ..*scope };
        for (index, case) in choose.cases.iter().enumerate() {
            let at = format!("{at}/cases/{index}");
            if self.condition(Some(&case.when), &at, scope.locals)? {
                return self.nodes(&case.then, &format!("{at}/then"), &inner, spent, out);
            }
        }
        self.nodes(&choose.otherwise, &format!("{at}/otherwise"), &inner, spent, out)
    }

    /// A part sees its arguments and what every expression sees; names around its `use` stay outside.
    fn part(
        &self,
        node: &UseNode,
        at: &str,
        scope: &Scope<'_>,
        spent: &mut Spent,
        out: &mut Vec<BoundNode>,
    ) -> Bound<()> {
        let parts = &self.document.parts;
        let part = parts
            .get(&node.part)
            .ok_or_else(|| self.problem(format!("{at}/part"), unknown("part", &node.part, parts.keys())))?;
        let mut locals = Locals::new();
        remember(&mut locals, remembered(scope.locals));
        for (name, expression) in &node.with {
            let (value, read) = reading(|| self.evaluator.value(expression, scope.locals));
            let value = value.map_err(|reason| self.problem(member(&format!("{at}/with"), name), reason))?;
            locals.insert(name.clone(), value);
            remember(&mut locals, read);
        }
        let inner = Scope { locals: &locals, depth: scope.depth + 1 };
        self.nodes(&part.children, &format!("/parts/{}/children", node.part), &inner, spent, out)
    }

    fn repeat(&self, repeat: &RepeatNode, at: &str, scope: &Scope<'_>, spent: &mut Spent) -> Bound<BoundKind> {
        let (entries, read) = reading(|| self.list(&repeat.of, &format!("{at}/of"), scope.locals));
        let entries = entries?;
        let shown = entries.len().min(repeat.limit as usize);
        let mut children = Vec::new();
        for (index, entry) in entries.into_iter().take(shown).enumerate() {
            let mut locals = scope.locals.clone();
            locals.insert(repeat.name.clone(), entry);
            remember(&mut locals, read.clone());
            let turn = [
                ("index", Value::from(index + 1)),
                ("index0", Value::from(index)),
                ("first", Value::from(index == 0)),
                ("last", Value::from(index + 1 == shown)),
                ("length", Value::from(shown)),
            ];
            locals.insert("loop".to_owned(), Value::from_pairs(turn));
            let inner = Scope { locals: &locals, depth: scope.depth + 1 };
            self.nodes(&repeat.children, &format!("{at}/children"), &inner, spent, &mut children)?;
        }
        let surface = self.surface(&repeat.surface, at)?;
        let bound = self.group(&repeat.flex, surface, repeat.clip, children, at)?;
        Ok(BoundKind::Group(Box::new(self.with_effects(bound, repeat.mask.as_ref(), repeat.blur, at)?)))
    }

    fn group(
        &self,
        flex: &Flex,
        surface: BoundSurface,
        clip: bool,
        children: Vec<BoundNode>,
        at: &str,
    ) -> Bound<BoundGroup> {
        let direction = match flex.direction {
            Direction::Auto if self.canvas.width > self.canvas.height => Direction::Row,
            Direction::Auto => Direction::Column,
            other => other,
        };
        let gap = match &flex.gap {
            None => Length::Px(0.0),
            Some(gap) => self.length(gap, &format!("{at}/flex/gap"))?,
        };
        Ok(BoundGroup {
            direction,
            gap,
            padding: self.edges(flex.padding.as_ref(), &format!("{at}/flex/padding"))?,
            align: flex.align,
            justify: flex.justify,
            wrap: flex.wrap,
            surface,
            clip,
            blur_px: 0.0,
            mask: None,
            children,
        })
    }

    fn canvas_group(&self) -> BoundGroup {
        BoundGroup {
            direction: Direction::Column,
            gap: Length::Px(0.0),
            padding: [Length::Px(0.0); 4],
            align: Align::Stretch,
            justify: Justify::Start,
            wrap: false,
            surface: BoundSurface::default(),
            clip: false,
            blur_px: 0.0,
            mask: None,
            children: Vec::new(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "canvas sides are a few thousand px")]
    fn canvas_node(&self, label: &str) -> BoundNode {
        let size = [Length::Px(self.canvas.width as f32), Length::Px(self.canvas.height as f32)];
        BoundNode {
            label: label.to_owned(),
            placement: BoundPlacement { size, ..BoundPlacement::default() },
            motion: BoundMotion::default(),
            kind: BoundKind::Group(Box::new(self.canvas_group())),
        }
    }
}

/// The values of the names that a `let` gives, each evaluated once.
///
/// # Errors
/// The pointer to an expression that fails, and why.
fn lets<'l>(
    evaluator: &Evaluator,
    lets: &'l BTreeMap<String, String>,
    at: &str,
    around: &Locals,
) -> Result<Vec<(&'l str, Value)>, (String, String)> {
    let order = lets::order(lets).map_err(|chain| (format!("{at}/let"), chain))?;
    let (mut locals, mut values) = (around.clone(), Vec::with_capacity(order.len()));
    for name in order {
        let value = evaluator.value(&lets[name], &locals);
        let value = value.map_err(|reason| (member(&format!("{at}/let"), name), reason))?;
        locals.insert(name.to_owned(), value.clone());
        values.push((name, value));
    }
    Ok(values)
}

fn page_value(page: Page, rows: &[Value]) -> Value {
    let end = (page.start + page.len).min(rows.len());
    let shown: Vec<Value> = rows.get(page.start..end).unwrap_or_default().to_vec();
    Value::from_pairs([
        ("rows", Value::from(shown)),
        ("index", Value::from(page.index)),
        ("number", Value::from(page.index + 1)),
        ("count", Value::from(page.count)),
        ("first", Value::from(page.index == 0)),
        ("last", Value::from(page.index + 1 == page.count)),
        ("more", Value::from(page.more)),
        ("subtotal", running_sum(&rows[..end]).map_or(Value::from(()), |sum| Value::from(sum.to_string()))),
    ])
}

/// The sum of the totals of these entries; `None` where one has none.
fn running_sum(rows: &[Value]) -> Option<Amount> {
    rows.iter().try_fold(Amount::from_integer(0), |sum, row| {
        let total = row.get_attr("total").ok()?;
        sum.checked_add(Amount::parse(total.as_str()?).ok()?)
    })
}

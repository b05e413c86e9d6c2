//! Layout: a bound scene becomes boxes in canvas px, by flexbox (taffy) with texts measured by the text engine.
//!
//! Boxes are computed left to right and mirrored as a whole for right-to-left languages, so that a template says
//! *start* and *end* and never *left* and *right*.

mod measure;
mod style;

use std::sync::Arc;

use taffy::{AvailableSpace, NodeId, TaffyTree};

use crate::compose::text::{Fit, FontLibrary, TextBlock};
use crate::ground::geometry::{Rect, Size};
use crate::template::{BoundKind, BoundNode, Length};

use measure::Measured;
pub use measure::setting;

/// What layout needs to know besides the nodes.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Fonts to measure with.
    pub fonts: &'a FontLibrary,
    /// Width divided by height of every loaded picture.
    pub aspects: &'a [f32],
    /// Language of the words, BCP 47.
    pub language: &'a str,
    /// Whether the language runs from right to left.
    pub right_to_left: bool,
    pub canvas: Size,
}

/// A node with its box.
#[derive(Clone, Debug)]
pub struct Placed<'n> {
    pub node: &'n BoundNode,
    /// Its box in canvas px.
    pub rect: Rect,
    /// The part of the box inside its padding, where the flow of its children belongs.
    pub inner: Rect,
    /// Its words, set for that box; only for texts.
    pub text: Option<Arc<TextBlock>>,
    /// Its children, in drawing order.
    pub children: Vec<Placed<'n>>,
}

/// A node could not be laid out: the library refused the tree, which a bound tree never causes.
#[derive(Debug, thiserror::Error)]
#[error("layout of `{label}` failed: {reason}")]
pub struct LayoutError {
    /// Label of the root node.
    pub label: String,
    /// What the layout library said.
    pub reason: String,
}

/// Lays out `root` on the canvas.
///
/// # Errors
/// [`LayoutError`] where the layout library refuses the tree.
pub fn lay_out<'n>(root: &'n BoundNode, around: Surroundings<'_>) -> Result<Placed<'n>, LayoutError> {
    let mut placed = boxes(root, around)?;
    set_texts(&mut placed, around);
    Ok(placed)
}

/// Whether everything in `root` has room on the canvas: the opposite of [`Placed::overflows`], from the boxes alone.
///
/// # Errors
/// As [`lay_out`].
pub fn has_room(root: &BoundNode, around: Surroundings<'_>) -> Result<bool, LayoutError> {
    Ok(!boxes(root, around)?.overflows())
}

/// The boxes, without the words in them.
fn boxes<'n>(root: &'n BoundNode, around: Surroundings<'_>) -> Result<Placed<'n>, LayoutError> {
    let fail = |error: taffy::TaffyError| LayoutError { label: root.label.clone(), reason: error.to_string() };
    let mut tree: TaffyTree<Measured<'n>> = TaffyTree::new();
    // Whole pixels come later, where each kind of node knows what it needs to keep sharp.
    tree.disable_rounding();
    let top = build(&mut tree, root, None, around).map_err(fail)?;
    let [width, height] = around.canvas.as_f32();
    let space = taffy::Size { width: AvailableSpace::Definite(width), height: AvailableSpace::Definite(height) };
    tree.compute_layout_with_measure(top, space, |inputs, _, measured, style| {
        taffy::compute_leaf_layout(
            inputs,
            style,
            |_, _| 0.0,
            |known, available| match measured {
                Some(measured) => measured.size(known, available, around),
                None => taffy::Size::ZERO,
            },
        )
    })
    .map_err(fail)?;
    let mut placed = place(&tree, top, root, (0.0, 0.0)).map_err(fail)?;
    if around.right_to_left {
        mirror(&mut placed, width);
    }
    Ok(placed)
}

fn build<'n>(
    tree: &mut TaffyTree<Measured<'n>>,
    node: &'n BoundNode,
    parent: Option<&'n crate::template::BoundGroup>,
    around: Surroundings<'_>,
) -> Result<NodeId, taffy::TaffyError> {
    let own = style::of(node, parent);
    if let BoundKind::Group(group) = &node.kind {
        let mut children = Vec::with_capacity(group.children.len());
        for child in &group.children {
            children.push(build(tree, child, Some(group), around)?);
        }
        return tree.new_with_children(own, &children);
    }
    match Measured::of(node, around) {
        Some(measured) => tree.new_leaf_with_context(own, measured),
        None => tree.new_leaf(own),
    }
}

fn place<'n>(
    tree: &TaffyTree<Measured<'n>>,
    id: NodeId,
    node: &'n BoundNode,
    (left, top): (f32, f32),
) -> Result<Placed<'n>, taffy::TaffyError> {
    let layout = tree.layout(id)?;
    let (x, y) = (left + layout.location.x, top + layout.location.y);
    let rect = Rect::new(x, y, layout.size.width, layout.size.height);
    let pad = layout.padding;
    let (inside, below) = ((rect.width - pad.left - pad.right).max(0.0), (rect.height - pad.top - pad.bottom).max(0.0));
    let inner = Rect::new(x + pad.left, y + pad.top, inside, below);
    let mut children = Vec::new();
    if let BoundKind::Group(group) = &node.kind {
        for (child, id) in group.children.iter().zip(tree.children(id)?) {
            children.push(place(tree, id, child, (x, y))?);
        }
    }
    Ok(Placed { node, rect, inner, text: None, children })
}

fn mirror(placed: &mut Placed<'_>, canvas_width: f32) {
    placed.rect.x = canvas_width - placed.rect.right();
    placed.inner.x = canvas_width - placed.inner.right();
    for child in &mut placed.children {
        mirror(child, canvas_width);
    }
}

fn set_texts(placed: &mut Placed<'_>, around: Surroundings<'_>) {
    if let BoundKind::Text(text) = &placed.node.kind {
        let fit = Fit {
            // A little slack: a text that was measured for this box must not break differently in it by rounding.
            width: Some(placed.rect.width + 0.1),
            max_height: Some(placed.rect.height + 0.5),
            ..measure::fit(text)
        };
        let style = measure::style(text, around);
        placed.text = Some(Arc::new(crate::compose::text::layout(around.fonts, &text.text, &style, &fit)));
    }
    for child in &mut placed.children {
        set_texts(child, around);
    }
}

/// Share of its own size below which something drawn has been squeezed.
const SQUEEZED: f32 = 0.8;

impl Placed<'_> {
    /// Whether something that is drawn got much less than the size it asks for: the flow took it away, where words
    /// would wrap.
    fn is_squeezed(&self) -> bool {
        let [width, height] = self.node.placement.size;
        let lost = |asked: Length, got: f32| matches!(asked, Length::Px(px) if px > 1.0 && got < px * SQUEEZED);
        !matches!(self.node.kind, BoundKind::Text(_) | BoundKind::Group(_))
            && (lost(width, self.rect.width) || lost(height, self.rect.height))
    }

    /// Whether something in the flow sticks out of the box of its group, or into its padding, by more than a pixel, or
    /// is squeezed: there was not enough room.
    #[must_use]
    pub fn overflows(&self) -> bool {
        let own = matches!(&self.node.kind, BoundKind::Group(_))
            && self.children.iter().any(|child| {
                child.node.placement.at.is_none()
                    && child.rect.height > 0.0
                    && (!self.inner.contains(child.rect, 1.0) || child.is_squeezed())
            });
        own || self.children.iter().any(Placed::overflows)
    }
}

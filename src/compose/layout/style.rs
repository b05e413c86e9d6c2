//! From a bound node to the layout library's style: the only place that knows both vocabularies.

use taffy::prelude::{FromLength, FromPercent, TaffyAuto, TaffyZero};
use taffy::{
    AlignContent, AlignItems, AlignSelf, Dimension, Display, FlexDirection, FlexWrap, JustifyContent, LengthPercentage,
    LengthPercentageAuto, Position, Rect, Size, Style,
};

use crate::template::{Align, BoundGroup, BoundKind, BoundNode, Direction, Justify, Length};

/// The style of `node` inside `parent`.
pub(super) fn of(node: &BoundNode, parent: Option<&BoundGroup>) -> Style {
    let placement = &node.placement;
    let mut style = Style {
        size: pair(placement.size),
        min_size: Size { width: auto(placement.min[0]), height: auto(placement.min[1]) },
        max_size: Size { width: auto(placement.max[0]), height: auto(placement.max[1]) },
        flex_grow: placement.grow,
        flex_shrink: placement.shrink,
        align_self: placement.align.map(|align| AlignSelf::from(align_items(align))),
        margin: sides(placement.margin, auto),
        // Whatever is taken out of the flow is placed against its own group, never against one further up.
        position: Position::Relative,
        ..Style::default()
    };
    let stacked = parent.is_some_and(|group| group.direction == Direction::Stack);
    match placement.at {
        Some(at) => {
            style.position = Position::Absolute;
            style.inset = sides(at, auto);
        }
        None if stacked => {
            style.position = Position::Absolute;
            style.inset = Rect::zero();
        }
        None => {}
    }
    if matches!(node.kind, BoundKind::Text(_)) && placement.min[0] == Length::Auto {
        // Words give way down to nothing: they shrink, break and end in an ellipsis rather than stick out.
        style.min_size.width = LengthPercentageAuto::ZERO;
    }
    if matches!(node.kind, BoundKind::Icon { .. }) && placement.min[0] == Length::Auto {
        // The words beside it give way, not the sign.
        style.min_size.width = auto(placement.size[0]);
    }
    if let BoundKind::Group(group) = &node.kind {
        style.display = Display::Flex;
        style.flex_direction =
            if group.direction == Direction::Row { FlexDirection::Row } else { FlexDirection::Column };
        style.flex_wrap = if group.wrap { FlexWrap::Wrap } else { FlexWrap::NoWrap };
        style.align_items = align_items(group.align);
        style.align_content = AlignContent::START;
        style.justify_content = justify(group.justify);
        style.gap = Size { width: plain(group.gap), height: plain(group.gap) };
        style.padding = sides(group.padding, plain);
    }
    style
}

fn pair([width, height]: [Length; 2]) -> Size<Dimension> {
    Size { width: dimension(width), height: dimension(height) }
}

fn dimension(length: Length) -> Dimension {
    match length {
        Length::Px(px) => Dimension::from_length(px),
        Length::Share(share) => Dimension::from_percent(share),
        Length::Auto => Dimension::AUTO,
    }
}

fn auto(length: Length) -> LengthPercentageAuto {
    match length {
        Length::Px(px) => LengthPercentageAuto::from_length(px),
        Length::Share(share) => LengthPercentageAuto::from_percent(share),
        Length::Auto => LengthPercentageAuto::AUTO,
    }
}

fn plain(length: Length) -> LengthPercentage {
    match length {
        Length::Px(px) => LengthPercentage::from_length(px),
        Length::Share(share) => LengthPercentage::from_percent(share),
        Length::Auto => LengthPercentage::ZERO,
    }
}

/// From top, end, bottom, start; layout runs left to right, so start is left.
fn sides<T>([top, end, bottom, start]: [Length; 4], convert: impl Fn(Length) -> T) -> Rect<T> {
    Rect { left: convert(start), right: convert(end), top: convert(top), bottom: convert(bottom) }
}

fn align_items(align: Align) -> AlignItems {
    match align {
        Align::Start => AlignItems::START,
        Align::Center => AlignItems::CENTER,
        Align::End => AlignItems::END,
        Align::Stretch => AlignItems::STRETCH,
        Align::Baseline => AlignItems::BASELINE,
    }
}

fn justify(justify: Justify) -> JustifyContent {
    match justify {
        Justify::Start => JustifyContent::START,
        Justify::Center => JustifyContent::CENTER,
        Justify::End => JustifyContent::END,
        Justify::Between => JustifyContent::SPACE_BETWEEN,
        Justify::Around => JustifyContent::SPACE_AROUND,
        Justify::Evenly => JustifyContent::SPACE_EVENLY,
    }
}

//! The contact sheet: what an author looks at first. It is a composition of its own, drawn by the same engine.

use std::borrow::Cow;
use std::sync::Arc;

use super::{GLYPHS, Video};
use crate::compose::scene::{
    Composition, Content, Geometry, Layer, Paint, Picture, Primitive, RoundedRect, Scene, Shape, Stroke, Text,
};
use crate::compose::text::{Fit, FontLibrary, TextStyle, layout};
use crate::draw::raster::{Film, shows_the_same, still};
use crate::draw::shrink::shrink_to_fit;
use crate::ground::color::Color;
use crate::ground::executor;
use crate::ground::frame::{FrameSource as _, RgbaFrame};
use crate::ground::geometry::{Rect, Size};

/// Longer side of a frame on the sheet, in px.
const CELL_SIDE_PX: u32 = 480;
/// How many times as large they are drawn: each of their pixels is the mean of four.
const DRAWN_TIMES: f32 = 2.0;
const GAP_PX: u32 = 24;
const LABEL_PX: u32 = 34;
/// Seconds after a scene's start at which its entrances are under way.
const ENTERING_S: f64 = 0.35;
/// Seconds before its end at which it stands still.
const SETTLED_S: f64 = 0.35;

/// The frames of a sheet drawn before, so that the next one draws only those that have changed.
#[derive(Debug, Default)]
pub struct KnownFrames {
    composition: Option<Composition>,
    small: Vec<(u32, Arc<RgbaFrame>)>,
}

impl KnownFrames {
    /// The frame that looks like one of `composition`, small.
    fn find(&self, composition: &Composition, frame_index: u32) -> Option<Arc<RgbaFrame>> {
        let before = self.composition.as_ref()?;
        let same = |known: u32| shows_the_same((before, known), (composition, frame_index));
        self.small.iter().find(|(known, _)| same(*known)).map(|(_, picture)| Arc::clone(picture))
    }
}

impl Video {
    /// The contact sheet: two moments of every scene, labelled with scene and time.
    #[must_use]
    pub fn sheet(&self) -> RgbaFrame {
        draw(self, &mut KnownFrames::default())
    }

    /// The contact sheet, drawing only what differs from the one before. `known` is that one's, made with the same
    /// fonts.
    #[must_use]
    pub fn sheet_again(&self, known: &mut KnownFrames) -> RgbaFrame {
        draw(self, known)
    }
}

/// Draws the sheet of a video.
fn draw(video: &Video, known: &mut KnownFrames) -> RgbaFrame {
    let composition = video.composition();
    let moments = moments(composition);
    let scale = f64::from(CELL_SIDE_PX) / f64::from(composition.size.width.max(composition.size.height));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most CELL_SIDE_PX")]
    let side = |px: u32| (f64::from(px) * scale).round().max(1.0) as u32;
    let cell = Size::new(side(composition.size.width), side(composition.size.height));
    let columns = u32::try_from(moments.len()).unwrap_or(u32::MAX).min(if cell.width > cell.height { 3 } else { 6 });
    let rows = u32::try_from(moments.len()).unwrap_or(u32::MAX).div_ceil(columns);
    let width = GAP_PX + columns * (cell.width + GAP_PX);
    let height = GAP_PX + rows * (cell.height + LABEL_PX + GAP_PX);
    let size = Size::new(width + width % 2, height + height % 2);

    let pictures = pictures(video, &moments, known);
    let drawn = moments.iter().map(|(frame_index, _)| *frame_index).zip(pictures.iter().map(Arc::clone)).collect();
    *known = KnownFrames { composition: Some(composition.clone()), small: drawn };
    let mut primitives = Vec::new();
    let (mut column, mut row) = (0, 0);
    for ((frame_index, scene), picture) in moments.into_iter().zip(pictures) {
        let x = to_f32(GAP_PX + column * (cell.width + GAP_PX));
        let y = to_f32(GAP_PX + row * (cell.height + LABEL_PX + GAP_PX));
        let rect = Rect::new(x, y, to_f32(picture.size().width), to_f32(picture.size().height));
        let clip = RoundedRect { rect, radii: [6.0; 4] };
        primitives.push(Primitive::Picture(Picture { pixels: picture, rect, clip }));
        primitives.push(Primitive::Shape(Shape {
            geometry: Geometry::RoundedRect(clip),
            fill: None,
            stroke: Some(Stroke { paint: Paint::Solid(Color::rgb(0x3A, 0x40, 0x4A)), width: 1.0, round: true }),
            shadow: None,
            clip: None,
        }));
        let label = format!("{:.2} s  {scene}", composition.frame_rate.seconds_at(frame_index));
        let style = TextStyle { size_px: 18.0, weight: 500, tabular: true, ..TextStyle::default() };
        let fit = Fit { width: Some(rect.width), max_lines: Some(1), ..Fit::default() };
        let block = Arc::new(layout(FontLibrary::bundled(), &label, &style, &fit));
        let origin = (x, rect.bottom() + 6.0);
        primitives.push(Primitive::Text(Text { block, origin, color: Color::rgb(0xC6, 0xCC, 0xD6) }));
        column += 1;
        if column == columns {
            (column, row) = (0, row + 1);
        }
    }
    let layer = Layer { node: "sheet".to_owned(), content: Content::Still(primitives), motion: Vec::new() };
    let scene = Scene { id: "sheet".to_owned(), first_frame: 0, frame_count: 1, layers: vec![layer] };
    let sheet = Composition {
        size,
        frame_rate: composition.frame_rate,
        frame_count: 1,
        background: Color::rgb(0x16, 0x19, 0x1E),
        scenes: vec![scene],
        title: String::new(),
    };
    still(&sheet, FontLibrary::bundled(), Arc::clone(&GLYPHS), 0, video.executor.as_ref())
}

/// The frames at `moments`, small. Those of one scene are painted by one painter, which knows what they have in common;
/// the scenes side by side.
fn pictures(video: &Video, moments: &[(u32, &str)], known: &KnownFrames) -> Vec<Arc<RgbaFrame>> {
    let composition = video.composition();
    let preview = preview(composition);
    let film = Film::new(&preview, video.fonts(), Arc::clone(&video.glyphs));
    let scenes: Vec<&[(u32, &str)]> = moments.chunks(2).collect();
    let executor = video.executor.as_ref();
    let drawn = executor::map(executor, &scenes, |scene| {
        let found = |(frame_index, _): &(u32, &str)| (*frame_index, known.find(composition, *frame_index));
        let found: Vec<(u32, Option<Arc<RgbaFrame>>)> = scene.iter().map(found).collect();
        let wanted: Vec<u32> = found.iter().filter(|(_, known)| known.is_none()).map(|(wanted, _)| *wanted).collect();
        let layers = film.draw_ahead(&wanted, executor);
        let mut painter = film.painter();
        let mut small = |frame_index| {
            painter.paint(frame_index);
            Arc::new(shrink_to_fit(painter.picture(), CELL_SIDE_PX))
        };
        let small = |(at, known): (u32, Option<Arc<RgbaFrame>>)| known.unwrap_or_else(|| small(at));
        let pictures: Vec<Arc<RgbaFrame>> = found.into_iter().map(small).collect();
        drop(layers);
        pictures
    });
    drawn.into_iter().flatten().collect()
}

/// The video as large as the sheet's frames are drawn.
fn preview(composition: &Composition) -> Cow<'_, Composition> {
    let longest = composition.size.width.max(composition.size.height);
    let factor = DRAWN_TIMES * to_f32(CELL_SIDE_PX) / to_f32(longest);
    if factor < 1.0 { Cow::Owned(composition.scaled(factor)) } else { Cow::Borrowed(composition) }
}

/// Two frames of every scene: while it enters, and when it stands still; with the scene's id.
fn moments(composition: &Composition) -> Vec<(u32, &str)> {
    let rate = composition.frame_rate;
    let shown: Vec<&Scene> = composition.scenes.iter().filter(|scene| scene.id != "backdrop").collect();
    let mut moments = Vec::new();
    for (at, scene) in shown.iter().enumerate() {
        let end = shown.get(at + 1).map_or(composition.frame_count, |next| next.first_frame);
        let entering = (scene.first_frame + rate.frames_in_seconds(ENTERING_S)).min(end.saturating_sub(1));
        let settled = end.saturating_sub(rate.frames_in_seconds(SETTLED_S)).max(entering);
        moments.push((entering, scene.id.as_str()));
        moments.push((settled, scene.id.as_str()));
    }
    moments
}

#[expect(clippy::cast_precision_loss, reason = "sheet coordinates are a few thousand px")]
fn to_f32(px: u32) -> f32 {
    px as f32
}

//! A quote and a template made into a composition, without anything from outside.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use quotereel::compose::scene::{ComposeError, Composed, Ingredients};
use quotereel::compose::text::{FontLibrary, GlyphCache};
use quotereel::draw::raster::{check_cost, still};
use quotereel::ground::executor::Sequential;
use quotereel::ground::geometry::Size;
use quotereel::ground::time::FrameRate;
use quotereel::quote::logo::LogoLook;
use quotereel::quote::snapshot::Snapshot;
use quotereel::template::{Bindings, Template};

/// Glyphs of the bundled fonts, drawn once.
#[allow(dead_code, reason = "not every target needs it")]
static GLYPHS: LazyLock<Arc<GlyphCache>> = LazyLock::new(Arc::default);

/// The video of `snapshot` by `template`, its pictures left out.
pub(crate) fn compose(snapshot: &Snapshot, template: &Template, canvas: Size) -> Result<Composed, ComposeError> {
    quotereel::compose::scene::compose(Ingredients {
        template,
        bindings: Bindings { snapshot, pictures: &BTreeMap::new(), logo: LogoLook::default() },
        pictures: &[],
        fonts: FontLibrary::bundled(),
        canvas,
        frame_rate: FrameRate::DEFAULT,
        executor: &Sequential,
    })
}

/// Paints a frame of the middle, unless that takes too much.
#[allow(dead_code, reason = "not every target needs it")]
pub(crate) fn paint(composed: &Composed) {
    let composition = &composed.composition;
    if check_cost(composition).is_err() {
        return;
    }
    let frame =
        still(composition, FontLibrary::bundled(), Arc::clone(&GLYPHS), composition.frame_count / 2, &Sequential);
    assert_eq!(frame.size(), composition.size);
}

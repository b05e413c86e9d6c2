//! What was shaped lately. Layout asks for the same words again and again, to measure, to tighten and to set them, and
//! shaping them is most of what laying out a video costs.

use std::collections::HashMap;

use parley::Layout;

use super::shape::Wrap;
use super::{Direction, TextStyle};

/// Most bytes of text that are remembered; what is known of them takes about a hundred times as much.
const MOST_BYTES: usize = 64 << 10;

/// Everything that shaping depends on, besides the fonts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    text: String,
    family: String,
    weight: u16,
    size_bits: u32,
    spacing_bits: u32,
    tabular: bool,
    language: String,
    rtl: bool,
    wrap: Wrap,
}

impl Asked {
    pub(super) fn new(text: &str, style: &TextStyle, size_px: f32, wrap: Wrap) -> Self {
        Self {
            text: text.to_owned(),
            family: style.family.clone(),
            weight: style.weight,
            size_bits: size_px.to_bits(),
            spacing_bits: style.letter_spacing_em.to_bits(),
            tabular: style.tabular,
            language: style.language.clone(),
            rtl: style.direction == Direction::Rtl,
            wrap,
        }
    }
}

/// Shaped texts, before their lines are broken.
#[derive(Default)]
pub(super) struct Recent {
    layouts: HashMap<Asked, Layout<()>>,
    bytes: usize,
}

impl Recent {
    pub(super) fn get(&self, asked: &Asked) -> Option<Layout<()>> {
        self.layouts.get(asked).cloned()
    }

    /// Remembers one; forgets all others where they are too many.
    pub(super) fn keep(&mut self, asked: Asked, layout: &Layout<()>) {
        let bytes = asked.text.len();
        if self.bytes + bytes > MOST_BYTES {
            self.layouts.clear();
            self.bytes = 0;
        }
        self.bytes += bytes;
        self.layouts.insert(asked, layout.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Fit, FontLibrary, layout};

    #[test]
    fn what_is_remembered_is_what_would_be_shaped_and_is_not_without_end() {
        let fonts = FontLibrary::with_faces(Vec::new()).expect("the bundled fonts");
        let fit = Fit { width: Some(300.0), max_lines: Some(2), ..Fit::default() };
        let set = |text: &str, size_px: f32| layout(&fonts, text, &TextStyle { size_px, ..TextStyle::default() }, &fit);
        let first = set("Instalación de paneles", 60.0);
        assert_eq!(set("Instalación de paneles", 60.0), first);
        assert_ne!(set("Instalación de paneles", 30.0), first);
        for at in 0..100 {
            set(&format!("{at} {}", "palabras ".repeat(100)), 20.0);
            assert!(fonts.with_shaper(|shaper| shaper.recent.bytes) <= MOST_BYTES);
        }
        assert_eq!(set("Instalación de paneles", 60.0), first);
    }
}

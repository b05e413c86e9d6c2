//! A cache of shaped and set texts. Layout asks for the same words again and again, to measure, to tighten and to place
//! them, and `render watch` for a whole video that has hardly changed; shaping and setting take most of the time of
//! layout.
//!
//! All threads share it. Results are the same with and without it, so entries can be dropped at any time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

use parley::Layout;

use super::style::Wrap;
use super::{Align, Direction, Fit, TextBlock, TextStyle};
use crate::ground::lock::lock;

/// Maximum of bytes of text cached of each kind; the results take about a hundred times as much.
const MAX_BYTES: usize = 64 << 10;

/// Everything that shaping depends on, besides the fonts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ShapeKey {
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

impl ShapeKey {
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

/// Everything that setting a text in a box depends on, besides the fonts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct BlockKey {
    words: ShapeKey,
    align: Align,
    line_height_bits: u32,
    /// Width, height and least size.
    limit_bits: [Option<u32>; 3],
    max_lines: Option<u32>,
    balance: bool,
}

impl BlockKey {
    pub(super) fn new(text: &str, style: &TextStyle, fit: &Fit) -> Self {
        let Fit { width, max_lines, max_height, min_size_px, balance } = *fit;
        Self {
            words: ShapeKey::new(text, style, style.size_px, Wrap::Words),
            align: style.align,
            line_height_bits: style.line_height.to_bits(),
            limit_bits: [width, max_height, min_size_px].map(|limit| limit.map(f32::to_bits)),
            max_lines,
            balance,
        }
    }
}

/// What one font library has shaped and set.
#[derive(Default)]
pub(super) struct Recent {
    /// Shaped texts, before their lines are broken.
    pub(super) shaped: Cache<ShapeKey, Layout<()>>,
    /// Texts in their boxes.
    pub(super) set: Cache<BlockKey, TextBlock>,
    /// Narrowest and widest, in px.
    pub(super) widths: Cache<ShapeKey, (f32, f32)>,
}

/// Values by key, of bounded size.
pub(super) struct Cache<K, V>(Mutex<Entries<K, V>>);

struct Entries<K, V> {
    values: HashMap<K, V>,
    /// Bytes of the texts that they are about.
    bytes: usize,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Entries { values: HashMap::new(), bytes: 0 }))
    }
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// The value of `key`, which is about a text of so many bytes; made now unless it is cached. Two threads that need
    /// the same at the same time both make it.
    pub(super) fn get_or_insert_with(&self, key: K, bytes: usize, make: impl FnOnce() -> V) -> V {
        if let Some(value) = self.locked(|entries| entries.values.get(&key).cloned()) {
            return value;
        }
        let value = make();
        if bytes <= MAX_BYTES {
            self.locked(|entries| entries.insert(key, bytes, value.clone()));
        }
        value
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Entries<K, V>) -> T) -> T {
        work(&mut lock(&self.0))
    }
}

impl<K: Eq + Hash, V> Entries<K, V> {
    /// Adds an entry; drops all others if they are too many.
    fn insert(&mut self, key: K, bytes: usize, value: V) {
        if self.bytes + bytes > MAX_BYTES {
            self.values.clear();
            self.bytes = 0;
        }
        if self.values.insert(key, value).is_none() {
            self.bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::text::{FontLibrary, layout};

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
            assert!(fonts.recent().set.locked(|entries| entries.bytes) <= MAX_BYTES);
            assert!(fonts.recent().shaped.locked(|entries| entries.bytes) <= MAX_BYTES);
        }
        assert_eq!(set("Instalación de paneles", 60.0), first);
    }

    /// Every field of a style and of a box makes another key, or the value of one would be taken for another.
    #[test]
    fn every_difference_of_style_or_box_makes_another_key() {
        let (style, fit) = (TextStyle::default(), Fit::default());
        let styles = [
            TextStyle { family: "Fraunces".to_owned(), ..style.clone() },
            TextStyle { weight: 700, ..style.clone() },
            TextStyle { size_px: 47.0, ..style.clone() },
            TextStyle { line_height: 1.3, ..style.clone() },
            TextStyle { letter_spacing_em: 0.1, ..style.clone() },
            TextStyle { tabular: true, ..style.clone() },
            TextStyle { align: Align::End, ..style.clone() },
            TextStyle { language: "tr".to_owned(), ..style.clone() },
            TextStyle { direction: Direction::Rtl, ..style.clone() },
        ];
        let fits = [
            Fit { width: Some(10.0), ..fit },
            Fit { max_lines: Some(1), ..fit },
            Fit { max_height: Some(10.0), ..fit },
            Fit { min_size_px: Some(10.0), ..fit },
            Fit { balance: true, ..fit },
        ];
        let mut keys = vec![BlockKey::new("a", &style, &fit), BlockKey::new("b", &style, &fit)];
        keys.extend(styles.iter().map(|style| BlockKey::new("a", style, &fit)));
        keys.extend(fits.iter().map(|fit| BlockKey::new("a", &style, fit)));
        let different: std::collections::HashSet<&BlockKey> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
    }

    #[test]
    fn a_value_is_made_once() {
        let cache = Cache::default();
        assert_eq!(cache.get_or_insert_with("a", 1, || 1), 1);
        assert_eq!(cache.get_or_insert_with("a", 1, || 2), 1);
        assert_eq!(cache.get_or_insert_with("b", MAX_BYTES, || 3), 3);
        assert_eq!(cache.get_or_insert_with("a", 1, || 4), 4, "the first had to make room");
        assert_eq!(cache.get_or_insert_with("c", MAX_BYTES + 1, || 5), 5);
        assert_eq!(cache.get_or_insert_with("c", MAX_BYTES + 1, || 6), 6, "too long to be kept");
    }
}

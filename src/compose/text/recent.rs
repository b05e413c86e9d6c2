//! What was shaped and set lately. Layout asks for the same words again and again, to measure, to tighten and to place them,
//! and `render watch` for a whole video that has hardly changed; shaping and setting them is most of what laying out costs.
//!
//! One memory serves all threads. Answers are the same with it and without, so that it may forget whenever it likes.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use parley::Layout;

use super::shape::Wrap;
use super::{Align, Direction, Fit, TextBlock, TextStyle};

/// Most bytes of text that are remembered of each kind; what is known of them takes about a hundred times as much.
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

/// Everything that setting a text in a box depends on, besides the fonts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct AskedBlock {
    words: Asked,
    align: Align,
    line_height_bits: u32,
    /// Width, height and least size.
    limit_bits: [Option<u32>; 3],
    max_lines: Option<u32>,
    balance: bool,
}

impl AskedBlock {
    pub(super) fn new(text: &str, style: &TextStyle, fit: &Fit) -> Self {
        let Fit { width, max_lines, max_height, min_size_px, balance } = *fit;
        Self {
            words: Asked::new(text, style, style.size_px, Wrap::Words),
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
    pub(super) shaped: Memory<Asked, Layout<()>>,
    /// Texts in their boxes.
    pub(super) set: Memory<AskedBlock, TextBlock>,
    /// Narrowest and widest, in px.
    pub(super) widths: Memory<Asked, (f32, f32)>,
}

/// Answers to questions about texts.
pub(super) struct Memory<Q, A>(Mutex<Known<Q, A>>);

struct Known<Q, A> {
    answers: HashMap<Q, A>,
    bytes: usize,
}

impl<Q, A> Default for Memory<Q, A> {
    fn default() -> Self {
        Self(Mutex::new(Known { answers: HashMap::new(), bytes: 0 }))
    }
}

impl<Q: Eq + Hash, A: Clone> Memory<Q, A> {
    /// The answer to `asked` about a text of so many bytes, found now unless it is known. Threads that ask the same at the same
    /// time both find it.
    pub(super) fn get_or_find(&self, asked: Q, bytes: usize, find: impl FnOnce() -> A) -> A {
        if let Some(answer) = self.known(|known| known.answers.get(&asked).cloned()) {
            return answer;
        }
        let answer = find();
        if bytes <= MOST_BYTES {
            self.known(|known| known.keep(asked, bytes, answer.clone()));
        }
        answer
    }

    fn known<T>(&self, work: impl FnOnce(&mut Known<Q, A>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<Q: Eq + Hash, A> Known<Q, A> {
    /// Remembers one; forgets all others where they are too many.
    fn keep(&mut self, asked: Q, bytes: usize, answer: A) {
        if self.bytes + bytes > MOST_BYTES {
            self.answers.clear();
            self.bytes = 0;
        }
        if self.answers.insert(asked, answer).is_none() {
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
            assert!(fonts.recent().set.known(|known| known.bytes) <= MOST_BYTES);
            assert!(fonts.recent().shaped.known(|known| known.bytes) <= MOST_BYTES);
        }
        assert_eq!(set("Instalación de paneles", 60.0), first);
    }

    /// Every field of a style and of a box makes another question, or the answer to one would be given to another.
    #[test]
    fn whatever_differs_in_style_or_box_is_asked_anew() {
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
        let mut asked = vec![AskedBlock::new("a", &style, &fit), AskedBlock::new("b", &style, &fit)];
        asked.extend(styles.iter().map(|style| AskedBlock::new("a", style, &fit)));
        asked.extend(fits.iter().map(|fit| AskedBlock::new("a", &style, fit)));
        let different: std::collections::HashSet<&AskedBlock> = asked.iter().collect();
        assert_eq!(different.len(), asked.len());
    }

    #[test]
    fn a_question_is_answered_once() {
        let memory = Memory::default();
        assert_eq!(memory.get_or_find("a", 1, || 1), 1);
        assert_eq!(memory.get_or_find("a", 1, || 2), 1);
        assert_eq!(memory.get_or_find("b", MOST_BYTES, || 3), 3);
        assert_eq!(memory.get_or_find("a", 1, || 4), 4, "the first had to make room");
        assert_eq!(memory.get_or_find("c", MOST_BYTES + 1, || 5), 5);
        assert_eq!(memory.get_or_find("c", MOST_BYTES + 1, || 6), 6, "too long to be kept");
    }
}

//! The one style of a template's JSON files.
//!
//! An object or list stands on one line where that line has at most [`COLUMNS`] characters; otherwise each of its members
//! has a line of its own, indented by two spaces more. Nothing else is a choice: members keep their order, and numbers and
//! texts are copied as they are written, escapes included. A text is never broken, so a line with a long one is longer.

mod tree;

use super::error::TemplateProblem;
use super::files::MAX_FILE_BYTES;
use super::json;
use tree::Node;

/// Longest line in characters, unless a single text is longer.
pub const COLUMNS: usize = 100;

/// Spaces for each level of nesting.
const INDENT: usize = 2;

/// The content of a template's file in the one style: the same value, ending in a line feed.
///
/// `source` names the template and `file` the file in it, for messages. The limits are those of a template's files, for
/// what is read and for what is returned.
///
/// # Errors
/// Everything that makes the file unreadable: no JSON, too long, nested too deeply, a key that an object has twice.
pub fn format(source: &str, file: &str, bytes: &[u8]) -> Result<String, Vec<TemplateProblem>> {
    let problems = |wrong: Vec<json::Wrong>| -> Vec<TemplateProblem> {
        let (template, file) = (source.to_owned(), file.to_owned());
        let problem =
            |(pointer, reason)| TemplateProblem { template: template.clone(), file: file.clone(), pointer, reason };
        wrong.into_iter().map(problem).collect()
    };
    let value = json::read(bytes).map_err(problems)?;
    let mut page = Page { text: String::with_capacity(bytes.len()) };
    let fits = page.node(&tree::of(bytes), 0, 0, false) && page.push("\n");
    if !fits {
        let reason = format!("formatted, the file would have more than the {MAX_FILE_BYTES} bytes allowed");
        return Err(problems(vec![(String::new(), reason)]));
    }
    let again = json::read(page.text.as_bytes()).map_err(problems)?;
    assert!(again == value, "formatting would change the value of {source}/{file}");
    Ok(page.text)
}

/// What is written so far. Each step says whether it still is no longer than a file may be: nesting grows by its indents.
struct Page {
    text: String,
}

impl Page {
    fn push(&mut self, text: &str) -> bool {
        self.text.push_str(text);
        self.text.len() <= MAX_FILE_BYTES
    }

    /// Writes a node where `before` characters of the line are taken by its indent and key; a comma may follow.
    fn node(&mut self, node: &Node<'_>, indent: usize, before: usize, comma: bool) -> bool {
        let on_one_line = before + node.width() + usize::from(comma) <= COLUMNS;
        let written = match node {
            Node::Plain(text) => self.push(text),
            Node::List { members, .. } if on_one_line => self.flat("[", members.iter().map(|node| ("", node)), "]"),
            Node::Object { members, .. } if members.is_empty() => self.push("{}"),
            Node::Object { members, .. } if on_one_line => {
                self.flat("{ ", members.iter().map(|(key, node)| (*key, node)), " }")
            }
            Node::List { members, .. } => self.broken("[", members.iter().map(|node| ("", node)), "]", indent),
            Node::Object { members, .. } => {
                self.broken("{", members.iter().map(|(key, node)| (*key, node)), "}", indent)
            }
        };
        written && (!comma || self.push(","))
    }

    /// All members on the line that has begun.
    fn flat<'n>(&mut self, open: &str, members: impl Iterator<Item = (&'n str, &'n Node<'n>)>, close: &str) -> bool {
        let mut separator = open;
        for (key, node) in members {
            // Whatever is inside something that fits, fits.
            if !(self.push(separator) && self.key(key) && self.node(node, 0, 0, false)) {
                return false;
            }
            separator = ", ";
        }
        (separator == ", " || self.push(open)) && self.push(close)
    }

    /// Each member on a line of its own.
    fn broken<'n>(
        &mut self,
        open: &str,
        members: impl Iterator<Item = (&'n str, &'n Node<'n>)>,
        close: &str,
        indent: usize,
    ) -> bool {
        let inner = indent + INDENT;
        let mut members = members.peekable();
        let mut fits = self.push(open);
        while let Some((key, node)) = members.next() {
            let before = inner + if key.is_empty() { 0 } else { tree::columns(key) + ": ".len() };
            fits =
                fits && self.line(inner) && self.key(key) && self.node(node, inner, before, members.peek().is_some());
        }
        fits && self.line(indent) && self.push(close)
    }

    fn line(&mut self, indent: usize) -> bool {
        self.push("\n") && self.push(&" ".repeat(indent))
    }

    fn key(&mut self, key: &str) -> bool {
        key.is_empty() || self.push(key) && self.push(": ")
    }
}

#[cfg(test)]
mod tests;

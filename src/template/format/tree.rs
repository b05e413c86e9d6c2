//! A valid JSON document as a tree of pieces of its text: unlike a value it keeps order and spelling.

/// A value as it is written.
#[derive(Debug, PartialEq)]
pub(super) enum Node<'t> {
    /// A text, a number, `true`, `false` or `null`, with its quotation marks and escapes.
    Plain(&'t str),
    /// A list, and its width on one line, in characters.
    List { members: Vec<Node<'t>>, width: usize },
    /// An object: its keys with their quotation marks, its values, and its width on one line, in characters.
    Object { members: Vec<(&'t str, Node<'t>)>, width: usize },
}

impl Node<'_> {
    /// Characters on one line: `[1, 2]`, `{ "a": 1, "b": [] }`.
    pub(super) fn width(&self) -> usize {
        match self {
            Self::Plain(text) => columns(text),
            Self::List { width, .. } | Self::Object { width, .. } => *width,
        }
    }
}

/// Characters of a piece of text.
pub(super) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// The tree of a document that the reader of templates has accepted; its nesting is limited there.
///
/// # Panics
/// Where the document is no JSON.
pub(super) fn of(document: &[u8]) -> Node<'_> {
    let text = std::str::from_utf8(document).expect("JSON that was read is UTF-8");
    let mut scanner = Scanner { rest: text.strip_prefix('\u{feff}').unwrap_or(text) };
    scanner.node().expect("JSON that was read is whole")
}

struct Scanner<'t> {
    rest: &'t str,
}

impl<'t> Scanner<'t> {
    fn node(&mut self) -> Option<Node<'t>> {
        if self.passes('[') {
            let mut members = Vec::new();
            while !self.passes(']') {
                members.push(self.node()?);
                self.passes(',');
            }
            let width = width("[]", members.iter().map(Node::width));
            Some(Node::List { members, width })
        } else if self.passes('{') {
            let mut members = Vec::new();
            while !self.passes('}') {
                let key = self.plain()?;
                self.passes(':');
                members.push((key, self.node()?));
                self.passes(',');
            }
            let open = if members.is_empty() { "{}" } else { "{  }" };
            let width = width(open, members.iter().map(|(key, node)| columns(key) + ": ".len() + node.width()));
            Some(Node::Object { members, width })
        } else {
            self.plain().map(Node::Plain)
        }
    }

    /// Passes over white space, and over `sign` where it comes next.
    fn passes(&mut self, sign: char) -> bool {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let after = self.rest.strip_prefix(sign);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// A value that holds no others; none where the text ends or something else comes next.
    fn plain(&mut self) -> Option<&'t str> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let end = match self.rest.strip_prefix('"') {
            Some(inner) => end_of_string(inner)? + 1,
            None => self.rest.find([' ', '\t', '\r', '\n', ',', ':', '[', ']', '{', '}']).unwrap_or(self.rest.len()),
        };
        let (plain, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!plain.is_empty()).then_some(plain)
    }
}

/// Where a string ends whose opening quotation mark is passed: behind its closing one.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The width of members between brackets, with `, ` between them.
fn width(brackets: &str, members: impl ExactSizeIterator<Item = usize>) -> usize {
    let separators = ", ".len() * members.len().saturating_sub(1);
    brackets.len() + separators + members.sum::<usize>()
}

//! The blocks of code of a Markdown document, each with the file that it is.

/// A block that is a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A document's blocks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Blocks {
    pub(crate) files: Vec<Block>,
    /// Texts of the blocks without a language, such as a diagram or an HTTP message.
    pub(crate) samples: Vec<String>,
}

impl Blocks {
    /// Reads a document. Panics where a block of code does not say which file it is, or says what another one says.
    pub(crate) fn read(document: &str) -> Self {
        let mut blocks = Self::default();
        let mut before = "";
        let mut lines = document.lines();
        while let Some(line) = lines.next() {
            let Some(language) = line.strip_prefix("```") else {
                if !line.trim().is_empty() {
                    before = line;
                }
                continue;
            };
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let text = body.join("\n") + "\n";
            if language.is_empty() {
                blocks.samples.push(text);
                continue;
            }
            let name = name_of(language, before, body.first().unwrap_or(&""));
            let name = name.unwrap_or_else(|| panic!("this block of {language} names no file:\n{text}"));
            assert!(blocks.files.iter().all(|other| other.name != name), "two blocks are {name}");
            blocks.files.push(Block { name: name.to_owned(), text });
        }
        blocks
    }

    /// The text of one file.
    pub(crate) fn file(&self, name: &str) -> &str {
        let found = self.files.iter().find(|block| block.name == name);
        &found.unwrap_or_else(|| panic!("no block is {name}")).text
    }
}

/// JSON knows no comments: there the name, as code and with a colon, is the line of prose in front of the block.
fn name_of<'a>(language: &str, before: &'a str, first: &'a str) -> Option<&'a str> {
    if language == "json" {
        return before.strip_prefix('`')?.strip_suffix("`:");
    }
    let comment = match language {
        "ts" | "prisma" => "// ",
        "sql" => "-- ",
        "sh" => "# ",
        _ => return None,
    };
    let name = first.strip_prefix(comment)?.split(':').next()?;
    (name.contains('.') && !name.contains(' ')).then_some(name)
}

#[test]
fn blocks_have_names() {
    let document = "Text.\n\n`a.json`:\n\n```json\n{}\n```\n\n```sh\n# b/c.sh: why\ntrue\n```\n```\nGET /\n```\n";
    let block = |name: &str, text: &str| Block { name: name.to_owned(), text: text.to_owned() };
    let files = vec![block("a.json", "{}\n"), block("b/c.sh", "# b/c.sh: why\ntrue\n")];
    assert_eq!(Blocks::read(document), Blocks { files, samples: vec!["GET /\n".to_owned()] });
}

#[test]
#[should_panic(expected = "names no file")]
fn a_block_without_a_name_is_a_fault() {
    Blocks::read("```ts\n// a sentence about it\n```\n");
}

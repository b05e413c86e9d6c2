//! The sandbox of expressions: refuses what minijinja can do, a template has no use for, and fuel does not bound.
//!
//! Fuel counts instructions. One instruction can print, compare or copy a value of any size, and `{% set a = [a, a] %}`, forty
//! times, makes one that no machine can print. So names are bound only by `let`, loops, parts and repeats, what they are bound
//! to is measured, and what an expression writes out itself is counted in its source before anything reads it.

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

/// Longest code of one expression or text, in bytes; words outside of `{{ }}` and `{% %}` do not count.
const MAX_CODE_BYTES: usize = 8 << 10;
/// Most words and signs of it: chains of operators are as deep a recursion as they are long.
const MAX_TOKENS: usize = 1_000;
/// Most `~`, `+` and `*`: each may copy what the others have made.
const MAX_JOINS: usize = 24;
/// Most entries of lists and objects that it writes out.
const MAX_ENTRIES: usize = 64;
/// Most values inside of one that is bound to a name, lists within lists counted each time they are met.
const MAX_VALUES: usize = 20_000;
/// Deepest nesting of such a value.
const MAX_VALUE_DEPTH: usize = 16;
/// Longest text that is bound to a name or put into a text, in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Statements that only decide and repeat.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// Operators that are words: a bracket behind one opens a list.
const OPERATORS: [&str; 7] = ["and", "or", "not", "in", "is", "if", "else"];

/// Filters that give more than they take, print lists, or take the isolation off a value.
const REMOVED_FILTERS: [&str; 21] = [
    "safe",
    "escape",
    "e",
    "dictsort",
    "items",
    "split",
    "lines",
    "attr",
    "string",
    "batch",
    "slice",
    "tojson",
    "indent",
    "urlencode",
    "groupby",
    "chain",
    "zip",
    "pprint",
    "format",
    "replace",
    "join",
];
const REMOVED_FUNCTIONS: [&str; 3] = ["dict", "debug", "namespace"];

/// An environment with what templates may use.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    for filter in REMOVED_FILTERS {
        environment.remove_filter(filter);
    }
    for function in REMOVED_FUNCTIONS {
        environment.remove_global(function);
    }
    environment.add_filter("replace", |text: String, from: String, to: String| {
        if from.is_empty() {
            return Err(refused("`replace` needs a text to look for; this one is empty".to_owned()));
        }
        let grown = text.len().saturating_add(text.matches(&from).count().saturating_mul(to.len()));
        if grown > MAX_TEXT_BYTES {
            return Err(refused(format!(
                "`replace` would make a text of up to {grown} bytes; {MAX_TEXT_BYTES} are allowed"
            )));
        }
        Ok(text.replace(&from, &to))
    });
    // A field that the quote leaves out is `none`, which Jinja takes for a value.
    environment.add_filter("default", |value: Value, other: Option<Value>, empty_too: Option<bool>| {
        let is_absent = value.is_undefined() || value.is_none() || (empty_too.unwrap_or(false) && !value.is_true());
        if is_absent { other.unwrap_or_else(|| Value::from("")) } else { value }
    });
    environment.add_filter("join", |entries: Value, between: Option<String>| {
        let between = between.unwrap_or_default();
        let mut joined = String::new();
        for (at, entry) in entries.try_iter()?.enumerate() {
            check_size(&entry).map_err(refused)?;
            let shown = if at > 0 { format!("{between}{entry}") } else { entry.to_string() };
            if joined.len() + shown.len() > MAX_TEXT_BYTES {
                return Err(refused(format!("`join` makes a text of more than {MAX_TEXT_BYTES} bytes")));
            }
            joined.push_str(&shown);
        }
        Ok::<_, Error>(joined)
    });
    environment
}

fn refused(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

/// What may be put into a text: no list and no object, and nothing endless.
pub(super) fn shown(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map | ValueKind::Plain => {
            Err(refused(format!("a {} cannot be shown; name one of its values", value.kind())))
        }
        _ => {
            let text = value.to_string();
            if text.len() > MAX_TEXT_BYTES {
                return Err(refused(format!(
                    "a value grew to {} bytes; at most {MAX_TEXT_BYTES} are allowed",
                    text.len()
                )));
            }
            Ok(text)
        }
    }
}

/// Whether a value is small enough to get a name.
pub(super) fn check_size(value: &Value) -> Result<(), String> {
    let mut left = vec![(value.clone(), 0)];
    let mut count = 0;
    while let Some((value, depth)) = left.pop() {
        count += 1;
        if count + left.len() > MAX_VALUES {
            return Err(format!("the value holds more than {MAX_VALUES} others"));
        }
        if depth > MAX_VALUE_DEPTH {
            return Err(format!("the value is nested more than {MAX_VALUE_DEPTH} deep"));
        }
        match value.kind() {
            ValueKind::Seq | ValueKind::Iterable => {
                for entry in value.try_iter().map_err(|error| error.to_string())?.take(MAX_VALUES + 1) {
                    left.push((entry, depth + 1));
                }
            }
            ValueKind::Map => {
                for key in value.try_iter().map_err(|error| error.to_string())?.take(MAX_VALUES + 1) {
                    left.push((value.get_item(&key).unwrap_or_default(), depth + 1));
                }
            }
            _ => {
                let bytes = value.as_str().map_or(0, str::len);
                if bytes > MAX_TEXT_BYTES {
                    return Err(format!("a text grew to {bytes} bytes; at most {MAX_TEXT_BYTES} are allowed"));
                }
            }
        }
    }
    Ok(())
}

/// Refuses the source of an expression whose evaluation is not bounded by fuel.
pub(super) fn check_expression(source: &str) -> Result<(), String> {
    Count::default().code(source)
}

/// The same for a text with `{{ }}` and `{% %}`.
pub(super) fn check_text(source: &str) -> Result<(), String> {
    let mut count = Count::default();
    let mut rest = source;
    while let Some(at) = rest.find('{') {
        rest = &rest[at..];
        let (open, close) = match rest.as_bytes().get(1) {
            Some(b'{') => ("{{", "}}"),
            Some(b'%') => ("{%", "%}"),
            Some(b'#') => ("{#", "#}"),
            _ => {
                rest = &rest[1..];
                continue;
            }
        };
        let code = &rest[open.len()..];
        let end = if open == "{#" { code.find(close) } else { end_of_code(code, close) }.unwrap_or(code.len());
        match open {
            "{{" => count.code(&code[..end])?,
            "{%" => count.statement(&code[..end])?,
            _ => {}
        }
        rest = code.get(end + close.len()..).unwrap_or_default();
    }
    Ok(())
}

/// Where code ends, past any quoted text and outside of all brackets.
fn end_of_code(code: &str, close: &str) -> Option<usize> {
    let mut at = 0;
    let mut open = 0usize;
    while at < code.len() {
        if open == 0 && code[at..].starts_with(close) {
            return Some(at);
        }
        let next = code[at..].chars().next()?;
        match next {
            '[' | '{' | '(' => open += 1,
            ']' | '}' | ')' => open = open.saturating_sub(1),
            _ => {}
        }
        at += if matches!(next, '"' | '\'') { quoted_bytes(&code[at..], next) } else { next.len_utf8() };
    }
    None
}

/// Length of the quoted text that `code` begins with, quotes and all.
fn quoted_bytes(code: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in code.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// What the code of one source has used up.
#[derive(Default)]
struct Count {
    bytes: usize,
    tokens: usize,
    joins: usize,
    entries: usize,
}

impl Count {
    /// Code between `{%` and `%}`.
    fn statement(&mut self, code: &str) -> Result<(), String> {
        let bare = code.trim_start_matches(['-', '+']).trim();
        let name = bare.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        if !STATEMENTS.contains(&name) {
            return Err(format!(
                "`{{% {name} %}}` is not among the statements of a template: {}",
                STATEMENTS.join(", ")
            ));
        }
        let entries = self.entries;
        self.code(code)?;
        if name == "for" {
            if code.split_whitespace().any(|word| word.trim_matches('-') == "recursive") {
                return Err("a loop cannot be `recursive`".to_owned());
            }
            if self.entries > entries && code.split_once(" in ").is_some_and(|(_, list)| names_something(list)) {
                return Err("a list written out in `for` holds numbers and quoted texts only".to_owned());
            }
        }
        Ok(())
    }

    fn code(&mut self, code: &str) -> Result<(), String> {
        self.bytes += code.len();
        if self.bytes > MAX_CODE_BYTES {
            return Err(format!("it has more than {MAX_CODE_BYTES} bytes of code"));
        }
        let mut at = 0;
        // What stands before a bracket tells a list from an index.
        let mut before = ' ';
        let mut literals = Vec::new();
        while let Some(next) = code[at..].chars().next() {
            let rest = &code[at..];
            if matches!(next, '"' | '\'') {
                at += quoted_bytes(rest, next);
                self.tokens += 1;
                before = next;
                continue;
            }
            if next.is_alphanumeric() || next == '_' {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                at += end;
                self.tokens += 1;
                before = if OPERATORS.contains(&&rest[..end]) { ' ' } else { 'a' };
                continue;
            }
            at += next.len_utf8();
            if next.is_whitespace() {
                continue;
            }
            self.tokens += 1;
            self.joins += usize::from(matches!(next, '~' | '+' | '*'));
            match next {
                '[' | '{' | '(' => {
                    // `(a, a)` is a list, `f(a, a)` a call, `(a)` only a bracket.
                    let is_literal = !matches!(before, 'a' | ')' | ']' | '"' | '\'');
                    self.entries += usize::from(is_literal && next != '(');
                    literals.push(is_literal);
                }
                ']' | '}' | ')' => drop(literals.pop()),
                ',' => self.entries += usize::from(literals.last().copied().unwrap_or(true)),
                _ => {}
            }
            before = next;
        }
        if self.tokens > MAX_TOKENS {
            return Err(format!("it has more than {MAX_TOKENS} words and signs"));
        }
        if self.joins > MAX_JOINS {
            return Err(format!("it has more than {MAX_JOINS} of `~`, `+` and `*`"));
        }
        if self.entries > MAX_ENTRIES {
            return Err(format!("it writes out lists or objects of more than {MAX_ENTRIES} entries"));
        }
        Ok(())
    }
}

/// Whether code outside of quotes has a name in it.
fn names_something(code: &str) -> bool {
    let mut at = 0;
    while let Some(next) = code[at..].chars().next() {
        match next {
            '"' | '\'' => at += quoted_bytes(&code[at..], next),
            _ if next.is_alphabetic() || next == '_' => return true,
            _ => at += next.len_utf8(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(result: Result<(), String>) -> String {
        result.expect_err("it is refused")
    }

    #[test]
    fn what_templates_say_passes() {
        for text in [
            "{{ t('more', n=page.more, shown=page.more | number) }}",
            "{% if item.quantity and (item.unit or item.quantity != '1') %}{{ item.quantity | number }}{% endif %}",
            "{% for name in ['a', 'b', 3] %}{{ name }}{% endfor %}",
            "{% for tax in totals.taxes[:2] %}{{ tax.name }}{% endfor %}",
            "{{ [{'sum': a | sum_of('total')}, {'sum': page.subtotal}] | sum_of('sum') | money }}",
            "{# {% set a = 1 %} #}no code: { } {x}",
            "{{ '{% set a = 1 %}' }}",
            "{% if 2 in [1, 2] %}x{% elif a is b %}y{% else %}z{% endif %}",
        ] {
            assert_eq!(check_text(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_fuel_does_not_bound_is_refused() {
        assert!(reason(check_text("{% set a = [a, a] %}")).contains("`{% set %}`"));
        assert!(reason(check_text("{%- with a = 1 %}{% endwith %}")).contains("`{% with %}`"));
        assert!(reason(check_text("{% for x in [a] recursive %}{{ loop([x]) }}{% endfor %}")).contains("recursive"));
        assert!(reason(check_text("{% for x in [[a, a]] %}{% endfor %}")).contains("quoted texts only"));
        assert!(reason(check_expression(&"not ".repeat(2_000))).contains("1000 words"));
        assert!(reason(check_expression(&"1".repeat(9_000))).contains("8192 bytes"));
        assert!(reason(check_expression(&format!("a{}", "~a".repeat(30)))).contains("24 of `~`"));
        assert!(reason(check_expression(&format!("[{}]", "a,".repeat(80)))).contains("64 entries"));
        assert!(check_text("{{ {'a': {'b': 1}}, not }} {{ a").is_ok());
        let hidden = format!("{{{{ {{'a': {{'b': 1}}}} ~ {} }}}}", "not ".repeat(2_000));
        assert!(reason(check_text(&hidden)).contains("1000 words"), "brackets that close do not end the code");
        assert!(reason(check_expression(&format!("2 in [{}]", "a,".repeat(80)))).contains("64 entries"));
        let tuple = format!("f({})", "a,".repeat(80));
        assert_eq!(check_expression(&tuple), Ok(()), "arguments are no entries");
    }

    #[test]
    fn values_are_weighed_as_what_they_show() {
        let mut value = Value::from(1);
        for _ in 0..14 {
            value = Value::from(vec![value.clone(), value]);
        }
        assert_eq!(check_size(&Value::from(vec![1; 1_000])), Ok(()));
        assert!(check_size(&value).is_err_and(|reason| reason.contains("20000 others")));
        let mut deep = Value::from(1);
        for _ in 0..40 {
            deep = Value::from(vec![deep]);
        }
        assert!(check_size(&deep).is_err_and(|reason| reason.contains("16 deep")));
        assert!(shown(&value).is_err() && shown(&Value::from("x".repeat(100_000))).is_err());
        assert_eq!(shown(&Value::from(3)).expect("a number"), "3");
    }
}

//! Which fields of the quote a text was read from.
//!
//! The objects of a quote know their place in it, and note each of their fields that an expression reads. A text then
//! carries the JSON pointers of what it shows, so that a warning can name the field.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value, ValueKind};

use super::filters::Locals;
use crate::ground::problem::{element, member};

/// The local name that holds the fields which other local names were read from.
const READ: &str = "_read";

thread_local! {
    /// Pointers read since [`reading`] began on this thread.
    static NOTED: RefCell<Option<BTreeSet<String>>> = const { RefCell::new(None) };
}

/// An object of the quote.
#[derive(Debug)]
struct Placed {
    pointer: String,
    fields: Value,
}

impl Object for Placed {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let value = self.fields.get_item(key).ok().filter(|value| !value.is_undefined())?;
        if let Some(name) = key.as_str() {
            NOTED.with_borrow_mut(|noted| {
                if let Some(noted) = noted {
                    noted.insert(member(&self.pointer, name));
                }
            });
        }
        Some(value)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.fields.try_iter().map(Iterator::collect).unwrap_or_default())
    }
}

/// The value with every object in it knowing its place, below `pointer`.
pub(super) fn placed(value: Value, pointer: &str) -> Value {
    match value.kind() {
        ValueKind::Map => {
            let names = value.try_iter().into_iter().flatten();
            let field = |name: Value| {
                let field = value.get_item(&name).unwrap_or_default();
                let field = placed(field, &member(pointer, name.as_str().unwrap_or_default()));
                (name, field)
            };
            Value::from_object(Placed { pointer: pointer.to_owned(), fields: Value::from_pairs(names.map(field)) })
        }
        ValueKind::Seq => {
            let entries = value.try_iter().into_iter().flatten().enumerate();
            Value::from(entries.map(|(at, entry)| placed(entry, &element(pointer, at))).collect::<Vec<_>>())
        }
        _ => value,
    }
}

/// What `work` gives, and the pointers of the fields that it reads, in alphabetical order.
pub(super) fn reading<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    let around = NOTED.replace(Some(BTreeSet::new()));
    let result = work();
    let noted = NOTED.replace(around).unwrap_or_default();
    (result, noted.into_iter().collect())
}

/// Notes with `locals` that some of them were read from fields.
pub(super) fn remember(locals: &mut Locals, mut read: Vec<String>) {
    if !read.is_empty() {
        read.extend(remembered(locals));
        locals.insert(READ.to_owned(), Value::from(read));
    }
}

/// The fields that `locals` were read from.
pub(super) fn remembered(locals: &Locals) -> Vec<String> {
    let read = locals.get(READ).and_then(|read| read.try_iter().ok()).into_iter().flatten();
    read.filter_map(|pointer| pointer.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_are_read_are_noted_with_their_places() {
        let item = |name: &str| Value::from_pairs([("name", Value::from(name)), ("unit", Value::from("h"))]);
        let quote = placed(Value::from_pairs([("items", Value::from(vec![item("a"), item("b")]))]), "");
        let unseen = quote.get_attr("items").expect("a list");
        let (name, read) = reading(|| unseen.get_item_by_index(1).and_then(|item| item.get_attr("name")));
        assert_eq!(name.expect("a field").as_str(), Some("b"));
        assert_eq!(read, ["/items/1/name"]);
        let (names, read) =
            reading(|| unseen.get_item_by_index(0).and_then(|item| item.try_iter()).map(Iterator::count));
        assert_eq!((names.expect("an object"), unseen.len()), (2, Some(2)));
        assert!(read.is_empty());
        let (_, read) = reading(|| unseen.get_item_by_index(0).and_then(|item| item.get_attr("none")));
        assert!(read.is_empty());
    }

    #[test]
    fn names_remember_what_they_were_read_from() {
        let mut locals = Locals::new();
        remember(&mut locals, Vec::new());
        assert!(locals.is_empty());
        remember(&mut locals, vec!["/quote/title".to_owned()]);
        remember(&mut locals, vec!["/seller/name".to_owned()]);
        assert_eq!(remembered(&locals), ["/seller/name", "/quote/title"]);
    }
}

//! Names that a `let` gives to conditions and values: in which order they are evaluated.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::names_in_expression;

/// Largest number of names in one `let`.
pub(super) const MAX_LETS: usize = 60;

/// The names in an order in which each comes after those that it uses.
///
/// # Errors
/// A chain of names that leads back to its start: `a -> b -> a`.
pub(super) fn order(lets: &BTreeMap<String, String>) -> Result<Vec<&str>, String> {
    let mut order = Vec::with_capacity(lets.len());
    for name in lets.keys() {
        follow(lets, name, &mut Vec::new(), &mut order)?;
    }
    Ok(order)
}

fn follow<'l>(
    lets: &'l BTreeMap<String, String>,
    name: &'l str,
    chain: &mut Vec<&'l str>,
    order: &mut Vec<&'l str>,
) -> Result<(), String> {
    if order.contains(&name) {
        return Ok(());
    }
    if let Some(start) = chain.iter().position(|above| *above == name) {
        let names: Vec<&str> = chain[start..].iter().copied().chain([name]).collect();
        return Err(names.join(" -> "));
    }
    chain.push(name);
    for next in used(lets, name) {
        follow(lets, next, chain, order)?;
    }
    chain.pop();
    order.push(name);
    Ok(())
}

/// The names beside it that one uses. An expression that does not compile uses none; its check says what is wrong.
fn used<'l>(lets: &'l BTreeMap<String, String>, name: &str) -> BTreeSet<&'l str> {
    let paths = names_in_expression(&lets[name]).unwrap_or_default();
    let roots = paths.iter().map(|path| path.split('.').next().unwrap_or_default());
    roots.filter_map(|root| lets.get_key_value(root)).map(|(name, _)| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lets(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn names_come_after_those_they_use() {
        let names = lets(&[("a", "c and b.x"), ("b", "c"), ("c", "quote.title"), ("d", "{{ broken")]);
        assert_eq!(order(&names), Ok(vec!["c", "b", "a", "d"]));
    }

    #[test]
    fn a_circle_is_named() {
        assert_eq!(order(&lets(&[("a", "b"), ("b", "c"), ("c", "b or 1")])), Err("b -> c -> b".to_owned()));
        assert_eq!(order(&lets(&[("a", "a + 1")])), Err("a -> a".to_owned()));
    }
}

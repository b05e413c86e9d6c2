//! Parts of a template: which uses which.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Node, NodeKind, Part};

/// Largest number of parts a template may have, those in files included.
pub(super) const MAX_PARTS: usize = 200;

/// A chain of parts that leads from one of them back to itself: `row -> cell -> row`.
pub(super) fn cycle(parts: &BTreeMap<String, Part>) -> Option<String> {
    let mut done = BTreeSet::new();
    parts.keys().find_map(|name| follow(parts, name, &mut Vec::new(), &mut done))
}

fn follow<'p>(
    parts: &'p BTreeMap<String, Part>,
    name: &'p str,
    chain: &mut Vec<&'p str>,
    done: &mut BTreeSet<&'p str>,
) -> Option<String> {
    if let Some(start) = chain.iter().position(|above| *above == name) {
        let names: Vec<&str> = chain[start..].iter().copied().chain([name]).collect();
        return Some(names.join(" -> "));
    }
    let part = parts.get(name).filter(|_| !done.contains(name))?;
    chain.push(name);
    let mut used = Vec::new();
    uses(&part.children, &mut used);
    let found = used.into_iter().find_map(|next| follow(parts, next, chain, done));
    chain.pop();
    done.insert(name);
    found
}

/// The parts that `nodes` use themselves.
fn uses<'n>(nodes: &'n [Node], names: &mut Vec<&'n str>) {
    for node in nodes {
        match &node.kind {
            NodeKind::Use(node) => names.push(&node.part),
            NodeKind::Group(node) => uses(&node.children, names),
            NodeKind::Repeat(node) => uses(&node.children, names),
            NodeKind::Choose(node) => {
                node.cases.iter().for_each(|case| uses(&case.then, names));
                uses(&node.otherwise, names);
            }
            NodeKind::Text(_) | NodeKind::Image(_) | NodeKind::Shape(_) | NodeKind::Icon(_) | NodeKind::Qr(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(json: &str) -> BTreeMap<String, Part> {
        serde_json::from_str(json).expect("parts")
    }

    #[test]
    fn a_chain_that_comes_back_is_named() {
        let straight = r#"{
            "a": { "children": [{ "type": "use", "part": "c" }, { "type": "use", "part": "b" }] },
            "b": { "children": [{ "type": "group", "children": [{ "type": "use", "part": "c" }] }] },
            "c": { "children": [{ "type": "shape" }] }
        }"#;
        assert_eq!(cycle(&parts(straight)), None);
        let round = straight.replace(r#"[{ "type": "shape" }]"#, r#"[{ "type": "use", "part": "b" }]"#);
        assert_eq!(cycle(&parts(&round)).as_deref(), Some("c -> b -> c"));
        let own = r#"{ "a": { "children": [{ "type": "use", "part": "a" }] } }"#;
        assert_eq!(cycle(&parts(own)).as_deref(), Some("a -> a"));
    }

    /// Parts that use each other doubly make 2^40 paths; each part is followed once.
    #[test]
    fn many_paths_are_not_walked_one_by_one() {
        let part = |at: usize| {
            format!(
                r#""p{at}": {{ "children": [{{ "type": "use", "part": "p{0}" }}, {{ "type": "use", "part": "p{0}" }}] }}"#,
                at + 1
            )
        };
        let list: Vec<String> = (0..40).map(part).collect();
        assert_eq!(cycle(&parts(&format!("{{ {} }}", list.join(", ")))), None);
    }
}

//! Checks of `let`: names that mean nothing else, expressions that do not lead back to themselves.

use std::collections::BTreeMap;

use super::Checker;
use super::names::{self, Bound, Names};
use crate::ground::problem::{member, quoted};
use crate::template::expression::names_in_expression;
use crate::template::lets::{MAX_LETS, order};

impl Checker<'_> {
    /// Checks the names that a `let` gives; `around` are those that its expressions may use, to which they are added.
    pub(super) fn lets(&mut self, lets: &BTreeMap<String, String>, at: &str, around: &Names) -> Names {
        let at = format!("{at}/let");
        let mut known = around.clone();
        if lets.len() > MAX_LETS {
            self.fail(&at, format!("{} names; there are at most {MAX_LETS}", lets.len()));
        }
        let order = match order(lets) {
            Ok(order) => order,
            Err(chain) => {
                self.fail(&at, format!("names use each other without end: {chain}"));
                lets.keys().map(String::as_str).collect()
            }
        };
        for name in order {
            let place = member(&at, name);
            if let Some(reason) = names::unfit(name) {
                self.fail(&place, reason);
            }
            if self.document.theme.colors.iter().any(|color| color.name == name) {
                self.fail(&place, format!("{} is a colour of the theme; choose another name", quoted(name, 60)));
            }
            self.expression(&lets[name], &place, &known);
            if at == "/let" {
                self.without_colors(&lets[name], &place);
            }
            let entry = known.entries(&lets[name]);
            known.push(name, if entry == names::Entry::Any { Bound::Any } else { Bound::List(entry) });
        }
        known
    }

    /// The theme is resolved after the names of the document, which its colours may use.
    fn without_colors(&mut self, expression: &str, at: &str) {
        for path in names_in_expression(expression).unwrap_or_default() {
            if self.document.theme.colors.iter().any(|color| color.name == path) {
                let color = quoted(&path, 60);
                let reason = format!(
                    "colour {color} comes after the names of the document, which it may use; the `let` of a scene may use colours"
                );
                self.fail(at, reason);
            }
        }
    }
}

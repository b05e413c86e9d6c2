//! The value of `--template`: any text, with the names of the built-in templates for completion scripts.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

use quotereel::template::builtin_names;

/// Takes any text. A completion offers the built-in names; a folder may be typed all the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct TemplateName;

impl TypedValueParser for TemplateName {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(builtin_names().map(PossibleValue::new)))
    }
}

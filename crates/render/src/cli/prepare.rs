//! From arguments to a prepared video, and from the engine's errors to exit statuses.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::Path;

use super::failure::{Failure, unreadable};
use super::input;
use super::options::Source;
use quotereel::fonts::HOW_TO_ADD;
use quotereel::template::TemplateError;
use quotereel::{FolderError, KnownPictures, Problem, Quote, Sound, SoundFileError, Video};

/// Maximum bytes read of a quote: far above what its parser accepts, so that it can report the length.
pub(super) const READ_LIMIT_BYTES: usize = 32 << 20;

/// Code of the problem that a template does not exist.
pub(super) const TEMPLATE_NOT_FOUND: &str = "template_not_found";

/// Reads the quote and resolves everything; after this only I/O can fail.
///
/// # Errors
/// [`Failure::Invalid`] for the quote or the template, [`Failure::System`] for the machine.
pub(super) fn prepare(source: &Source, sound: &Sound, threads: NonZeroUsize) -> Result<Video, Failure> {
    let quote = quote(source)?.sound(sound.clone()).threads(threads);
    quote.prepare().map_err(failure)
}

/// The same, but loads only pictures that are not `known` yet.
///
/// # Errors
/// As [`prepare`].
pub(super) fn prepare_again(source: &Source, known: &mut KnownPictures) -> Result<Video, Failure> {
    quote(source)?.prepare_again(known).map_err(failure)
}

/// Reads the quote.
fn quote(source: &Source) -> Result<Quote, Failure> {
    let document = input::read(&source.snapshot, READ_LIMIT_BYTES)?;
    tracing::info!(bytes = document.bytes.len(), "read the quote");
    let mut quote = Quote::from_json(document.bytes)
        .template(source.template.clone())
        .params(&source.params)
        .size(source.size)
        .frame_rate(source.frame_rate)
        .allow_private_network(source.allow_private_network);
    if let Some(folder) = document.folder {
        quote = quote.base_dir(folder);
    }
    if let Some(folder) = &source.fonts {
        quote = quote.fonts(folder);
    }
    Ok(quote)
}

/// The failure of a sound file.
fn sound_failure(error: SoundFileError) -> Failure {
    match error {
        SoundFileError::Unreadable { path, source } => unreadable("the sound", &path, source),
        error @ SoundFileError::Unfit { .. } => unusable_sound(&error),
    }
}

/// The problem of a sound that cannot be used.
pub(super) fn unusable_sound(error: &dyn Error) -> Failure {
    Failure::Invalid(Problem::error("sound_unusable", "", error.to_string(), "a complete audio file").into())
}

/// The engine's error as this program's failure.
pub(super) fn failure(error: quotereel::Error) -> Failure {
    match error {
        quotereel::Error::Sound(error) => sound_failure(error),
        quotereel::Error::Quote(problems) => Failure::Invalid(problems),
        quotereel::Error::Template(TemplateError::Invalid { problems }) => Failure::Template(problems),
        quotereel::Error::Template(TemplateError::Param(error)) => Failure::Usage(format!("--param: {error}")),
        quotereel::Error::Template(TemplateError::NotFound { name, known, hint }) => {
            let found = format!("template `{name}`");
            let expected = format!("a built-in template ({}) or the path of a folder, with a `/`", known.join(", "));
            let is_folder = Path::new(&name).join("template.json").is_file();
            let hint = if is_folder {
                Some(format!("for the folder of that name: `./{name}`"))
            } else {
                hint.map(|hint| hint.trim_start_matches([';', ' ']).to_owned())
            };
            let problem = Problem::error(TEMPLATE_NOT_FOUND, "", found, expected).with_optional_hint(hint);
            Failure::Invalid(problem.into())
        }
        quotereel::Error::Folder(error @ FolderError::Unreadable { .. }) => Failure::System(error.into()),
        quotereel::Error::Threads(error) => Failure::System(error.into()),
        quotereel::Error::Fonts(error) if error.is_system() => Failure::System(error.into()),
        quotereel::Error::Fonts(error) => {
            let expected = "a folder of static TrueType or OpenType fonts";
            let problem = Problem::error("font_pack_unusable", "", error.to_string(), expected);
            Failure::Invalid(problem.with_hint(HOW_TO_ADD).into())
        }
        quotereel::Error::Folder(error) => {
            let problem = Problem::error(TEMPLATE_NOT_FOUND, "", error.to_string(), "a folder with a template.json");
            Failure::Invalid(problem.into())
        }
        quotereel::Error::Compose(error) => unfit(&error),
        quotereel::Error::TooCostly(error) => unfit(&error),
        error => Failure::System(error.into()),
    }
}

/// The problem of a template and a quote that do not fit together.
fn unfit(error: &dyn Error) -> Failure {
    let expected = "a template that fits the quote";
    Failure::Invalid(Problem::error("template_unfit", "", error.to_string(), expected).into())
}

//! From a validated source to a production of the engine, and from the engine's errors to exit statuses.

use std::collections::HashMap;
use std::error::Error;
use std::num::NonZeroUsize;
use std::path::Path;

use super::failure::Failure;
use super::input;
use super::options::Source;
use crate::asset::Limits;
use crate::problem::Problem;
use crate::studio::{
    FolderError, HOW_TO_ADD, KnownPictures, Order, Production, SoundFileError, StudioError, prepare_again,
};
use crate::template::TemplateError;

/// Most bytes read of a snapshot: far above what its reader accepts, so that it can say how long the document is.
pub(super) const READ_LIMIT_BYTES: usize = 32 << 20;

/// Code of the problem that there is no such template.
pub(super) const TEMPLATE_NOT_FOUND: &str = "template_not_found";

/// Reads the snapshot and resolves everything; after this only input and output can fail.
///
/// # Errors
/// [`Failure::Invalid`] for the quote or the template, [`Failure::System`] for the machine.
pub(super) fn produce(source: &Source, threads: NonZeroUsize) -> Result<Production, Failure> {
    produce_again(source, threads, &mut KnownPictures::default())
}

/// The same, loading only the pictures that are not `known` yet.
///
/// # Errors
/// As [`produce`].
pub(super) fn produce_again(
    source: &Source,
    threads: NonZeroUsize,
    known: &mut KnownPictures,
) -> Result<Production, Failure> {
    let document = input::read(&source.snapshot, READ_LIMIT_BYTES)?;
    tracing::info!(bytes = document.bytes.len(), "read the snapshot");
    let order = Order {
        snapshot: document.bytes,
        base_dir: document.folder,
        keyed_files: HashMap::new(),
        template: source.template.choice(),
        params: source.params.clone(),
        fonts: source.fonts.clone(),
        size: source.size,
        frame_rate: source.frame_rate,
        allow_private_network: source.allow_private_network,
        limits: Limits::default(),
        threads,
    };
    prepare_again(&order, known).map_err(failure)
}

/// A sound file that is no help to anybody.
pub(super) fn sound_failure(error: SoundFileError) -> Failure {
    match error {
        SoundFileError::Unreadable { path, source } => {
            Failure::System(anyhow::Error::new(source).context(format!("cannot read the sound {}", path.display())))
        }
        error @ SoundFileError::Unfit { .. } => unusable_sound(&error),
    }
}

/// The problem with a sound that cannot be used.
pub(super) fn unusable_sound(error: &dyn Error) -> Failure {
    Failure::Invalid(Problem::error("sound_unusable", "", error.to_string(), "a whole file of sound").into())
}

/// The engine's refusal as this program's.
pub(super) fn failure(error: StudioError) -> Failure {
    match error {
        StudioError::Sound(error) => sound_failure(error),
        StudioError::Snapshot(problems) => Failure::Invalid(problems),
        StudioError::Template(TemplateError::Invalid { problems }) => Failure::Template(problems),
        StudioError::Template(TemplateError::Param(error)) => Failure::Usage(format!("--param: {error}")),
        StudioError::Template(TemplateError::NotFound { name, known, hint }) => {
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
        StudioError::Folder(error @ FolderError::Unreadable { .. }) => Failure::System(error.into()),
        StudioError::Threads(error) => Failure::System(error.into()),
        StudioError::Fonts(error) if error.is_system() => Failure::System(error.into()),
        StudioError::Fonts(error) => {
            let expected = "a folder of static TrueType or OpenType fonts";
            let problem = Problem::error("font_pack_unusable", "", error.to_string(), expected);
            Failure::Invalid(problem.with_hint(HOW_TO_ADD).into())
        }
        StudioError::Folder(error) => {
            let problem = Problem::error(TEMPLATE_NOT_FOUND, "", error.to_string(), "a folder with a template.json");
            Failure::Invalid(problem.into())
        }
        StudioError::Compose(error) => unfit(&error),
        StudioError::TooHeavy(error) => unfit(&error),
    }
}

/// The problem with a template and a quote that do not go together.
fn unfit(error: &dyn Error) -> Failure {
    let expected = "a template that suits the quote";
    Failure::Invalid(Problem::error("template_unfit", "", error.to_string(), expected).into())
}

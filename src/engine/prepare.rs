//! Preparing a video: checks quote and template, fetches pictures, lays everything out. After this only writing can
//! fail.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::quote::Quote;
use super::threads::Threads;
use super::{Error, GLYPHS, KnownPictures, PrepareMs, Video, fonts, missing_glyphs, missing_words, pictures};
use crate::compose::scene::{Ingredients, compose};
use crate::compose::text::FontLibrary;
use crate::draw::raster::check_cost;
use crate::ground::problem::Problems;
use crate::quote::asset::Policy;
use crate::quote::snapshot::Snapshot;
use crate::template::Bindings;

impl Quote {
    /// Prepares the video: checks quote and template, fetches pictures, lays everything out.
    ///
    /// # Errors
    /// [`Error`], with every problem of the quote at once. A picture never fails a video: a placeholder takes its place,
    /// and a warning says why.
    pub fn prepare(&self) -> Result<Video, Error> {
        self.prepare_again(&mut KnownPictures::default())
    }

    /// The same, loading only pictures that are not `known` from a quote before or have changed since.
    ///
    /// # Errors
    /// As [`Quote::prepare`].
    pub fn prepare_again(&self, known: &mut KnownPictures) -> Result<Video, Error> {
        prepare(self, known)
    }
}

/// Prepares the video of `quote`, loading only pictures that are not `known` or have changed.
fn prepare(quote: &Quote, known: &mut KnownPictures) -> Result<Video, Error> {
    let begun = Instant::now();
    let chosen_sound = quote.sound.soundtrack()?;
    let parsed = quote.check();
    let validated = Instant::now();
    let template = quote.template.load()?.with_params(&quote.params)?;
    let parsed = parsed.map_err(Error::Quote)?;
    let soundtrack = match chosen_sound {
        Some(soundtrack) => Some(soundtrack),
        None => quote.template.soundtrack(&template)?,
    };
    let mut warnings = parsed.warnings;
    let policy = Policy {
        allow_private_network: quote.allow_private_network,
        base_dir: quote.base_dir.clone(),
        keyed_files: quote.keyed_files.clone(),
        limits: quote.limits.clone(),
    };
    let executor = Threads::start(quote.threads)?;
    if let Some(folder) = &quote.fonts {
        fonts::check(folder)?;
    }
    let load = || pictures::load(&parsed.snapshot, &template, &policy, known, &mut warnings);
    let (pictures, bundled) = executor.both(load, FontLibrary::bundled);
    let resolved = Instant::now();
    let composed_with = |snapshot: &Snapshot, fonts: &FontLibrary| {
        compose(Ingredients {
            template: &template,
            bindings: Bindings { snapshot, pictures: &pictures.by_pointer, logo: pictures.logo },
            pictures: &pictures.frames,
            fonts,
            canvas: quote.size,
            frame_rate: quote.frame_rate,
            executor: &executor,
        })
    };
    let snapshot = parsed.snapshot;
    let mut composed = composed_with(&snapshot, bundled)?;
    let with_pack = match &quote.fonts {
        Some(folder) if !composed.missing.is_empty() => {
            fonts::library(folder, &composed.missing, snapshot.locale.tag())?.map(Arc::new)
        }
        _ => None,
    };
    if let Some(fonts) = &with_pack {
        composed = composed_with(&snapshot, fonts)?;
    }
    let advice = quote.fonts.is_none().then(|| missing_glyphs::advice(&composed.missing)).flatten();
    if let Some(locale) = missing_glyphs::instead(&snapshot, &template, &composed.missing) {
        warnings.push(missing_glyphs::without_font(&snapshot.locale, &locale));
        let in_english = Snapshot { locale, ..snapshot.clone() };
        composed = composed_with(&in_english, with_pack.as_deref().unwrap_or(bundled))?;
    } else {
        warnings.extend(missing_words::warning(&snapshot.locale, &template));
    }
    warnings.extend(std::mem::replace(&mut composed.warnings, Problems::new()));
    warnings.extend(advice);
    check_cost(&composed.composition)?;
    let nameless = missing_glyphs::names(&snapshot, &composed.missing);
    if !nameless.is_empty() {
        warnings.extend(nameless);
        return Err(Error::Quote(warnings));
    }
    composed.warnings = warnings;
    let times = PrepareMs {
        validate: ms(validated - begun),
        resolve: ms(resolved - validated),
        layout: ms(resolved.elapsed()),
    };
    // Other packs have other faces under the same numbers.
    let glyphs = if with_pack.is_some() { Arc::default() } else { Arc::clone(&GLYPHS) };
    Ok(Video { snapshot, composed, with_pack, glyphs, soundtrack, times, executor: Arc::new(executor) })
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

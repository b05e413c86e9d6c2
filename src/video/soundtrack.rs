//! What is heard under a video, before it is decoded.

use std::sync::Arc;

/// What is heard under a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Soundtrack {
    /// Nothing, in a track of its own: some players and forms want one.
    Silence,
    /// A sound file: cut or repeated to the video's length, faded, and brought to the usual loudness.
    Recording {
        /// How the file is called in messages.
        name: String,
        /// Its bytes.
        bytes: Arc<[u8]>,
    },
}

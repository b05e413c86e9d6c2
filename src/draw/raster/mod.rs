//! Raster: a composition becomes pixels.
//!
//! Each layer is drawn once into a tile (`drawing`, `tile`); per frame its motion is folded into a pose (`pose`), poses are
//! compared with those of the frame before (`damage`), and only what differs is composed anew (`compose`, `blend`).
//! Gradients are drawn with more bits than a byte has (`deep`). What happens on which frame is told beforehand, without
//! drawing (`steps`), and what all of it would cost (`burden`). Converting to Y'CbCr and encoding lie elsewhere.

mod blend;
mod blur;
mod burden;
mod compose;
mod damage;
mod deep;
mod drawing;
mod film;
mod isolated;
mod mask;
mod outline;
mod paint;
mod picture;
mod pose;
mod rounded;
mod steps;
mod tile;

pub use burden::{TooHeavy, check_burden};
pub use film::{Drawn, Film, shows_the_same, still};

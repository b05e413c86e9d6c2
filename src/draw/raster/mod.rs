//! Raster: a composition becomes pixels.
//!
//! Each layer is drawn once into a tile (`drawing`, `tile`); per frame its motion is folded into a pose (`pose`), poses
//! are compared with those of the frame before (`damage`), and only what differs is composed again (`compose`,
//! `blend`). Gradients are drawn with more bits than a byte has (`deep`). What happens on which frame is known without
//! drawing (`steps`), and so is the cost of all of it (`cost`). Converting to Y'CbCr and encoding lie elsewhere.

mod blend;
mod blur;
mod buffer;
mod compose;
mod cost;
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

pub use cost::{TooCostly, check_cost};
pub use film::{Drawn, Film, shows_the_same, still};

//! Composition: the flat, resolved display list of every scene, and how it is built from a bound template.

mod composition;

pub use composition::{
    Composition, Content, Edge, Geometry, Layer, MotionLink, Paint, PathSegment, Picture, Primitive, Reveal,
    RoundedRect, Scene, Shadow, Shape, Stop, Stroke, Text,
};

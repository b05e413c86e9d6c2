//! One render in a process of its own: untrusted input may crash, hang or eat memory there, and the worker lives.
//!
//! ```text
//! worker  --stdin-->   one line of JSON, the order, and the snapshot's bytes; then silence, or a line `cancel`;
//!                      its end means that the worker is dead
//! child   --stdout-->  lines of JSON: {"progress": n} …, then {"done": …} or {"failed": …}
//!         --stderr-->  log, of which the end is kept
//! ```
//! The child gets no environment to speak of, limits itself before it reads a byte, and leaves no file behind unless it
//! is done. [`render`] is the worker's side, [`serve`] the child's.

mod child;
mod limits;
mod parent;
mod products;
mod protocol;
mod verdict;

pub use child::serve;
pub use limits::{ChildLimits, confine};
pub use parent::{NotRendered, Program, RenderRequest, RenderedFiles, render};
pub use protocol::{Finding, RenderTimes};
pub use verdict::Verdict;

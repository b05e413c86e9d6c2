//! Raw 4:2:0 video in the YUV4MPEG2 form: every frame, lossless, for measuring and debugging.

use std::io::{self, Write};

use crate::ground::frame::YuvFrame;
use crate::ground::geometry::Size;
use crate::ground::time::FrameRate;

/// Writes frames of one size to anything that takes bytes.
pub struct Y4mWriter<W> {
    out: W,
    size: Size,
}

impl<W: Write> Y4mWriter<W> {
    /// Writes the header: progressive, square pixels, chroma sited left (`420mpeg2`), limited range.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn create(mut out: W, size: Size, frame_rate: FrameRate) -> io::Result<Self> {
        writeln!(
            out,
            "YUV4MPEG2 W{} H{} F{}:{} Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED",
            size.width,
            size.height,
            frame_rate.numerator(),
            frame_rate.denominator()
        )?;
        Ok(Self { out, size })
    }

    /// Appends one frame.
    ///
    /// # Errors
    /// What the writer reports.
    ///
    /// # Panics
    /// When the frame is of another size than the header says.
    pub fn write(&mut self, planes: &YuvFrame) -> io::Result<()> {
        assert_eq!(planes.size(), self.size, "frame of another size than the header says");
        self.out.write_all(b"FRAME\n")?;
        self.out.write_all(&planes.y)?;
        self.out.write_all(&planes.u)?;
        self.out.write_all(&planes.v)
    }

    /// Flushes and gives the writer back.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_header_and_frames() {
        let size = Size::new(4, 2);
        let mut writer = Y4mWriter::create(Vec::new(), size, FrameRate::DEFAULT).expect("memory");
        writer.write(&YuvFrame::black(size)).expect("memory");
        let bytes = writer.finish().expect("memory");
        let mut expected = b"YUV4MPEG2 W4 H2 F30:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\nFRAME\n".to_vec();
        expected.extend_from_slice(&[16; 8]);
        expected.extend_from_slice(&[128; 4]);
        assert_eq!(bytes, expected);
    }
}

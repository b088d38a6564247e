//! A zip of files stored as they are. The only file that names the crate zip.
//!
//! The same files give the same bytes: fixed order, one given time on every file, nothing of the machine. Stored, not compressed: a
//! damaged zip still shows its messages.

use jiff::Timestamp;
use jiff::tz::Offset;
use std::io::{self, Seek, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Bytes written to the zip in one go.
const PIECE: usize = 1024 * 1024;

/// A zip that is being written.
pub(super) struct Zipped<W: Write + Seek> {
    zip: ZipWriter<W>,
    options: SimpleFileOptions,
}

impl<W: Write + Seek> Zipped<W> {
    /// Begins one, whose files bear this time.
    pub(super) fn new(out: W, at: Option<Timestamp>) -> Self {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(at.map(zip_time).unwrap_or_default())
            .unix_permissions(0o644);
        Self { zip: ZipWriter::new(out), options }
    }

    /// Adds a file.
    ///
    /// # Errors
    /// Those of the disk; a name that is there already.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.zip.start_file(name, self.options)?;
        bytes.chunks(PIECE).try_for_each(|piece| self.zip.write_all(piece))
    }

    /// Ends it.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn end(self) -> io::Result<W> {
        let mut out = self.zip.finish()?;
        out.flush()?;
        Ok(out)
    }
}

/// An instant as a zip writes it: no zone (UTC is meant), years 1980 to 2107; beyond them, its beginning.
fn zip_time(at: Timestamp) -> DateTime {
    let utc = Offset::UTC.to_datetime(at);
    let small = |n: i8| u8::try_from(n).unwrap_or_default();
    let year = u16::try_from(utc.year()).unwrap_or_default();
    let (month, day) = (small(utc.month()), small(utc.day()));
    DateTime::from_date_and_time(year, month, day, small(utc.hour()), small(utc.minute()), small(utc.second()))
        .unwrap_or_default()
}

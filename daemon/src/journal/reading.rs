//! Parts of the journal, for who needs not all of it. It changes when somebody needs another part.

use super::record::Record;
use super::{
    Head, Journal, LINE_BYTES_MAX, Line, NO_LINE, Place, Tail, Trouble, segment_path, segments, walk, walk_all,
};
use crate::disk::{self, Disk};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

impl Journal {
    /// How long the register is, bytes.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn length(data: &Path) -> io::Result<u64> {
        let (disk, dir) = (&disk::Real, data.join("journal"));
        let of = |number| Ok(disk.meta(&segment_path(&dir, number))?.map_or(0, |meta| meta.length));
        segments(disk, &dir)?.into_iter().map(of).sum()
    }

    /// The last lines of a register that somebody may be writing: its last segments, at least `bytes` of them if there are so many.
    /// What stands before is not looked at. Returns the number of the first line of these, and the head.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn recent(data: &Path, bytes: u64, mut each: impl FnMut(&Record, &Head)) -> Result<(u64, Head), Trouble> {
        let (disk, dir) = (&disk::Real, data.join("journal"));
        let io = |e| Trouble::Io(dir.clone(), e);
        let (mut chosen, mut length) = (Vec::new(), 0);
        for number in segments(disk, &dir).map_err(io)?.into_iter().rev() {
            let meta = disk.meta(&segment_path(&dir, number)).map_err(io)?;
            chosen.insert(0, number);
            length += meta.map_or(0, |meta| meta.length);
            if length >= bytes {
                break;
            }
        }
        let mut head = Head { seq: 0, hash: NO_LINE.into() };
        if let Some(first) = chosen.first().filter(|first| **first > 1) {
            head = before(disk, &segment_path(&dir, *first)).map_err(io)?.unwrap_or(head);
        }
        let first = head.seq + 1;
        let each = &mut |line: &Line<'_>| each(line.record, line.head);
        walk_all(disk, &dir, &chosen, None, &mut head, Tail::Open, each)?;
        Ok((first, head))
    }

    /// Hands over the line of a place and those after it, changing nothing. Returns the head.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn after(data: &Path, place: &Place, mut each: impl FnMut(&Record, &Head)) -> Result<Head, Trouble> {
        let (disk, dir) = (&disk::Real, data.join("journal"));
        let mut head = Head { seq: 0, hash: NO_LINE.into() };
        let mut segments = segments(disk, &dir).map_err(|e| Trouble::Io(dir.clone(), e))?;
        segments.retain(|number| *number >= place.segment);
        let each = &mut |line: &Line<'_>| each(line.record, line.head);
        walk_all(disk, &dir, &segments, Some(place), &mut head, Tail::Open, each)?;
        Ok(head)
    }

    /// Hands over the lines after a place, with the place of each, until `each` says that it has enough; none of them beyond line
    /// `upto`, so that what is not durable yet is not read. Where that came to; the place itself, if no line follows.
    ///
    /// # Errors
    /// As [`open`](Self::open): a place that this register does not have among them.
    pub fn from(
        data: &Path,
        place: &Place,
        upto: u64,
        mut each: impl FnMut(&Record, &Place) -> bool,
    ) -> Result<Place, Trouble> {
        let (disk, dir) = (&disk::Real, data.join("journal"));
        let mut head = Head { seq: 0, hash: NO_LINE.into() };
        let mut at = place.clone();
        let mut segments = segments(disk, &dir).map_err(|e| Trouble::Io(dir.clone(), e))?;
        segments.retain(|number| *number >= place.segment);
        for segment in segments {
            let start = Some(place).filter(|place| place.segment == segment);
            let walked = walk(disk, &segment_path(&dir, segment), start, &mut head, true, |line: &Line<'_>| {
                let Head { seq, hash } = line.head.clone();
                if seq > upto {
                    return Err(Stop::Enough);
                }
                if seq > place.seq {
                    at = Place { seq, hash, segment, offset: line.offset };
                    if !each(line.record, &at) {
                        return Err(Stop::Enough);
                    }
                }
                Ok(())
            });
            match walked {
                Ok(_) => {}
                Err(Stop::Enough) => break,
                Err(Stop::Trouble(trouble)) => return Err(trouble),
            }
        }
        Ok(at)
    }
}

/// Why no more lines are read.
enum Stop {
    Enough,
    Trouble(Trouble),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// The line before the first one of a segment, as that one names it.
fn before(disk: &dyn Disk, path: &Path) -> io::Result<Option<Head>> {
    let mut line = Vec::new();
    io::Read::take(BufReader::new(disk.open(path)?), LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
    let record = serde_json::from_slice::<Record>(&line).ok();
    Ok(record.map(|record| Head { seq: record.seq.saturating_sub(1), hash: record.prev }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::record::Event;
    use jiff::Timestamp;
    use std::fs;

    /// Of a register in two files the last lines are read alone, or those after a place.
    #[test]
    fn a_part_is_read_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::open::<Trouble>(disk::real(), dir.path(), None, |_, _| Ok(())).unwrap();
        let mut places = Vec::new();
        for n in 1..=4 {
            journal.append(Timestamp::UNIX_EPOCH, Event::Attempted { digest: format!("{n:064}"), n }).unwrap();
            places.extend(journal.place().cloned());
        }
        let first = dir.path().join("journal/000001.jsonl");
        let text = fs::read_to_string(&first).unwrap();
        let (kept, moved) = text.split_at(text.match_indices('\n').nth(1).unwrap().0 + 1);
        fs::write(&first, kept).unwrap();
        fs::write(first.with_file_name("000002.jsonl"), moved).unwrap();
        let recent = |bytes| {
            let mut seen = Vec::new();
            let (from, head) = Journal::recent(dir.path(), bytes, |record, _| seen.push(record.seq)).unwrap();
            assert_eq!(&head, journal.head());
            (from, seen)
        };
        assert_eq!(recent(1), (3, vec![3, 4]));
        assert_eq!(recent(u64::MAX), (1, vec![1, 2, 3, 4]));
        let mut seen = Vec::new();
        let head = Journal::after(dir.path(), &places[1], |record, _| seen.push(record.seq)).unwrap();
        assert_eq!((seen, &head), (vec![2, 3, 4], journal.head()), "the line of the place is handed over too");
        let wrong = Place { hash: NO_LINE.into(), ..places[1].clone() };
        assert!(matches!(Journal::after(dir.path(), &wrong, |_, _| {}), Err(Trouble::Broken { .. })));
        // Of the lines after a place: as many as somebody wants, and none beyond the one that is named.
        let next = |place: &Place, upto, most: usize| {
            let mut seen = Vec::new();
            let read = Journal::from(dir.path(), place, upto, |record, at| {
                seen.push((record.seq, at.seq));
                seen.len() < most
            });
            (seen, read.map(|at| at.seq).ok())
        };
        assert_eq!(next(&places[0], 4, 9), (vec![(2, 2), (3, 3), (4, 4)], Some(4)));
        let first = Place { segment: 2, offset: 0, ..places[2].clone() };
        assert_eq!(next(&first, 4, 9), (vec![(4, 4)], Some(4)));
        assert_eq!(next(&first, 3, 9), (vec![], Some(3)));
        assert_eq!(next(&places[1], 4, 1), (vec![(3, 3)], Some(3)), "the next file");
        assert_eq!(next(&wrong, 4, 9), (vec![], None));
    }
}

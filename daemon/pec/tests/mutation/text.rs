//! Changes when messages are damaged in another way that knows nothing of their structure: bytes and lines.

use super::{Draft, find};

/// Flip, insert, delete, duplicate, overwrite or swap anywhere.
pub fn bytes(draft: &mut Draft<'_>) -> String {
    let place = draft.rng.below(draft.raw.len());
    damage(draft, place)
}

/// The same where the cuts are: delimiter lines, headers of parts.
pub fn bytes_near_a_boundary(draft: &mut Draft<'_>) -> String {
    let dashes: Vec<usize> =
        draft.raw.windows(3).enumerate().filter(|(_, w)| *w == b"\n--").map(|(at, _)| at).collect();
    let near = if dashes.is_empty() { 0 } else { draft.rng.pick(&dashes) };
    let place = (near + draft.rng.below(120)).saturating_sub(20).min(draft.raw.len().saturating_sub(1));
    damage(draft, place)
}

fn damage(draft: &mut Draft<'_>, place: usize) -> String {
    let Draft { rng, raw, .. } = draft;
    let end = (place + 1 + rng.below(40)).min(raw.len());
    let range = place.min(end)..end;
    let shown = |bytes: &[u8]| format!("{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
    let piece = raw[range.clone()].to_vec();
    match rng.below(8) {
        0 | 1 => {
            let bit = rng.below(8);
            if let Some(byte) = raw.get_mut(place) {
                *byte ^= 1 << bit;
            }
            format!("bit {bit} of byte {place} of {} flipped", shown(&piece))
        }
        2 => {
            let new: Vec<u8> = (0..1 + rng.below(12)).map(|_| rng.next() as u8).collect();
            raw.splice(place..place, new.iter().copied());
            format!("{} inserted at {place}", shown(&new))
        }
        3 => {
            let new =
                rng.pick::<&[u8]>(&[b"\0", b"\r", b"\n", b"\r\n", b" ", b"--", b"\t", b"=", b"\r\n\r\n", b";", b"\""]);
            raw.splice(place..place, new.iter().copied());
            format!("{} inserted at {place}", shown(new))
        }
        4 => {
            raw.drain(range);
            format!("{} deleted at {place}", shown(&piece))
        }
        5 => {
            raw.splice(place..place, piece.iter().copied());
            format!("{} duplicated at {place}", shown(&piece))
        }
        6 => {
            let other = rng.range(raw.len(), 40);
            let copied = raw[other.clone()].to_vec();
            raw.splice(range, copied.iter().copied());
            format!("{} at {place} overwritten with {}", shown(&piece), shown(&copied))
        }
        _ => {
            let other = rng.range(raw.len(), 40);
            let (first, second) = if range.start <= other.start { (range, other) } else { (other, range) };
            if first.end <= second.start {
                let swapped = [&raw[second.clone()], &raw[first.end..second.start], &raw[first.clone()]].concat();
                raw.splice(first.start..second.end, swapped);
            }
            format!("{} swapped with other bytes", shown(&piece))
        }
    }
}

/// Whole lines lost, doubled, moved, joined, stuffed.
pub fn lines(draft: &mut Draft<'_>) -> String {
    let Draft { rng, raw, .. } = draft;
    let mut lines: Vec<Vec<u8>> = raw.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return "no line".into();
    }
    let at = rng.below(lines.len());
    let shown = String::from_utf8_lossy(&lines[at][..lines[at].len().min(60)]).to_string();
    let done = match rng.below(7) {
        0 => {
            lines.remove(at);
            "deleted"
        }
        1 => {
            lines.insert(at, lines[at].clone());
            "doubled"
        }
        2 => {
            let other = rng.below(lines.len());
            lines.swap(at, other);
            "swapped with another"
        }
        3 => {
            let line = lines.remove(at);
            let other = rng.below(lines.len() + 1);
            lines.insert(other, line);
            "moved"
        }
        4 => {
            lines[at].splice(0..0, rng.pick::<&[u8]>(&[b">", b".", b" ", b"\t", b"--"]).iter().copied());
            "prefixed"
        }
        5 => {
            let end = lines[at].iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(lines[at].len());
            lines[at].splice(end..end, rng.pick::<&[u8]>(&[b" ", b"\t", b"--", b"="]).iter().copied());
            "given a tail"
        }
        _ => {
            lines[at].retain(|byte| !matches!(byte, b'\r' | b'\n'));
            "joined to the next"
        }
    };
    *raw = lines.concat();
    format!("line {at} {shown:?} {done}")
}

/// CRLF, LF and CR for one another, in one place or everywhere.
pub fn line_ends(draft: &mut Draft<'_>) -> String {
    let Draft { rng, raw, .. } = draft;
    let (from, to) = rng.pick::<(&[u8], &[u8])>(&[
        (b"\r\n", b"\n"),
        (b"\r\n", b"\r"),
        (b"\r\n", b"\r\r\n"),
        (b"\r\n", b"\n\r\n"),
        (b"\r\n", b" \r\n"),
        (b" \r\n", b"\r\n"),
        (b"\n", b"\r\n"),
    ]);
    let start = if rng.below(3) == 0 { 0 } else { rng.below(raw.len()) };
    let most = if rng.below(2) == 0 { 1 } else { usize::MAX };
    let (mut out, mut rest, mut count) = (raw[..start].to_vec(), &raw[start..], 0);
    while count < most {
        let Some(at) = find(rest, from) else { break };
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
        count += 1;
    }
    out.extend_from_slice(rest);
    *raw = out;
    format!("{count} of {:?} made {:?} from byte {start}", String::from_utf8_lossy(from), String::from_utf8_lossy(to))
}

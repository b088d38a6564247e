//! Changes when the MIME structure is forged in another way: parts, delimiters, wrappings, crossings of two messages.

use super::{Draft, find};

/// A multipart taken apart at its delimiters, so that joining gives the same bytes.
pub struct Multi {
    pub boundary: String,
    /// First all before the first delimiter (header, preamble); then each part, beginning with the rest of its delimiter
    /// line; last what follows the closing delimiter, beginning with `--`.
    pub pieces: Vec<Vec<u8>>,
}

impl Multi {
    pub fn read(bytes: &[u8]) -> Option<Multi> {
        let at = find(bytes, b"boundary=")? + b"boundary=".len();
        let value = bytes[at..].iter().skip_while(|byte| **byte == b'"');
        let value: Vec<u8> = value.copied().take_while(|byte| !matches!(byte, b'"' | b'\r' | b'\n' | b';')).collect();
        let boundary = String::from_utf8(value).ok().filter(|boundary| !boundary.is_empty())?;
        let delimiter = format!("\n--{boundary}");
        let (mut pieces, mut rest) = (Vec::new(), bytes);
        while let Some(at) = find(rest, delimiter.as_bytes()) {
            pieces.push(rest[..at].to_vec());
            rest = &rest[at + delimiter.len()..];
        }
        pieces.push(rest.to_vec());
        (pieces.len() > 1).then_some(Multi { boundary, pieces })
    }

    pub fn join(&self) -> Vec<u8> {
        self.pieces.join(format!("\n--{}", self.boundary).as_bytes())
    }
}

/// Parts that somebody might show or believe.
const FORGED: &[&str] = &[
    "\r\nContent-Type: text/plain\r\n\r\nVersate sul nuovo IBAN.\r",
    "\r\nContent-Type: text/html\r\n\r\n<b>Accolta</b>\r",
    "\r\nContent-Type: application/xml; name=daticert.xml\r\nContent-Disposition: inline; filename=daticert.xml\r\n\r\n<postacert tipo=\"avvenuta-consegna\" errore=\"nessuno\"/>\r",
    "\r\nContent-Type: message/rfc822; name=postacert.eml\r\n\r\nFrom: sindaco@pec.comune.example\r\n\r\nPagate.\r",
    "\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\nMAA=\r",
    "\r\nContent-Type: multipart/mixed; boundary=finto\r\n\r\n--finto\r\n\r\nfinto\r\n--finto--\r",
    "\r\n\r",
    "\r",
    "--\r",
];

/// The two parts of the outer multipart, and what stands around them.
pub fn outer(draft: &mut Draft<'_>) -> String {
    let Some(mut multi) = Multi::read(&draft.raw) else {
        return "not a multipart".into();
    };
    let said = rearranged(draft, &mut multi);
    draft.raw = multi.join();
    said
}

/// The parts inside the signed one.
pub fn signed(draft: &mut Draft<'_>) -> String {
    let inner = Multi::read(&draft.raw).and_then(|multi| Some((Multi::read(multi.pieces.get(1)?)?, multi)));
    let Some((mut inner, mut multi)) = inner else {
        return outer(draft);
    };
    let said = rearranged(draft, &mut inner);
    multi.pieces[1] = inner.join();
    draft.raw = multi.join();
    said
}

fn rearranged(draft: &mut Draft<'_>, multi: &mut Multi) -> String {
    let rng = &mut draft.rng;
    let pieces = &mut multi.pieces;
    let at = 1 + rng.below(pieces.len() - 1);
    match rng.below(9) {
        0 => {
            pieces.remove(at);
            format!("part {at} dropped")
        }
        1 => {
            let copy = pieces[at].clone();
            pieces.insert(at, copy);
            format!("part {at} doubled")
        }
        2 => {
            let other = 1 + rng.below(pieces.len() - 1);
            pieces.swap(at, other);
            format!("parts {at} and {other} swapped")
        }
        3 | 4 => {
            let forged = rng.pick(FORGED);
            pieces.insert(at, forged.into());
            format!("before part {at}: {forged:?}")
        }
        5 => {
            let forged = rng.pick(FORGED);
            let end = pieces.len() - usize::from(rng.below(2) == 0);
            pieces.insert(end, forged.into());
            format!("at the end: {forged:?}")
        }
        6 => {
            let forged = rng.pick(FORGED);
            pieces[at] = forged.into();
            format!("part {at} replaced by {forged:?}")
        }
        7 => {
            let around = rng.pick(&[0, pieces.len() - 1]);
            pieces[around].extend_from_slice(b"\r\nVersate sul nuovo IBAN.\r\n");
            format!("text before or after the parts ({around})")
        }
        _ => {
            let base64 =
                [b"\r\nContent-Transfer-Encoding: base64\r\n\r\n", super::base64(&pieces[at]).as_bytes()].concat();
            pieces[at] = base64;
            format!("part {at} in base64")
        }
    }
}

/// The boundary, in the header and in the delimiter lines: not the same any more, or twice, or of the other multipart.
pub fn delimiters(draft: &mut Draft<'_>) -> String {
    let Some(mut multi) = Multi::read(&draft.raw) else {
        return "not a multipart".into();
    };
    let rng = &mut draft.rng;
    let inner = multi.pieces.get(1).and_then(|piece| Multi::read(piece)).map_or("finto".into(), |inner| inner.boundary);
    let own = multi.boundary.clone();
    let head = String::from_utf8_lossy(&multi.pieces[0]).to_string();
    let forms = [
        format!("boundary=\"{inner}\""),
        format!("boundary=\"{own}\"; boundary=\"{inner}\""),
        format!("boundary=\"{inner}\"; boundary=\"{own}\""),
        format!("boundary*=utf-8''{inner}; boundary=\"{own}\""),
        format!("boundary*0=\"{}\"; boundary*1=\"{}\"", &own[..own.len() / 2], &own[own.len() / 2..]),
        format!("boundary={own}"),
        format!("BOUNDARY=\"{own}\""),
        format!("boundary=\"{own} \""),
        format!("boundary=\" {own}\""),
        format!("boundary=\"{}\"", &own[..own.len() - 1]),
        format!("boundary=\"{own}x\""),
        "boundary=\"\"".into(),
        format!("boundary=(finto)\"{own}\""),
        format!("boundary=\"{own}\"; (boundary=\"{inner}\")"),
        format!("x=\"boundary={inner}\"; boundary=\"{own}\""),
        format!("boundary=\"\\{own}\""),
        format!("boundary=\"{}\"", own.to_ascii_uppercase()),
    ];
    let form = forms[rng.below(forms.len())].clone();
    for written in [format!("boundary=\"{own}\""), format!("boundary={own}")] {
        if rng.below(3) > 0 && head.contains(&written) {
            multi.pieces[0] = head.replacen(&written, &form, 1).into_bytes();
            draft.raw = multi.join();
            return format!("the header says {form}");
        }
    }
    let line = rng.pick(&["", " ", "--", "-- ", "\t", "x", "\0", "--\r\n", "\r\n\r\n"]);
    let at = 1 + rng.below(multi.pieces.len() - 1);
    multi.pieces[at].splice(0..0, line.bytes());
    draft.raw = multi.join();
    format!("{line:?} after delimiter {at}")
}

/// The whole inside something else, with the outer headers repeated, so that a deep search would find it.
pub fn wrapped(draft: &mut Draft<'_>) -> String {
    let raw = &draft.raw;
    let end = find(raw, b"\r\n\r\n").or_else(|| find(raw, b"\n\n")).unwrap_or(raw.len());
    let head = String::from_utf8_lossy(&raw[..end]).to_string();
    let mut kept = String::new();
    let mut skipping = false;
    for line in head.lines() {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        skipping =
            matches!(name.as_str(), "content-type" | "mime-version") || skipping && line.starts_with([' ', '\t']);
        if !skipping {
            kept.push_str(line.trim_end());
            kept.push_str("\r\n");
        }
    }
    let (said, parts) = draft.rng.pick(&[
        ("in a message/rfc822", "Content-Type: message/rfc822\r\n\r\n@"),
        ("in a multipart/mixed", "Content-Type: multipart/mixed; boundary=finto\r\n\r\n--finto\r\n@\r\n--finto--\r\n"),
        (
            "in a multipart/signed without signature",
            "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=finto\r\n\r\n--finto\r\n@\r\n--finto--\r\n",
        ),
        (
            "beside a forged text",
            "Content-Type: multipart/mixed; boundary=finto\r\n\r\n--finto\r\nContent-Type: text/plain\r\n\r\nPagate.\r\n--finto\r\nContent-Type: message/rfc822\r\n\r\n@\r\n--finto--\r\n",
        ),
        (
            "as the second part of a signed one",
            "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=finto\r\n\r\n--finto\r\nContent-Type: text/plain\r\n\r\nPagate.\r\n--finto\r\n@\r\n--finto--\r\n",
        ),
    ]);
    let (before, after) = parts.split_once('@').unwrap();
    draft.raw = [kept.as_bytes(), b"MIME-Version: 1.0\r\n", before.as_bytes(), raw, after.as_bytes()].concat();
    said.into()
}

/// Head of one, body of another; or its signed part, or its signature, or a part inside.
pub fn crossed(draft: &mut Draft<'_>) -> String {
    let donor = draft.donor();
    let (Some(mut multi), Some(other)) = (Multi::read(&draft.raw), Multi::read(&donor.raw)) else {
        return "not a multipart".into();
    };
    let inside = |multi: &Multi| multi.pieces.get(1).and_then(|piece| Multi::read(piece));
    let said = match draft.rng.below(5) {
        0 => {
            // The boundary goes with the header: the body keeps its own.
            let renamed: Vec<Vec<u8>> = other.pieces[1..].to_vec();
            multi.pieces.splice(1.., renamed);
            "the body"
        }
        1 => {
            multi.pieces[1] = other.pieces[1].clone();
            "the signed part"
        }
        2 => {
            if let (Some(own), Some(signature)) = (multi.pieces.get_mut(2), other.pieces.get(2)) {
                own.clone_from(signature);
            }
            "the signature"
        }
        3 => {
            multi.pieces.insert(1, other.pieces[1].clone());
            "the signed part, before our own"
        }
        _ => {
            if let (Some(mut own), Some(foreign)) = (inside(&multi), inside(&other)) {
                let at = 1 + draft.rng.below(own.pieces.len() - 1);
                own.pieces[at] = foreign.pieces[1 + draft.rng.below(foreign.pieces.len() - 1)].clone();
                multi.pieces[1] = own.join();
            }
            "a part inside the signed one"
        }
    };
    draft.raw = multi.join();
    format!("{said} of {}", donor.name)
}

//! Changes when header fields are forged in another way, at the top or in a part.

use super::parts::Multi;
use super::{Draft, Rng, find};

/// Fields that somebody might believe.
const FORGED: &[&str] = &[
    "From: \"Per conto di: sindaco@pec.comune.example\" <posta-certificata@pec.beta.test>",
    "From: posta-certificata@pec.gamma.test",
    "From: ladro@altrove.test",
    "Sender: posta-certificata@pec.gamma.test",
    "Reply-To: ladro@altrove.test",
    "To: altro@pec.comune.example",
    "Subject: POSTA CERTIFICATA: altro",
    "Date: Tue, 3 Feb 2015 10:10:11 +0100",
    "Message-ID: <altro@pec.beta.test>",
    "X-Riferimento-Message-ID: <altro@cittadini.test>",
    "X-Trasporto: posta-certificata",
    "X-Trasporto: errore",
    "X-Ricevuta: avvenuta-consegna",
    "X-Ricevuta: accettazione",
    "X-VerificaSicurezza: errore",
    "X-TipoRicevuta: sintetica",
    "Content-Type: multipart/mixed; boundary=\"finto\"",
    "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=\"finto\"",
    "Content-Type: text/plain",
    "Content-Transfer-Encoding: base64",
    "Content-Transfer-Encoding: quoted-printable",
    "Content-Disposition: attachment; filename=daticert.xml",
    "MIME-Version: 1.0",
    "MIME-Version: 2.0",
    "Resent-From: posta-certificata@pec.gamma.test",
    "Return-Path: <ladro@altrove.test>",
    " una riga che continua",
    "una riga che non e' un campo",
    "",
];

/// Of the message itself: nothing here is signed.
pub fn outer(draft: &mut Draft<'_>) -> String {
    let end = header_end(&draft.raw);
    let (said, head) = changed(&mut draft.rng, &draft.raw[..end]);
    draft.raw.splice(..end, head);
    said
}

/// Of a part: the signed one, one inside it, or the signature.
pub fn of_a_part(draft: &mut Draft<'_>) -> String {
    let Some(mut multi) = Multi::read(&draft.raw) else {
        return outer(draft);
    };
    let at = 1 + draft.rng.below(multi.pieces.len().saturating_sub(1));
    let inside = (draft.rng.below(2) == 0).then(|| Multi::read(&multi.pieces[at])).flatten();
    let (said, piece) = match inside {
        Some(mut inner) => {
            let part = draft.rng.below(inner.pieces.len());
            let (said, piece) = changed_part(&mut draft.rng, &inner.pieces[part]);
            inner.pieces[part] = piece;
            (format!("of part {part} inside part {at}: {said}"), inner.join())
        }
        None => {
            let (said, piece) = changed_part(&mut draft.rng, &multi.pieces[at]);
            (format!("of part {at}: {said}"), piece)
        }
    };
    multi.pieces[at] = piece;
    draft.raw = multi.join();
    said
}

/// A piece begins with what is left of its delimiter line.
fn changed_part(rng: &mut Rng, piece: &[u8]) -> (String, Vec<u8>) {
    let start = find(piece, b"\n").map_or(0, |at| at + 1);
    let end = start + header_end(&piece[start..]);
    let (said, head) = changed(rng, &piece[start..end]);
    (said, [&piece[..start], &head, &piece[end..]].concat())
}

fn header_end(bytes: &[u8]) -> usize {
    find(bytes, b"\r\n\r\n").map(|at| at + 2).or_else(|| find(bytes, b"\n\n").map(|at| at + 1)).unwrap_or(bytes.len())
}

fn changed(rng: &mut Rng, head: &[u8]) -> (String, Vec<u8>) {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        match fields.last_mut() {
            Some(field) if matches!(line.first(), Some(b' ' | b'\t')) => field.extend_from_slice(line),
            _ => fields.push(line.to_vec()),
        }
    }
    let forged = format!("{}\r\n", rng.pick(FORGED)).into_bytes();
    let at = rng.below(fields.len());
    let Some(field) = fields.get(at).cloned() else {
        return ("a header where there was none".into(), forged);
    };
    let text = String::from_utf8_lossy(&field).trim_end().to_string();
    let (name, value) = text.split_once(':').unwrap_or((&text, ""));
    let shown = String::from_utf8_lossy(&forged).trim_end().to_string();
    let line = |text: String| format!("{text}\r\n").into_bytes();
    let said = match rng.below(12) {
        0 => {
            fields.remove(at);
            format!("{name} removed")
        }
        1 => {
            fields.insert(rng.below(fields.len() + 1), field);
            format!("{name} doubled")
        }
        2 | 3 => {
            fields.insert(rng.below(fields.len() + 1), forged);
            format!("{shown:?} added")
        }
        4 | 5 => {
            // The field of that name, if there is one.
            let name = shown.split(':').next().unwrap_or_default().to_ascii_lowercase();
            let same = fields.iter().position(|f| String::from_utf8_lossy(f).to_ascii_lowercase().starts_with(&name));
            fields[same.unwrap_or(at)] = forged;
            format!("{shown:?} in the place of another")
        }
        6 => {
            let to = rng.below(fields.len());
            fields.swap(at, to);
            format!("{name} moved")
        }
        7 => {
            fields[at] = line(format!("{}:{value}", name.to_ascii_uppercase()));
            format!("{name} in upper case")
        }
        8 => {
            fields[at] = line(format!("{name}:\r\n {}", value.trim().replace("; ", ";\r\n\t")));
            format!("{name} folded")
        }
        9 => {
            fields[at] = line(format!("{name}: (commento) {}", value.trim()));
            format!("{name} with a comment")
        }
        10 => {
            fields[at] = line(format!("{name}: =?utf-8?q?{}?=", value.trim().replace(' ', "_")));
            format!("{name} as an encoded word")
        }
        _ => {
            let cut = rng.below(value.chars().count());
            let (left, right): (String, String) =
                (value.chars().take(cut).collect(), value.chars().skip(cut).collect());
            let new = rng.pick(&["\0", " ", "\"", "\\", ",", ";", "<", "@", "%0a", "é", "\t", "boundary=finto;"]);
            fields[at] = line(format!("{name}:{left}{new}{right}"));
            format!("{new:?} inside {name}")
        }
    };
    (said, fields.concat())
}

//! Folder names beyond ASCII: modified UTF-7 (RFC 3501 §5.1.3). Pure; it changes when servers speak UTF-8 (RFC 6855).

/// The alphabet of RFC 3501 §5.1.3: base64 with `,` for `/`.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// A name as the server spells it. Printable ASCII stays as it is, `&` becomes `&-`, the rest is UTF-16 in base64.
pub(super) fn encode(name: &str) -> String {
    let mut out = String::new();
    let mut beyond: Vec<u16> = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            shift(&mut out, &mut beyond);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            beyond.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        }
    }
    shift(&mut out, &mut beyond);
    out
}

/// Writes out what waits beyond ASCII: `&`, base64 without padding, `-`.
fn shift(out: &mut String, beyond: &mut Vec<u16>) {
    if beyond.is_empty() {
        return;
    }
    out.push('&');
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut digit = |value: u32| out.extend(ALPHABET.get((value & 0x3f) as usize).map(|&b| char::from(b)));
    for unit in beyond.drain(..) {
        bits = bits << 16 | u32::from(unit);
        held += 16;
        while held >= 6 {
            held -= 6;
            digit(bits >> held);
        }
        bits &= 0x3f;
    }
    if held > 0 {
        digit(bits << (6 - held));
    }
    out.push('-');
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn names_are_spelled_as_the_rfc_spells_them() {
        // The first two are RFC 3501's own.
        for (name, wire) in [
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Hi Mom -\u{263a}-!", "Hi Mom -&Jjo--!"),
            ("INBOX", "INBOX"),
            ("Posta & ricevute", "Posta &- ricevute"),
            ("Attività", "Attivit&AOA-"),
            ("😀", "&2D3eAA-"),
        ] {
            assert_eq!(encode(name), wire);
        }
    }
}

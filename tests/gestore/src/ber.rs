//! Changes when another provider's habit of writing BER is found.
//!
//! Legalmail, TI Trust, Irideos, Cedacri and (2026) Aruba write the outer constructed elements of the CMS with indefinite
//! lengths, as Bouncy Castle does (pec.md §8). Only those are rewritten here: certificates and signer infos keep their bytes.

use crate::der::Reader;

/// Re-encodes a detached DER CMS as BER: ContentInfo, its `[0]`, SignedData, encapContentInfo and `[0]` certificates get
/// indefinite lengths. `None` if `der` is not a SignedData.
pub(crate) fn indefinite(der: &[u8]) -> Option<Vec<u8>> {
    let mut content_info = Reader::new(der).enter(0x30)?;
    let (_, content_type, _) = content_info.next()?;
    let mut signed_data = content_info.enter(0xa0)?.enter(0x30)?;

    let mut inner = Vec::new();
    while let Some((tag, whole, content)) = signed_data.next() {
        match tag {
            0x30 | 0xa0 => inner.extend(open_ended(tag, content)),
            _ => inner.extend_from_slice(whole),
        }
    }
    let explicit = open_ended(0xa0, &open_ended(0x30, &inner));
    Some(open_ended(0x30, &[content_type, &explicit].concat()))
}

/// An element of indefinite length, closed by end-of-contents (X.690 §8.1.3.6).
fn open_ended(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x80], content, &[0, 0]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::element;

    #[test]
    fn only_the_outer_shell_is_opened() {
        let signer_infos = element(0x31, &element(0x30, &[2, 1, 1]));
        let signed_data =
            [&[2, 1, 1][..], &element(0x30, &[6, 1, 9]), &element(0xa0, &element(0x30, b"cert")), &signer_infos]
                .concat();
        let der = element(0x30, &[element(0x06, &[1]), element(0xa0, &element(0x30, &signed_data))].concat());

        let ber = indefinite(&der).unwrap();

        let eoc: &[u8] = &[0, 0];
        let expected = [
            &[0x30, 0x80, 6, 1, 1, 0xa0, 0x80, 0x30, 0x80, 2, 1, 1][..],
            &[0x30, 0x80, 6, 1, 9],
            eoc,
            &[0xa0, 0x80],
            &element(0x30, b"cert"),
            eoc,
            &signer_infos,
            eoc,
            eoc,
            eoc,
        ]
        .concat();
        assert_eq!(ber, expected);
    }

    #[test]
    fn what_is_not_a_cms_is_refused() {
        assert!(indefinite(b"").is_none());
        assert!(indefinite(&element(0x30, b"\x02\x01\x01")).is_none());
    }
}

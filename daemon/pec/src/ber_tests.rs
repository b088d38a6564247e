//! BER that providers send, BER that attackers send.

use super::*;
use proptest::prelude::*;

#[test]
fn indefinite_lengths_become_definite_and_the_rest_is_not_touched() {
    // SEQUENCE(indef) { INTEGER 5, [0](indef) { OCTET STRING constructed { "ab", "c" } } } and two bytes after it.
    let ber = [0x30, 0x80, 2, 1, 5, 0xa0, 0x80, 0x24, 0x80, 4, 2, b'a', b'b', 4, 1, b'c', 0, 0, 0, 0, 0, 0, 9, 9];
    let (der, taken) = normalise(&ber).unwrap();
    assert_eq!(der.as_ref(), [0x30, 10, 2, 1, 5, 0xa0, 5, 4, 3, b'a', b'b', b'c']);
    assert_eq!(taken, ber.len() - 2);
}

#[test]
fn a_length_longer_than_needed_is_kept_when_nothing_inside_changes() {
    let odd = [0x30, 0x81, 3, 2, 1, 5];
    assert_eq!(normalise(&odd).unwrap().0.as_ref(), odd);
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let bomb: Vec<u8> = [0x30, 0x80].repeat(100_000);
    assert_eq!(normalise(&bomb), None);
    let deep = (0..DEPTH_MAX).fold(alloc::vec![5, 0], |inner, _| element(SEQUENCE, &inner));
    assert!(normalise(&deep).is_some());
    assert!(normalise(&element(SEQUENCE, &element(SEQUENCE, &deep))).is_none());
}

#[test]
fn a_string_in_pieces_must_hold_strings() {
    assert_eq!(normalise(&[0x24, 3, 2, 1, 5]), None);
}

#[test]
fn a_string_in_pieces_of_pieces_is_joined_whole() {
    // "abc" = { { "a", { "b" } }, "", { indef "c" } }; `cms` 0.3 hands out such content with the inner headers in it.
    let inner = element(0x24, &[element(4, b"a"), element(0x24, &element(4, b"b"))].concat());
    let open = [&[0x24, 0x80][..], &element(4, b"c"), &[0, 0]].concat();
    let ber = element(0x24, &[inner, element(4, b""), open].concat());
    assert_eq!(normalise(&ber).unwrap().0.as_ref(), element(4, b"abc"));
    let within = element(SEQUENCE, &[element(INTEGER, &[1]), ber].concat());
    assert_eq!(normalise(&within).unwrap().0.as_ref(), [0x30, 8, 2, 1, 1, 4, 3, b'a', b'b', b'c']);
}

#[test]
fn what_lacks_its_end_is_refused() {
    for broken in
        [&[0x30, 0x80][..], &[0x30, 0x80, 0], &[0x30, 0x80, 4, 1], &[0x24, 0x80, 4, 1, b'a'], &[0x30, 4, 0x30, 0x80, 0]]
    {
        assert_eq!(normalise(broken), None, "{broken:?}");
    }
}

#[test]
fn rewriting_is_bounded() {
    let many = |n: usize| element(SEQUENCE, &[0x30, 0x80, 0, 0].repeat(n));
    assert!(normalise(&many(CHANGES_MAX - 1)).is_some());
    assert_eq!(normalise(&many(CHANGES_MAX)), None);
}

fn ber() -> impl Strategy<Value = Vec<u8>> {
    let leaf =
        (1u8..31, proptest::collection::vec(any::<u8>(), 0..200)).prop_map(|(tag, content)| element(tag, &content));
    leaf.prop_recursive(6, 64, 5, |inner| {
        (0usize..3, proptest::collection::vec(inner, 0..5)).prop_map(|(form, children)| {
            let content = children.concat();
            match form {
                0 => element(SEQUENCE, &content),
                1 => [&[0x30, 0x80], content.as_slice(), &[0, 0]].concat(),
                _ => {
                    let pieces: Vec<u8> = content.chunks(7).flat_map(|c| element(OCTET_STRING, c)).collect();
                    [&[0x24, 0x80], pieces.as_slice(), &[0, 0]].concat()
                }
            }
        })
    })
}

proptest! {
    #[test]
    fn normalising_twice_is_normalising_once(bytes in ber()) {
        let (once, taken) = normalise(&bytes).unwrap();
        prop_assert_eq!(taken, bytes.len());
        let (twice, _) = normalise(&once).unwrap();
        prop_assert_eq!(&twice, &once);
        prop_assert!(read(&once).is_some_and(|(tlv, rest)| tlv.whole == once.as_ref() && rest.is_empty()));
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Some((der, taken)) = normalise(&bytes) {
            prop_assert!(taken <= bytes.len() && read(&der).is_some());
        }
    }
}

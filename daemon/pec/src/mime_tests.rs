//! Cutting: delimiters that are and that are not, headers as real mail writes them.

use super::*;
use alloc::format;
use alloc::vec;
use proptest::prelude::*;

fn parts<'a>(body: &'a [u8], boundary: &str) -> (Vec<&'a [u8]>, bool) {
    let multipart = Multipart::read(body, &Dashes::find(body), boundary.as_bytes(), 10);
    (multipart.parts, multipart.closed)
}

#[test]
fn a_part_ends_before_the_line_break_of_the_next_delimiter() {
    let body =
        b"preamble\r\n--b\r\none\r\n\r\n--b \t\r\n--b\r\n--bx\r\n --b\r\nthree\r\n--b--\r\nepilogue\r\n--b\r\nno";
    let expected: Vec<&[u8]> = vec![b"one\r\n", b"", b"--bx\r\n --b\r\nthree"];
    assert_eq!(parts(body, "b"), (expected, true));
}

#[test]
fn bare_line_feeds_cut_the_same_and_a_missing_end_shows() {
    assert_eq!(parts(b"--b\none\n--b--", "b"), (vec![b"one".as_slice()], true));
    assert_eq!(parts(b"--b\r\none\r\n", "b"), (vec![b"one\r\n".as_slice()], false));
    assert_eq!(parts(b"x--b\r\none\r\n--b--", "b"), (vec![], false), "the only delimiter closes nothing");
}

#[test]
fn too_many_parts_are_not_read() {
    let body = b"--b\r\n1\r\n--b\r\n2\r\n--b\r\n3\r\n--b--";
    let multipart = Multipart::read(body, &Dashes::find(body), b"b", 2);
    assert_eq!((multipart.parts.len(), multipart.cut), (2, true));
}

#[test]
fn fields_are_unfolded_counted_and_their_case_ignored() {
    let entity =
        Entity::read(b"X-Ricevuta:\r\n\taccetta\r\n zione \r\nx-ricevuta : b\nnonsense\r\nA: \xe8\r\n\r\nbody\r\n");
    let values: Vec<String> = entity.all("X-RICEVUTA").map(Field::text).collect();
    assert_eq!(values, ["accetta zione", "b"]);
    assert_eq!(entity.first("a").map(Field::text).as_deref(), Some("è"));
    assert_eq!((entity.body, entity.odd_lines), (b"body\r\n".as_slice(), 1));
    assert!(entity.only("X-Ricevuta").is_none());
}

#[test]
fn a_header_without_end_is_cut_not_swallowed() {
    let long = [b"A: ".as_slice(), &vec![b'x'; HEADER_BYTES_MAX], b"\r\n\r\nbody"].concat();
    assert!(Entity::read(&long).cut);
    assert!(Entity::read("A: x\r\n".repeat(HEADER_FIELDS_MAX + 1).as_bytes()).cut);
    assert!(!Entity::read(b"A: x").cut);
}

#[test]
fn a_boundary_has_one_reading_or_none() {
    let boundary = |value: &str| MediaType::read(value.as_bytes()).and_then(|m| m.boundary().map(<[u8]>::to_vec));
    assert_eq!(boundary("Multipart/Signed; Boundary=\"a;b\\\"c\""), Some(b"a;b\"c".to_vec()));
    assert_eq!(boundary("multipart/signed (a; boundary=\"x\") ;\r\n\tboundary=--=_a/b(c)"), Some(b"--=_a/b".to_vec()));
    assert_eq!(boundary("multipart/signed; x=\"; boundary=no\"; boundary=yes"), Some(b"yes".to_vec()));
    for refused in ["; boundary=a; boundary=a", "; boundary*=a", "; boundary*0=a; boundary*1=b", "; boundary=\"\"", ""]
    {
        assert_eq!(boundary(&format!("multipart/signed{refused}")), None, "{refused}");
    }
    assert_eq!(MediaType::read(b"text"), None);
}

#[test]
fn canonical_lines_end_with_crlf_once() {
    assert_eq!(with_crlf(b"a\nb\r\nc\rd\n"), b"a\r\nb\r\nc\rd\r\n");
    assert!(has_bare_lf(None, b"\n") && !has_bare_lf(None, b"a\r\n\r") && has_bare_lf(None, b"\r\n\n"));
    assert!(!has_bare_lf(Some(b'\r'), b"\n") && has_bare_lf(Some(b'a'), b"\n") && !has_bare_lf(None, b""));
}

proptest! {
    /// What goes in between delimiters comes out, to the byte.
    #[test]
    fn the_signed_range_is_exact(inside in proptest::collection::vec(any::<u8>(), 0..400), lf in any::<bool>()) {
        let end: &[u8] = if lf { b"\n" } else { b"\r\n" };
        prop_assume!(memchr::memmem::find(&inside, b"--=_b").is_none());
        // A CR before a bare LF cannot be told from a CRLF.
        prop_assume!(!lf || inside.last() != Some(&b'\r'));
        let body = [b"x", end, b"--=_b", end, &inside, end, b"--=_b", end, b"sig", end, b"--=_b--", end].concat();
        let multipart = Multipart::read(&body, &Dashes::find(&body), b"=_b", 3);
        prop_assert_eq!(multipart.parts, vec![inside.as_slice(), b"sig"]);
        prop_assert!(multipart.closed);
    }

    #[test]
    fn any_bytes_are_cut_within_themselves(body in "[-b\r\nx: ;=\"(]{0,200}") {
        let entity = Entity::read(body.as_bytes());
        prop_assert!(entity.body.len() <= body.len());
        let multipart = Multipart::read(body.as_bytes(), &Dashes::find(body.as_bytes()), b"b", 5);
        prop_assert!(multipart.parts.iter().map(|p| p.len()).sum::<usize>() <= body.len() && multipart.parts.len() <= 5);
        let _ = MediaType::read(body.as_bytes());
    }
}

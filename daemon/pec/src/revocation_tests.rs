//! Lists made by `gestore` and OpenSSL.

use super::*;
use std::{fs, path::Path};

fn testdata(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ca").join(name)).unwrap()
}

#[test]
fn a_list_is_taken_once_as_der_or_pem_and_the_version_follows_the_set() {
    let (one, two) = (testdata("sub_empty.crl"), testdata("sub_rev_later.crl"));
    let mut lists = StatusLists::new();
    let filed = lists.add(&one).unwrap();
    assert_eq!((filed.is_crl, filed.issuer.as_str()), (true, "CA Firma PEC di Prova"));
    assert_eq!(filed.this_update, "2018-05-20T00:00:00Z".parse().unwrap());
    assert_eq!(filed.next_update, Some("2018-07-01T00:00:00Z".parse().unwrap()));
    let first = lists.version();
    let pem = der::pem::encode_string("X509 CRL", der::pem::LineEnding::LF, &one).unwrap();
    assert_eq!(lists.add(pem.as_bytes()).unwrap(), filed);
    assert_eq!((lists.len(), lists.version()), (1, first));
    lists.add(&two).unwrap();
    let mut other_order = StatusLists::new();
    other_order.add(&two).unwrap();
    other_order.add(&one).unwrap();
    assert!(lists.version() != first && lists.version() == other_order.version());
}

#[test]
fn what_is_no_list_is_refused() {
    let mut lists = StatusLists::new();
    for wrong in [&testdata("sub.der")[..], b"", b"-----BEGIN X509 CRL-----", b"\x30\x03\x0a\x01\x06"] {
        assert_eq!(lists.add(wrong).unwrap_err().code, "list-unreadable");
    }
    assert_eq!(lists.add(&std::vec![b'x'; 2 * LIST_BYTES_MAX + 1]).unwrap_err().code, "list-too-large");
    assert!(lists.is_empty());
}

//! The directory of RFC 6109 §4.5.2, bare and signed with OpenSSL; and what it says of messages.

use super::*;
use crate::anchors::Anchor;
use crate::report::Report;
use std::{fs, path::Path};

fn testdata(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)).unwrap()
}

fn day(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    day("2026-11-22T12:00:00Z")
}

/// The authority of the vectors, trusted for `purpose`.
fn anchors(purpose: Purpose) -> Anchors {
    let anchor = Anchor::from_certificate(&testdata("ca/sub.der"), "Prova", &[], false).unwrap();
    Anchors { list: Vec::from([Anchor { purpose, ..anchor }]) }
}

#[test]
fn the_directory_of_the_rfc_reads() {
    let directory = Directory::unsigned(&testdata("directory/rfc6109.ldif"), None).unwrap();
    assert_eq!(directory.voucher, Voucher::Administrator);
    assert_eq!(directory.notes, Vec::<String>::new(), "each certificate has the digest that is listed");
    let names: Vec<_> = directory.providers.iter().map(|p| (p.name.as_str(), p.unit.as_deref())).collect();
    let secondary = ("Certified Mail S.p.A.", Some("Secondary Environment"));
    assert_eq!(
        names,
        [("Anonymous Certified Mail S.p.A.", None), secondary, ("Postal Services S.r.l.", None)],
        "the root has no certificate and is no provider"
    );
    let units = directory.listing("7e7aef1059ae0f454f2643a95f69ec3556009239");
    let domains: Vec<_> = units.flat_map(|p| &p.managed_domains).map(String::as_str).collect();
    assert_eq!(
        domains,
        [
            "cert.company.example.com",
            "costmec.example.com",
            "mail.anpocert.example.com",
            "management.anpocert.example.com",
            "personnel.anpocert.example.com"
        ]
    );
    let postal = directory.listing("e00fdd9d88be0e2cc766b893315caf93d5701a6a").next().unwrap();
    assert_eq!(postal.mail_receipt.as_deref(), Some("ssacceptance@postalser.example.com"));
    assert_eq!(postal.ldif_url.as_deref(), Some("http://postalser.example.com/ldif.txt.p7m"));
    assert_eq!(postal.certificates.len(), 1);
    assert!(directory.listing("").next().is_none());
}

#[test]
fn a_signed_directory_is_read_under_an_anchor_for_directories() {
    let file = testdata("directory/rfc6109.ldif.p7m");
    let directory = Directory::read(&file, &anchors(Purpose::Elenco), now()).unwrap();
    let by = String::from("Gestore PEC di Prova S.p.A.");
    assert_eq!(directory.voucher, Voucher::Signed { by, anchor: "Prova".into(), simulation: false });
    assert_eq!(directory.dated.unwrap().to_string(), "2026-06-15T12:00:00Z");
    let bare = Directory::unsigned(&testdata("directory/rfc6109.ldif"), None).unwrap();
    assert_eq!(directory.providers, bare.providers);
    // The signer's own key may be pinned instead of an authority's.
    let leaf = Cert::read(&testdata("ca/v_now.der")).unwrap().spki_sha256;
    let pinned = Anchors { list: Vec::from([Anchor::pin("Firma", leaf, Purpose::Elenco)]) };
    assert!(Directory::read(&file, &pinned, now()).is_ok());
}

#[test]
fn a_directory_that_nobody_vouches_for_is_refused() {
    let file = testdata("directory/rfc6109.ldif.p7m");
    let refused = |file: &[u8], anchors: &Anchors, now| Directory::read(file, anchors, now).unwrap_err().code;
    let right = anchors(Purpose::Elenco);
    for purpose in [Purpose::FirmaPec, Purpose::FirmaDocumenti, Purpose::RicevuteRem] {
        assert!(matches!(refused(&file, &anchors(purpose), now()), "issuer-missing" | "no-anchor"), "{purpose:?}");
    }
    assert_eq!(refused(&testdata("directory/rfc6109.ldif"), &right, now()), "directory-unsigned");
    assert_eq!(refused(&testdata("made/no-signer.p7m"), &right, now()), "directory-unsigned");
    assert_eq!(refused(&testdata("made/good-bad.p7m"), &right, now()), "directory-signature");
    assert_eq!(refused(&testdata("made/good.p7m"), &right, now()), "directory-unreadable");
    assert_eq!(refused(&file, &right, day("2026-06-01T00:00:00Z")), "directory-future");
    let mut changed = file.clone();
    let domain = changed.windows(7).position(|w| w == b"costmec").unwrap();
    changed[domain] = b'C';
    assert_eq!(refused(&changed, &right, now()), "directory-signature");
}

#[test]
fn what_is_no_directory_says_where() {
    let refused = |ldif: &str| Directory::unsigned(ldif.as_bytes(), None).unwrap_err();
    assert_eq!(refused("dn: o=postacert\no: postacert\n").code, "directory-empty");
    let hash = "providerCertificateHash: 7E7AEF1059AE0F454F2643A95F69EC355600923";
    assert!(refused(&format!("dn: x\n{hash}\n")).text.contains("riga 2"), "39 digits");
    assert!(refused(&format!("dn: x\nchangetype: add\n{hash}9\n")).text.contains("riga 2"));
    assert_eq!(refused("dn: x\nmanagedDomains:< file:///etc/passwd\n").code, "directory-unreadable");
    assert!(refused(&format!("dn: x\n{hash}9\n\n").repeat(ENTRIES_MAX + 1)).text.contains("riga"));
}

/// What the two checks say together: the outcome, as a code.
fn said(directory: Option<&Directory>, certificate: &[u8], at: &str, data: &Daticert) -> (&'static str, Grade) {
    let mut sheet = Sheet::new();
    listed(&mut sheet, directory, certificate, day(at));
    manages(&mut sheet, directory, certificate, data);
    let (grade, report): (Grade, Report) = sheet.close();
    let code = match report.outcome(Check::Directory) {
        Some(Outcome::Pass) => "pass",
        Some(Outcome::Fail(why)) => why.code,
        Some(Outcome::Moot) | None => "moot",
    };
    (code, grade)
}

fn data(tipo: &str, mittente: &str, consegna: Option<&str>) -> Daticert {
    let consegna = consegna.map(|c| format!("<consegna>{c}</consegna>")).unwrap_or_default();
    let xml = format!(
        "<postacert tipo=\"{tipo}\" errore=\"nessuno\"><intestazione><mittente>{mittente}</mittente>\
         <destinatari tipo=\"certificato\">b@altrove.test</destinatari><risposte>{mittente}</risposte>\
         <oggetto>x</oggetto></intestazione><dati><gestore-emittente>Prova</gestore-emittente>\
         <data zona=\"+0100\"><giorno>22/11/2026</giorno><ora>12:00:00</ora></data>\
         <identificativo>1@x.test</identificativo>{consegna}</dati></postacert>"
    );
    Daticert::read(xml.as_bytes()).unwrap()
}

#[test]
fn the_signer_is_listed_and_keeps_the_domain() {
    let certificate = testdata("ca/v_now.der");
    let sha1 = hex(&Hash::Sha1.of(&certificate));
    let ldif = format!("dn: x\nproviderName: Prova\nproviderCertificateHash: {sha1}\nmanagedDomains: Pec.Ente.test\n");
    let list = |dated: &str| Directory::unsigned(ldif.as_bytes(), Some(day(dated))).unwrap();
    let (of_the_day, other) = (list("2026-11-20T00:00:00Z"), testdata("ca/v_now2.der"));
    let at = "2026-11-22T11:00:00Z";
    let ours = data("posta-certificata", "a@PEC.ente.test", None);

    assert_eq!(said(None, &certificate, at, &ours), ("moot", Grade::Genuine));
    assert_eq!(said(Some(&of_the_day), &certificate, at, &ours), ("pass", Grade::Genuine));
    assert_eq!(said(Some(&of_the_day), &other, at, &ours), ("not-listed", Grade::Suspect));
    // A list of another year does not know the certificates of this one.
    assert_eq!(said(Some(&list("2024-01-01T00:00:00Z")), &other, at, &ours), ("moot", Grade::Genuine));

    let managed = |tipo: &str, mittente: &str, consegna: Option<&str>| {
        said(Some(&of_the_day), &certificate, at, &data(tipo, mittente, consegna))
    };
    let (here, there, below) = ("a@pec.ente.test", "a@altrove.test", "a@x.pec.ente.test");
    let not = ("domain-not-managed", Grade::Mismatch);
    let pass = ("pass", Grade::Genuine);
    for (tipo, mittente, consegna, wanted) in [
        ("posta-certificata", there, None, not),
        ("posta-certificata", below, None, not),
        ("accettazione", here, None, pass),
        ("accettazione", there, None, not),
        ("preavviso-errore-consegna", there, Some(here), not),
        ("avvenuta-consegna", there, Some(here), pass),
        ("avvenuta-consegna", here, Some(there), not),
        ("errore-consegna", here, Some(there), pass),
        ("errore-consegna", there, Some(here), pass),
        ("errore-consegna", there, Some(there), not),
        ("presa-in-carico", there, None, pass),
    ] {
        assert_eq!(managed(tipo, mittente, consegna), wanted, "{tipo} {mittente} {consegna:?}");
    }
}

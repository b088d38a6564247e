//! The folder as administrators get it right and wrong, with certificates of a real (simulated) authority.

use super::*;
use gestore::{Authority, Timestamp};
use std::fs;

const POLICY: &str = pec::anchors::POLICY_FIRMA_PEC;

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &[u8])], manifest: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        fs::write(dir.path().join(MANIFEST), manifest).unwrap();
        Self(dir)
    }
    fn read(&self) -> Result<Trust, String> {
        Trust::read(self.0.path())
            .map_err(|all| all.iter().map(|p| format!("{}: {}\n", p.line.unwrap_or(0), p.text)).collect())
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The manual and the program say the same: whoever starts from the file trusts whom they trusted without it.
#[test]
fn the_shipped_manifest_is_what_the_program_trusts_without_one() {
    let folder = Folder::with(&[], SHIPPED);
    let (read, built) = (folder.read().unwrap(), Trust::shipped());
    assert_eq!(read.anchors, built.anchors);
    assert_eq!(read.digest(), built.digest());
    assert!(built.entries.iter().all(|e| e.line > 0 && e.note.is_some()), "{:?}", built.entries);
    assert_eq!(check::look(&built, at("2026-11-22T00:00:00Z"), false).len(), 0);
    // The directory, uncommented, reads too.
    let shown = SHIPPED
        .replace("# [elenco_gestori]", "[elenco_gestori]")
        .replace("# file ", "file ")
        .replace("# firmato", "firmato");
    assert!(manifest::Manifest::parse("x", &shown).unwrap().directory.unwrap().signed);
}

#[test]
fn several_certificates_of_one_key_are_one_anchor_and_another_key_is_refused() {
    let [early, late] = ["2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"].map(at);
    let (one, other) = (Authority::create(early).unwrap(), Authority::create(late).unwrap());
    let pin = crate::digest::hex(&one.spki_sha256());
    let pem = one.certificate_pem();
    let both = [one.certificate_pem(), other.certificate_pem()].concat();
    let files: &[(&str, &[u8])] = &[
        ("a.der", one.certificate_der()),
        ("a.pem", pem.as_bytes()),
        ("b.der", other.certificate_der()),
        ("both.pem", both.as_bytes()),
    ];
    let entry = |lines: &str| format!("\n[[ancora]]\nnome = \"A\"\npolitiche = [\"{POLICY}\"]\n{lines}\n");
    let read = |lines: &str| Folder::with(files, &entry(lines)).read();

    let trust = read("certificato = [\"a.der\", \"a.pem\"]").unwrap();
    assert_eq!((trust.anchors.list.len(), trust.entries[0].certificates.len(), trust.entries[0].line), (1, 2, 2));
    assert_eq!(trust.anchors.list[0].spki_sha256, one.spki_sha256());
    // The pin alone, or with its certificate, trusts the same key.
    for lines in [format!("chiave_sha256 = \"{pin}\""), format!("chiave_sha256 = \"{pin}\"\ncertificato = \"a.pem\"")] {
        assert_eq!(read(&lines).unwrap().anchors.list[0].spki_sha256, one.spki_sha256());
    }
    for (lines, expected) in [
        (
            format!("chiave_sha256 = \"{pin}\"\ncertificato = \"b.der\""),
            "2: ancora «A»: b.der: la sua chiave non è quella di `chiave_sha256`",
        ),
        ("certificato = [\"a.der\", \"b.der\"]".into(), "b.der: ha un'altra chiave rispetto ai file prima"),
        ("certificato = \"both.pem\"".into(), "both.pem: ha un'altra chiave rispetto ai file prima"),
        ("certificato = \"manca.pem\"".into(), "manca.pem: non riesco a leggerlo"),
    ] {
        let why = read(&lines).unwrap_err();
        assert!(why.contains(expected), "{expected}: {why}");
    }
    let twice = entry("certificato = \"a.der\"") + &entry("certificato = \"a.pem\"");
    let why = Folder::with(files, &twice).read().unwrap_err();
    assert!(why.contains("7: ancora «A»: ha la stessa chiave di quella alla riga 2"), "{why}");
}

#[test]
fn what_is_not_an_authority_is_not_an_anchor() {
    let now = at("2026-06-01T00:00:00Z");
    let provider =
        Authority::create(now).unwrap().provider("Alfa", "pec.alfa.test", gestore::Style::aruba_like(), now).unwrap();
    let manifest = "[[ancora]]\nnome = \"A\"\ncertificato = \"a.der\"\npolitiche = []\n";
    let why = Folder::with(&[("a.der", provider.signer().certificate_der())], manifest).read().unwrap_err();
    assert!(why.contains("non è il certificato di un'autorità"), "{why}");
    let why = Folder::with(&[("a.der", b"<html>")], manifest).read().unwrap_err();
    assert!(why.contains("Il certificato non si legge"), "{why}");
    let why = Folder::with(&[("a.der", &vec![0; 70_000])], manifest).read().unwrap_err();
    assert!(why.contains("troppi per un certificato"), "{why}");
}

#[test]
fn the_look_tells_what_will_go_wrong_before_it_does() {
    let authority = Authority::create(at("2026-06-01T00:00:00Z")).unwrap();
    let files: &[(&str, &[u8])] = &[("a.der", authority.certificate_der())];
    let look = |lines: &str, now: &str, trial: bool| {
        let text = format!("[[ancora]]\nnome = \"A\"\ncertificato = \"a.der\"\n{lines}\n");
        let trust = Folder::with(files, &text).read().unwrap();
        let found = check::look(&trust, at(now), trial);
        found.iter().map(|p| format!("{} {}\n", if p.warning { "W" } else { "E" }, p.text)).collect::<String>()
    };
    let policy = format!("politiche = [\"{POLICY}\"]");
    // Its certificate ends ten years later.
    assert_eq!(look(&policy, "2030-01-01T00:00:00Z", false), "");
    assert!(look(&policy, "2036-01-01T00:00:00Z", false).starts_with("W ancora «A»: finisce il 31/05/2036"));
    assert!(look(&policy, "2037-01-01T00:00:00Z", false).contains("sono scaduti, l'ultimo il 31/05/2036"));
    assert_eq!(look(&format!("{policy}\nal = \"2030-12-31\""), "2037-01-01T00:00:00Z", false), "", "an archive's");
    assert!(
        look(&format!("{policy}\nal = \"2040-12-31\""), "2030-01-01T00:00:00Z", false).contains("`al` è dopo la fine")
    );
    assert!(
        look(&format!("{policy}\ndal = \"2020-12-31\""), "2030-01-01T00:00:00Z", false)
            .contains("`dal` è prima dell'inizio")
    );
    assert!(look("politiche = []", "2030-01-01T00:00:00Z", false).contains("`politiche` è vuota"));
    let simulation = format!("{policy}\nsimulazione = true");
    assert!(look(&simulation, "2030-01-01T00:00:00Z", false).starts_with("E ancora «A»: è una SIMULAZIONE"));
    assert_eq!(look(&simulation, "2030-01-01T00:00:00Z", true), "");
}

/// A body that has the providers' directory: unsigned only on the administrator's word, and part of the version of what is trusted.
#[test]
fn the_directory_is_read_and_counts_in_the_version() {
    let ldif = "dn: o=postacert\nobjectclass: top\n\ndn: providerName=Prova,o=postacert\nobjectclass: provider\n\
                providerName: Prova\nproviderCertificateHash: 7E7AEF1059AE0F454F2643A95F69EC3556009239\n\
                managedDomains: cittadini.test\n";
    let files: &[(&str, &[u8])] = &[("elenco.ldif", ldif.as_bytes())];
    let read = |table: &str| Folder::with(files, &format!("{SHIPPED}\n{table}")).read();
    let plain = read("").unwrap();
    let with = read("[elenco_gestori]\nfile = \"elenco.ldif\"\nfirmato = false").unwrap();
    let providers = &with.directory.as_ref().unwrap().directory;
    assert!(providers.providers.iter().any(|p| p.managed_domains.contains("cittadini.test")));
    assert!(providers.dated.is_some(), "the file's own time");
    assert_ne!(with.digest(), plain.digest());
    assert!(
        read("[elenco_gestori]\nfile = \"elenco.ldif\"").unwrap_err().contains("[elenco_gestori]"),
        "it is not signed"
    );
    assert!(read("[elenco_gestori]\nfile = \"manca.ldif\"").unwrap_err().contains("manca.ldif"));
}

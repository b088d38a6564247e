//! The seal of the sheets that leave (eIDAS art. 35-36; PAdES B-B): what two other programs say of it, what a changed byte does,
//! and that no letter waits for it. Changes when the seal does.

use crate::decide::{ANNA, bench};
use crate::printable::{files_in, outgoing, receipt_leaves, said};
use crate::support::{Daemon, House, OWN, ask, secret_file};
use casework::decision::Enclosure;
use gestore::{Authority, KeyKind, LeafProfile, Mail, Signer};
use jiff::{SignedDuration, Timestamp};
use sportello::archive::{Archive, Shelf};
use sportello::config;
use sportello::journal::record::Event;
use sportello::journal::{Journal, Tail};
use sportello::post::{self, Sigillo};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::create(Timestamp::now()).unwrap());

/// A certificate of the body, valid from then for some years.
fn signer(from: Timestamp, years: i16, key: KeyKind) -> Signer {
    let profile = LeafProfile {
        common_name: "Comune di Prova".into(),
        address: None,
        policy: None,
        email_protection: false,
        from,
        years,
        key,
        ..LeafProfile::of_provider("Comune di Prova", "pec.comune.test", from)
    };
    AUTHORITY.leaf(&profile).unwrap()
}

/// Its files in `root`, as an administrator would lay them down.
fn files(root: &Path, signer: &Signer) -> config::Sigillo {
    let (certificates, key) = signer.pem();
    fs::write(root.join("sigillo.pem"), certificates).unwrap();
    secret_file(&root.join("sigillo.key"), &key);
    config::Sigillo {
        certificate_file: root.join("sigillo.pem"),
        key_file: root.join("sigillo.key"),
        others_file: None,
    }
}

/// The sheet of a letter that is written at `at`.
fn sheet(root: &Path, sigillo: &Sigillo, at: Timestamp) -> Vec<u8> {
    let letter = outgoing(vec![Enclosure::Printable { name: "ricevuta.pdf".into() }]);
    let archive = Archive::open(&root.join("archivio")).unwrap();
    let frozen = post::freeze(&letter, &bench().desk, sigillo, &archive, at, &[]).unwrap().unwrap();
    let [(_, kind, pdf)] = files_in(&frozen).try_into().unwrap();
    assert_eq!(kind, "application/pdf");
    pdf
}

/// What is signed, and the signature: read with nothing of ours.
fn parts(pdf: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let find = |what: &[u8]| pdf.windows(what.len()).rposition(|window| window == what).unwrap() + what.len();
    let range = &pdf[find(b"/ByteRange[")..];
    let range = std::str::from_utf8(&range[..range.iter().position(|b| *b == b']').unwrap()]).unwrap();
    let [start, before, after, length] =
        range.split_whitespace().map(|n| n.parse::<usize>().unwrap()).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((start, after + length), (0, pdf.len()), "all of the file");
    let hex = &pdf[before..after];
    assert!(hex.starts_with(b"<") && hex.ends_with(b">") && before == find(b"/Contents"), "but the signature");
    let digits = std::str::from_utf8(&hex[1..hex.len() - 1]).unwrap();
    let bytes = (0..digits.len() / 2).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap()).collect();
    ([&pdf[..before], &pdf[after..]].concat(), bytes)
}

/// What OpenSSL says of a sheet. `None`: it is not on this machine.
fn openssl(root: &Path, pdf: &[u8]) -> Option<(bool, String)> {
    let (content, signature) = parts(pdf);
    let at = |name: &str| root.join(name);
    fs::write(at("contenuto"), content).unwrap();
    fs::write(at("firma.der"), signature).unwrap();
    fs::write(at("radice.der"), AUTHORITY.root_der()).unwrap();
    let mut convert = Command::new("openssl");
    convert.args(["x509", "-inform", "DER", "-in"]).arg(at("radice.der")).arg("-out").arg(at("radice.pem"));
    if !convert.output().is_ok_and(|done| done.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "no openssl");
        println!("skipped: no openssl");
        return None;
    }
    let run = Command::new("openssl")
        .args(["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-in"])
        .arg(at("firma.der"))
        .arg("-content")
        .arg(at("contenuto"))
        .arg("-CAfile")
        .arg(at("radice.pem"))
        .args(["-out", "/dev/null"])
        .output()
        .unwrap();
    Some((run.status.success(), String::from_utf8_lossy(&run.stderr).into_owned()))
}

/// What poppler says of the signatures in a file.
fn pdfsig(root: &Path, pdf: &[u8]) -> Option<String> {
    let file = root.join("foglio.pdf");
    fs::write(&file, pdf).unwrap();
    match Command::new("pdfsig").arg("-nocert").arg(&file).env("HOME", root).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(e) => {
            assert!(std::env::var_os("CI").is_none(), "pdfsig: {e}; install poppler-utils");
            println!("skipped: no pdfsig");
            None
        }
    }
}

#[test]
fn two_other_programs_find_the_sheet_sealed_and_whole_and_a_changed_byte_is_found() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let now = Timestamp::now();
    let sigillo = Sigillo::read(Some(&files(root, &signer(now, 3, KeyKind::Rsa2048))));
    assert_eq!(sigillo.fault(now), None);
    let (plain, sealed) = (sheet(root, &Sigillo::Off, now), sheet(root, &sigillo, now));
    println!("{} bytes, sealed {}", plain.len(), sealed.len());
    assert!(sealed.starts_with(&plain) && sealed.len() > plain.len(), "what was written is still there, untouched");
    assert_eq!(sealed, sheet(root, &sigillo, now), "the same letter, the same bytes");

    if let Some((is_good, said)) = openssl(root, &sealed) {
        assert!(is_good, "{said}");
        let shown = Command::new("openssl")
            .args(["cms", "-cmsout", "-print", "-inform", "DER", "-in"])
            .arg(root.join("firma.der"))
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        for wanted in ["id-smime-aa-signingCertificateV2", "messageDigest", "contentType"] {
            assert!(shown.contains(wanted), "{wanted}\n{shown}");
        }
        assert!(!shown.contains("signingTime"), "the time stands in the PDF (EN 319 142-1 §6.3)");
    }
    if let Some(said) = pdfsig(root, &sealed) {
        for wanted in [
            "Signature #1",
            "Signer Certificate Common Name: Comune di Prova",
            "Signature Type: ETSI.CAdES.detached",
            "Total document signed",
            "Signature Validation: Signature is Valid.",
            "Signing Hash Algorithm: SHA-256",
        ] {
            assert!(said.contains(wanted), "{wanted}\n{said}");
        }
        assert!(!said.contains("Signature #2"), "{said}");
    }

    // The sheet is what it was: its words, its pages, its claims; and the file is sound.
    let write = |name: &str, bytes: &[u8]| -> PathBuf {
        fs::write(root.join(name), bytes).unwrap();
        root.join(name)
    };
    let (before, after) = (write("prima.pdf", &plain), write("dopo.pdf", &sealed));
    for (program, args) in
        [("pdftotext", &["-raw", "-enc", "UTF-8"][..]), ("pdfinfo", &["-meta"]), ("pdfinfo", &["-struct-text"])]
    {
        let Some(was) = said(program, args, &before) else { continue };
        assert_eq!(said(program, args, &after), Some(was), "{program}");
    }
    if let Some(checked) = said("qpdf", &["--check"], &after) {
        assert!(checked.contains("No syntax or stream encoding errors found"), "{checked}");
        let json = said("qpdf", &["--json=2", "--json-key=qpdf"], &after).unwrap();
        // PDF/A-2 §6.3.2: it prints, and is neither hidden nor invisible (132 = print and locked).
        for wanted in
            ["\"/F\": 132", "\"/SigFlags\": 3", "\"/SubFilter\": \"/ETSI.CAdES.detached\"", "\"/FT\": \"/Sig\""]
        {
            assert!(json.contains(wanted), "{wanted}");
        }
    }

    // One bit, in the words, in the dictionary of the signature, in the signature: each is found.
    let places = [1000, plain.len() - 20, sealed.windows(4).rposition(|w| w == b"/M(D").unwrap() + 6];
    for place in places {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        if let Some((is_good, _)) = openssl(root, &changed) {
            assert!(!is_good, "byte {place}");
        }
    }
    let mut changed = sealed.clone();
    changed[1000] ^= 1;
    if let Some(said) = pdfsig(root, &changed) {
        assert!(said.contains("Digest Mismatch") && !said.contains("Signature is Valid"), "{said}");
    }
    let longer = [&sealed[..], b"\n% altro\n"].concat();
    if let Some(said) = pdfsig(root, &longer) {
        assert!(said.contains("Not total document signed"), "{said}");
    }
}

/// Every letter has a sheet of its own shape: links or none, one page or many.
#[test]
fn every_shape_of_sheet_is_sealed() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let now = Timestamp::now();
    let sigillo = Sigillo::read(Some(&files(root, &signer(now, 3, KeyKind::Rsa2048))));
    let archive = Archive::open(&root.join("archivio")).unwrap();
    for text in ["Buongiorno.\n", "https://www.example.org/pagina\n", &"- voce\n".repeat(3000)] {
        let mut letter = outgoing(vec![Enclosure::Printable { name: "r.pdf".into() }]);
        letter.text = text.into();
        let frozen = post::freeze(&letter, &bench().desk, &sigillo, &archive, now, &[]).unwrap().unwrap();
        let [(_, _, pdf)] = files_in(&frozen).try_into().unwrap();
        if let Some((is_good, said)) = openssl(root, &pdf) {
            assert!(is_good, "{text:.30}: {said}");
        }
        fs::write(root.join("f.pdf"), &pdf).unwrap();
        let _ = said("qpdf", &["--check"], &root.join("f.pdf"));
    }
}

#[test]
fn a_certificate_outside_its_days_seals_nothing_and_the_letter_leaves() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let now = Timestamp::now();
    let day = SignedDuration::from_hours(24);
    let sigillo = Sigillo::read(Some(&files(root, &signer(now, 1, KeyKind::Rsa2048))));
    let (early, late) = (now - day * 3, now + day * 370);
    for at in [early, late] {
        assert_eq!(sheet(root, &sigillo, at), sheet(root, &Sigillo::Off, at));
        assert!(sigillo.alarm(at).unwrap().starts_with("i fogli partono senza sigillo: "), "{:?}", sigillo.alarm(at));
    }
    assert!(sigillo.fault(late).unwrap().contains("è scaduto"));
    // Announced a month before on the screens, a week before as an alarm.
    let of = |days: i64| now + day * i32::try_from(365 - days).unwrap();
    assert!(sigillo.line(of(40)).is_some_and(|line| !line.contains("attenzione")));
    assert!(sigillo.line(of(20)).is_some_and(|line| line.contains("attenzione: il certificato del sigillo scade il")));
    assert_eq!(sigillo.alarm(of(20)), None);
    assert!(sigillo.alarm(of(5)).is_some_and(|text| text.contains("da allora i fogli partono senza sigillo")));
    // Files that are not there are no reason for a letter to wait either.
    let gone =
        config::Sigillo { certificate_file: root.join("manca"), ..files(root, &signer(now, 1, KeyKind::Rsa2048)) };
    assert_eq!(sheet(root, &Sigillo::read(Some(&gone)), now), sheet(root, &Sigillo::Off, now));
}

/// A house with a seal.
fn house(root: &Path, signer: &Signer) -> (House, gestore::Circuit) {
    let (house, circuit) = House::on_a_circuit(root);
    let files = files(root, signer);
    let text = fs::read_to_string(&house.file).unwrap();
    let table = format!(
        "[sigillo]\ncertificato = \"{}\"\nchiave_file = \"{}\"\n",
        files.certificate_file.display(),
        files.key_file.display()
    );
    fs::write(&house.file, text + &table).unwrap();
    (house, circuit)
}

#[test]
fn check_says_what_is_wrong_with_a_seal_and_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let now = Timestamp::now();
    let (house, _) = house(root, &signer(now, 3, KeyKind::Rsa2048));
    let check = || ask(&["check", "--config", house.file.to_str().unwrap()]);
    let (code, out, err) = check();
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.contains("Sigillo: «Comune di Prova», che non è un certificato qualificato per sigilli, fino al"),
        "{out}"
    );
    // The older way of writing an RSA key (PKCS#1), and the authority's certificate in a file of its own, twice: as people have them.
    let old = Command::new("openssl").args(["pkey", "-traditional", "-in"]).arg(root.join("sigillo.key")).output();
    if let Ok(old) = old.map(|output| String::from_utf8(output.stdout).unwrap()) {
        assert!(old.starts_with("-----BEGIN RSA PRIVATE KEY"), "{old:.40}");
        secret_file(&root.join("sigillo.key"), &old);
        let text = fs::read_to_string(&house.file).unwrap();
        fs::write(root.join("autorita.pem"), AUTHORITY.certificate_pem()).unwrap();
        let more = format!("intermedi = \"{}\"\n", root.join("autorita.pem").display());
        fs::write(&house.file, text + &more).unwrap();
        let (code, out, err) = check();
        assert!(code == Some(0) && out.contains("Sigillo: «Comune di Prova»"), "{err}");
    }
    let wrong = |wanted: &[&str]| {
        let (code, _, err) = check();
        assert_eq!(code, Some(1), "{err}");
        assert!(wanted.iter().all(|wanted| err.contains(wanted)), "{wanted:?}\n{err}");
        assert!(!err.contains("BEGIN"), "{err}");
    };
    let other = signer(now, 3, KeyKind::Rsa2048).pem();
    secret_file(&root.join("sigillo.key"), &other.1);
    wrong(&["sigillo.pem: il certificato non è quello di questa chiave; la chiave è ", "sigillo.key"]);
    secret_file(&root.join("sigillo.key"), &signer(now, 3, KeyKind::P256).pem().1);
    wrong(&["sigillo.key: ", "RSA"]);
    secret_file(
        &root.join("sigillo.key"),
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    wrong(&["sigillo.key: la chiave è cifrata con una password", "openssl pkey"]);
    fs::remove_file(root.join("sigillo.key")).unwrap();
    wrong(&["sigillo.key: non riesco a leggere la chiave del sigillo"]);
    files(root, &signer(now - SignedDuration::from_hours(24 * 800), 2, KeyKind::Rsa2048));
    wrong(&["il certificato del sigillo è scaduto il"]);
    files(root, &signer(now - SignedDuration::from_hours(24 * 350), 1, KeyKind::Rsa2048));
    let (code, out, _) = check();
    assert!(code == Some(0) && out.contains("attenzione: il certificato del sigillo scade il"), "{out}");
    fs::set_permissions(root.join("sigillo.key"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    wrong(&["sigillo.key: chiunque su questa macchina può leggere o cambiare la chiave del sigillo"]);
}

/// Functions S3.22: the journal names the digest of what has left, and in it is the sealed sheet.
#[test]
fn the_journal_vouches_for_the_sealed_receipt() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = house(root.path(), &signer(Timestamp::now(), 3, KeyKind::Rsa2048));
    receipt_leaves(&house, &circuit);
    let mut left = None;
    Journal::verify(&house.data, Tail::Closed, |record, _| {
        if let Event::Decided(decided) = &record.event {
            let receipt = decided.items().find(|(letter, _)| letter.template == "presa-in-carico");
            left = left.take().or(receipt.map(|(_, digest)| (digest.to_owned(), record.at)));
        }
    })
    .unwrap();
    let (digest, at) = left.unwrap();
    let archive = Archive::at(&house.data);
    archive.verify(Shelf::Out, &digest).unwrap();
    let [(_, _, pdf)] = files_in(&archive.read(Shelf::Out, &digest).unwrap()).try_into().unwrap();
    if let Some((is_good, said)) = openssl(root.path(), &pdf) {
        assert!(is_good, "{said}");
    }
    // Signed at the instant of the decision.
    let when = at.to_zoned(jiff::tz::TimeZone::UTC).strftime("/M(D:%Y%m%d%H%M").to_string().into_bytes();
    assert!(pdf.windows(when.len()).any(|window| window == when), "{at}");
}

/// The seal ends while the service runs, or was wrong from the start: mail goes on, and somebody hears of it. A reload puts a new
/// one in force, and half of one leaves the old.
#[test]
fn a_service_without_its_seal_works_and_raises_an_alarm_until_there_is_one() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let now = Timestamp::now();
    let old = signer(now - SignedDuration::from_hours(24 * 800), 2, KeyKind::Rsa2048);
    let (house, circuit) = house(root, &old);
    let daemon = Daemon::run(&house.file, &root.join("log"));
    daemon.wait_logged(1, &["alarm_raised", "seal-unfit"]);
    let mail = Mail::new(ANNA)
        .to(OWN)
        .subject("Cambio di residenza")
        .text("Mi sono trasferita in via Po 1. Codice fiscale BNCNNA80A41H501R\n");
    let mail = mail.compose(Timestamp::now()).unwrap();
    circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    daemon.wait_logged(1, &["sheet_unsealed", "scaduto"]);
    let status = || ask(&["status", house.data.to_str().unwrap()]).1;
    assert!(
        status().contains("Sigillo: NON si usa, i fogli partono senza: il certificato del sigillo è scaduto"),
        "{}",
        status()
    );
    files(root, &signer(now, 3, KeyKind::Rsa2048));
    daemon.signal("HUP");
    daemon.wait_logged(1, &["alarm_cleared", "seal-unfit"]);
    assert!(status().contains("Sigillo: «Comune di Prova»"), "{}", status());
    fs::remove_file(root.join("sigillo.key")).unwrap();
    daemon.signal("HUP");
    daemon.wait_logged(1, &["reload_refused", "sigillo.key"]);
    assert!(status().contains("Sigillo: «Comune di Prova»"), "{}", status());
}

//! Changes when an evidence bundle does: every command of its LEGGIMI.md is run here, as a third party would.

use crate::fixtures;
use crate::support::{House, Recorder, ask, wait};
use gestore::{Authority, Circuit, Mail, Style, Timestamp};
use serde_json::Value;
use sportello::archive::{Archive, Shelf};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    fixtures::root().join("mail").join(name).join("message.eml")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The real program writes a bundle of a message; what it prints.
pub(crate) fn collect(message: &str, out: &Path, more: &[&str]) -> String {
    let (code, said, trouble) = ask(&[&["evidence", message, "--out", text(out)], more].concat());
    assert_eq!(code, Some(0), "{said}{trouble}");
    said
}

/// A bundle of a fixture, unpacked.
fn unpacked(name: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let zip = dir.path().join("prove.zip");
    collect(text(&fixture(name)), &zip, &["--trust", text(&fixtures::root().join("trust/simulazione"))]);
    unpack(&zip, dir.path());
    dir
}

pub(crate) fn unpack(zip: &Path, into: &Path) {
    zip::ZipArchive::new(File::open(zip).unwrap()).unwrap().extract(into).unwrap();
}

/// The commands of LEGGIMI.md, each block with the title that it stands under.
pub(crate) fn commands(dir: &Path) -> Vec<(String, String)> {
    let leggimi = fs::read_to_string(dir.join("LEGGIMI.md")).unwrap();
    let (mut found, mut title) = (Vec::new(), String::new());
    let mut block: Option<String> = None;
    for line in leggimi.lines() {
        match (&mut block, line) {
            (None, "```sh") => block = Some(String::new()),
            (Some(_), "```") => found.push((title.clone(), block.take().unwrap())),
            (Some(text), line) => text.push_str(&format!("{line}\n")),
            (None, line) => {
                if let Some(heading) = line.strip_prefix("### ") {
                    heading.clone_into(&mut title);
                }
            }
        }
    }
    assert!(block.is_none() && !found.is_empty(), "{leggimi}");
    found
}

/// Runs one block where the bundle was unpacked: whether it ended well, and all that it said.
pub(crate) fn run(dir: &Path, command: &str) -> (bool, String) {
    let output = Command::new("sh").args(["-ec", command]).current_dir(dir).output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), said)
}

fn report(dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(dir.join("report.json")).unwrap()).unwrap()
}

/// What we certify, whatever its kind and encoding, OpenSSL verifies by the words of LEGGIMI.md: the same bytes, signed by a
/// key under the authority that is named, at the time of the event.
#[test]
fn a_third_party_verifies_it_again_with_openssl_alone() {
    for name in [
        "001-posta-certificata-der",
        "002-posta-certificata-ber",
        "004-posta-certificata-sha1",
        "005-busta-anomalia",
        "011-avvenuta-consegna-completa",
        "024-raw-8bit-inside",
        "026-lf-line-ends",
        "132-sender-shown-differs",
    ] {
        let dir = unpacked(name);
        let report = report(dir.path());
        let mut titles = BTreeSet::new();
        for (title, command) in commands(dir.path()) {
            let (well, said) = run(dir.path(), &command);
            assert!(well, "{name}: {title}\n{command}{said}");
            let (_, what) = title.split_once(". ").unwrap();
            match what {
                "La firma è valida sul contenuto esatto" => {
                    assert!(said.contains("CMS Verification successful"), "{said}")
                }
                "L'autorità è quella giusta" => {
                    let leggimi = fs::read_to_string(dir.path().join("LEGGIMI.md")).unwrap();
                    let pin = said.split_whitespace().next().unwrap();
                    assert!(pin.len() == 64 && leggimi.contains(&format!("deve essere `{pin}`")), "{name}: {pin}");
                }
                "Chi ha firmato è un gestore Pec" if command.contains("x509") => {
                    assert!(said.contains("email:posta-certificata@") && said.contains("1.3.76.16.3.1.1"), "{said}");
                }
                _ => {}
            }
            titles.insert(what.to_owned());
        }
        assert!(titles.len() >= 4, "{name}: {titles:?}");
        if let Some(signed) = report["signer"]["signed_sha256"].as_str() {
            let (_, said) = run(dir.path(), "sha256sum parte-firmata.eml");
            assert!(said.starts_with(signed), "{name}: OpenSSL and we speak of the same bytes\n{said}{signed}");
        }
    }
}

/// A suspect message is evidence too: the bundle says what is missing, and OpenSSL refuses what we refuse.
#[test]
fn a_suspect_message_has_its_bundle() {
    for (name, verifies) in [
        ("111-signature-content-changed", Some(false)),
        ("203-signed-with-a-personal-certificate", Some(true)), // intact, and of nobody that is trusted
        ("107-structure-signature-stripped", None),
        ("019-ordinary-mail", None),
        ("101-bytes-empty", None),
    ] {
        let dir = unpacked(name);
        let leggimi = fs::read_to_string(dir.path().join("LEGGIMI.md")).unwrap();
        assert!(leggimi.contains("Mancano:"), "{name}: {leggimi}");
        assert_eq!(report(dir.path())["certified"], false, "{name}");
        let (well, said) = run(dir.path(), &commands(dir.path())[0].1);
        assert!(well, "{name}: {said}");
        let signature = commands(dir.path()).into_iter().find(|(title, _)| title.contains("La firma"));
        assert_eq!(signature.map(|(_, command)| run(dir.path(), &command).0), verifies, "{name}: {leggimi}");
    }
}

#[test]
fn the_same_message_gives_the_same_bytes_and_nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let trust = fixtures::root().join("trust/simulazione");
    let [one, two] = ["uno.zip", "due.zip"].map(|name| dir.path().join(name));
    let message = fixture("001-posta-certificata-der");
    collect(text(&message), &one, &["--trust", text(&trust)]);
    let copy = dir.path().join("altrove.eml");
    fs::copy(&message, &copy).unwrap();
    collect(text(&copy), &two, &["--trust", text(&trust)]);
    assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap(), "neither the hour nor the place of the file is in it");
    let (code, _, trouble) = ask(&["evidence", text(&copy), "--out", text(&one)]);
    assert_eq!(code, Some(1), "{trouble}");
    assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
}

/// From the archive, by any of its names, with what the register says of it.
#[test]
fn an_archived_message_brings_its_lines_of_the_register() {
    let root = tempfile::tempdir().unwrap();
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let circuit = {
        let provider = |name, host| authority.provider(name, host, Style::aruba_like(), now).unwrap();
        let (alfa, beta) = (provider("Alfa", "pec.alfa.test"), provider("Beta", "pec.beta.test"));
        let domains = [("pec.comune.test".to_owned(), alfa), ("cittadini.test".to_owned(), beta)];
        Circuit::new(&root.path().join("caselle"), domains)
    };
    let office = "protocollo@pec.comune.test";
    let house = House::build(root.path(), office, &circuit.maildir(office).unwrap(), authority.certificate_der());
    let mail = Mail::new("anna.bianchi@cittadini.test")
        .to(office)
        .subject("Accesso agli atti")
        .text("Chiedo di vedere gli atti.");
    let mail = mail.compose(now).unwrap();
    circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    let running = house.start(Recorder::default().roads());
    let overview = wait("the decision and the task", || {
        let overview = running.overview();
        let is_done = overview.items.iter().any(|item| item.attempts > 0) && house.is_read();
        is_done.then_some(overview)
    });
    running.stop();
    let message = fs::read(Archive::at(&house.data).path(Shelf::In, &overview.messages[0].digest)).unwrap();
    let (digest, item) = (&overview.messages[0].digest, &overview.items[0]);
    let config = text(&house.file).to_owned();
    let find = |name: &str, out: &str| {
        let zip = root.path().join(out);
        collect(name, &zip, &["--config", &config]);
        fs::read(zip).unwrap()
    };
    let by_prefix = find(&digest[..8], "prefisso.zip");
    let pec_id = report_of(&by_prefix)["pec_id"].as_str().unwrap().to_owned();
    assert_eq!(by_prefix, find(digest, "intera.zip"));
    assert_eq!(by_prefix, find(&pec_id, "identificativo.zip"));
    assert_eq!(by_prefix, find(&format!("<{pec_id}>"), "message-id.zip"));
    // The task that it caused is a message of ours: it is found by the number of the item, and by its digest.
    assert_eq!(find(&item.outgoing.id, "invio.zip"), find(&item.frozen, "frozen.zip"));

    let dir = tempfile::tempdir().unwrap();
    unpack(&root.path().join("prefisso.zip"), dir.path());
    assert_eq!(fs::read(dir.path().join("message.eml")).unwrap(), message);
    for (title, command) in commands(dir.path()) {
        let (well, said) = run(dir.path(), &command);
        assert!(well, "{title}\n{command}{said}");
    }
    let documented = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("REPORT.md")).unwrap();
    let sums = fs::read_to_string(dir.path().join("SHA256SUMS")).unwrap();
    for file in sums.lines().map(|line| line.split_once("  ").unwrap().1) {
        let any = file.replace("2-autorita", "N-autorita").replace("ancora-1", "ancora-N");
        assert!(documented.contains(&format!("`{any}`")), "REPORT.md does not tell what {file} is");
    }
    let lines = fs::read_to_string(dir.path().join("registro/righe.jsonl")).unwrap();
    for event in ["attempted", "decided", "moved"] {
        assert!(lines.contains(&format!("\"event\":\"{event}\"")), "{event}: {lines}");
    }
    let chain: Value = serde_json::from_slice(&fs::read(dir.path().join("registro/catena.json")).unwrap()).unwrap();
    for line in chain["lines"].as_array().unwrap() {
        let next = &line["next"];
        assert!(next.is_null() || next["prev"] == line["sha256"], "{line}");
    }
    // A line that was changed on its way no longer has its hash.
    fs::write(dir.path().join("registro/righe.jsonl"), lines.replacen("attempted", "attemptex", 1)).unwrap();
    let check = commands(dir.path()).into_iter().find(|(_, command)| command.contains("while")).unwrap().1;
    assert!(!run(dir.path(), &check).0);

    // A number that means several messages names them; one that means none says so.
    let dossier = &overview.dossiers[0].number;
    let out = root.path().join("no.zip");
    let (code, _, trouble) = ask(&["evidence", dossier, "--out", text(&out), "--config", &config]);
    assert_eq!(code, Some(1), "{trouble}");
    assert!(trouble.contains("Scegline uno") && trouble.contains(&digest[..12]), "{trouble}");
    let (code, _, trouble) = ask(&["evidence", "9999/000009", "--out", text(&out), "--config", &config]);
    assert!(code == Some(1) && trouble.contains("non c'è") && !out.exists(), "{trouble}");
    // A register that was touched proves nothing.
    let segment = house.data.join("journal/000001.jsonl");
    let touched = fs::read_to_string(&segment).unwrap().replacen("\"n\":1", "\"n\":2", 1);
    fs::write(&segment, touched).unwrap();
    let (code, _, trouble) = ask(&["evidence", digest, "--out", text(&out), "--config", &config]);
    assert!(code == Some(1) && trouble.contains("registro") && !out.exists(), "{trouble}");
}

fn report_of(zip: &[u8]) -> Value {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    serde_json::from_reader(archive.by_name("report.json").unwrap()).unwrap()
}

//! Changes when the export of a dossier does. Everything is checked here by ordinary tools, as who receives one would.

use crate::evidence::{commands, run};
use crate::support::{ask, real_trial};
use serde_json::Value;
use sportello::demo;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The demonstration has been played: four dossiers, with letters, receipts and tasks.
struct Office {
    root: tempfile::TempDir,
    numbers: Vec<String>,
}

impl Office {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let shown = demo::play(root.path(), real_trial(), |_| {}).unwrap();
        Self { numbers: shown.overview.dossiers.iter().map(|dossier| dossier.number.clone()).collect(), root }
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("servizio")
    }

    fn export(&self, number: &str, out: &Path) -> (Option<i32>, String, String) {
        let data = self.data();
        ask(&["export", number, "--out", out.to_str().unwrap(), "--data", data.to_str().unwrap()])
    }
}

/// Every file below a folder, by its path in it.
fn files(dir: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(at) = dirs.pop() {
        for path in fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                dirs.push(path);
            } else {
                found.insert(path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

fn tool(program: &str, args: &[&str], dir: &Path) -> (bool, String) {
    let output = Command::new(program).args(args).current_dir(dir).output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), said)
}

#[test]
fn a_dossier_leaves_whole_and_ordinary_tools_check_it() {
    let office = Office::new();
    let (number, others) = office.numbers.split_first().unwrap();
    let zip = office.root.path().join("uno.zip");
    let (code, said, trouble) = office.export(number, &zip);
    assert_eq!(code, Some(0), "{said}{trouble}");
    assert_eq!(fs::metadata(&zip).unwrap().permissions().mode() & 0o777, 0o600, "personal data");
    let dir = office.root.path().join("uno");
    fs::create_dir(&dir).unwrap();
    let (well, said) = tool("unzip", &["-q", zip.to_str().unwrap()], &dir);
    assert!(well, "{said}");

    // Every file has its hash, none is changed, and no other is there.
    let (well, said) = tool("sha256sum", &["--check", "--strict", "impronte.sha256"], &dir);
    assert!(well, "{said}");
    let sums = fs::read_to_string(dir.join("impronte.sha256")).unwrap();
    let mut listed: BTreeSet<String> = sums.lines().map(|line| line.split_once("  ").unwrap().1.to_owned()).collect();
    listed.insert("impronte.sha256".into());
    let found = files(&dir);
    assert_eq!(found, listed);
    for (title, command) in commands_of(&dir) {
        let (well, said) = run(&dir, &command);
        assert!(well, "{title}: {command}{said}");
    }

    // The messages as they came, the letters as they left, with the receipts of each.
    let under = |folder: &str| found.iter().filter(|name| name.starts_with(folder)).count();
    assert!(under("messaggi/") >= 4 && under("messaggi/") == under("prove/"), "{found:?}");
    for receipt in ["/accettazione-", "/avvenuta-consegna-"] {
        assert!(
            found.iter().any(|name| name.starts_with("lettere/") && name.contains(receipt)),
            "{receipt}: {found:?}"
        );
    }
    let message = found.iter().find(|name| name.starts_with("messaggi/")).unwrap();
    let digest = sportello::digest::sha256(&fs::read(dir.join(message)).unwrap());
    assert!(office.data().join("archive/in").exists() && message.contains(&digest[..12]), "{message}");

    // A bundle of evidence stands by itself: openssl verifies the signature of the provider.
    let proof = found.iter().find(|name| name.starts_with("prove/")).unwrap();
    let apart = office.root.path().join("prova");
    crate::evidence::unpack(&dir.join(proof), &apart);
    let signature = commands(&apart).into_iter().find(|(title, _)| title.contains("La firma")).unwrap().1;
    let (well, said) = run(&apart, &signature);
    assert!(well, "{said}");

    // Nothing of the other dossiers: neither their numbers in what the register says, nor their messages.
    let lines = fs::read_to_string(dir.join("registro/righe.jsonl")).unwrap();
    assert!(lines.contains(number));
    for other in others {
        assert!(!lines.contains(other), "{other}");
        for name in ["metadati.xml", "metadati.json", "LEGGIMI.md", "registro/catena.json"] {
            assert!(!fs::read_to_string(dir.join(name)).unwrap().contains(other), "{name} names {other}");
        }
    }

    // A file that was changed is seen.
    let mut changed = fs::read(dir.join(message)).unwrap();
    changed[10] ^= 1;
    fs::write(dir.join(message), changed).unwrap();
    assert!(!tool("sha256sum", &["--check", "--quiet", "impronte.sha256"], &dir).0);

    // A folder holds the same. Only where the register ended is another thing: that it was exported stands in it (S4.06).
    let folder = office.root.path().join("cartella");
    assert_eq!(office.export(number, &folder).0, Some(0));
    let exported = fs::read_to_string(folder.join("impronte.sha256")).unwrap();
    let is_same = |line: &&str| !line.ends_with("registro/catena.json");
    assert!(exported.lines().filter(is_same).eq(sums.lines().filter(is_same)), "{exported}");
    let chain = |dir: &Path| -> Value {
        let mut chain: Value = serde_json::from_slice(&fs::read(dir.join("registro/catena.json")).unwrap()).unwrap();
        assert!(chain.as_object_mut().unwrap().remove("head").is_some(), "{chain}");
        chain
    };
    assert_eq!(chain(&folder), chain(&dir));
    let (code, _, trouble) = office.export(number, &folder);
    assert!(code == Some(1) && trouble.contains("non riesco a scriverlo"), "nothing is overwritten: {trouble}");
    assert_eq!(fs::read_to_string(folder.join("impronte.sha256")).unwrap(), exported);

    metadata(&dir, number);
}

/// The commands of its LEGGIMI.md.
fn commands_of(dir: &Path) -> Vec<(String, String)> {
    let commands = commands(dir);
    assert_eq!(commands.len(), 3);
    commands
}

/// What CAD art. 41 c. 2-ter and Annex 5 want, as far as it is held; what is not says so.
fn metadata(dir: &Path, number: &str) {
    let json: Value = serde_json::from_slice(&fs::read(dir.join("metadati.json")).unwrap()).unwrap();
    assert_eq!(json["IdAgg"]["IdAggregazione"], number);
    for field in ["DataApertura", "ChiaveDescrittiva", "Assegnazione", "ProcedimentoAmministrativo", "Progressivo"] {
        assert!(!json[field].is_null(), "{field}");
    }
    let documents = json["IndiceDocumenti"]["DocumentoInformatico"].as_array().unwrap();
    let sums = fs::read_to_string(dir.join("impronte.sha256")).unwrap();
    for document in documents {
        let hash = &document["IdDoc"]["ImprontaCrittograficaDelDocumento"];
        assert_eq!(hash["Algoritmo"], "SHA-256");
        let line =
            format!("{}  {}", hash["Impronta"].as_str().unwrap(), document["NomeDelDocumento"].as_str().unwrap());
        assert!(sums.lines().any(|sum| sum == line), "{line}");
    }
    let flow = |way: &str| documents.iter().filter(|of| of["DatiDiRegistrazione"]["TipologiaDiFlusso"] == way).count();
    assert!(flow("E") > 0 && flow("U") > 0 && flow("E") + flow("U") == documents.len());
    let absent = json["NonPresenti"]["Campo"].as_array().unwrap();
    for field in ["TempoDiConservazione", "Soggetti.AmministrazioneTitolare"] {
        assert!(absent.iter().any(|of| of["Nome"] == field && of["Motivo"].is_string()), "{field}");
    }
    // The other form says the same, and is well-formed.
    let xml = fs::read_to_string(dir.join("metadati.xml")).unwrap();
    assert_eq!(xml.matches("<DocumentoInformatico>").count(), documents.len());
    assert!(xml.contains(&format!("<IdAggregazione>{number}</IdAggregazione>")), "{xml}");
}

#[test]
fn what_is_reserved_or_is_not_there_is_refused_and_leaves_nothing() {
    let counter = crate::caseload::Counter::new();
    let number = counter.open(&["--reserved"]);
    let out = counter.root.path().join("fascicolo.zip");
    let err = counter.refused(&["export", &number, "--out", out.to_str().unwrap()]);
    assert!(err.contains("riservato") && err.contains("--riservato") && !out.exists(), "{err}");
    let err = counter.refused(&["export", "2020/1", "--out", out.to_str().unwrap()]);
    assert!(err.contains("2020/000001 non c'è") && !out.exists(), "{err}");
    let said = counter.done(&["export", &number, "--out", out.to_str().unwrap(), "--riservato"]);
    assert!(said.contains("Messaggi 0, lettere 1, ricevute 0"), "{said}");
    // A register that was touched proves nothing, and an archive without a letter gives no half dossier.
    let out = counter.root.path().join("mezzo");
    fs::remove_dir_all(counter.house.data.join("archive/out")).unwrap();
    let err = counter.refused(&["export", &number, "--out", out.to_str().unwrap(), "--riservato"]);
    assert!(err.contains("archivio") && !out.exists(), "{err}");
}

//! `sportello trust` as an administrator uses it, with certificates of a real (simulated) authority.

use crate::support::{House, ask};
use gestore::{Authority, Style, Timestamp};
use std::fs;
use std::path::Path;

const POLICY: &str = pec::anchors::POLICY_FIRMA_PEC;

/// A folder as `init` makes it, and a certificate beside it.
fn folder(root: &Path, authority: &Authority) -> (String, String) {
    let (config, dir) = (root.join("sportello.toml"), root.join("trust"));
    let [config, dir] = [config, dir].map(|p| p.display().to_string());
    assert_eq!(ask(&["init", &config, "--trust", &dir]).0, Some(0));
    let certificate = root.join("nuova.pem");
    fs::write(&certificate, authority.certificate_pem()).unwrap();
    (dir, certificate.display().to_string())
}

fn pinned(authority: &Authority) -> String {
    sportello::digest::sha256(authority.certificate_der())
}

#[test]
fn what_is_shipped_is_shown_explained_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, _) = folder(dir.path(), &Authority::create(Timestamp::now()).unwrap());
    let (code, out, _) = ask(&["trust", "show", "--trust", &folder]);
    assert_eq!(code, Some(0));
    for expected in ["AgID CA1", "39e3c6c6", "DigitPA CA1", "solo per la posta di allora", POLICY, "firma-pec"] {
        assert!(out.contains(expected), "{expected}: {out}");
    }
    assert_eq!(ask(&["trust", "check", "--trust", &folder]).0, Some(0));
    // The folder and the program trust the same: same version, so the journal says the same.
    let version = |args: &[&str]| {
        let (_, out, _) = ask(args);
        serde_json::from_str::<serde_json::Value>(&out).unwrap()["version"].as_str().unwrap().to_owned()
    };
    let shipped = sportello::trust::Trust::shipped().digest();
    assert_eq!(version(&["trust", "show", "--trust", &folder, "--json"]), shipped);
}

#[test]
fn nothing_is_added_without_a_policy_and_the_right_fingerprint() {
    let dir = tempfile::tempdir().unwrap();
    let now = Timestamp::now();
    let (authority, other) = (Authority::create(now).unwrap(), Authority::create(now).unwrap());
    let (folder, certificate) = folder(dir.path(), &authority);
    let before = fs::read_to_string(format!("{folder}/ancore.toml")).unwrap();
    let (right, wrong) = (pinned(&authority), pinned(&other));
    let provider = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
    let leaf = dir.path().join("gestore.der");
    fs::write(&leaf, provider.signer().certificate_der()).unwrap();
    let leaf = leaf.display().to_string();
    let policy = ["--politica", POLICY];
    for (file, more, expected) in [
        (&certificate, vec!["--impronta", &right], "manca --politica"),
        (&certificate, policy.to_vec(), "manca --impronta"),
        (&certificate, [&policy[..], &["--impronta", &wrong]].concat(), "NON è il certificato che dovrebbe essere"),
        (&certificate, [&policy[..], &["--impronta", "12:34"]].concat(), "64 cifre esadecimali"),
        (&certificate, vec!["--uso", "firma", "--impronta", &right], "`uso` può essere firma-pec"),
        (&leaf, policy.to_vec(), "non di un'autorità"),
    ] {
        let (code, out, err) = ask(&[&["trust", "add", file, "--trust", &folder][..], &more].concat());
        assert!(code == Some(1) && err.contains(expected), "{expected}: {out}{err}");
        assert!(!out.contains(&right) && !err.contains(&right), "the file must not vouch for itself: {out}{err}");
        assert_eq!(fs::read_to_string(format!("{folder}/ancore.toml")).unwrap(), before);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "{expected}");
    }
}

#[test]
fn an_authority_is_added_with_its_comments_kept_and_not_twice() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::create(Timestamp::now()).unwrap();
    let (folder, certificate) = folder(dir.path(), &authority);
    let before = fs::read_to_string(format!("{folder}/ancore.toml")).unwrap();
    let print = pinned(&authority).to_uppercase();
    let add = |name: &str| {
        let args = ["trust", "add", &certificate, "--trust", &folder, "--politica", POLICY, "--impronta", &print];
        ask(&[&args[..], &["--nome", name, "--nota", "per \"prova\"", "--simulazione"]].concat())
    };
    let (code, out, err) = add("Nuova");
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("Aggiungerla vuol dire: è autentico ogni messaggio PEC firmato da chi ha"), "{out}");
    let after = fs::read_to_string(format!("{folder}/ancore.toml")).unwrap();
    assert!(after.starts_with(&before), "what was written stays");
    let (_, out, _) = ask(&["trust", "show", "--long", "--trust", &folder]);
    for expected in ["Nuova", "per \"prova\"", "SIMULAZIONE", ".test"] {
        assert!(out.contains(expected), "{expected}: {out}");
    }
    let (code, _, err) = add("Ancora lei");
    assert!(code == Some(1) && err.contains("ha la stessa chiave di quella alla riga"), "{err}");
    assert_eq!(fs::read_to_string(format!("{folder}/ancore.toml")).unwrap(), after);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}

#[test]
fn a_simulation_is_refused_in_service() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::create(Timestamp::now()).unwrap();
    let house =
        House::build(dir.path(), "protocollo@pec.comune.test", &dir.path().join("m"), authority.certificate_der());
    let file = house.file.to_str().unwrap();
    let (code, out, err) = ask(&["trust", "check", "--config", file]);
    assert!(code == Some(0) && out.contains("c'è una SIMULAZIONE"), "{out}{err}");
    let text = fs::read_to_string(&house.file).unwrap().replace("prova = true", "prova = false");
    fs::write(&house.file, text).unwrap();
    for command in [&["trust", "check", "--config", file][..], &["check", "--config", file], &["run", "--config", file]]
    {
        let (code, out, err) = ask(command);
        assert!(code != Some(0) && err.contains("in servizio non si può usare"), "{command:?}: {out}{err}");
    }
}

//! Changes when what holds our secrets changes: files and credentials, the unit that shuts the service in (P18, T42).

use crate::support::{Daemon, House, ask, secret_file};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Highest exposure that the unit may have, in tenths: P18.
const EXPOSURE_TENTHS_MAX: &str = "15";

fn unit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/sportello.service")
}

/// The address belongs to nobody, and the authority is one that signs nothing here.
fn house(root: &Path) -> House {
    let authority = gestore::Authority::create(gestore::Timestamp::now()).unwrap();
    House::build(root, "protocollo@pec.comune.test", &root.join("posta"), authority.certificate_der())
}

#[test]
fn a_password_that_any_user_can_read_is_found_by_check_and_told_by_run() {
    let root = tempfile::tempdir().unwrap();
    let house = house(root.path());
    let file = house.file.to_str().unwrap();
    let (code, _, said) = ask(&["check", "--config", file]);
    assert_eq!(code, Some(0), "{said}");
    fs::set_permissions(root.path().join("password"), fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, said) = ask(&["check", "--config", file]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("/password: chiunque su questa macchina può leggere") && said.contains("644"), "{said}");
    // Mail that nobody reads is worse than a password that a colleague may read: the service starts, and says it.
    let daemon = Daemon::run(&house.file, &root.path().join("log"));
    daemon.wait_logged(1, &["password_exposed"]);
    daemon.wait_logged(1, &["sportello started"]);
    assert!(!daemon.log().contains("segreta"));
}

#[test]
fn a_password_comes_from_its_file_and_from_no_environment() {
    let root = tempfile::tempdir().unwrap();
    let house = house(root.path());
    secret_file(&root.path().join("password"), "");
    let output = crate::support::sportello()
        .args(["check", "--config", house.file.to_str().unwrap()])
        .envs(["PASSWORD", "SPORTELLO_PASSWORD", "PEC_PASSWORD"].map(|name| (name, "segreta")))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("il file con la password è vuoto") && !said.contains("segreta"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_unit_shuts_the_service_in_and_hands_it_passwords_as_credentials() {
    let text = fs::read_to_string(unit()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    // Nothing goes through the environment but what the C library reads there of memory.
    let environment = lines.iter().filter_map(|line| line.strip_prefix("Environment"));
    let named = environment.flat_map(|rest| rest.trim_start_matches('=').split_whitespace());
    assert!(named.clone().all(|one| one.starts_with("MALLOC_")), "{:?}", named.collect::<Vec<_>>());
    assert!(lines.iter().any(|line| line.starts_with("LoadCredential=")));
    let version = Command::new("systemd-analyze").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        println!("skipped: no systemd-analyze, so the unit was not scored");
        return;
    }
    let score = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold", EXPOSURE_TENTHS_MAX])
        .arg(unit())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&score.stdout);
    assert!(score.status.success() && said.contains("Overall exposure level"), "{said}");
    let verified =
        Command::new("systemd-analyze").args(["verify", "--recursive-errors=no"]).arg(unit()).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    // A word that systemd does not know has the number of its line; that the program is not installed here has none.
    let is_ours = |line: &&str| {
        line.split("sportello.service:").nth(1).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let unknown: Vec<&str> = said.lines().filter(is_ours).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

//! Changes when an administrator is told of mistakes in another way. What each mistake in rules says is pinned in `casework`
//! (`fixtures/rules-bad`); here, that the program itself says it and starts nothing.

use crate::support::ask;
use std::fs;
use std::path::Path;

/// The small good rulebook with one bad file beside it, as a folder.
fn with_mistake(name: &str) -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/rules-bad");
    let folder = tempfile::tempdir().unwrap();
    for file in [from.join("base/00-base.toml"), from.join(name)] {
        fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
    }
    folder
}

/// What the head of the file says must be read.
fn wanted(folder: &Path, name: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("# atteso: ")).map(str::to_owned).collect()
}

#[test]
fn check_says_every_mistake_in_rules_and_fails() {
    for name in ["18-indirizzo-con-due-destinatari.toml", "47-virgola-mancante.toml"] {
        let folder = with_mistake(name);
        let (code, out, err) = ask(&["check", "--files", "--rules", folder.path().to_str().unwrap()]);
        assert_eq!(code, Some(1), "{name}: {out}{err}");
        let mut said: Vec<&str> = err.lines().collect();
        assert_eq!(said.pop(), Some("1 errore"), "{name}: the count comes last");
        assert_eq!(said, wanted(folder.path(), name), "{name}");
        assert_eq!(out, "", "{name}: nothing is said to be fine");
    }
}

/// Mistakes of reading, of names, and a file that is no TOML: one run tells them all, and no line of another rule.
#[test]
fn rules_check_says_mistakes_of_every_kind_of_every_file_at_once() {
    let (many, torn) = ("68-errori-di-ogni-tipo-insieme.toml", "47-virgola-mancante.toml");
    let folder = with_mistake(many);
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/rules-bad").join(torn);
    fs::copy(&from, folder.path().join(torn)).unwrap();
    let (code, out, err) = ask(&["rules", "check", folder.path().to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    // Which templates there are is another matter than in the fixture, and a rule that the torn file may hold is missed by nobody.
    let told = |line: &str| line.split(" (").next().unwrap_or_default().to_owned();
    let mut all: Vec<String> =
        [torn, many].iter().flat_map(|name| wanted(folder.path(), name)).map(|l| told(&l)).collect();
    all.push("11 errori".into());
    assert_eq!(err.lines().map(told).collect::<Vec<_>>(), all);
    assert!(err.contains("forse intendevi `complaint`?") && err.contains("forse intendevi `urp`?"), "{err}");
}

#[test]
fn a_mistake_in_the_configuration_is_named_with_its_nearest_key_and_nothing_starts() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("sportello.toml")).unwrap();
    let data = folder.path().join("dati");
    let text =
        shipped.replace("/var/lib/sportello", data.to_str().unwrap()).replace("responsabile =", "responsabilee =");
    let line = text.lines().position(|line| line.starts_with("responsabilee")).unwrap() + 1;
    let path = folder.path().join("sportello.toml");
    fs::write(&path, &text).unwrap();
    let path = path.to_str().unwrap();
    for command in ["check", "run"] {
        let (code, out, err) = ask(&[command, "--config", path]);
        assert_eq!(code, Some(3), "{command}: {out}{err}");
        assert!(err.contains(&format!("{path}:{line}:")), "{command} names file and line: {err}");
        assert!(
            err.contains("`ente.responsabilee`") && err.contains("forse intendevi `responsabile`"),
            "{command}: {err}"
        );
        assert!(!data.exists(), "{command} made the data folder");
        assert_eq!(out, "", "{command}");
    }
}

//! Changes when the report does: its stable keys, and the lines that a person reads first.

use super::fixtures;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Keys and types of the table in `REPORT.md`.
fn documented() -> BTreeMap<String, String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("REPORT.md")).unwrap();
    let keys = text.split("\n## ").find(|section| section.starts_with("Keys\n")).unwrap();
    let rows = keys.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    rows.map(|(key, rest)| (key.to_owned(), rest.split(" | ").next().unwrap().to_owned())).collect()
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn agrees(documented: &str, value: &Value) -> bool {
    match documented.strip_prefix("array of ") {
        Some(inner) => value.as_array().is_some_and(|all| all.iter().all(|v| type_of(v) == inner)),
        None => documented.split(" or ").any(|one| one == type_of(value)),
    }
}

/// A program that somebody wrote on these keys must not break; and nobody can use a key that is not documented.
#[test]
fn the_keys_of_the_json_are_those_documented() {
    let documented = documented();
    let mut seen = BTreeSet::new();
    let mut met = BTreeSet::new();
    for name in fixtures::names() {
        let report = fixtures::explained(&name).json(&name);
        let mut told: Vec<(String, &Value)> =
            report.as_object().unwrap().iter().map(|(key, value)| (key.clone(), value)).collect();
        for check in report["checks"].as_array().unwrap() {
            told.extend(check.as_object().unwrap().iter().map(|(key, value)| (format!("checks[].{key}"), value)));
        }
        if let Some(signer) = report["signer"].as_object() {
            told.extend(signer.iter().map(|(key, value)| (format!("signer.{key}"), value)));
        }
        assert_eq!(report["checks"].as_array().unwrap().len(), pec::Check::ALL.len(), "{name}");
        for (key, value) in told {
            let kind = documented.get(&key).unwrap_or_else(|| panic!("{name}: {key} is not in REPORT.md"));
            assert!(agrees(kind, value), "{name}: {key} is documented as {kind}, and it is {value}");
            met.insert((key.clone(), type_of(value)));
            seen.insert(key);
        }
    }
    assert_eq!(seen, documented.keys().cloned().collect(), "a documented key is never written");
    let null = |key: &str| met.contains(&(key.to_owned(), "null"));
    let vain: Vec<_> = documented.iter().filter(|(key, kind)| kind.ends_with("or null") && !null(key)).collect();
    assert!(vain.is_empty(), "documented as null at times, and never is: {vain:?}");
}

#[test]
fn the_table_names_every_kind_grade_and_check() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("REPORT.md")).unwrap();
    let codes = pec::Kind::ALL.iter().map(|kind| kind.code()).chain(pec::Check::ALL.map(pec::Check::code));
    let missing: Vec<&str> = codes.filter(|code| !text.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_is_signed_is_told_from_what_is_claimed() {
    let told = |name: &str| fixtures::explained(name).json(name);
    let genuine = told("001-posta-certificata-der");
    assert_eq!(genuine["certified"], true);
    assert_eq!(genuine["source"], "signed");
    assert_eq!(genuine["sender"], "anna.bianchi@cittadini.test");
    assert_eq!(genuine["recipients"], serde_json::json!(["protocollo@pec.comune.example"]));
    assert_eq!(genuine["date"], "2026-02-03T09:10:11Z");
    assert_eq!(genuine["simulation"], true);
    // Dressed as an envelope: what it says of itself is a claim, and says so.
    let dressed = told("201-ordinary-dressed-as-posta-certificata");
    assert_eq!((&dressed["certified"], &dressed["source"]), (&false.into(), &"claimed".into()));
    assert_eq!(dressed["pec_id"], Value::Null, "a header names no certified id");
    // The header shows the mayor; the provider signed a citizen.
    let other = told("132-sender-shown-differs");
    assert_eq!((&other["certified"], &other["source"]), (&false.into(), &"signed".into()));
    assert_eq!(other["sender"], "anna.bianchi@cittadini.test");
    // An anomaly certifies no author.
    let anomaly = told("005-busta-anomalia");
    assert_eq!((&anomaly["certified"], &anomaly["source"]), (&true.into(), &"claimed".into()));
}

/// The first lines, as a clerk reads them: one fixture a grade and kind that matters.
#[test]
fn the_first_lines_say_it_in_plain_italian() {
    for (name, wanted) in [
        (
            "001-posta-certificata-der",
            "Messaggio autentico, spedito da anna.bianchi@cittadini.test alle 10:10 del 3 febbraio 2026, firmato da SIMULAZIONE Beta Mail S.r.l., certificato valido a quella data",
        ),
        ("004-posta-certificata-sha1", "tecnica ammessa allora e oggi debole"),
        ("005-busta-anomalia", "posta che NON viene dalla Pec"),
        ("006-accettazione", "è stato accettato dal gestore alle 10:10 del 3 febbraio 2026"),
        (
            "011-avvenuta-consegna-completa",
            "Ricevuta autentica: il messaggio «Richiesta protocollata» di protocollo@pec.comune.example è stato consegnato ad anna.bianchi@cittadini.test alle 10:10",
        ),
        ("014-errore-consegna", "NON è stato consegnato ad anna.bianchi@cittadini.test (la casella non esiste"),
        ("017-preavviso-24-hours", "in 24 ore il messaggio"),
        ("019-ordinary-mail", "Posta ordinaria: non è Pec"),
        (
            "021-pec-forwarded-in-a-pec",
            "Contiene un allegato che si presenta come «busta di trasporto»: non è verificato",
        ),
        ("111-signature-content-changed", "SOSPETTO: non fidarti del mittente né del contenuto"),
        ("132-sender-shown-differs", "I dati firmati dicono: mittente anna.bianchi@cittadini.test"),
        ("203-signed-with-a-personal-certificate", "non l'ha firmato chi doveva"),
    ] {
        let text = fixtures::explained(name).text(name, false);
        let top = text.split("\nFILE\n").next().unwrap();
        let prose = top.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(prose.contains(wanted), "{name}: {prose}");
        assert!(top.lines().count() <= 12, "{name}: more than a clerk reads\n{top}");
        let is_loud = top.lines().nth(1).is_some_and(|line| line.starts_with("*** SIMULAZIONE"));
        assert_eq!(is_loud, fixtures::explained(name).json(name)["simulation"] == true, "{name}: {top}");
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{name}: {text}");
    }
}

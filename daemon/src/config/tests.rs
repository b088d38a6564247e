//! The reference configuration is true, and every mistake is told at once.

use super::*;

const REFERENCE: &str = include_str!("../../sportello.toml");

#[test]
fn the_reference_configuration_is_valid_and_its_defaults_are_the_true_ones() {
    let written = Config::parse("sportello.toml", REFERENCE).unwrap();
    // Every line that shows a default, uncommented, changes nothing.
    let shown = REFERENCE.replace("# porta = 993 ", "porta = 993 ").replace("# porta = 465", "porta = 465");
    let shown = shown
        .replace("# poll_secondi = 300", "poll_secondi = 300")
        .replace("# idle_secondi = 540", "idle_secondi = 540");
    let shown =
        shown.replace("# attesa_secondi = 600", "attesa_secondi = 600").replace("# byte_massimi", "byte_massimi");
    let shown = shown
        .replace("# automatici_in", "automatici_in")
        .replace("# accettazione_minuti", "accettazione_minuti")
        .replace("# messaggi_al", "messaggi_al")
        .replace("# rispedisci_se", "rispedisci_se")
        .replace("# formato", "formato")
        .replace("# filtro", "filtro")
        .replace("# attiva", "attiva")
        .replace("# host", "host")
        .replace("# richieste_all_ora", "richieste_all_ora");
    assert_ne!(shown, REFERENCE);
    assert_eq!(format!("{:?}", Config::parse("x", &shown).unwrap()), format!("{written:?}"));
}

#[test]
fn every_key_is_in_the_reference_configuration() {
    // A key that the reader asks for and the manual does not name would be a secret.
    let sources = [
        include_str!("../config.rs"),
        include_str!("monitoring.rs"),
        include_str!("alarms.rs"),
        include_str!("protocol.rs"),
        include_str!("courtesy.rs"),
    ];
    let source = sources.map(|text| text.split("#[cfg(test)]").next().unwrap()).concat();
    for call in [
        "required(\"",
        ".text(\"",
        "located(\"",
        "number(\"",
        "texts(\"",
        "flag(\"",
        ".table(\"",
        "tables(\"",
        "seconds(&mut imap, \"",
        "seconds(&mut maildir, \"",
    ] {
        for (at, _) in source.match_indices(call) {
            let key = source[at + call.len()..].split('"').next().unwrap();
            assert!(REFERENCE.contains(key), "`{key}` is not in sportello.toml");
        }
    }
}

#[test]
fn all_mistakes_are_told_at_once_with_their_lines() {
    let text = "[ente]\nnome = 3\npatrono = \"31-12\"\nnomme = \"x\"\n[dati]\ncartella = \"/x\"\n[[casella]]\nnome = \"a\"\nindirizzo = \"senza chiocciola\"\n[casella.imap]\nporta = 0\n";
    let found = Config::parse("s.toml", text).unwrap_err();
    let shown: Vec<String> = found.iter().map(|p| format!("{}:{} {}", p.file, p.line.unwrap_or(0), p.text)).collect();
    let all = shown.join("\n");
    for expected in [
        "s.toml:2 `ente.nome` deve essere un testo",
        "s.toml:3 `ente.patrono` deve essere mese-giorno",
        "chiave sconosciuta `ente.nomme`",
        "manca `ente.contatto`",
        "«senza chiocciola» non lo è",
        "`casella.imap.porta` deve essere un numero intero fra 1 e 65535",
        "manca `casella.imap.server`",
        "manca la tabella [invio]",
    ] {
        assert!(all.contains(expected), "{expected} non è in:\n{all}");
    }
    assert!(all.contains("`nome`"), "the nearest key is named:\n{all}");
}

#[test]
fn several_folders_are_watched_and_none_twice() {
    let with = |keys: &str| REFERENCE.replacen("# cartella = \"INBOX\"\n", keys, 1);
    let folders = |keys: &str| match &Config::parse("s.toml", &with(keys)).unwrap().mailboxes[0].source {
        Source::Imap(_, watched) => watched.folders.clone(),
        Source::Maildir { .. } => unreachable!(),
    };
    assert_eq!(folders(""), ["INBOX"]);
    assert_eq!(folders("cartella = \"Posta in arrivo\"\n"), ["Posta in arrivo"]);
    assert_eq!(folders("cartelle = [\"INBOX\", \"Attività\"]\n"), ["INBOX", "Attività"]);
    for (keys, wrong) in [
        ("cartelle = []\n", "da 1 a 8"),
        ("cartella = \"INBOX\"\ncartelle = [\"Ricevute\"]\n", "non tutte e due"),
        ("cartelle = [\"INBOX\", \"inbox\"]\n", "due volte «inbox»"),
        ("cartelle = [\"INBOX\", \"Lette\"]\nsposta_in = \"Lette\"\n", "in tondo"),
    ] {
        let found = Config::parse("s.toml", &with(keys)).unwrap_err();
        assert!(found.iter().any(|p| p.text.contains(wrong)), "{keys}: {found:?}");
    }
}

#[test]
fn broken_syntax_gives_its_line_and_no_follow_on_errors() {
    let found = Config::parse("s.toml", "[ente]\nnome = \"x\n[dati]\n").unwrap_err();
    assert!(found.iter().all(|p| p.text.starts_with("non è TOML")), "{found:?}");
    assert_eq!(found[0].line, Some(2));
}

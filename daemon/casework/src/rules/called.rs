//! What administrators write for the words of a closed list: the Italian name of a place, a kind or a mode. It changes when another
//! one is met. Nothing is read so: it is only what a mistake proposes.

use super::normal::Normal;

/// Words, and what whoever writes one means.
pub(crate) type Called = [(&'static str, &'static [&'static str])];

/// Places.
pub(super) const PLACES: [(&str, &[&str]); 13] = [
    ("subject", &["oggetto", "titolo", "object"]),
    ("body", &["testo", "corpo", "messaggio", "text", "contenuto"]),
    ("body.quoted", &["citato", "testo citato", "quoted", "quote", "citazione"]),
    ("signature", &["firma", "in calce"]),
    ("attachment.name", &["allegato", "allegati", "attachment", "attachments", "nome allegato", "file", "nome file"]),
    ("attachment.text", &["testo allegato", "testo allegati", "contenuto allegato"]),
    ("from.address", &["mittente", "from", "da", "sender", "indirizzo"]),
    ("from.domain", &["dominio", "domain"]),
    ("from.name", &["nome", "nome mittente", "name"]),
    ("from.kind", &["tipo mittente"]),
    ("to", &["destinatario", "destinatari", "a"]),
    ("pec.kind", &["busta", "tipo busta"]),
    ("pec.grade", &["verifica", "grado"]),
];

/// Modes of a rule.
pub(super) const MODES: [(&str, &[&str]); 3] = [
    ("shadow", &["ombra", "prova", "in prova", "test", "trial"]),
    ("suggest", &["suggerisci", "suggerimento", "suggerita", "proponi", "proposta", "manuale", "manual"]),
    ("auto", &["automatico", "automatica", "automatic", "automaticamente"]),
];

/// Kinds of request.
pub(super) const KINDS: [(&str, &[&str]); 14] = [
    ("data_change", &["variazione", "variazione dati", "variazione di dati", "cambio dati", "residenza"]),
    ("participation", &["partecipazione", "memorie", "osservazioni"]),
    ("status_enquiry", &["stato", "stato pratica", "sollecito", "status"]),
    ("own_data_request", &["dati personali", "richiesta dati", "own data"]),
    ("enablement", &["abilitazione", "abilita"]),
    ("new_application", &["istanza", "nuova istanza", "domanda", "richiesta", "application"]),
    ("integration_reply", &["integrazione", "integrazioni", "risposta", "integration"]),
    ("access_to_records", &["accesso", "accesso atti", "accesso agli atti", "access"]),
    ("complaint", &["reclamo", "segnalazione", "reclami", "segnalazioni"]),
    ("payment_query", &["pagamento", "pagamenti", "tributi", "payment"]),
    ("other_pa", &["altra pa", "altra amministrazione", "pa", "ente"]),
    ("invoice", &["fattura", "fatture", "fatturazione"]),
    ("spam", &["pubblicita", "spazzatura"]),
    ("other", &["altro", "altre", "not for us", "vario", "varie"]),
];

/// Which word of a list is called so, however it is spelled (`not-for-us`, `Altra PA`).
pub(super) fn as_called(called: &Called, written: &str) -> Option<&'static str> {
    let written = Normal::of(written);
    called.iter().find(|(_, names)| names.contains(&written.text())).map(|(word, _)| *word)
}

#[cfg(test)]
mod tests {
    use super::super::book::Kind;
    use super::super::place::Place;
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_word_is_one_of_its_list_and_no_name_means_two() {
        let places: BTreeSet<&str> = Place::ALL.iter().map(|(code, _)| *code).collect();
        let kinds: BTreeSet<&str> = Kind::ALL.iter().map(|(_, code, _)| *code).collect();
        for (called, known) in
            [(&PLACES[..], places), (&KINDS[..], kinds), (&MODES[..], BTreeSet::from(["shadow", "suggest", "auto"]))]
        {
            assert_eq!(called.iter().map(|(word, _)| *word).collect::<BTreeSet<_>>(), known);
            let mut names = BTreeSet::new();
            for name in called.iter().flat_map(|(_, names)| *names) {
                assert!(names.insert(*name) && Normal::of(name).text() == *name, "{name}");
            }
        }
        assert_eq!(as_called(&PLACES, "Oggetto"), Some("subject"));
        assert_eq!(as_called(&KINDS, "not-for-us"), Some("other"));
        assert_eq!(as_called(&MODES, "sempre"), None);
    }
}

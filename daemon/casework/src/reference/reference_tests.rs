//! Changes when another way of citing a dossier must be understood, or must not be.

use super::*;
use alloc::string::ToString;
use proptest::prelude::*;

fn seen(text: &str) -> Vec<(String, String)> {
    find(text, Place::Body, 0).into_iter().filter(|r| !r.bare).map(|r| (r.raw.clone(), r.canonical())).collect()
}

/// The raw text and the canonical form of the only reference.
fn one(text: &str, raw: &str, canonical: &str) {
    assert_eq!(seen(text), [(raw.to_string(), canonical.to_string())], "{text:?}");
}

#[test]
fn every_order_of_number_and_year() {
    one("Vi scrivo per la pratica n. 123/2026, grazie", "pratica n. 123/2026", "pratica:123/2026");
    one("pratica 2026/50123", "pratica 2026/50123", "pratica:50123/2026");
    one("PRATICA N° 0000123 DEL 2026", "PRATICA N° 0000123 DEL 2026", "pratica:123/2026");
    one("fasc. 55010-2026", "fasc. 55010-2026", "fasc:55010/2026");
    one("verbale numero 20991 dell'anno 2026", "verbale numero 20991 dell'anno 2026", "verbale:20991/2026");
    one("avviso di accertamento nr. 789/25", "avviso di accertamento nr. 789/25", "avviso:789/2025");
    one("determinazione n. 210 / 2026", "determinazione n. 210 / 2026", "determina:210/2026");
    one("la mia pratica è la 4471", "pratica è la 4471", "pratica:4471");
}

#[test]
fn dots_zeros_and_dates() {
    one("prot. N. 23.456/2026.", "prot. N. 23.456/2026", "prot:23456/2026");
    one("prot. 0056.888/2026", "prot. 0056.888/2026", "prot:56888/2026");
    one("Prot. n. 8125 del 02/03/2026 e seguenti", "Prot. n. 8125 del 02/03/2026", "prot:8125/2026-03-02");
    one(
        "ordinanza sindacale n. 33 del 12.02.2026.",
        "ordinanza sindacale n. 33 del 12.02.2026",
        "ordinanza:33/2026-02-12",
    );
    one("protocollo 77 del 3 febbraio 2026", "protocollo 77 del 3 febbraio 2026", "prot:77/2026-02-03");
    one("prot. n. 12345/2026 del 03/02/2026", "prot. n. 12345/2026", "prot:12345/2026");
}

#[test]
fn series_before_between_and_after() {
    one("pratica ERP/91/2026", "pratica ERP/91/2026", "pratica:ERP/91/2026");
    one(
        "la n. 123/A/2025: pratica n. 123/A/2025".split_once(": ").unwrap().1,
        "pratica n. 123/A/2025",
        "pratica:A/123/2025",
    );
    one("fascicolo LEG-102-2025", "fascicolo LEG-102-2025", "fasc:LEG/102/2025");
    one("verbale V/50.888/2026", "verbale V/50.888/2026", "verbale:V/50888/2026");
    one("pratica ZTL n. 210/2026", "pratica ZTL n. 210/2026", "pratica:ZTL/210/2026");
    one("bando ERP n. 5/2025", "bando ERP n. 5/2025", "bando:5/2025");
    one("PG/2026/123456", "PG/2026/123456", "prot:PG/123456/2026");
    one("Prot. N.0012876/2026/U", "Prot. N.0012876/2026/U", "prot:12876/2026");
}

#[test]
fn abbreviations_and_signs() {
    one("P.E. 2026/0051450", "P.E. 2026/0051450", "pratica:51450/2026");
    one("P.d.C. n. 12/2025", "P.d.C. n. 12/2025", "permesso:12/2025");
    one("S.C.I.A. prot. 77/2026", "prot. 77/2026", "prot:77/2026");
    one("pratica #12345", "pratica #12345", "pratica:12345");
    one("accertamento n. 789/2025", "accertamento n. 789/2025", "avviso:789/2025");
    one("prot. n. 77 del 2026-02-03", "prot. n. 77 del 2026-02-03", "prot:77/2026-02-03");
    one("pratica n. ERP 91/2026", "pratica n. ERP 91/2026", "pratica:ERP/91/2026");
    one("PRATICA CASA N. 91/2026", "PRATICA CASA N. 91/2026", "pratica:91/2026");
}

#[test]
fn files_of_the_suap_and_our_token() {
    one("pratica SUAP 03344556677-20042026-1130", "SUAP 03344556677-20042026-1130", "suap:03344556677-20042026-1130");
    one("rif. RSSMRA80A01H501U-12032026-1015", "RSSMRA80A01H501U-12032026-1015", "suap:RSSMRA80A01H501U-12032026-1015");
    one("R: [Fascicolo 2026/000123] Abbiamo ricevuto", "[Fascicolo 2026/000123]", "token:123/2026");
}

#[test]
fn our_number_with_its_check_letters_has_the_canonical_form_of_one_without() {
    let check = crate::dossier::check::letters(2026, 123);
    let small = check.to_lowercase();
    let is = |raw: &str, canonical: &str| one(raw, raw, canonical);
    is(&format!("[Fascicolo 2026/000123-{check}]"), "token:123/2026");
    is(&format!("pratica n. 2026/000123-{check}"), "pratica:123/2026");
    is(&format!("fascicolo 2026/123 {small}"), "fasc:123/2026");
    is(&format!("pratica 2026-000123-{small}"), "pratica:123/2026");
    is(&format!("pratica 2026/000123{check}"), "pratica:123/2026");
    let in_prose = format!("la pratica 2026/000123-{check}. Grazie");
    one(&in_prose, &format!("pratica 2026/000123-{check}"), "pratica:123/2026");
    // What is no pair of check letters stays prose.
    for after in [" di Rossi", " in corso", " SG", "\nCT ", "-bis", " CTX", " (MB)", " prot. 5"] {
        let text = format!("pratica n. 2026/000123{after}");
        let found = find(&text, Place::Body, 0);
        assert!(!found[0].slip, "{text}: {found:?}");
    }
}

#[test]
fn other_languages_and_names_of_files() {
    one("Bezug: Akte Nr. 208/2026", "Akte Nr. 208/2026", "fasc:208/2026");
    one("su expediente n.º 9051/2026", "expediente n.º 9051/2026", "fasc:9051/2026");
    one("your case no. 1450/2026", "case no. 1450/2026", "fasc:1450/2026");
    one("votre dossier n° 3120/2026", "dossier n° 3120/2026", "fasc:3120/2026");
    one("integrazione_pratica_123-2026.pdf", "pratica_123-2026", "pratica:123/2026");
    one("domanda_58001_2026.pdf", "domanda_58001_2026", "domanda:58001/2026");
}

#[test]
fn numbers_of_others_are_no_references() {
    for text in [
        "ai sensi della legge n. 241/1990 e del D.P.R. 445/2000, art. 10",
        "la pratica, ai sensi della L. 241/1990",
        "Tribunale di Roma, R.G. 1234/2025",
        "fattura n. 12/2026 del 3/2/2026",
        "ns. prot. 456/2026",
        "nostro protocollo n. 77/2026",
        "CIG Z123456789, CUP J41B21000000001, IUV 301000000012345678",
        "targa AB123CD, tel. 0471 123456, cell. 333 1234567",
        "sono andato in pratica 3 volte, il 12/03/2026 alle ore 10",
        "la pratica 2025 è chiusa",
        "ho pagato 1.250 euro e 1.250,00 €",
        "Via Roma n. 12, 39100 Bolzano",
        "Reg. (UE) 2016/679",
        "la domanda per i miei 3 figli",
        "dal 03/2026",
        "nato il 1980-01-02",
        "permesso di soggiorno n. 123456",
        "compravendita rep. n. 4567/2019 del notaio Bianchi",
        "atto a rogito Verdi, rep. 4567",
        "la domanda di rimborso sul conto corrente n. 000012345678",
        "Regolamento (C.E.) n. 852/2004",
        "Reg. C.E. n. 852/2004",
        "responsabilità contrattuale, artt. 1218 e 2043 c.c.",
        "tessera n. 231",
        "il rapporto del sinistro 14/08",
        "la domanda fatta a 3/2026",
    ] {
        assert_eq!(seen(text), [], "{text:?}");
    }
}

#[test]
fn acts_that_are_no_procedures_and_words_between() {
    one("la concessione è la Rep. n. 1902/2019", "Rep. n. 1902/2019", "contratto:1902/2019");
    one("contratto n. 233/ERP", "contratto n. 233/ERP", "contratto:ERP/233");
    one("disdetta, contratto 3391.", "contratto 3391", "contratto:3391");
    one("il bonifico del mandato n. 2210", "mandato n. 2210", "mandato:2210");
    one("(acte n° 212, partie I)", "acte n° 212", "atto:212");
    one("TAGLIANDO DISABILI N. 1209", "TAGLIANDO DISABILI N. 1209", "contrassegno:1209");
    one("Fascicolo stato civile 61/2024", "Fascicolo stato civile 61/2024", "fasc:61/2024");
    one("prat. vincolo idrogeologico 3/2025", "prat. vincolo idrogeologico 3/2025", "pratica:3/2025");
    one("delibera C.C. n. 18 del 27.03.2025", "delibera C.C. n. 18 del 27.03.2025", "delibera:18/2025-03-27");
    one("l'avviso TARI n. 2025000018834", "avviso TARI n. 2025000018834", "avviso:2025000018834");
    one("scritto il 29 marzo, protocollato col 15077", "protocollato col 15077", "prot:15077");
    one("prat. n° 77bis/24", "prat. n° 77bis/24", "pratica:BIS/77/2024");
    one("ricorso avverso v.a.v. n. 10.337/V/25", "v.a.v. n. 10.337/V/25", "verbale:V/10337/2025");
    one("chiedo copia della C.E. n. 41/1978", "C.E. n. 41/1978", "concessione:41/1978");
    one("des Gemeinderatsbeschlusses Nr. 29", "Gemeinderatsbeschlusses Nr. 29", "delibera:29");
    one("è stata accettata? NUMERO 00231 presentata", "NUMERO 00231", "pratica:231");
    one("la domanda di assistenza domiciliare per mia madre, SAD 2025-44", "SAD 2025-44", "pratica:SAD/44/2025");
    one("la pratica è quella del bonus luce/gas 2025-0672", "2025-0672", "pratica:672/2025");
}

#[test]
fn a_list_shares_its_noun() {
    let found = seen("verbali nn. 12/2026 e 13/2026");
    assert_eq!(found.iter().map(|(_, c)| c.as_str()).collect::<Vec<_>>(), ["verbale:12/2026", "verbale:13/2026"]);
}

proptest! {
    #[test]
    fn total_and_true_to_the_text(text in "([a-zA-Z]{1,9}|[0-9]{1,9}|[ ./\\-_°º:,'\\[\\]\n]){0,60}") {
        let mut last = 0;
        for reference in find(&text, Place::Subject, 0) {
            prop_assert_eq!(text.get(reference.start..reference.start + reference.raw.len()), Some(reference.raw.as_str()));
            prop_assert!(reference.start >= last, "in order, and none twice");
            last = reference.start + 1;
            prop_assert!(!reference.number.is_empty() && !reference.number.starts_with('0') || reference.kind == RefKind::Suap);
        }
    }
}

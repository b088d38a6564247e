//! The shipped templates, and what a template or a value must not be able to do.

extern crate std;

use super::catalogue::{Field, Kind, MESSAGES, Message, Need, Reader};
use super::{Extent, LETTER_MAX, RenderTrouble, Rendered, TemplateFile, Templates, load, readable, values, wrap};
use crate::language::Language;
use crate::mailto;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::{Value, json};

macro_rules! shipped {
    ($language:literal: $($name:literal),* $(,)?) => {
        [$((
            concat!($language, "/", $name, ".hbs"),
            include_str!(concat!("../../../../templates/", $language, "/", $name, ".hbs")),
        )),*]
    };
}

fn files() -> Vec<TemplateFile> {
    let italian = shipped!["it":
        "avviso-pratica",
        "avvio-procedimento",
        "compito",
        "compito-esito-ignoto",
        "compito-mancata-consegna",
        "compito-pratica",
        "compito-verifica",
        "conferma-modifica",
        "documenti-acquisiti",
        "esito",
        "fascicolo-non-trovato",
        "fatture-solo-sdi",
        "ordine-eseguito",
        "ordine-non-eseguito",
        "pec-non-certificata",
        "preavviso-diniego",
        "presa-in-carico",
        "presa-in-carico.ente",
        "presa-in-carico.professionista",
        "promemoria",
        "proroga",
        "richiesta-integrazione",
        "riepilogo-ufficio",
        "richiesta-pagamento",
        "richiesta-parere",
        "trasmissione-ente",
        "richiesta-regolarizzazione",
        "stato-pratica",
        "abilitazione-confermata",
        "accessi",
        "aiuto",
        "avvisi-cortesia",
        "avvisi-scadenze",
        "avvisi-scelti",
        "avviso-cortesia",
        "avviso-cortesia-mancata",
        "avviso-rata",
        "avviso-scadenza",
        "catalogo",
        "come-farti-riconoscere",
        "conferma-abilitazione",
        "conferma-scaduta",
        "dati-personali",
        "documento",
        "documento-non-visibile",
        "elenco-pratiche",
        "indice-fascicolo",
        "revoca",
        "risponde-una-persona",
        "ritiro",
        "posizione-graduatoria",
        "posto-graduatoria",
        "scheda",
        "segui",
        "segui-novita",
        "modulo",
        "valutazione",
    ];
    let german = shipped!["de": "presa-in-carico", "richiesta-integrazione", "stato-pratica"];
    let english = shipped!["en": "presa-in-carico", "richiesta-integrazione", "stato-pratica"];
    italian
        .into_iter()
        .chain(german)
        .chain(english)
        .map(|(name, text)| TemplateFile { name: name.to_string(), text: text.to_string() })
        .collect()
}

pub(super) fn templates() -> Templates {
    load(&files()).unwrap_or_else(|problems| {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", all.join("\n"))
    })
}

/// The problems of one shipped file when it is changed.
fn problems(name: &str, change: impl Fn(&str) -> String) -> Vec<String> {
    let mut file = files().into_iter().find(|file| file.name == format!("it/{name}.hbs")).unwrap();
    file.text = change(&file.text);
    Templates::none(String::new()).add(&file).iter().map(ToString::to_string).collect()
}

fn render(name: &str, change: impl Fn(&mut Value)) -> Rendered {
    let templates = templates();
    let mut given = templates.sample(name, Language::It, Extent::Full).unwrap();
    change(&mut given);
    templates.render(name, Language::It, &given).unwrap()
}

/// With `--nocapture` it prints the letters, for who edits them.
#[test]
fn every_letter_is_readable_plain_and_narrow() {
    let templates = templates();
    let is_common = |name: &&&str| crate::reply::reader::Kind::of_template(name).is_none();
    assert_eq!(templates.names().iter().filter(is_common).count(), MESSAGES.len());
    for message in MESSAGES {
        let letter = templates
            .render(message.name, Language::It, &templates.sample(message.name, Language::It, Extent::Full).unwrap())
            .unwrap();
        std::println!("== {}\n{}\n\n{}", message.name, letter.subject, letter.text);
        for row in letter.text.lines() {
            assert!(
                row.chars().count() <= wrap::WIDTH || row.trim_start().starts_with("mailto:"),
                "{}: {row}",
                message.name
            );
            assert!(!row.contains("{{") && !row.contains("}}"), "{}: {row}", message.name);
        }
        if message.reader == Reader::Citizen {
            let index = readable::gulpease(&letter.text).unwrap();
            std::println!("Gulpease {index}");
        }
    }
    assert!(templates.check().is_empty(), "{:?}", templates.check());
}

/// The letters of other languages: the same facts, dates and demands, and no word of Italian that the program puts in.
#[test]
fn a_letter_in_another_language_holds_what_the_italian_one_holds() {
    let templates = templates();
    let others: Vec<(Language, &str)> = templates.letters().filter(|(language, _)| !language.is_italian()).collect();
    assert_eq!(others.len(), 6);
    for (language, name) in others {
        for extent in [Extent::Full, Extent::Least] {
            let letter = templates.render(name, language, &templates.sample(name, language, extent).unwrap()).unwrap();
            std::println!("== {} {name}\n{}\n\n{}", language.tag(), letter.subject, letter.text);
            for row in letter.text.lines() {
                assert!(row.chars().count() <= wrap::WIDTH || row.trim_start().starts_with("mailto:"), "{name}: {row}");
            }
            assert!(letter.subject.ends_with("[Fascicolo 2026/000123-MK]"));
            let date = if language == Language::De {
                "Donnerstag, 2. Juli 2026, 09:00 Uhr"
            } else {
                "Thursday 2 July 2026, 09:00"
            };
            assert!(letter.text.contains(date), "{name}: {}", letter.text);
            for italian in ["giovedì", "luglio", "in lavorazione", "L'ufficio", "richiesta", "acquisito"] {
                assert!(!letter.text.contains(italian), "{name}: {italian} in {}", letter.text);
            }
        }
    }
    assert_eq!(templates.language("stato-pratica", Language::De), Language::De);
    assert_eq!(templates.language("esito", Language::De), Language::It);
}

#[test]
fn a_letter_of_another_language_must_say_what_the_law_wants_too() {
    for (name, without, why) in [
        ("de/presa-in-carico.hbs", "Verwaltungsgericht", "i rimedi contro il ritardo"),
        ("de/presa-in-carico.hbs", "{{data_fine}}", "manca {{data_fine}}"),
        ("en/presa-in-carico.hbs", "on paper", "dove sono gli atti non digitali"),
        ("en/stato-pratica.hbs", "Subject:", "la prima riga è `Subject: …`"),
    ] {
        let mut file = files().into_iter().find(|file| file.name == name).unwrap();
        file.text = file.text.replace(without, "");
        let found: Vec<String> = Templates::none(String::new()).add(&file).iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|p| p.contains(why)), "{name}: {found:?}");
    }
    // What the program says only in Italian cannot be written in another language.
    let mut file = files().into_iter().find(|file| file.name == "it/preavviso-diniego.hbs").unwrap();
    file =
        TemplateFile { name: "de/preavviso-diniego.hbs".to_string(), text: file.text.replace("Oggetto:", "Betreff:") };
    let found: Vec<String> = Templates::none(String::new()).add(&file).iter().map(ToString::to_string).collect();
    assert!(found[0].contains("in tedesco questa lettera non si può ancora scrivere"), "{found:?}");
}

/// Every demand of the catalogue, one by one: a template without the field does not load, and the problem names it.
#[test]
fn a_letter_without_a_mandatory_field_does_not_load() {
    let mut tried = 0;
    for message in MESSAGES {
        for field in message.fields().filter(|field| field.need != Need::Free) {
            let shown = format!("{{{{{}}}}}", field.name);
            let found = match field.kind {
                Kind::Lines | Kind::Items(_) => problems(message.name, |text| without_list(text, field)),
                _ => problems(message.name, |text| text.replace(&shown, "")),
            };
            assert!(found.iter().any(|p| p.contains(&shown)), "{} without {shown}: {found:?}", message.name);
            tried += 1;
        }
        for phrase in message.must_say {
            let found = problems(message.name, |text| {
                text.to_lowercase().replacen("oggetto:", "Oggetto:", 1).replace(phrase.words, "")
            });
            assert!(
                found.iter().any(|p| p.contains(phrase.why)),
                "{} without {}: {found:?}",
                message.name,
                phrase.words
            );
        }
    }
    assert!(tried > 120, "{tried}");
}

fn without_list(text: &str, field: &Field) -> String {
    let (before, rest) = text.split_once(&format!("{{{{#each {}}}}}", field.name)).unwrap();
    let (_, after) = rest.split_once("{{/each}}").unwrap();
    format!("{before}{after}")
}

/// A variant for a kind of reader owes what the letter owes; one that would be written to nobody does not load.
#[test]
fn a_variant_for_a_reader_is_held_to_the_same_law() {
    for name in ["presa-in-carico.ente", "presa-in-carico.professionista"] {
        let found = problems(name, |text| text.replace("{{potere_sostitutivo}}", "nessuno"));
        assert!(found.iter().any(|p| p.contains("manca {{potere_sostitutivo}}")), "{name}: {found:?}");
        let found = problems(name, |text| text.replace("ricorso al Tar", "ricorso"));
        assert!(found.iter().any(|p| p.contains("manca «ricorso al tar»")), "{name}: {found:?}");
    }
    let renamed = |from: &str, to: &str| {
        let file = files().into_iter().find(|file| file.name == format!("it/{from}.hbs")).unwrap();
        Templates::none(String::new()).add(&TemplateFile { name: format!("it/{to}.hbs"), text: file.text })
    };
    let slip = renamed("presa-in-carico", "presa-in-carico.ennte");
    assert!(slip.iter().any(|problem| problem.text.contains("forse `.ente`?")), "{slip:?}");
    assert!(renamed("presa-in-carico", "presa-in-carico.tributi").is_empty());
    assert!(renamed("presa-in-carico", "presa-in-carico.tributi.ente").is_empty());
    assert!(renamed("compito", "compito.ente").iter().any(|problem| problem.text.contains("va a un ufficio")));
    let templates = templates();
    let of = |name: &str, language, reader| templates.for_reader(name, language, reader);
    let body = Some(crate::reply::reader::Kind::Body);
    assert_eq!(of("presa-in-carico", Language::It, body), "presa-in-carico.ente");
    assert_eq!(of("presa-in-carico", Language::De, body), "presa-in-carico", "in one's language before in one's tone");
    assert_eq!(of("presa-in-carico", Language::It, Some(crate::reply::reader::Kind::Business)), "presa-in-carico");
    assert_eq!(of("presa-in-carico", Language::It, None), "presa-in-carico");
}

#[test]
fn a_mandatory_field_hidden_by_a_condition_does_not_load() {
    let found = problems("presa-in-carico", |text| {
        text.replace("Responsabile: {{responsabile}}", "{{#if protocollo}}\nResponsabile: {{responsabile}}\n{{/if}}")
    });
    assert!(found.iter().any(|p| p.contains("manca {{responsabile}}")), "{found:?}");
    let found = problems("presa-in-carico", |text| text.replace("{{#if protocollo}}", "{{#if giorni_lavorativi}}"));
    assert!(found.iter().any(|p| p.contains("`protocollo` può mancare")), "{found:?}");
}

#[test]
fn a_letter_is_not_written_without_its_facts() {
    let templates = templates();
    for message in MESSAGES {
        for field in message.fields().filter(|f| matches!(f.need, Need::Always | Need::Subject)) {
            if matches!(field.kind, Kind::Link { .. }) {
                continue;
            }
            for nothing in [Value::Null, json!(""), json!([]), json!(" \u{200b}\r\n"), json!({"a": 1})] {
                let mut given = templates.sample(message.name, Language::It, Extent::Full).unwrap();
                given[field.name] = nothing;
                let refused = templates.render(message.name, Language::It, &given);
                let Err(RenderTrouble::Missing { fields, .. }) = refused else {
                    panic!("{}: {}", message.name, field.name)
                };
                assert!(fields.contains(&field.name.to_string()), "{fields:?}");
            }
        }
    }
}

#[test]
fn one_fact_of_a_group_is_enough_and_none_is_too_few() {
    let without_end = |name: Option<&str>| {
        let templates = templates();
        let mut given = templates.sample("stato-pratica", Language::It, Extent::Full).unwrap();
        given["data_fine"] = Value::Null;
        if let Some(name) = name {
            given[name] = json!("2026-08-12");
        }
        templates.render("stato-pratica", Language::It, &given)
    };
    assert!(without_end(Some("sospesa_fino_al")).unwrap().text.contains("Termine sospeso"));
    assert!(without_end(Some("conclusa_il")).unwrap().text.contains("Conclusa: mercoledì 12 agosto 2026"));
    let Err(RenderTrouble::Missing { fields, .. }) = without_end(None) else { panic!() };
    assert_eq!(fields, ["data_fine | sospesa_fino_al | conclusa_il"]);
}

#[test]
fn the_start_notice_says_what_article_8_wants() {
    let letter = render("presa-in-carico", |_| {});
    assert_eq!(letter.subject, "Ricevuta della tua richiesta [Fascicolo 2026/000123-MK]");
    for part in [
        "arrivata giovedì 2 luglio 2026, ore 00:30",
        "Decisione entro: venerdì 31 luglio 2026 (al massimo 30 giorni)",
        "Ente: Comune di Esempio",
        "Pec: protocollo@pec.comune.example",
        "Responsabile: Ada Neri",
        "mailto:protocollo@pec.comune.example?subject=Stato%20della%20pratica%202026%2F000123-MK\n",
        "mailto:protocollo@pec.comune.example?subject=%5BFascicolo%202026%2F000123-MK%5D\n",
        "memorie e documenti",
    ] {
        assert!(letter.text.contains(part), "manca {part} in\n{}", letter.text);
    }
    let tax = render("presa-in-carico", |given| given["partecipazione_esclusa"] = json!(true));
    assert!(!tax.text.contains("memorie"));
    for template in ["presa-in-carico", "avvio-procedimento"] {
        let none = render(template, |given| drop(given.as_object_mut().unwrap().remove("portale")));
        assert!(!none.text.contains("portale"));
        let suap = render(template, |given| given["portale"] = json!("https://suap.comune.example"));
        assert!(suap.text.contains("https://suap.comune.example") && suap.text.contains("non devi rifarla"));
    }
}

/// The ready mails of a dossier (functions S0.10, S2.17): the link opens what the letter shows to copy.
#[test]
fn a_link_opens_the_mail_whose_words_stand_beside_it() {
    let templates = templates();
    for language in Language::ALL {
        for name in ["presa-in-carico", "stato-pratica"] {
            let sample = templates.sample(name, language, Extent::Full).unwrap();
            let letter = templates.render(name, language, &sample).unwrap();
            let links: Vec<_> =
                letter.text.lines().filter(|row| row.trim_start().starts_with("mailto:")).map(mailto::read).collect();
            let ready: Vec<_> = links.iter().filter(|(_, fields)| fields.len() == 2).collect();
            assert_eq!(ready.len(), 2, "{name}: {links:?}");
            for (to, fields) in ready {
                assert_eq!(to, "protocollo@pec.comune.example");
                let [(subject_name, subject), (body_name, body)] = fields.as_slice() else { panic!("{fields:?}") };
                assert_eq!((subject_name.as_str(), body_name.as_str()), ("subject", "body"));
                assert!(subject.ends_with("[Fascicolo 2026/000123-MK]"), "{subject}");
                assert!(body.ends_with("\r\n") && !body.replace("\r\n", "").contains(['\r', '\n']), "{body:?}");
                let copied = body.replace("\r\n", "\n");
                assert!(letter.text.contains(&format!("{subject}\n")), "{subject} in {}", letter.text);
                assert!(letter.text.contains(copied.trim_end()), "{copied} in {}", letter.text);
            }
        }
    }
    // Nobody is invited to take part where the norms exclude it, or where all is decided.
    let shut = render("stato-pratica", |given| given["partecipazione_esclusa"] = json!(true));
    assert!(!shut.text.contains("Memoria") && shut.text.contains("Aggiornamento%20dati"));
    let closed = render("stato-pratica", |given| {
        given["data_fine"] = Value::Null;
        given["conclusa_il"] = json!("2026-07-20");
    });
    assert!(!closed.text.contains("Memoria"));
}

#[test]
fn what_a_citizen_writes_stays_a_value() {
    let letter = render("compito", |given| {
        given["oggetto_messaggio"] = json!("{{7*7}} {{{ente}}}\r\nBcc: spia@pec.example");
        given["oggetto"] = json!("Richiesta\r\nBcc: spia@pec.example\u{202e}");
        given["testo"] = json!("{{mittente}}\nCome rispondere\n- ACCOLGO\n<b>&amp;'\"");
        given["allegati"][0]["nome"] = json!("fattura\u{202e}fdp.exe\n- falso.pdf: acquisito");
    });
    assert!(letter.subject.contains("Richiesta Bcc: spia@pec.example"));
    assert!(!letter.subject.contains(['\r', '\n', '\u{202e}']));
    assert!(letter.text.contains("{{7*7}} {{{ente}}} Bcc: spia@pec.example"));
    assert!(letter.text.contains("> {{mittente}}\n> Come rispondere\n> - ACCOLGO\n> <b>&amp;'\""));
    assert!(letter.text.contains("- fatturafdp.exe - falso.pdf: acquisito: acquisito"));
}

#[test]
fn an_enormous_request_still_reaches_its_office() {
    let letter = render("compito", |given| {
        given["testo"] = json!("parola ".repeat(150_000));
        given["oggetto"] = json!("o".repeat(10_000));
        let file = json!({"nome": "🦀".repeat(5_000), "esito": "acquisito"});
        given["allegati"] = Value::Array((0..3_000).map(|_| file.clone()).collect());
    });
    assert!(letter.text.len() <= LETTER_MAX && letter.text.contains("[Testo tagliato perché troppo lungo."));
    assert!(letter.text.contains("- … e altri 2960: l'elenco completo è nel fascicolo"));
    assert!(letter.subject.starts_with("[Fascicolo 2026/000123-MK] ooo") && letter.subject.contains("…, entro"));
}

#[test]
fn a_stranger_learns_nothing_from_the_number_of_a_dossier() {
    let message = super::catalogue::message("fascicolo-non-trovato").unwrap();
    // What would tell the two cases apart is not among the fields.
    let names: Vec<&str> = message.fields().map(|f| f.name).collect();
    for telling in ["fascicolo", "stato", "oggetto", "responsabile", "data_fine"] {
        assert!(!names.contains(&telling), "{telling}");
    }
}

#[test]
fn a_mistake_is_shown_with_its_line_and_the_name_that_was_meant() {
    let found = problems("stato-pratica", |text| text.replace("Ente: {{ente}}", "Ente: {{ente}} {{contato}}"));
    let file = files().into_iter().find(|f| f.name == "it/stato-pratica.hbs").unwrap();
    let line = file.text.lines().position(|row| row == "Ente: {{ente}}").unwrap() + 1;
    assert_eq!(found, [format!("errore  it/stato-pratica.hbs:{line}: campo `contato` sconosciuto: forse `contatto`?")]);
}

#[test]
fn what_the_language_could_do_beyond_fields_is_refused() {
    for (bad, why) in [
        ("{{{ente}}}", "due parentesi graffe"),
        ("{{> altro}}", "i modelli usano solo"),
        ("{{#with ente}}x{{/with}}", "blocco `#with` sconosciuto"),
        ("{{lookup this ente}}", "solo il nome di un campo"),
        ("{{log ente}}", "solo il nome di un campo"),
        ("{{#if (eq ente ente)}}x{{/if}}", "solo il nome di un campo"),
        ("{{#each ente}}x{{/each}}", "non è un elenco"),
        ("{{eventi}}", "usa {{#each eventi}}"),
        ("{{#each eventi}}{{quando}}{{/each}}", "manca {{cosa}}"),
        ("{{#if ente}}", "non riesco a leggere"),
        ("{{data_fine}}", "può mancare"),
        ("{{#if data_fine}}{{else}}{{data_fine}}{{/if}}", "può mancare"),
        ("{{#each eventi}}{{quando}}{{cosa}}{{ente}}{{/each}}", "campo `ente` sconosciuto nell'elenco `eventi`"),
        ("{{@root.ente}}", "sconosciuto"),
        ("{{ente.nome}}", "sconosciuto"),
    ] {
        let found = problems("stato-pratica", |text| format!("{text}{bad}\n"));
        assert!(found.iter().any(|p| p.contains(why)), "{bad}: {found:?}");
    }
    let deep = format!("{}x{}", "{{#if ente}}".repeat(2000), "{{/if}}".repeat(800));
    assert!(!problems("stato-pratica", |text| format!("{text}{deep}")).is_empty());
}

#[test]
fn what_the_language_allows_is_rendered() {
    let mut files = files();
    files.push(TemplateFile {
        name: "it/stato-pratica.breve.hbs".to_string(),
        text: files.iter().find(|f| f.name == "it/stato-pratica.hbs").unwrap().text.replace(
            "- {{quando}}: {{cosa}}",
            "{{@index}}{{#unless @first}};{{/unless}} {{#if ../data_fine}}{{../data_fine}}{{/if}} {{this.quando}} {{../ente}} {{cosa}}",
        ),
    });
    let templates = load(&files).unwrap();
    let letter = templates
        .render(
            "stato-pratica.breve",
            Language::It,
            &templates.sample("stato-pratica.breve", Language::It, Extent::Full).unwrap(),
        )
        .unwrap();
    let flat = letter.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("1; venerdì 31 luglio 2026 giovedì 2 luglio 2026, ore 09:00 Comune di Esempio"), "{flat}");
    assert_ne!(templates.digest(), self::templates().digest());
    assert_eq!(templates.digest().len(), 64);
}

#[test]
fn a_file_that_is_no_template_is_refused_and_a_missing_one_is_named() {
    let mut all = files();
    all.retain(|file| file.name != "it/compito.hbs");
    all.push(TemplateFile { name: "it/presa-in-caricco.hbs".to_string(), text: String::new() });
    all.push(TemplateFile { name: "fr/compito.hbs".to_string(), text: String::new() });
    let found: Vec<String> = load(&all).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("templates/it/, de/ o en/"));
    assert!(found[1].contains("forse `presa-in-carico`?"));
    assert!(found[2].starts_with("errore  it/compito.hbs: manca il modello all'ufficio"));
    let found = problems("compito", |text| text.replace("Oggetto:", "Subject:"));
    assert!(found[0].contains("la prima riga è `Oggetto: …`"), "{found:?}");
}

/// Windows editors add a byte-order mark and carriage returns.
#[test]
fn a_file_saved_on_windows_gives_the_same_letter() {
    let mut all = files();
    for file in &mut all {
        file.text = format!("\u{feff}{}", file.text.replace('\n', "\r\n"));
    }
    let windows = load(&all).unwrap();
    for message in MESSAGES {
        assert_eq!(
            windows.render(message.name, Language::It, &values::sample(message, Language::It, Extent::Full)),
            templates().render(message.name, Language::It, &values::sample(message, Language::It, Extent::Full))
        );
    }
}

#[test]
fn every_field_has_a_meaning_and_a_sample_that_shows() {
    fn look(message: &Message, field: &Field) {
        assert!(!field.meaning.is_empty(), "{}", field.name);
        match field.kind {
            Kind::Items(fields) => fields.iter().for_each(|field| look(message, field)),
            Kind::Link { .. } => {}
            _ => assert!(!field.sample.is_empty(), "{}: {}", message.name, field.name),
        }
    }
    for message in MESSAGES {
        let mut names: Vec<&str> = message.fields().map(|f| f.name).collect();
        message.fields().for_each(|field| look(message, field));
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{}: a field twice", message.name);
    }
}

/// The field tables of the administrator's guide are written from the catalogue: by this test, when `BLESS` is set.
#[test]
fn the_guide_lists_every_field() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates/README.md");
    let (guide, readme) = (guide(), std::fs::read_to_string(&path).unwrap());
    if std::env::var_os("BLESS").is_some() {
        let (own, _) = readme.split_once("\n### ").unwrap();
        std::fs::write(&path, format!("{own}{guide}")).unwrap();
    } else {
        assert!(readme.ends_with(&guide), "templates/README.md must end with:\n{guide}");
    }
}

fn guide() -> String {
    let mut out = String::new();
    for message in MESSAGES {
        out += &format!(
            "\n### {}\n\n{}\n\n| Campo | Quando | Che cos'è |\n|---|---|---|\n",
            message.name,
            capital(message.purpose)
        );
        for field in message.fields() {
            let when = match field.need {
                Need::Always => "sempre".to_string(),
                Need::Subject => "sempre, nell'oggetto".to_string(),
                Need::OneOf(group) => format!("uno di: {group}"),
                Need::IfGiven => "se c'è".to_string(),
                Need::Free => "libero".to_string(),
            };
            let mut meaning = field.meaning.to_string();
            if let Kind::Lines = field.kind {
                meaning += " (elenco: `{{this}}`)";
            }
            if let Kind::Items(fields) = field.kind {
                let names: Vec<String> = fields.iter().map(|f| format!("`{{{{{}}}}}`", f.name)).collect();
                meaning += &format!(" (elenco: {})", names.join(", "));
            }
            out += &format!("| `{}` | {when} | {meaning} |\n", field.name);
        }
        if !message.must_say.is_empty() {
            let words: Vec<String> = message.must_say.iter().map(|p| format!("«{}»", p.words)).collect();
            out += &format!("\nIl testo deve contenere: {}.\n", words.join(", "));
        }
    }
    out
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

//! Changes when a citizen may ask the register for something else, or is told something else.

use crate::decide::{ANNA, ENTITY, bench, decide, has_reason, mail, nothing};
use crate::support::{House, OWN, Recorder, ask, wait};
use casework::decision::{Enclosure, Lane, Outgoing};
use casework::dossier::{Document, Dossier, Party, PartyRole, State, Visibility};
use casework::known::{Event, History, Own};
use casework::life::Entry;
use casework::person::change::{NewPerson, register};
use casework::person::{Kind as PersonKind, Over, Person, Scope, Source};
use casework::rules::Kind;
use casework::{Change, Decision, Disposition, Known};
use gestore::Mail;
use jiff::Timestamp;

pub(crate) const CODE: &str = "BNCNNA80A41H501R";
pub(crate) const STRANGER: &str = "curioso@imprese.test";
const MINE: &str = "2026/000007";
const THEIRS: &str = "2026/000123";
const NOBODYS: &str = "2026/000124";

pub(crate) fn before() -> Timestamp {
    "2026-01-12T09:00:00Z".parse().unwrap()
}

fn person(code: &str, name: &str, address: &str, source: Source) -> Person {
    let new = NewPerson { codice_fiscale: Some(code), partita_iva: None, name, kind: PersonKind::PersonaFisica };
    let mut person = Person::begin(&register(new, &[], 0).unwrap()).unwrap();
    let entries = [
        person.add_domicile(address, source, before(), &[]).unwrap(),
        person.record("telefono", "055 000001", "tributi", before(), None).unwrap(),
        person.record("telefono", "055 000002", "anagrafe", before(), None).unwrap(),
    ];
    entries.iter().for_each(|entry| person.apply(entry, before()));
    person
}

fn anna() -> Person {
    person(CODE, "Anna Bianchi", ANNA, Source::Inad)
}

pub(crate) fn dossier(number: &str, party: &str) -> Dossier {
    let now = bench().now;
    let mut dossier = Dossier {
        number: number.into(),
        kind: Kind::DataChange,
        title: format!("Pratica {number}"),
        office: "anagrafe".into(),
        state: State::InLavorazione,
        state_since: now,
        opened_at: now,
        due: Some("2026-03-05".parse().unwrap()),
        parties: vec![],
        cover: Default::default(),
        life: Default::default(),
    };
    dossier.cover.procedure = "richiesta".into();
    let party = Party { person: String::new(), address: party.into(), role: PartyRole::Applicant };
    dossier.apply(&Entry::Joined { party }, now);
    dossier
}

/// A register where Anna is listed, with dossiers of hers and one of another's.
pub(crate) fn world(own: Vec<Dossier>) -> Known {
    let dossiers: Vec<Dossier> = own.iter().cloned().chain([dossier(THEIRS, "altro@cittadini.test")]).collect();
    let own = [(ANNA.to_owned(), Own { dossiers: own, left_out: 0 })].into();
    Known { people: vec![anna()], dossiers, own, ..nothing() }
}

fn with_history(mut known: Known, number: &str, entries: Vec<Entry>) -> Known {
    let at = bench().now;
    let events = entries.into_iter().map(|entry| Event { at, by: ANNA.into(), entry }).collect();
    known.history = Some(History { dossier: number.into(), events, left_out: 0 });
    known
}

fn deposited(name: &str, message: &str, visibility: Visibility) -> Entry {
    let document = Document {
        digest: String::new(),
        name: name.into(),
        media: "application/pdf".into(),
        message: message.into(),
        visibility,
    };
    Entry::Deposited { document }
}

pub(crate) fn letters(decision: &Decision) -> Vec<&Outgoing> {
    decision.outgoing.iter().filter(|letter| letter.lane == Lane::Pec).collect()
}

#[track_caller]
pub(crate) fn letter<'a>(decision: &'a Decision, template: &str) -> &'a Outgoing {
    match letters(decision).as_slice() {
        [one] if one.template == template => one,
        others => panic!(
            "not one {template}: {:?}\n{:?}\n{:?}",
            others.iter().map(|l| &l.template).collect::<Vec<_>>(),
            decision.disposition,
            decision.trail
        ),
    }
}

pub(crate) fn flat(letter: &Outgoing) -> String {
    letter.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn tasks(decision: &Decision) -> usize {
    decision.outgoing.iter().filter(|letter| letter.lane == Lane::Internal).count()
}

fn opens(decision: &Decision) -> bool {
    decision.changes.iter().any(|change| matches!(change, Change::Opened { .. }))
}

#[test]
fn whoever_is_known_gets_the_data_with_source_and_day_and_a_file_to_print() {
    let decision = decide(mail(ANNA, "I MIEI DATI", "grazie\n"), world(vec![]));
    let told = letter(&decision, "dati-personali");
    assert!(matches!(decision.disposition, Disposition::Answered { .. }));
    assert!(!opens(&decision) && tasks(&decision) == 0, "nobody has to work on it");
    for said in ["Anna Bianchi", CODE, "055 000001", "055 000002", "iscritto in INAD", "lunedì 12 gennaio 2026"] {
        assert!(flat(told).contains(said), "{said}:\n{}", told.text);
    }
    assert_eq!(told.to, ANNA);
    assert_eq!(told.enclosures, [Enclosure::Printable { name: "i-miei-dati.pdf".into() }]);
}

#[test]
fn in_free_words_the_request_opens_its_dossier_and_is_answered_in_the_same_line() {
    let text = "Buongiorno, ai sensi dell'art. 15 del GDPR chiedo copia dei dati personali che mi riguardano.\n";
    let decision = decide(mail(ANNA, "Accesso ai miei dati", text), world(vec![]));
    assert!(opens(&decision) && tasks(&decision) == 1, "{:?}", decision.trail);
    let told = letter(&decision, "dati-personali");
    assert!(told.subject.contains("[Fascicolo 2026/000001-CF]") && told.text.contains("055 000001"), "{}", told.text);
}

#[test]
fn a_stranger_is_told_which_ways_are_open_and_never_whether_there_is_a_record() {
    let text = format!("Il mio codice fiscale è {CODE}\n");
    let known = Known { people: vec![anna()], ..nothing() };
    let with = decide(mail(STRANGER, "I MIEI DATI", &text), known);
    let without = decide(mail(STRANGER, "I MIEI DATI", &text), nothing());
    let (with, without) = (letter(&with, "come-farti-riconoscere"), letter(&without, "come-farti-riconoscere"));
    assert_eq!((&with.subject, &with.text), (&without.subject, &without.text), "byte for byte");
    assert!(with.enclosures.is_empty() && !with.text.contains("055"), "{}", with.text);
    for way in ["INAD", "firma digitale", "documento di identità", "ABILITAMI"] {
        assert!(flat(with).contains(way), "{way}");
    }
    let list = decide(mail(STRANGER, "LE MIE PRATICHE", ""), nothing());
    letter(&list, "come-farti-riconoscere");
}

#[test]
fn the_list_has_open_and_closed_dossiers_and_says_what_it_leaves_out() {
    let mut closed = dossier("2025/000003", ANNA);
    closed
        .apply(&Entry::Moved { verb: casework::verb::Verb::Accogli, to: State::Accolta, points: vec![] }, bench().now);
    let mut reserved = dossier("2026/000008", ANNA);
    reserved.cover.reserved = true;
    let mut complaint = dossier("2026/000009", ANNA);
    (complaint.kind, complaint.title) = (Kind::Complaint, "Reclamo per il lampione spento".into());
    let known = world(vec![reserved, dossier(MINE, ANNA), complaint, closed]);
    let decision = decide(mail(ANNA, "Le mie pratiche", "Buongiorno\n"), known);
    let told = letter(&decision, "elenco-pratiche");
    let text = flat(told);
    for said in
        [MINE, "in lavorazione", "entro giovedì 5 marzo 2026", "2025/000003", "accolta", "conclusa martedì 3 febbraio"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(text.contains("2026/000009") && text.contains("Reclamo per il lampione spento"), "complaints too: {text}");
    assert!(text.contains("2026/000008-CP: pratica riservata") && !text.contains("Pratica 2026/000008"), "{text}");
    assert!(!text.contains(THEIRS), "{text}");
    assert_eq!(told.enclosures, [Enclosure::Printable { name: "le-mie-pratiche.pdf".into() }]);

    let many: Vec<Dossier> = (1..=90).map(|n| dossier(&format!("2025/{n:06}"), ANNA)).collect();
    let mut known = world(many);
    known.own.get_mut(ANNA).unwrap().left_out = 5;
    let decision = decide(mail(ANNA, "LE MIE PRATICHE", ""), known);
    let all = letters(&decision);
    assert_eq!(all.len(), 3, "forty a letter");
    assert_eq!(all.iter().map(|l| &l.message_id).collect::<std::collections::BTreeSet<_>>().len(), 3);
    assert!(all[0].text.contains("2025/000090") && all[0].text.contains("lettera 1 di 3"), "{}", all[0].text);
    assert!(flat(all[2]).contains("meno recenti: 5."), "{}", all[2].text);
}

#[test]
fn a_delegate_sees_only_the_dossiers_of_the_mandate() {
    let granted = dossier("2026/000031", ANNA);
    let mut delegator = anna();
    let delegate = person("RSSMRA80A01H501U", "Mario Rossi", STRANGER, Source::IniPec);
    let over = Over::Dossier { number: granted.number.clone() };
    let (from, until) = ("2026-01-01".parse().unwrap(), "2026-12-31".parse().unwrap());
    let entry = delegator.mandate(&delegate, over, &"a".repeat(64), from, until).unwrap();
    delegator.apply(&entry, before());
    let own = [(ANNA.to_owned(), Own { dossiers: vec![granted.clone(), dossier(MINE, ANNA)], left_out: 3 })].into();
    let mut known = Known { people: vec![delegate, delegator], dossiers: vec![granted], own, ..nothing() };
    let list = |known: &Known| decide(mail(STRANGER, &format!("LE MIE PRATICHE {CODE}"), ""), known.clone());
    let decision = list(&known);
    let text = flat(letter(&decision, "elenco-pratiche"));
    assert!(text.contains("2026/000031") && !text.contains(MINE) && !text.contains("altre 3"), "{text}");
    known.people[1].mandates.clear();
    letter(&list(&known), "come-farti-riconoscere");
}

#[test]
fn a_party_has_status_index_and_document_and_what_is_reserved_is_never_named() {
    let paper = "b".repeat(64);
    let entries = || {
        vec![
            deposited("planimetria.pdf", &paper, Visibility::Parties),
            deposited("esposto-anonimo.pdf", &paper, Visibility::Reserved),
            deposited("delega.pdf", &paper, Visibility::Parties),
            Entry::Noted { text: "il vicino telefona".into() },
            Entry::Moved { verb: casework::verb::Verb::Prendi, to: State::InLavorazione, points: vec![] },
        ]
    };
    let known = || with_history(world(vec![dossier(MINE, ANNA)]), MINE, entries());
    let status = decide(mail(ANNA, &format!("STATO {MINE}"), ""), known());
    let told = letter(&status, "stato-pratica");
    for said in ["in lavorazione", "Presa in lavorazione", "Arrivato il documento «delega.pdf»"] {
        assert!(flat(told).contains(said), "{said}:\n{}", told.text);
    }
    assert!(matches!(&status.disposition, Disposition::Answered { dossier: Some(of), .. } if of == MINE));
    assert!(matches!(status.changes.as_slice(), [Change::Filed { .. }]) && tasks(&status) == 0);

    let index = decide(mail(ANNA, &format!("FASCICOLO {MINE}"), ""), known());
    let told = letter(&index, "indice-fascicolo");
    assert!(
        flat(told).contains("2026/000007-CN/2: delega.pdf, da martedì 3 febbraio 2026, di anna.bianchi"),
        "{}",
        told.text
    );
    for decision in [&status, &index] {
        assert!(!letters(decision)[0].text.contains("esposto") && !letters(decision)[0].text.contains("vicino"));
    }

    let document = decide(mail(ANNA, &format!("DOCUMENTO {MINE}/2"), ""), known());
    let told = letter(&document, "documento");
    let expected = Enclosure::Document { message: paper.clone(), nth: 2, name: "delega.pdf".into() };
    assert_eq!(told.enclosures, [expected], "the third attachment of that message");
    let none = decide(mail(ANNA, &format!("DOCUMENTO {MINE}/3"), ""), known());
    assert!(letter(&none, "documento-non-visibile").enclosures.is_empty());
    // Something is kept from the parties: the office weighs what was asked; where nothing is, nobody is bothered.
    let task = none.outgoing.iter().find(|letter| letter.lane == Lane::Internal).expect("a task");
    assert!(task.subject.contains("documento riservato") && task.text.contains("esposto"), "{}", task.text);
    let open: Vec<Entry> = entries().into_iter().filter(|entry| !is_reserved(entry)).collect();
    let known = with_history(world(vec![dossier(MINE, ANNA)]), MINE, open);
    let same = decide(mail(ANNA, &format!("DOCUMENTO {MINE}/3"), ""), known);
    assert_eq!(
        (tasks(&same), &letter(&same, "documento-non-visibile").text),
        (0, &letter(&none, "documento-non-visibile").text)
    );
}

fn is_reserved(entry: &Entry) -> bool {
    matches!(entry, Entry::Deposited { document } if document.visibility == Visibility::Reserved)
}

/// However long its story, STATO is one letter: the beginning, the last steps, and how many lie between.
#[test]
fn a_long_story_is_told_in_order_and_what_is_left_out_is_counted() {
    let steps = 60;
    let entries = (0..steps).map(|n| deposited(&format!("foto-{n:02}.pdf"), "m", Visibility::Parties)).collect();
    let status =
        decide(mail(ANNA, &format!("STATO {MINE}"), ""), with_history(world(vec![dossier(MINE, ANNA)]), MINE, entries));
    let text = flat(letter(&status, "stato-pratica"));
    let shown: Vec<usize> = (0..steps).filter(|n| text.contains(&format!("foto-{n:02}.pdf"))).collect();
    let left_out = steps - shown.len();
    assert!(left_out > 0 && shown == (left_out..steps).collect::<Vec<_>>(), "the last ones: {shown:?}");
    let places: Vec<usize> = shown.iter().map(|n| text.find(&format!("foto-{n:02}.pdf")).unwrap()).collect();
    assert!(places.is_sorted() && text.contains("Richiesta ricevuta"), "{text}");
    assert!(text.contains(&format!("Altri {left_out} passi")), "{left_out}: {text}");
}

/// What is known of who asks stands in the form already, for the mailbox that may be told it, and for no other (S2.17).
#[test]
fn a_form_knows_who_asks_only_in_a_safe_mailbox_and_comes_back_unfilled_as_nothing() {
    let known = decide(mail(ANNA, "NUOVA ztl", ""), world(vec![]));
    let form = letter(&known, "modulo");
    assert!(
        form.text.contains("Nome e cognome: Anna Bianchi") && form.text.contains(&format!("Codice fiscale: {CODE}"))
    );
    let stranger = decide(mail(STRANGER, "NUOVA ztl", ""), world(vec![]));
    let told = letter(&stranger, "modulo");
    assert!(told.text.contains("Nome e cognome:\n") && !told.text.contains(CODE), "{}", told.text);

    // A question in answer to it asks for nothing; the plate, written into the quotation, does.
    let quoted: String = form.text.lines().map(|line| format!("> {line}\n")).collect();
    let subject = format!("Re: {}", form.subject);
    let question = decide(
        mail(ANNA, &subject, &format!("Quanto costa?\n\nIl giorno lunedì ha scritto:\n{quoted}")),
        world(vec![]),
    );
    assert!(!question.changes.iter().any(|change| matches!(change, Change::Opened { .. })), "{:?}", question.trail);
    let filled = quoted.replacen("Targa:", "Targa: AB123CD", 1);
    let asked =
        decide(mail(ANNA, &subject, &format!("Ecco.\n\nIl giorno lunedì ha scritto:\n{filled}")), world(vec![]));
    assert!(asked.changes.iter().any(|change| matches!(change, Change::Opened { .. })), "{:?}", asked.trail);
}

#[test]
fn of_a_reserved_dossier_only_that_a_person_answers() {
    let mut mine = dossier(MINE, ANNA);
    mine.cover.reserved = true;
    for word in ["STATO", "FASCICOLO", "RITIRO"] {
        let known = with_history(world(vec![mine.clone()]), MINE, vec![]);
        let decision = decide(mail(ANNA, &format!("{word} {MINE}"), ""), known);
        let told = letter(&decision, "risponde-una-persona");
        assert!(!told.text.contains("in lavorazione") && !told.text.contains("Pratica 2026"), "{}", told.text);
        assert_eq!(tasks(&decision), 1);
        assert!(matches!(decision.disposition, Disposition::ToPerson { .. }));
    }
}

/// Whoever asks, and however: of another's number the letter is that of one that does not exist, byte for byte.
#[test]
fn no_letter_tells_whether_somebody_elses_dossier_exists() {
    for sender in [STRANGER, ANNA] {
        for word in ["STATO", "FASCICOLO", "RITIRO", "DOCUMENTO", "A che punto è la pratica"] {
            let written = |number: &str| match word {
                "DOCUMENTO" => format!("{word} {number}/1"),
                _ => format!("{word} {number}"),
            };
            let told = |number: &str| {
                let known = with_history(world(vec![]), THEIRS, vec![deposited("a.pdf", "c", Visibility::Public)]);
                let decision = decide(mail(sender, &written(number), ""), known);
                assert!(decision.changes.is_empty(), "{:?}", decision.changes);
                let letter = letter(&decision, "fascicolo-non-trovato");
                assert!(letter.enclosures.is_empty());
                let bytes = format!("{}\n{}\n{}", letter.subject, letter.text, letter.references.len());
                (bytes.replace(number, "N"), tasks(&decision), decision.disposition.code())
            };
            assert_eq!(told(THEIRS), told(NOBODYS), "{sender}: {word}");
        }
    }
}

#[test]
fn a_number_with_wrong_check_letters_is_answered_in_one_way_whatever_the_register_holds() {
    for sender in [STRANGER, ANNA] {
        for written in
            ["STATO N-BB", "fascicolo N bb", "RITIRO NBB", "A che punto è la pratica N-BB?", "Stato della pratica N bb"]
        {
            let told = |number: &str| {
                let known = with_history(world(vec![dossier(MINE, ANNA)]), THEIRS, vec![]);
                let decision = decide(mail(sender, &written.replace('N', number), ""), known);
                assert!(decision.changes.is_empty(), "{:?}", decision.changes);
                let letter = letter(&decision, "fascicolo-non-trovato");
                assert!(
                    flat(letter).contains("(numero non riconosciuto, forse un errore di battitura)"),
                    "{}",
                    letter.text
                );
                assert!(!letter.text.contains("Forse volevi"), "{}", letter.text);
                let bytes = format!("{}\n{}\n{}", letter.subject, letter.text, letter.references.len());
                (bytes.replace(number, "N"), tasks(&decision), decision.disposition.code())
            };
            assert_eq!(told(THEIRS), told(NOBODYS), "{sender}: {written}");
        }
    }
    // One's own number with letters that are not its own is a slip too: proposed, never followed.
    let decision = decide(mail(ANNA, "STATO 2026/000007-CP", ""), world(vec![dossier(MINE, ANNA)]));
    let told = flat(letter(&decision, "fascicolo-non-trovato"));
    assert!(
        told.contains("2026/000007-CP (numero non riconosciuto") && told.contains("è tua: 2026/000007-CN"),
        "{told}"
    );
    // With its letters, however they are written, it is found.
    for written in [
        "STATO 2026/000007-CN",
        "stato 2026/7 cn",
        "Stato della pratica 2026/000007CN",
        "A che punto è la pratica 2026/000007-cn?",
    ] {
        let decision = decide(mail(ANNA, written, ""), world(vec![dossier(MINE, ANNA)]));
        assert!(letter(&decision, "stato-pratica").text.contains("2026/000007-CN"), "{written}");
    }
}

#[test]
fn a_slip_of_the_pen_is_proposed_among_ones_own_and_never_followed() {
    for wrong in ["STATO 2026/000070", "STATO 2026/00O007", "STATO 7", "A che punto è la pratica 2026/000008?"] {
        let decision = decide(mail(ANNA, wrong, ""), world(vec![dossier(MINE, ANNA)]));
        let told = letter(&decision, "fascicolo-non-trovato");
        assert!(flat(told).contains("Forse volevi questa, che è tua: 2026/000007-CN"), "{wrong}:\n{}", told.text);
        assert!(decision.changes.is_empty());
    }
    let far = decide(mail(ANNA, "STATO 2024/000912", ""), world(vec![dossier(MINE, ANNA)]));
    assert!(!letter(&far, "fascicolo-non-trovato").text.contains(MINE));
    let theirs = decide(mail(STRANGER, "STATO 2026/000008", ""), world(vec![dossier(MINE, ANNA)]));
    assert!(!letter(&theirs, "fascicolo-non-trovato").text.contains(MINE), "only of one's own");
}

#[test]
fn the_applicant_takes_a_request_back_and_everybody_concerned_is_told() {
    let mut mine = dossier(MINE, ANNA);
    let other = Party { person: String::new(), address: "vicino@cittadini.test".into(), role: PartyRole::Intervener };
    mine.apply(&Entry::Joined { party: other }, bench().now);
    let decision = decide(mail(ANNA, &format!("RITIRO {MINE}"), "grazie\n"), world(vec![mine.clone()]));
    let to: Vec<&str> = letters(&decision).iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!(to, [ANNA, "vicino@cittadini.test"]);
    assert!(letters(&decision).iter().all(|letter| letter.template == "ritiro"));
    assert_eq!(tasks(&decision), 1, "the office stops its work");
    let mut after = mine.clone();
    for change in &decision.changes {
        if let Change::Entered { entry, .. } = change {
            after.apply(entry, bench().now);
        }
    }
    assert_eq!(after.state, State::Ritirata);

    let by_neighbour = decide(mail("vicino@cittadini.test", &format!("RITIRO {MINE}"), ""), world(vec![mine.clone()]));
    assert!(has_reason(&by_neighbour, "not-the-applicant") && letters(&by_neighbour).is_empty());
    assert!(!by_neighbour.changes.iter().any(|change| matches!(change, Change::Entered { .. })));
    let words = "Vorrei capire se conviene ritirare la domanda o aspettare ancora.\n";
    let asking = decide(mail(ANNA, &format!("RITIRO {MINE}"), words), world(vec![mine]));
    assert!(has_reason(&asking, "command-among-words"), "{:?}", asking.trail);
    let moves = |change: &Change| matches!(change, Change::Entered { entry: Entry::Moved { .. }, .. });
    assert!(!asking.changes.iter().any(moves), "{:?}", asking.changes);
}

#[test]
fn a_revocation_acts_at_once_on_what_this_office_has_enabled() {
    let mut enabled = person(CODE, "Anna Bianchi", ANNA, Source::Enabled);
    for scope in [Scope::OwnData, Scope::OwnDossiers] {
        let entry = enabled.grant(scope, "2026-01-12".parse().unwrap(), None, "Ada Neri").unwrap();
        enabled.apply(&entry, before());
    }
    let known = || Known { people: vec![enabled.clone()], ..nothing() };
    letter(&decide(mail(ANNA, "I MIEI DATI", ""), known()), "dati-personali");
    let decision = decide(mail(ANNA, "REVOCA", "Anna Bianchi\n"), known());
    let told = letter(&decision, "revoca");
    assert!(flat(told).contains("elenco delle tue pratiche"), "{}", told.text);
    let mut after = enabled.clone();
    for change in &decision.changes {
        let Change::Person { entry, .. } = change else { panic!("{change:?}") };
        after.apply(entry, bench().now);
    }
    assert_eq!((after.strength_of(ANNA, bench().now), after.scopes("2026-02-03".parse().unwrap()).len()), (None, 0));
    let again = decide(mail(ANNA, "I MIEI DATI", ""), Known { people: vec![after], ..nothing() });
    letter(&again, "come-farti-riconoscere");

    let listed = decide(mail(ANNA, "REVOCA", ""), world(vec![]));
    assert!(listed.changes.is_empty() && letter(&listed, "revoca").text.contains("elenco pubblico"));
    let sentence = decide(mail(ANNA, "Revoca", "Chiedo la revoca dell'ordinanza numero 5 del sindaco.\n"), known());
    assert!(!sentence.changes.iter().any(|change| matches!(change, Change::Person { .. })), "{:?}", sentence.changes);
}

#[test]
fn help_fits_a_screen_and_cards_come_from_the_procedures() {
    let help = decide(mail(STRANGER, "AIUTO", ""), nothing());
    let told = letter(&help, "aiuto");
    assert!(told.text.lines().count() <= 25, "{}\n{}", told.text.lines().count(), told.text);
    let card = decide(mail(STRANGER, "SCHEDA cambio di residenza", ""), nothing());
    let told = letter(&card, "scheda");
    for said in ["Cambio di residenza", "Costo: niente", "45 giorni", "Copia del documento d'identità"] {
        assert!(flat(told).contains(said), "{said}:\n{}", told.text);
    }
    assert!(!told.text.contains("@comune.example"), "where tasks go is not shown: {}", told.text);
    let all = decide(mail(STRANGER, "CATALOGO", ""), nothing());
    assert!(letter(&all, "catalogo").text.contains("SCHEDA cambio-residenza"));
    let unknown = decide(mail(STRANGER, "SCHEDA cambio di residensa", ""), nothing());
    let told = letter(&unknown, "catalogo");
    assert!(flat(told).contains("Forse volevi: SCHEDA cambio-residenza"), "{}", told.text);
}

#[test]
fn each_way_of_ordering_wrongly_has_its_own_outcome() {
    let both = decide(mail(ANNA, "I MIEI DATI", "LE MIE PRATICHE\n"), world(vec![]));
    let told = letter(&both, "aiuto");
    assert!(flat(told).contains("più comandi") && told.text.lines().count() <= 25, "{}", told.text);
    assert!(!told.text.contains("055"));

    let quoted =
        decide(mail(ANNA, "Una domanda", "Che vuol dire?\n> LE MIE PRATICHE\n-- \nI MIEI DATI\n"), world(vec![]));
    assert!(!has_reason(&quoted, "command") && letters(&quoted).iter().all(|l| l.template != "elenco-pratiche"));

    let machine = decide(mail(ANNA, "I MIEI DATI", "").header("Auto-Submitted", "auto-replied"), world(vec![]));
    assert!(letters(&machine).is_empty() && has_reason(&machine, "command-of-a-machine"));

    let file = mail(ANNA, &format!("STATO {MINE}"), "").attach("memoria.pdf", "application/pdf", b"%PDF");
    let decision = decide(file, world(vec![dossier(MINE, ANNA)]));
    assert!(has_reason(&decision, "command-with-files") && tasks(&decision) == 1, "{:?}", decision.trail);

    let policy = pec::Policy::new(&bench().anchors);
    let ordinary = format!("From: {ANNA}\r\nTo: {ENTITY}\r\nSubject: I MIEI DATI\r\n\r\nciao\r\n");
    let decision = casework::decide(&pec::examine(ordinary.as_bytes(), &policy), &world(vec![]), &bench().desk);
    assert!(letters(&decision).is_empty() && tasks(&decision) == 1);
    assert!(matches!(decision.disposition, Disposition::ToPerson { .. }));
}

#[test]
fn the_brakes_hold_for_commands_too_and_a_person_reads_on() {
    let mut known = world(vec![dossier(MINE, ANNA)]);
    known.traffic.to_sender = vec![("aiuto".into(), None)];
    letter(&decide(mail(ANNA, "AIUTO", "ancora\n"), known.clone()), "aiuto");
    known.traffic.to_sender = vec![("aiuto".into(), None); casework::guard::SENDER_A_DAY_MAX as usize];
    for subject in ["AIUTO", "LE MIE PRATICHE", "STATO 2026/000007", "STATO 2026/009999", "SCHEDA nido"] {
        let decision = decide(mail(ANNA, subject, ""), known.clone());
        assert!(letters(&decision).is_empty() && tasks(&decision) == 1, "{subject}");
        assert!(has_reason(&decision, "brake-sender"), "{subject}: {:?}", decision.trail);
    }
    known.traffic.to_sender.clear();
    known.traffic.repeated = true;
    assert!(letters(&decide(mail(ANNA, "AIUTO", ""), known)).is_empty());
}

#[test]
fn a_question_about_a_service_is_answered_with_its_card_and_opens_nothing() {
    let asked = [
        ("Informazioni", "Buongiorno, che documenti servono per il cambio di residenza?", "Cambio di residenza"),
        ("Residenza", "Vorrei sapere come si fa per cambiare residenza. Grazie", "Cambio di residenza"),
        ("Cambio di residenza", "Entro quando va fatto? E quanto costa?", "Cambio di residenza"),
        ("Mensa", "Quanto costa la mensa scolastica?", "Iscrizione alla mensa scolastica"),
        ("domanda", "come faccio a iscrivere mio figlio alla mensa della scuola?", "Iscrizione alla mensa scolastica"),
        ("asilo nido", "Quali requisiti ci vogliono per l'asilo nido?", "Iscrizione al nido"),
        ("Nido comunale", "Buonasera, quando si può fare domanda per il nido?", "Iscrizione al nido"),
        ("ZTL", "Come si chiede il permesso ZTL per chi abita in centro?", "Permesso per la zona a traffico limitato"),
        ("zona a traffico limitato", "Che cosa serve per entrare?", "Permesso per la zona a traffico limitato"),
        ("multa", "Ho preso una multa. Entro quando si paga e quanto costa?", "Pagamento di una multa"),
        ("Contravvenzione", "Come posso pagare la contravvenzione?", "Pagamento di una multa"),
        ("IMU", "A quale ufficio devo chiedere per l'Imu?", "Istanza sui tributi comunali"),
        ("Rimborso TARI", "Cosa devo fare per il rimborso Tari?", "Istanza sui tributi comunali"),
        ("Assegno", "Chi ha diritto all'assegno di maternità?", "Assegno di maternità del Comune"),
        ("assegno di maternità", "Quali documenti devo preparare?", "Assegno di maternità del Comune"),
        ("Accesso agli atti", "Quanto costa e in quanto tempo rispondete?", "Accesso agli atti"),
        ("informazione", "Chiedo di sapere come si richiede la copia di un atto.", "Accesso agli atti"),
        ("Permesso ztl", "quale modulo devo compilare?", "Permesso per la zona a traffico limitato"),
        ("nidi", "Che documentazione serve per i nidi?", "Iscrizione al nido"),
        ("Trasferire la residenza", "Chiedo informazioni: cosa serve?", "Cambio di residenza"),
    ];
    for (subject, text, title) in asked {
        let decision = decide(mail(ANNA, subject, &format!("{text}\n")), nothing());
        let told = letter(&decision, "scheda");
        assert!(told.text.contains(title), "{subject}: {text}\n{}", told.text);
        assert!(flat(told).contains("non abbiamo aperto nessuna pratica"), "{}", told.text);
        assert!(!opens(&decision) && matches!(decision.disposition, Disposition::Answered { .. }), "{subject}: {text}");
    }
    // What asks for the thing itself, or may, is none: nobody's request is lost in an answer.
    let requests = [
        ("Cambio di residenza", "Chiedo il cambio di residenza. Che documenti servono ancora?"),
        ("Cambio di residenza", &format!("Quali documenti servono? Il mio codice fiscale è {CODE}")),
        ("Nido", "Presento domanda per il nido. Quanto costa?"),
        ("Nido", "A che punto è la mia domanda per il nido? Vorrei sapere quando si può entrare."),
        ("Multa e ZTL", "Quanto costa la multa per chi entra nella ztl?"),
        ("Mensa", "La mensa è cattiva."),
        ("Piscina", "Quanto costa la piscina?"),
        ("Dati", "Vorrei sapere quali dati personali avete su di me (art. 15 GDPR)."),
    ];
    for (subject, text) in requests {
        let decision = decide(mail(ANNA, subject, &format!("{text}\n")), nothing());
        assert!(decision.outgoing.iter().all(|letter| letter.template != "scheda"), "{subject}: {text}");
    }
}

/// The whole way: the register as the office fills it, the mail as a provider carries it, the answer in the outbox.
#[test]
fn the_register_answers_through_the_whole_service() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    house.start(Recorder::default().roads()).stop();
    let config = house.file.to_str().unwrap();
    let say = |args: &[&str]| {
        let (code, out, err) = ask(&[args, &["--config", config]].concat());
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    };
    let who = ["person", "add", "--cf", CODE, "--name", "Anna Bianchi", "--by", "Ada Neri"];
    let address = ["--address", ANNA, "--source", "inad", "--data", "telefono=055000001", "--office", "tributi"];
    say(&[&who[..], &address].concat());
    let party = format!("{CODE},Anna Bianchi,{ANNA}");
    let open = ["dossier", "open", "--procedure", "richiesta", "--subject", "Verifica della superficie"];
    let out = say(&[&open[..], &["--party", &party, "--office", "tributi", "--by", "Ada Neri", "--told"]].concat());
    let number = out.split_whitespace().find(|word| word.starts_with("20")).unwrap().trim_end_matches(':').to_owned();

    let running = house.start(Recorder::default().roads());
    let subjects = ["I MIEI DATI", "LE MIE PRATICHE", &format!("FASCICOLO {number}"), &format!("STATO {number}")];
    for subject in subjects {
        let mail =
            Mail::new(ANNA).to(OWN).subject(subject).text("Grazie\n").compose(gestore::Timestamp::now()).unwrap();
        circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    }
    wait("four answers", || {
        let items = running.overview().items;
        let of = |template: &str| items.iter().filter(|item| item.outgoing.template == template).count();
        let all = ["dati-personali", "elenco-pratiche", "indice-fascicolo", "stato-pratica"].map(of);
        (all == [1; 4]).then_some(())
    });
    let overview = running.overview();
    let answered = overview.messages.iter().filter(|m| matches!(m.disposition, Disposition::Answered { .. })).count();
    assert_eq!(answered, 4);
    let list = overview.items.iter().find(|item| item.outgoing.template == "elenco-pratiche").unwrap();
    assert!(list.outgoing.to == ANNA && list.outgoing.text.contains(&number), "{}", list.outgoing.text);
    running.stop();
}

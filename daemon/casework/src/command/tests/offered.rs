//! What a task offers to open is what its office can send: each link, in each state of each procedure, comes back as the order that
//! it names. It changes when an office can order something else.

use super::*;
use crate::act::Act;
use crate::act::random_tests::{a_deed, happen};
use crate::calendar::{midnight, rome};
use crate::command::answers::{Answer, Offer};
use crate::command::words::{ORDERS, Wanted, What};
use crate::mailto;
use crate::participation::Weight;
use crate::verb::Verb;
use alloc::collections::{BTreeMap, BTreeSet};
use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;

/// A town where in every office somebody decides, from a mailbox of their own.
static TOWN: LazyLock<Desk> = LazyLock::new(|| {
    let mut desk = scene::desk_where(|_, text| {
        let (mut out, mut office) = (String::new(), None);
        for line in text.lines() {
            match line.strip_prefix("[office.") {
                Some(rest) => office = rest.strip_suffix(']'),
                None if line.starts_with('[') => office = None,
                None => {}
            }
            match office.filter(|_| line.starts_with("people ")) {
                Some(_) => continue,
                None => out += &format!("{line}\n"),
            }
            if let Some(office) = office.filter(|_| line.starts_with("mail ")) {
                let mail = decider(office);
                out += &format!("people = [{{ name = \"Chi decide\", mail = \"{mail}\", role = \"responsabile\" }}]\n");
            }
        }
        out
    });
    desk.entity.office_box = Some(OfficeBox { address: "sportello@comune.example".into(), server: SERVER.into() });
    desk
});

fn decider(office: &str) -> String {
    format!("chi.decide.{office}@comune.example")
}

/// What somebody writes into the mail that the link opened, and sends below their signature.
fn filled(answer: &Answer, body: &str) -> String {
    let words = answer.words;
    // Where several wait the office writes which: the first that is named.
    let named = answer.with.split_once('(').map_or("", |(_, rest)| rest);
    let first: String = named.chars().take_while(char::is_ascii_digit).collect();
    let body = &if first.is_empty() || body.contains(|c: char| c.is_ascii_digit()) {
        body.to_string()
    } else {
        format!("{}{first} ", body)
    };
    let own = match words {
        "CHIEDO INTEGRAZIONE" => body.replacen("- ", "- la pianta", 1) + "sì",
        "CORREGGI" => body.replacen("CORREGGI: ", "CORREGGI: non è questo", 1).replace("tipo: ", "tipo: Altro"),
        "NOTA" => format!("{body}sentito il vigile"),
        "POSIZIONE" => format!("{body}12"),
        "METTI NEL FASCICOLO" => format!("{body}2026/000001-CF"),
        "NON COMPETENZA" => format!("{body}: tributi"),
        "POSTO ACCETTATO" | "POSTO RINUNCIATO" => format!("{body}al telefono"),
        "APRI PRATICA" => format!("{body}richiesta"),
        "ABILITO" => format!("{body}vista la carta d'identità"),
        "ASSEGNO A" => format!("{body}Luca Verdi"),
        "CHIEDO PARERE A" => format!("{body}Provincia di Esempio"),
        "PARERE RICEVUTO" => format!("{body} Provincia di Esempio"),
        "VALUTO" => format!("{body}NON ACCOLTA: i fatti non cambiano"),
        "RIFIUTO MODIFICA" => format!("{body}: il conto è di altri"),
        // The sum, be there a place for it or not.
        "CHIEDO PAGAMENTO" => format!("{}\n- trenta euro", body.trim_end_matches("\n- ")),
        _ if body.ends_with("\n- ") => format!("{body}un motivo chiaro"),
        _ => body.to_string(),
    };
    format!("{own}\n\n-- \nChi decide\nUfficio\nRESPINGO: questa è la firma\n")
}

/// Whether what was read is what the link was for.
fn is_it(words: &str, wanted: &Wanted) -> bool {
    let (_, what) = ORDERS.iter().find(|(of, _)| *of == words).expect("an order");
    match (what, wanted) {
        (What::Do(verb), Wanted::Act(Act::Do { verb: read, .. })) => verb == read,
        (What::Assign, Wanted::Act(Act::Assign { responsible, .. })) => responsible == "Luca Verdi",
        (What::NotOurs, Wanted::Act(Act::Assign { office, .. })) => office == "tributi",
        (What::Note, Wanted::Act(Act::Note { text })) => text == "sentito il vigile",
        (What::Weigh, Wanted::Act(Act::Weigh { weight, how, .. })) => {
            *weight == Weight::NonAccolta && how == "i fatti non cambiano"
        }
        (What::Approve, Wanted::Act(Act::Approve { .. })) => true,
        (What::Refuse, Wanted::Act(Act::Refuse { points, .. })) => points == &["il conto è di altri"],
        (What::Enable, Wanted::Act(Act::Enable { points, .. })) => points == &["vista la carta d'identità"],
        (What::Rank, Wanted::Act(Act::Rank { position: 12, points })) => points.is_empty(),
        (What::Place(answer), Wanted::Act(Act::Place { answer: read, how })) => answer == read && how == "al telefono",
        (What::Open, Wanted::Open(procedure, _)) => procedure == "richiesta",
        (What::Correct | What::FileIn, Wanted::Correct(_)) | (What::AskPec, Wanted::AskPec) => true,
        _ => false,
    }
}

/// The mail that a link opens: its subject, its body as a person sees it.
fn opened(answer: &Answer) -> (String, String) {
    let (to, fields) = mailto::read(&answer.link);
    assert_eq!(to, "sportello@comune.example");
    let [(_, subject), (_, body)] = fields.as_slice() else { panic!("no body in {}", answer.link) };
    assert!(body.starts_with(answer.words), "{body}");
    (subject.clone(), body.replace("\r\n", "\n"))
}

/// Sent as it was opened, and filled in: what comes of the second.
fn sent(answer: &Answer, from: &str, known: &Known) -> Decision {
    let (subject, body) = opened(answer);
    let text = filled(answer, &body);
    let read = crate::command::words::read(&text, &TOWN.rules, "urp");
    assert!(read.as_ref().is_ok_and(|wanted| is_it(answer.words, wanted)), "{read:?} of\n{text}");
    let decide = |text: &str| {
        let mail = Sent {
            from,
            subject: subject.clone(),
            text,
            vouched: "dmarc=pass header.from=comune.example",
            more: "",
            files: &[],
        };
        let (seen, content) = mail.seen();
        by_mail(&seen, &content, known, &TOWN).expect("it is an office's")
    };
    let last = |decision: &Decision| decision.trail.last().expect("a reason").code.clone();
    let empty = last(&decide(&body));
    assert!(!["no-order", "several-orders", "no-code", "wrong-code"].contains(&empty.as_str()), "{body}: {empty}");
    decide(&text)
}

/// The answers that the office's mailbox is offered, and those of who decides there, each under the mailbox that reads them.
fn offers(object: Object<'_>, message: &str, office: &str, scene: &Scene) -> [(String, Offer); 2] {
    let shared = TOWN.rules.office(office).expect("an office").mail.clone();
    let readers = [
        (shared.clone(), Author { office, name: &shared, role: "operatore" }),
        (decider(office), Author { office, name: "Chi decide", role: "responsabile" }),
    ];
    readers.map(|(mail, reader)| (mail, answers::of(object, message, reader, &scene.people, &TOWN, scene.now)))
}

fn offered(object: Object<'_>, message: &str, office: &str, scene: &Scene) -> Vec<(String, Answer)> {
    let of = |(mail, offer): (String, Offer)| offer.answers.into_iter().map(move |answer| (mail.clone(), answer));
    offers(object, message, office, scene).into_iter().flat_map(of).collect()
}

/// What came of each offered answer: its words, the state, the code.
type Outcomes = BTreeMap<(&'static str, String), BTreeSet<State>>;

/// Sends every answer that is offered; each dossier that an order makes.
fn answered(scene: &Scene, outcomes: &mut Outcomes) -> Vec<Scene> {
    let dossier = &scene.dossier;
    let message = "e".repeat(64);
    let mut after = Vec::new();
    for (from, answer) in offered(Object::Dossier(dossier), &message, &dossier.office, scene) {
        let known = Known { digest: format!("{:064x}", scene.letters.len() + 1), ..known(scene) };
        let mut scene = scene.clone();
        scene.dossier.cover.origin.clone_from(&message);
        let known = Known { dossiers: [scene.dossier.clone()].into(), ..known };
        let decision = sent(&answer, &from, &known);
        let code = decision.trail.last().expect("a reason").code.clone();
        outcomes.entry((answer.words, code.clone())).or_default().insert(dossier.state);
        if code == "order-done" {
            let letters = decision.outgoing.clone();
            scene.take(decision.changes, decision.outgoing);
            letters.iter().filter(|letter| letter.lane == Lane::Pec).for_each(|letter| scene.deliver(letter));
            scene.days(12);
            after.push(scene);
        }
    }
    after
}

/// An office that only clicks goes every way that its procedure has; what is offered is carried out.
#[test]
fn every_offered_answer_is_read_as_its_order_in_every_state_of_every_procedure() {
    let mut outcomes = Outcomes::new();
    let mut reached: BTreeSet<State> = BTreeSet::new();
    let procedures: Vec<String> = TOWN.procedures.all().map(|procedure| procedure.id.clone()).collect();
    for procedure in &procedures {
        let office = TOWN.procedures.all().find(|one| one.id == *procedure).and_then(|one| one.unit.clone());
        let new = scene::new(procedure, office.as_deref().unwrap_or("edilizia"));
        let mut waiting = vec![Scene::opened_on(&TOWN, &new)];
        let mut seen: BTreeSet<(State, String)> = BTreeSet::new();
        while let Some(scene) = waiting.pop() {
            if seen.insert((scene.dossier.state, scene.dossier.office.clone())) {
                reached.insert(scene.dossier.state);
                waiting.extend(answered(&scene, &mut outcomes));
            }
        }
    }
    for ((words, code), states) in &outcomes {
        std::println!("{words}: {code} in {states:?}");
    }
    std::println!("{} procedures, states {reached:?}", procedures.len());
    let refused: Vec<_> = outcomes.keys().filter(|(_, code)| code != "order-done").collect();
    assert!(refused.is_empty(), "offered, and not carried out: {refused:?}");
    for state in
        [State::InLavorazione, State::InAttesaIntegrazioni, State::PreavvisoDiniego, State::Respinta, State::Accolta]
    {
        assert!(reached.contains(&state), "{state:?}");
    }
    let words: BTreeSet<&str> = outcomes.keys().map(|(words, _)| *words).collect();
    assert!(words.len() >= 15, "{words:?}");
}

/// The orders that stand on something in the dossier: what was filed, a change of data, an address to enable.
#[test]
fn what_waits_in_a_dossier_is_answered_by_its_link() {
    let open = |procedure: &str, office: &str| Scene::opened_on(&TOWN, &scene::new(procedure, office)).worked_on();
    let mut outcomes = Outcomes::new();
    let mut filed = open("richiesta", "edilizia");
    filed.write(&Mail::of(SAFE, Kind::Participation));
    let after = answered(&filed, &mut outcomes);
    let weighed =
        |scene: &&Scene| scene.dossier.life.filings.iter().all(|filing| filing.state != participation::State::Filed);
    assert!(after.iter().any(|scene| weighed(&scene)), "{outcomes:?}");

    let mut change = open("richiesta", "edilizia");
    change.write(&scene::iban(SAFE));
    answered(&change, &mut outcomes);
    let code = scene::code_of(change.of_template("conferma-modifica")[0]);
    change.write(&Mail::confirming(SAFE, &code));
    let after = answered(&change, &mut outcomes);
    let refused = |scene: &&Scene| scene.dossier.life.changes.iter().all(|change| change.state.is_decided());
    assert!(after.iter().any(|scene| refused(&scene)), "{outcomes:?}");

    let mut asked = open("dati-personali", "servizi_digitali");
    let ask = enablement::Step::Asked {
        address: scene::OTHER.into(),
        code: scene::MARIO.into(),
        name: "Mario Rossi".into(),
        hash: String::new(),
        until: asked.now,
    };
    for step in [ask, enablement::Step::Confirmed] {
        let dossier = asked.dossier.number.clone();
        asked.take(vec![Change::Entered { dossier, entry: Entry::Enabling { step } }], vec![]);
    }
    let after = answered(&asked, &mut outcomes);
    assert!(after.iter().any(|scene| scene.mario().strength_of(scene::OTHER, scene.now) == Some(Strength::Enabled)));

    for ((words, code), states) in &outcomes {
        std::println!("{words}: {code} in {states:?}");
    }
    for words in ["VALUTO", "APPROVO MODIFICA", "RIFIUTO MODIFICA", "ABILITO"] {
        assert!(outcomes.contains_key(&(words, "order-done".to_string())), "{words}: {outcomes:?}");
    }
}

#[test]
fn a_message_without_a_dossier_is_opened_or_corrected_by_its_link() {
    let scene = Scene::opened_on(&TOWN, &scene::new("richiesta", "edilizia"));
    let wrote = wrote(&scene);
    let mut words = Vec::new();
    for (from, answer) in offered(Object::Message(&wrote), &wrote.digest, "edilizia", &scene) {
        let known = Known { wrote: vec![wrote.clone()], next_ordinal: 7, ..known(&scene) };
        let decision = sent(&answer, &from, &known);
        assert_eq!(decision.trail.last().expect("a reason").code, "order-done", "{}", answer.words);
        words.push(answer.words);
    }
    let of_certified = ["NON COMPETENZA", "NOTA", "APRI PRATICA", "CORREGGI", "METTI NEL FASCICOLO"];
    assert_eq!(words, [of_certified, of_certified].concat());

    // Of ordinary mail: no dossier is opened for who is not certified, and that one can be told how to write.
    let wrote = Wrote { sender: "mario@posta.example".into(), proven: None, ..wrote };
    let mut outcomes = BTreeMap::new();
    for (from, answer) in offered(Object::Message(&wrote), &wrote.digest, "edilizia", &scene) {
        let known = Known { wrote: vec![wrote.clone()], next_ordinal: 7, ..known(&scene) };
        let decision = sent(&answer, &from, &known);
        assert_eq!(decision.trail.last().expect("a reason").code, "order-done", "{}", answer.words);
        outcomes.insert(answer.words, decision);
    }
    let words: Vec<&str> = outcomes.keys().copied().collect();
    assert_eq!(words, ["CHIEDO PEC", "CORREGGI", "METTI NEL FASCICOLO", "NON COMPETENZA", "NOTA"]);
    let letter = scene::the(&outcomes["CHIEDO PEC"].outgoing, "pec-non-certificata");
    assert_eq!((letter.to.as_str(), letter.lane), ("mario@posta.example", Lane::Pec));
    assert_eq!(outcomes["NOTA"].outgoing.len(), 1, "only the answer to the office");
    let passed = scene::the(&outcomes["NON COMPETENZA"].outgoing, "compito-verifica");
    assert_eq!(passed.to, TOWN.rules.office("tributi").expect("an office").mail);
    assert!(matches!(passed.enclosures.as_slice(), [Enclosure::Message { message, .. }] if *message == wrote.digest));
    assert!(passed.text.contains("- CHIEDO PEC"), "the other office answers too: {}", passed.text);
    let noted = |change: &Change| matches!(change, Change::Entered { dossier, entry: Entry::Noted { .. } } if dossier == "2026/000001");
    let put = &outcomes["METTI NEL FASCICOLO"];
    assert!(put.changes.iter().any(noted), "the dossier shows it");
    let kept = documents(&put.changes, "2026/000001");
    let places: Vec<(&str, &str)> = kept.iter().map(|one| (one.digest.as_str(), one.message.as_str())).collect();
    assert_eq!(
        places,
        [(wrote.digest.as_str(), ""), ("", wrote.digest.as_str())],
        "the message, and what came with it"
    );
    assert_eq!((kept[1].name.as_str(), kept[1].media.as_str()), ("planimetria.pdf", "application/pdf"));
    assert!(kept.iter().all(|one| one.visibility == Visibility::Reserved), "nobody proved who wrote it");
    for (words, decision) in &outcomes {
        let of = |change: &&Change| matches!(change, Change::Corrected { message, .. } if *message == wrote.digest);
        assert_eq!(
            decision.changes.iter().filter(of).count(),
            1,
            "{words}: the register has it, and the next code is another"
        );
    }
}

/// What a party sent by PEC its parties may see, what another did the office alone.
#[test]
fn a_message_is_put_into_a_dossier_with_what_came_with_it() {
    let scene = Scene::opened_on(&TOWN, &scene::new("richiesta", "edilizia"));
    let put = |wrote: Wrote| {
        let all = offered(Object::Message(&wrote), &wrote.digest, "edilizia", &scene);
        let (from, answer) =
            all.into_iter().find(|(_, answer)| answer.words == "METTI NEL FASCICOLO").expect("offered");
        let known = Known { wrote: vec![wrote.clone()], next_ordinal: 7, ..known(&scene) };
        documents(&sent(&answer, &from, &known).changes, "2026/000001")
    };
    let kept = put(wrote(&scene));
    assert!(scene.dossier.has_party(SAFE) && kept.len() == 2, "{kept:?}");
    assert!(kept.iter().all(|one| one.visibility == Visibility::Parties), "{kept:?}");
    assert!(kept[0].name.starts_with(&format!("messaggio di {SAFE}, ")), "{kept:?}");
    let of_another = put(Wrote { sender: "altri@pec.example".into(), ..wrote(&scene) });
    assert!(of_another.iter().all(|one| one.visibility == Visibility::Reserved), "{of_another:?}");
}

#[test]
fn ordinary_mail_comes_with_the_answers_of_its_task_and_they_are_obeyed() {
    let scene = Scene::opened_on(&TOWN, &scene::new("richiesta", "edilizia"));
    let stranger = Sent {
        from: "mario@posta.example",
        subject: "Una buca".into(),
        text: "C'è una buca\n",
        vouched: "none",
        more: "",
        files: &[],
    };
    let known = Known { is_from_offices: false, ..known(&scene) };
    let decision = crate::decide(&stranger.seen().0, &known, &TOWN);
    let task = scene::the(&decision.outgoing, "compito-verifica");
    for words in ["NON COMPETENZA", "NOTA", "CORREGGI", "CHIEDO PEC", "METTI NEL FASCICOLO"] {
        assert!(task.text.contains(&format!("\n- {words}")), "{words} is not in\n{}", task.text);
    }
    assert!(!task.text.contains("APRI PRATICA"), "nobody certified who wrote: {}", task.text);
    let wrote = Wrote { digest: known.digest.clone(), sender: stranger.from.into(), proven: None, ..wrote(&scene) };
    for (to, fields) in mailto::all(&task.text) {
        let [(_, subject), (_, body)] = fields.as_slice() else { panic!("{to}") };
        assert!(subject.contains(&code_in(task)), "{subject}");
        if body.starts_with("CHIEDO PEC") {
            let known = Known { wrote: vec![wrote.clone()], ..super::known(&scene) };
            let from = decider(&TOWN.entity.fallback_office);
            let order = Sent {
                from: &from,
                subject: subject.clone(),
                text: body,
                vouched: "dmarc=pass header.from=comune.example",
                more: "",
                files: &[],
            };
            let (seen, content) = order.seen();
            let done = by_mail(&seen, &content, &known, &TOWN).expect("it is an office's");
            assert_eq!(scene::the(&done.outgoing, "pec-non-certificata").to, stranger.from);
        }
    }
}

#[test]
fn nobody_is_written_to_who_is_a_machine_or_one_of_ours_or_nobody() {
    let scene = Scene::opened_on(&TOWN, &scene::new("richiesta", "edilizia"));
    for sender in
        ["", "non un indirizzo", "noreply@posta.example", "mailer-daemon@posta.example", "edilizia@comune.example"]
    {
        let wrote = Wrote { sender: sender.into(), proven: None, ..wrote(&scene) };
        let all = offered(Object::Message(&wrote), &wrote.digest, "edilizia", &scene);
        assert!(all.iter().all(|(_, answer)| answer.words != "CHIEDO PEC"), "{sender}");
    }
}

/// What was signed does not help a message in quarantine: its envelope may be proven, and one of two under the same id.
#[test]
fn a_message_in_quarantine_is_told_where_it_belongs_and_its_author_is_not_written_to() {
    let scene = Scene::opened_on(&TOWN, &scene::new("richiesta", "edilizia"));
    let wrote = Wrote { aside: true, ..wrote(&scene) };
    assert!(wrote.proven.is_some());
    let mut words = Vec::new();
    for (from, answer) in offered(Object::Message(&wrote), &wrote.digest, "edilizia", &scene) {
        let known = Known { wrote: vec![wrote.clone()], next_ordinal: 7, ..known(&scene) };
        let decision = sent(&answer, &from, &known);
        assert_eq!(decision.trail.last().expect("a reason").code, "order-done", "{}", answer.words);
        assert!(decision.outgoing.iter().all(|letter| letter.lane == Lane::Internal), "{}", answer.words);
        words.push(answer.words);
    }
    let all = ["NON COMPETENZA", "NOTA", "CORREGGI", "METTI NEL FASCICOLO"];
    assert_eq!(words, [all, all].concat());
    for (text, code) in [("CHIEDO PEC", "aside"), ("APRI PRATICA: richiesta", "not-certified")] {
        let decision = about(&scene, &wrote, text);
        assert_eq!(decision.trail.last().expect("a reason").code, code, "{text}");
    }
}

#[test]
fn the_task_of_a_message_in_quarantine_comes_with_its_answers() {
    let scene = Scene::opened_on(&TOWN, &scene::new("richiesta", "edilizia"));
    let decision = crate::decide::set_aside("troppo grande".into(), &known(&scene), &TOWN);
    let task = scene::the(&decision.outgoing, "compito-verifica");
    for words in ["NON COMPETENZA", "NOTA", "CORREGGI", "METTI NEL FASCICOLO"] {
        assert!(task.text.contains(&format!("\n- {words}")), "{words} is not in\n{}", task.text);
    }
    assert!(!task.text.contains("CHIEDO PEC") && !task.text.contains("APRI PRATICA"), "{}", task.text);
    assert!(task.subject.contains("[Codice "), "{}", task.subject);
}

/// The links that really stand in letters to offices, as they are written into the letter.
#[test]
fn the_links_of_a_task_are_whole_in_its_letter() {
    let mut scene = Scene::opened_on(&TOWN, &scene::new("richiesta", "edilizia"));
    let take = |words: &str, scene: &Scene| {
        let all = offered(Object::Dossier(&scene.dossier), "", "edilizia", scene);
        all.into_iter().find(|(_, answer)| answer.words == words).unwrap_or_else(|| panic!("no {words}"))
    };
    for words in ["PRENDO IN CARICO", "PREAVVISO DI RIGETTO", "NON COMPETENZA"] {
        let (from, answer) = take(words, &scene);
        let decision = sent(&answer, &from, &known(&scene));
        scene.take(decision.changes, decision.outgoing);
    }
    let mut letters = 0;
    for letter in &scene.letters {
        let links = mailto::all(&letter.text);
        assert_eq!(links.len(), letter.text.matches("mailto:").count(), "{}", letter.text);
        if letter.lane == Lane::Internal && !links.is_empty() {
            letters += 1;
            let code = code_in(letter);
            for (_, fields) in &links {
                assert!(fields[0].1.contains(&code), "the code of the task goes with each answer: {fields:?}");
            }
        }
    }
    assert!(letters >= 4, "{letters}");
    let verb = |entry: &Entry| matches!(entry, Entry::Moved { verb: Verb::PreavvisoDiniego, .. });
    assert!(scene.entries().any(verb));
}

/// A ranking that takes requests, and what its office may not do yet.
fn ranking(now: Timestamp) -> Scene {
    let mut scene = Scene::opened_at(&TOWN, &scene::new("nido", "istruzione"), now);
    scene.verb(Verb::Prendi).expect("it is taken in charge");
    scene
}

fn of_who_decides(scene: &Scene) -> Offer {
    let [_, (_, offer)] = offers(Object::Dossier(&scene.dossier), "", &scene.dossier.office, scene);
    offer
}

fn has(offer: &Offer, words: &str) -> bool {
    offer.answers.iter().any(|answer| answer.words == words)
}

#[test]
fn what_a_day_forbids_is_not_offered_and_the_day_is_said() {
    let mut scene = ranking(midnight(date(2027, 3, 10)));
    let offer = of_who_decides(&scene);
    assert!(!has(&offer, "ACCOLGO") && !has(&offer, "RESPINGO") && has(&offer, "NON AMMETTO"), "{offer:?}");
    let said = "ACCOLGO, RESPINGO, POSIZIONE, dal 31 marzo 2027: la graduatoria si forma dopo la chiusura delle domande, il 31/03/2027 alle 12:00:00";
    assert_eq!(offer.not_now, [said], "one line for one reason");
    scene.now = midnight(date(2027, 3, 31));
    assert!(!has(&of_who_decides(&scene), "ACCOLGO"), "that day, before noon");
    scene.now = midnight(date(2027, 4, 1));
    let offer = of_who_decides(&scene);
    assert!(has(&offer, "ACCOLGO") && has(&offer, "RESPINGO") && offer.not_now.is_empty(), "{offer:?}");

    // The citizen's ten days: from the delivery of the notice on, and no day of them is told before it.
    let mut scene = Scene::opened_on(&TOWN, &scene::new("richiesta", "edilizia")).worked_on();
    let notice = scene.verb(Verb::PreavvisoDiniego).expect("it is announced");
    let offer = of_who_decides(&scene);
    assert!(!has(&offer, "RESPINGO") && offer.not_now[0].starts_with("RESPINGO: il preavviso"), "{offer:?}");
    scene.deliver(scene::the(&notice, "preavviso-diniego"));
    let offer = of_who_decides(&scene);
    assert!(!has(&offer, "RESPINGO") && has(&offer, "ACCOLGO"), "{offer:?}");
    assert!(offer.not_now[0].starts_with("RESPINGO, dal 13 marzo 2026: il cittadino può ancora"), "{offer:?}");
    scene.now = midnight(date(2026, 3, 13));
    assert!(has(&of_who_decides(&scene), "RESPINGO"));
    // And it stands in the letter.
    scene.now = midnight(date(2026, 3, 12));
    let (from, answer) = offered(Object::Dossier(&scene.dossier), "", "edilizia", &scene)
        .into_iter()
        .find(|(from, answer)| answer.words == "NOTA" && *from == decider("edilizia"))
        .expect("a note");
    let decision = sent(&answer, &from, &known(&scene));
    let told = &scene::the(&decision.outgoing, "ordine-eseguito").text;
    assert!(!told.contains("- RESPINGO, e sotto"), "{told}");
    assert!(
        scene::flat(scene::the(&decision.outgoing, "ordine-eseguito")).contains("- RESPINGO, dal 13 marzo 2026:"),
        "{told}"
    );
}

/// What the shared mailbox may not do, it is told to hand on only where somebody could do it now.
#[test]
fn a_task_goes_on_to_who_decides_only_when_there_is_something_to_decide() {
    let who = |scene: &Scene| {
        let office = scene.dossier.office.as_str();
        answers::who_decides(
            Object::Dossier(&scene.dossier),
            Author::shared(office, &TOWN),
            &scene.people,
            &TOWN,
            scene.now,
        )
    };
    let mut scene = ranking(midnight(date(2027, 3, 10)));
    assert_eq!(who(&scene), None);
    scene.now = midnight(date(2027, 4, 1));
    assert!(who(&scene).is_some_and(|said| said.starts_with("ACCOLGO e RESPINGO li scrive chi decide")));
    let mut scene = Scene::opened_on(&TOWN, &scene::new("richiesta", "edilizia")).worked_on();
    scene.verb(Verb::PreavvisoDiniego).expect("it is announced");
    assert!(who(&scene).is_some_and(|said| said.starts_with("ACCOLGO lo scrive chi decide")), "{:?}", who(&scene));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Whatever happened to a dossier before: what its office is offered is carried out, if it comes back at once.
    #[test]
    fn nothing_is_offered_that_would_be_refused(
        procedure in prop::sample::select(vec![
            "richiesta", "cambio-residenza", "accesso-atti", "dati-personali", "tributi", "ztl", "nido", "suolo-pubblico",
        ]),
        day in 0..60i64,
        deeds in prop::collection::vec(a_deed(), 1..30),
    ) {
        let office = TOWN.procedures.all().find(|one| one.id == procedure).and_then(|one| one.unit.clone());
        let new = scene::new(procedure, office.as_deref().unwrap_or("tributi"));
        let start = if procedure == "nido" { date(2027, 3, 5) } else { scene::START };
        let mut scene = Scene::opened_at(&TOWN, &new, midnight(start));
        scene.days(day);
        for deed in &deeds {
            happen(&mut scene, deed);
        }
        let mut outcomes = Outcomes::new();
        answered(&scene, &mut outcomes);
        // Which body has answered is written by the office, and this one is not asked.
        let is_done = |(words, code): &(&str, String)| {
            code == "order-done" || (*words == "PARERE RICEVUTO" && code == "no-body")
        };
        let refused: Vec<_> = outcomes.keys().filter(|outcome| !is_done(outcome)).collect();
        prop_assert!(refused.is_empty(), "{:?} in {:?} on {}", refused, scene.dossier.state, rome(scene.now).date());
        // What is not offered for a day's sake is on that day.
        for (_, offer) in offers(Object::Dossier(&scene.dossier), "", &scene.dossier.office, &scene) {
            let words: BTreeSet<&str> = offer.answers.iter().map(|answer| answer.words).collect();
            for line in &offer.not_now {
                let named = line.split([':', ',']).next().unwrap_or_default();
                prop_assert!(!words.contains(named), "{line}");
            }
        }
    }
}

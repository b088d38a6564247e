//! Changes when a back office is told, or may say, something else: two that are simulated pass the same suite.

#[path = "backoffice/fakes.rs"]
mod fakes;

use crate::support::{House, secret_file};
use fakes::{Fake, Mode, OnFolder, OnHttp};
use jiff::Timestamp;
use serde_json::{Value, json};
use sportello::backoffice::liaison::{Conversation, Liaison, PLACE_LOST, REFUSED};
use sportello::backoffice::{BackOffice, Fault, Web};
use sportello::caseload::Deed;
use sportello::clock::Clock;
use sportello::config::{Config, Side};
use sportello::journal::record::{Channel, Event as Journalled};
use sportello::journal::{Journal, Tail};
use sportello::outbox::orders::Answer;
use sportello::store::rows::ItemRow;
use sportello::supervise::Service;
use sportello::trial::Trial;
use sportello::world::World;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// An office beside a back office; its service starts, talks and ends at instants that a test chooses.
struct Office {
    root: tempfile::TempDir,
    house: House,
}

/// A service between its start and its end.
struct Day<'a> {
    service: &'a Service,
    liaison: Liaison,
    talk: Option<Conversation>,
    runtime: &'a tokio::runtime::Runtime,
}

impl Office {
    fn new(fake: &dyn Fake, root: tempfile::TempDir) -> Self {
        let authority = gestore::Authority::create(gestore::Timestamp::now()).unwrap();
        let maildir = root.path().join("posta");
        let house = House::build(root.path(), "protocollo@pec.comune.test", &maildir, authority.certificate_der());
        let mut file = OpenOptions::new().append(true).open(&house.file).unwrap();
        writeln!(file, "[gestionale]\nuffici = [\"tributi\"]\n{}", fake.keys(root.path())).unwrap();
        Self { root, house }
    }

    /// Starts a service at an instant.
    fn at<T>(&self, instant: &str, work: impl FnOnce(&mut Day<'_>) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let config = Config::read(&self.house.file).unwrap();
        let now: Timestamp = instant.parse().unwrap();
        let world = World { clock: Clock::At(now), ..World::real() };
        let service = Service::open(config, Trial::skipped(), world).unwrap();
        let mut liaison = service.liaison().unwrap().unwrap();
        liaison.pause = Duration::ZERO;
        work(&mut Day { service: &service, liaison, talk: None, runtime: &runtime })
    }

    fn memory(&self) -> std::path::PathBuf {
        self.house.data.join("gestionale.json")
    }

    /// The keys and channels of what was done.
    fn acts(&self) -> Vec<(Channel, String)> {
        let mut acts = Vec::new();
        Journal::verify(&self.house.data, Tail::Closed, |record, _| {
            if let Journalled::Acted(acted) = &record.event {
                acts.push((acted.channel, acted.key.clone()));
            }
        })
        .unwrap();
        acts
    }
}

impl Day<'_> {
    fn round(&mut self) {
        self.runtime.block_on(self.liaison.round(&mut self.talk)).unwrap();
    }

    fn does(&self, deed: Value) -> String {
        let deed: Deed = serde_json::from_value(deed).unwrap();
        match self.service.clerk().serve(&deed, Channel::Command, "").unwrap() {
            Answer::Done(said) => said,
            Answer::No(why) => panic!("{why}"),
        }
    }

    /// Opens a dossier; its number.
    fn opens(&self, reserved: bool) -> String {
        let said = self.does(json!({ "deed": "open", "dossier": {
            "procedure": "richiesta", "subject": "Verifica della superficie", "office": "tributi",
            "parties": [{ "code": "BNCNNA80A41H501R", "name": "Anna Bianchi", "address": "anna@cittadini.test" }],
            "reserved": reserved, "by": "Ada Neri",
        } }));
        said.split_whitespace().find(|word| word.starts_with("20")).unwrap().trim_end_matches(':').to_owned()
    }

    fn orders(&self, number: &str, act: Value) -> String {
        self.does(json!({ "deed": "act", "order": {
            "dossier": number, "act": act, "by": "Ugo Verdi", "office": "tributi", "role": "responsabile",
        } }))
    }

    fn letters(&self, number: &str) -> Vec<ItemRow> {
        let items = self.service.store().lock().unwrap().overview().unwrap().items;
        items.into_iter().filter(|item| item.outgoing.dossier.as_deref() == Some(number)).collect()
    }

    fn state(&self, number: &str) -> &'static str {
        self.service.store().lock().unwrap().dossier(number).unwrap().unwrap().state.code()
    }

    fn incidents(&self) -> Vec<(String, String)> {
        let overview = self.service.store().lock().unwrap().overview().unwrap();
        overview.incidents.into_iter().map(|(_, code, text, _)| (code, text)).collect()
    }

    fn alarms(&self) -> Vec<String> {
        self.service
            .alarms()
            .open()
            .into_values()
            .map(|alarm| format!("{} {}: {}", alarm.code.word(), alarm.about, alarm.text))
            .collect()
    }

    fn mark(&self, name: &str) -> i64 {
        self.service.health().snapshot().marks.get(name).copied().unwrap_or(-1)
    }
}

fn text<'a>(event: &'a Value, key: &str) -> &'a str {
    event[key].as_str().unwrap_or_default()
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| text(event, "id")).collect()
}

/// What any back office sees and may do, whatever it is.
fn the_suite(fake: &mut dyn Fake, root: tempfile::TempDir) {
    let office = Office::new(fake, root);
    // Who comes later is told what happens from then on.
    let old = office.at("2026-03-02T09:00:00Z", |day| {
        let old = day.opens(false);
        day.round();
        old
    });
    assert_eq!(fake.heard(), [Value::Null; 0]);

    let number = office.at("2026-03-02T10:00:00Z", |day| {
        day.opens(true);
        let number = day.opens(false);
        day.round();
        assert_eq!((day.mark("back_office_told"), day.mark("back_office_waiting_seconds")), (1, 0));
        number
    });
    let heard = fake.heard();
    let [opened] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(
        (text(opened, "evento"), text(opened, "fascicolo"), text(opened, "canale")),
        ("pratica-aperta", &*number, "comando")
    );
    assert_eq!(
        (text(opened, "procedimento"), text(opened, "ufficio"), text(opened, "stato")),
        ("richiesta", "tributi", "protocollata")
    );
    assert_eq!(opened["persone"], json!([{ "codice": "BNCNNA80A41H501R", "ruolo": "destinatario" }]));
    assert!(text(opened, "termine").starts_with("2026-0"), "{opened}");
    let whole = opened.to_string().to_lowercase();
    assert!(["anna", "cittadini", "superficie"].iter().all(|word| !whole.contains(word)), "{whole}");

    // What it orders is done as an office's own order, and the citizen hears of it in the same words.
    let points = json!(["La planimetria"]);
    fake.says(json!([
        { "id": "1", "fascicolo": number, "azione": "prendi_in_carico", "chi": "Ugo Verdi" },
        { "id": "2", "fascicolo": number, "azione": "chiedi_integrazione", "motivi": points, "non_detenuto": true, "chi": "Ugo Verdi" },
        { "id": "3", "fascicolo": number, "azione": "accogli", "motivi": ["Va bene"], "chi": "Ugo Verdi" },
        { "id": "4", "codice_fiscale": "RSSMRA80A01H501U", "nome": "Mario Rossi", "pec": "mario@cittadini.test", "fonte": "inad" },
        { "id": "5", "fascicolo": "2026/000999", "azione": "nota", "motivi": "x", "chi": "Ugo Verdi" },
    ]));
    office.at("2026-03-03T09:00:00Z", |day| {
        day.round();
        assert_eq!(day.state(&number), "in_attesa_integrazioni");
        assert_eq!(day.mark("back_office_rows_done"), 2);
        day.orders(&old, json!({ "act": "do", "verb": "prendi_in_carico" }));
        day.orders(&old, json!({ "act": "do", "verb": "chiedi_integrazione", "points": points, "not_held": true }));
        let last = |number: &str| day.letters(number).pop().unwrap().outgoing;
        let (by_row, by_hand) = (last(&number), last(&old));
        assert_eq!((&by_row.template, &by_row.to), (&by_hand.template, &by_hand.to));
        let (shown, other) = (casework::dossier::check::shown(&number), casework::dossier::check::shown(&old));
        let in_a_link = |number: &str| number.replace('/', "%2F");
        let by_hand = by_hand.text.replace(&other, &shown).replace(&in_a_link(&other), &in_a_link(&shown));
        assert_eq!(by_row.text, by_hand);
        assert!(
            day.incidents().iter().any(|(code, text)| code == "refused-rows" && text.contains("righe rifiutate 3"))
        );
        day.round();
    });
    let answers = fake.answers();
    let [answer] = &answers[..] else { panic!("{answers:?}") };
    assert!(answer.contains("responsabile") && answer.contains("2026/000999 non c'è"), "{answer}");
    assert!(answer.contains("non ha chiesto niente") && !answer.contains("Rossi"), "{answer}");
    let heard = fake.heard();
    let moved: Vec<(&str, &str, &str)> =
        heard.iter().map(|event| (text(event, "fascicolo"), text(event, "stato"), text(event, "canale"))).collect();
    let [work, wait] = ["in_lavorazione", "in_attesa_integrazioni"];
    assert_eq!(
        moved,
        [
            (&*number, work, "gestionale"),
            (&*number, wait, "gestionale"),
            (&*old, work, "comando"),
            (&*old, wait, "comando")
        ]
    );
    assert!(heard.iter().all(|event| event.get("persone").is_none()), "{heard:?}");
    assert_eq!(heard.iter().map(|event| text(event, "id")).collect::<BTreeSet<_>>().len(), 4);

    // A start repeats nothing, also where the index is built anew; and a row is done once, whatever it comes with.
    let before = office.acts();
    fs::remove_dir_all(office.house.data.join("index")).unwrap();
    fake.says(json!([
        { "id": "1", "fascicolo": number, "azione": "prendi_in_carico", "chi": "Ugo Verdi" },
        { "id": "2", "fascicolo": number, "azione": "chiedi_integrazione", "motivi": points, "non_detenuto": true, "chi": "Ugo Verdi" },
    ]));
    office.at("2026-03-03T10:00:00Z", |day| (0..3).for_each(|_| day.round()));
    assert_eq!(fake.heard(), [Value::Null; 0]);
    assert_eq!(office.acts(), before);
    assert_eq!(fake.answers().iter().filter(|answer| answer.matches("già fatta").count() == 2).count(), 1);

    // While it is away the register goes on; then it hears all of it, once.
    fake.turn(Mode::Away);
    office.at("2026-03-03T11:00:00Z", |day| {
        day.round();
        day.orders(&number, json!({ "act": "do", "verb": "riprendi" }));
        day.round();
        assert_eq!(day.alarms(), [""; 0], "not at once");
    });
    office.at("2026-03-03T12:30:00Z", |day| {
        day.round();
        let alarms = day.alarms();
        assert!(alarms.len() == 1 && alarms[0].starts_with("back-office-late eventi: "), "{alarms:?}");
        assert!(alarms[0].contains("da 90 minuti (") && alarms[0].contains("La posta va avanti"), "{alarms:?}");
        assert_eq!(day.mark("back_office_waiting_seconds"), 5400);
        fake.turn(Mode::Up);
        day.round();
        assert_eq!((day.alarms(), day.mark("back_office_waiting_seconds")), (vec![], 0));
    });
    let heard = fake.heard();
    assert_eq!(heard.iter().map(|event| text(event, "stato")).collect::<Vec<_>>(), ["in_lavorazione"]);

    // A stop before it is kept how far it came: again, under the same id.
    let kept = fs::read(office.memory()).unwrap();
    office.at("2026-03-04T09:00:00Z", |day| {
        day.orders(&number, json!({ "act": "note", "text": "Ha telefonato" }));
        day.orders(&number, json!({ "act": "do", "verb": "preavviso_diniego", "points": ["Manca il requisito"] }));
        day.round();
    });
    let first = fake.heard();
    fs::write(office.memory(), kept).unwrap();
    office.at("2026-03-04T09:05:00Z", |day| day.round());
    let again = fake.heard();
    assert_eq!(first, again);
    assert_eq!(first.len(), 1, "a note of the office is nobody else's: {first:?}");

    // A register that is not the one it knows: a person hears of it, and it goes on from there.
    let moved = String::from_utf8(fs::read(office.memory()).unwrap()).unwrap().replacen("\"seq\":", "\"seq\":9", 1);
    fs::write(office.memory(), moved).unwrap();
    office.at("2026-03-05T09:00:00Z", |day| {
        day.round();
        assert!(day.incidents().iter().any(|(code, _)| code == PLACE_LOST));
        day.round();
        assert_eq!(day.incidents().iter().filter(|(code, _)| code == PLACE_LOST).count(), 1);
        let newest = day.opens(false);
        day.round();
        let heard = fake.heard();
        assert_eq!(
            heard.iter().map(|event| text(event, "fascicolo")).collect::<Vec<_>>(),
            [&*newest],
            "{:?}",
            ids(&heard)
        );
    });
}

#[test]
fn a_back_office_on_a_folder_passes_the_suite() {
    let root = tempfile::tempdir().unwrap();
    the_suite(&mut OnFolder::new(root.path()), root);
}

#[test]
fn a_back_office_behind_http_passes_the_suite() {
    let root = tempfile::tempdir().unwrap();
    secret_file(&root.path().join("gettone"), "parola-di-prova\n");
    let mut fake = OnHttp::new();
    the_suite(&mut fake, root);
    assert!(fake.posts().iter().all(|(token, _)| token == "Bearer parola-di-prova"));
}

/// Functions S0.16: of whoever has asked nothing here nothing is brought in, and nothing of such a row stands anywhere; with a
/// request open it is, and the body that has a title for it says so.
#[test]
fn the_row_of_a_person_comes_in_with_a_request_of_theirs() {
    let root = tempfile::tempdir().unwrap();
    let mut fake = OnFolder::new(root.path());
    let office = Office::new(&fake, root);
    let row = |id: &str, code: &str, name: &str, pec: &str| json!({ "id": id, "codice_fiscale": code, "nome": name, "pec": pec, "fonte": "inad", "dato.telefono": "055 123987" });
    let rossi = row("1", "RSSMRA80A01H501U", "Mario Rossi", "mario.rossi@cittadini.test");
    let whole = || {
        let mut bytes = Vec::new();
        for entry in fs::read_dir(office.house.data.join("journal")).unwrap() {
            bytes.extend(fs::read(entry.unwrap().path()).unwrap());
        }
        bytes.extend(fs::read(office.memory()).unwrap());
        String::from_utf8_lossy(&bytes).to_uppercase()
    };
    let person = |day: &Day<'_>, code: &str| day.service.store().lock().unwrap().person(code).unwrap();
    fake.says(json!([rossi]));
    office.at("2026-03-02T09:00:00Z", |day| {
        day.round();
        assert_eq!((person(day, "RSSMRA80A01H501U"), day.mark("back_office_rows_done")), (None, 0));
        day.round();
    });
    let answers = fake.answers();
    assert!(answers.len() == 1 && answers[0].contains("nessuna pratica aperta"), "{answers:?}");
    let kept = whole();
    for word in ["RSSMRA", "MARIO", "ROSSI", "123987"] {
        assert!(!kept.contains(word), "{word} stands in the register, or beside it");
    }

    // The first request opens the way for that person alone; it shuts when nothing of theirs is open.
    let number = office.at("2026-03-03T09:00:00Z", |day| day.opens(false));
    let anna = |id: &str| row(id, "BNCNNA80A41H501R", "Anna Bianchi", "anna@cittadini.test");
    fake.says(json!([anna("2"), row("3", "RSSMRA80A01H501U", "Mario Rossi", "mario.rossi@cittadini.test")]));
    office.at("2026-03-03T10:00:00Z", |day| {
        day.round();
        let data = person(day, "BNCNNA80A41H501R").unwrap().data;
        assert_eq!(data["telefono"][0].value, "055 123987");
        assert_eq!(person(day, "RSSMRA80A01H501U"), None);
        day.orders(&number, json!({ "act": "do", "verb": "prendi_in_carico" }));
        day.orders(&number, json!({ "act": "do", "verb": "accogli", "points": ["Va bene"] }));
        assert_eq!(day.state(&number), "accolta");
    });
    fake.answers();
    fake.says(json!([anna("2"), anna("4")]));
    office.at("2026-03-04T09:00:00Z", |day| day.round());
    let answers = fake.answers().concat();
    assert!(answers.contains("già fatta") && answers.matches("non ha chiesto niente").count() == 1, "{answers}");

    // A body that has a title for the whole of its register.
    let text = fs::read_to_string(&office.house.file).unwrap();
    fs::write(&office.house.file, text.replace("[gestionale]\n", "[gestionale]\nimporta_persone = true\n")).unwrap();
    fake.says(json!([row("5", "RSSMRA80A01H501U", "Mario Rossi", "mario.rossi@cittadini.test")]));
    office.at("2026-03-04T10:00:00Z", |day| {
        day.round();
        assert_eq!(person(day, "RSSMRA80A01H501U").unwrap().names, ["Mario Rossi"]);
    });
}

/// A table that is none is put away with its reason, and the next one is worked.
#[test]
fn nonsense_on_a_folder_is_reported_beside_it() {
    let root = tempfile::tempdir().unwrap();
    let mut fake = OnFolder::new(root.path());
    let office = Office::new(&fake, root);
    fake.leaves("a.json", "{\"righe\": 3}");
    fake.leaves("b.csv", "fascicolo;azione;chi\n2026/000001;vola;Ugo\n");
    office.at("2026-03-02T09:00:00Z", |day| {
        day.round();
        assert_eq!(day.incidents().iter().filter(|(code, _)| code == "refused-rows").count(), 2);
    });
    let answers = fake.answers();
    assert!(answers[0].contains("nessuna riga letta"), "{answers:?}");
    assert!(answers[1].contains("«vola» non si conosce"), "{answers:?}");
}

/// What one event is refused for holds up no other; a server that takes nothing, says nothing or talks nonsense holds up all of
/// them, and loses none.
#[test]
fn each_way_in_which_a_server_fails_has_its_name_and_its_consequence() {
    let root = tempfile::tempdir().unwrap();
    secret_file(&root.path().join("gettone"), "parola-di-prova\n");
    let mut fake = OnHttp::new();
    let office = Office::new(&fake, root);
    office.at("2026-03-02T09:00:00Z", |day| {
        day.round();
        let refused = day.opens(false);
        let taken = day.opens(false);
        fake.turn(Mode::Refuses(refused.clone()));
        for _ in 0..3 {
            day.round();
        }
        let heard = fake.heard();
        assert_eq!(heard.iter().map(|event| text(event, "fascicolo")).collect::<Vec<_>>(), [&*taken]);
        let incidents = day.incidents();
        let about: Vec<&String> = incidents.iter().filter(|(code, _)| code == REFUSED).map(|(_, text)| text).collect();
        assert!(about.len() == 1 && about[0].contains(&refused) && about[0].contains("422"), "{about:?}");
        assert_eq!(day.mark("back_office_set_aside"), 1);

        // It was taken, and the answer got lost: again, and the other side says that it has it.
        fake.turn(Mode::CutsAfterTaking);
        day.orders(&taken, json!({ "act": "do", "verb": "prendi_in_carico" }));
        day.round();
        fake.turn(Mode::HasIt);
        day.round();
        let posts = fake.heard();
        assert_eq!(ids(&posts)[0], ids(&posts)[1]);
        assert_eq!((posts.len(), day.mark("back_office_waiting_seconds")), (2, 0));
    });
    let url = match Config::read(&office.house.file).unwrap().back_office.unwrap().side {
        Side::Web { url, .. } => url,
        Side::Folder(_) => panic!(),
    };
    let web =
        Web { net: sportello::net::real(), url, ca_file: None, token: None, patience: Duration::from_millis(300) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let event: sportello::backoffice::Event = serde_json::from_value(json!({
        "id": "1-0-abc", "evento": "stato-cambiato", "avvenuto": "2026-03-02T09:00:00Z", "canale": "posta",
        "fascicolo": "2026/000001", "procedimento": "richiesta",
    }))
    .unwrap();
    let told = |fake: &mut OnHttp, mode: Mode| {
        fake.turn(mode);
        let told = runtime.block_on(web.tell(&event)).map_err(|fault| fault.code());
        (told, runtime.block_on(web.hear("7&a=è")).map_err(|fault| fault.code()))
    };
    assert_eq!(told(&mut fake, Mode::Up), (Ok(()), Ok(None)));
    assert!(fake.asked().last().unwrap().ends_with("?dopo=7%26a%3D%C3%A8"), "{:?}", fake.asked());
    assert_eq!(told(&mut fake, Mode::Status(503)), (Err("closed"), Err("closed")));
    assert_eq!(told(&mut fake, Mode::Status(401)), (Err("closed"), Err("closed")));
    assert_eq!(told(&mut fake, Mode::Status(302)), (Err("closed"), Err("closed")));
    assert_eq!(told(&mut fake, Mode::Silent), (Err("silent"), Err("silent")));
    assert_eq!(told(&mut fake, Mode::NoHttp), (Err("nonsense"), Err("nonsense")));
    for body in ["ciao", "[]", r#"{"righe":[{"azione":"nota"}],"prossimo":"8"}"#, r#"{"righe":[{"id":"1"}]}"#] {
        assert_eq!(told(&mut fake, Mode::Says(body.into())), (Ok(()), Err("nonsense")), "{body}");
    }
    let stands = r#"{"righe":[{"id":"1"}],"prossimo":"7&a=è"}"#;
    assert_eq!(told(&mut fake, Mode::Says(stands.into())).1, Err("nonsense"), "the same rows would come for ever");
    let shut = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody =
        Web { url: sportello::config::Entrance { port: shut, ..web.url.clone() }, token: None, ca_file: None, ..web };
    assert_eq!(runtime.block_on(nobody.tell(&event)).map_err(|fault| fault.code()), Err("unreachable"));
    assert_eq!(Fault::Silent(30).to_string(), "non risponde in 30 s");
}

/// The service that only observes tells nobody anything, and takes no orders.
#[test]
fn who_only_observes_does_not_talk() {
    let root = tempfile::tempdir().unwrap();
    let fake = OnFolder::new(root.path());
    let office = Office::new(&fake, root);
    let text = fs::read_to_string(&office.house.file).unwrap().replacen(
        "[invio.pec]",
        "[invio]\nmodo = \"osserva\"\n[invio.pec]",
        1,
    );
    fs::write(&office.house.file, text).unwrap();
    let service = Service::open(Config::read(&office.house.file).unwrap(), Trial::skipped(), World::real()).unwrap();
    assert!(service.liaison().unwrap().is_none());
    assert!(Path::new(office.root.path()).join("gestionale").exists());
}

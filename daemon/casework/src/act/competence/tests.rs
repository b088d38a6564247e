//! What reaches the body that is competent, and what the citizen hears of it.

use super::*;
use crate::act::Act;
use crate::decision::{Enclosure, Lane};
use crate::dossier::State;
use crate::scene::{Scene, flat, the};
use crate::verb::Verb;

const BODY: &str = "protocollo@pec.regione.example";

fn mailed(n: u8, bytes: u64) -> Mailed {
    Mailed { message: format!("{n:064x}"), bytes: Some(bytes) }
}

fn scene(filed: Vec<Mailed>) -> Scene {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    scene.filed = filed;
    scene
}

fn to(body: &str) -> Act {
    let points = vec![String::from("Il torrente è della Regione.")];
    Act::Do { verb: Verb::Trasmetti, points, to: body.into(), not_held: false, again: String::new() }
}

fn tasks(letters: &[Outgoing]) -> usize {
    letters.iter().filter(|letter| letter.lane == Lane::Internal).count()
}

#[test]
fn a_body_of_the_rules_gets_the_messages_as_they_came_by_any_of_its_names() {
    for name in ["regione", "Regione di Esempio", "REGIONE DI ESEMPIO", "r_esempio"] {
        let mut scene = scene(vec![mailed(1, 9_000), mailed(2, 700)]);
        let letters = scene.act(to(name)).unwrap();
        assert_eq!(scene.dossier.state, State::TrasmessaAltroEnte);
        let letter = the(&letters, HAND_OVER);
        assert_eq!((letter.to.as_str(), letter.lane), (BODY, Lane::Pec));
        let number = scene.dossier.number.replace('/', "-");
        let expected = [1, 2]
            .map(|n| Enclosure::Message { message: mailed(n, 0).message, name: format!("richiesta-{number}-{n}.eml") });
        assert_eq!(letter.enclosures, expected);
        let text = flat(letter);
        for said in ["Il torrente è della Regione.", &scene.dossier.parties[0], &format!("richiesta-{number}-2.eml")] {
            assert!(text.contains(said), "{said}: {text}");
        }
        let citizen = flat(the(&letters, "esito"));
        assert!(citizen.contains("L'ente competente è: Regione di Esempio."), "{citizen}");
        assert_eq!(tasks(&letters), 0);
    }
}

#[test]
fn when_the_body_has_it_the_citizen_learns_the_day_from_which_its_term_runs_once() {
    let mut scene = scene(vec![mailed(1, 9_000)]);
    let letters = scene.act(to("regione")).unwrap();
    let before = scene.letters.len();
    let sent = the(&letters, HAND_OVER).clone();
    scene.days(3);
    scene.deliver(&sent);
    let (news, others) = scene.letters[before..].split_first().expect("the citizen is written to");
    assert_eq!((news.template.as_str(), &news.to, others.len()), ("avviso-pratica", &scene.dossier.parties[0], 0));
    let day = clockwork::day(rome(scene.now).date());
    let text = flat(news);
    for said in [&format!("Regione di Esempio ha ricevuto la richiesta il {day}."), &format!("si conta dal {day}")] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let when = scene.now;
    let entry = Entry::HandedOver { body: "Regione di Esempio".into(), at: when };
    assert_eq!(scene.entries().filter(|it| **it == entry).count(), 1);

    scene.days(1);
    scene.deliver(&sent);
    assert_eq!(scene.letters.len(), before + 1, "a second receipt says nothing new");
    // The delivery of the citizen's own letter is nobody's receipt of the request.
    scene.deliver(the(&letters, "esito"));
    assert_eq!(scene.letters.len(), before + 1);
}

#[test]
fn a_person_sends_what_the_machine_cannot_and_is_told_why() {
    let large = ENCLOSED_BYTES_MAX as u64;
    let many: Vec<Mailed> = (0..=HANDED_ON_MAX).map(|n| mailed(u8::try_from(n).unwrap(), 1)).collect();
    for (body, filed, why) in [
        ("Consorzio di bonifica", vec![mailed(1, 1)], "non è fra gli enti delle regole"),
        ("regione", vec![], "non c'è nessun messaggio del cittadino"),
        ("regione", vec![mailed(1, large), mailed(2, 1)], "non stanno in una Pec"),
        ("regione", many, "non stanno in una Pec"),
        ("regione", vec![mailed(1, 1), Mailed { bytes: None, ..mailed(2, 1) }], "manca un messaggio del cittadino"),
    ] {
        let mut scene = scene(filed);
        let letters = scene.act(to(body)).unwrap();
        assert!(letters.iter().all(|letter| letter.template != HAND_OVER), "{why}");
        let task = letters.iter().find(|letter| letter.lane == Lane::Internal).expect("a task");
        let text = flat(task);
        assert!(task.subject.contains("da mandare all'ente competente"), "{}", task.subject);
        assert!(text.contains("a mano") && text.contains(why), "{why}: {text}");
        assert_eq!(scene.dossier.state, State::TrasmessaAltroEnte);
        the(&letters, "esito");
    }
}

#[test]
fn a_slip_of_the_pen_ends_no_dossier() {
    let mut scene = scene(vec![mailed(1, 1)]);
    let order = |body: &str| scene.try_as("urp", "coordinatore", "Anna Verdi", to(body)).unwrap_err();
    let why = order("Regione di Esenpio");
    assert_eq!(why.code, "no-body");
    assert!(why.text.contains("Forse «Regione di Esempio»?"), "{}", why.text);
    assert!(order("").text.contains("Si conoscono: Regione di Esempio"));
    assert!(scene.act(to("regione")).is_ok());
}

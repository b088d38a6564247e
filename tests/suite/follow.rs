//! Changes when a citizen may follow something else, or hears more of it (function S4.05).

use crate::enquiry::flat;
use crate::support::{House, OWN, Recorder, ask, wait};
use casework::Outgoing;
use gestore::Mail;

const ANNA: &str = "anna.bianchi@cittadini.test";
const CURIOUS: &str = "curiosa@cittadini.test";

/// The whole way: a case that its procedure's file makes public is followed, told of and left; of every other one, whether it is
/// there or not, the answer is the same to the letter.
#[test]
fn a_public_case_is_followed_and_of_no_other_anybody_learns_anything() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    house.rules(root.path(), |file, text| match file {
        "richiesta.toml" => text.replacen("[termine]", "partecipazione = \"pubblica\"\n\n[termine]", 1),
        _ => text,
    });

    let running = house.start(Recorder::default().roads());
    let say = |args: &[&str]| {
        let (code, out, err) = ask(&[args, &["--config", house.file.to_str().unwrap()]].concat());
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    };
    let party = format!("BNCNNA80A41H501R,Anna Bianchi,{ANNA}");
    let open = |procedure: &str, more: &[&str]| {
        let args = ["dossier", "open", "--procedure", procedure, "--subject", "Verifica di Anna", "--told"];
        let out = say(&[&args[..], &["--party", &party, "--by", "Ada Neri", "--office", "tributi"], more].concat());
        out.split_whitespace().find(|word| word.starts_with("20")).unwrap().trim_end_matches(':').to_owned()
    };
    let (public, other) = (open("richiesta", &[]), open("ztl", &[]));
    let reserved = open("richiesta", &["--reserved"]);
    let send = |who: &str, subject: &str| {
        let mail = Mail::new(who).to(OWN).subject(subject).text("Grazie\n").compose(gestore::Timestamp::now()).unwrap();
        circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    };
    let to = |who: &str, template: &str| -> Vec<Outgoing> {
        let items = running.overview().items.into_iter().map(|item| item.outgoing);
        items.filter(|letter| letter.template == template && letter.to == who).collect()
    };
    let answer = |who: &str, subject: &str| {
        let before: Vec<String> = to(who, "segui").into_iter().map(|letter| letter.id).collect();
        send(who, subject);
        wait(subject, || to(who, "segui").into_iter().find(|letter| !before.contains(&letter.id)))
    };
    let act = |number: &str, more: &[&str]| {
        let by = ["--by", "Ada Neri", "--office", "tributi", "--role", "responsabile"];
        say(&[&["dossier", "do", number][..], more, &by].concat())
    };
    let followers = |number: &str| say(&["dossier", "show", number, "--json"]).matches("\"followers\"").count();

    // Another's, reserved, nobody's: the same words.
    let mut said: Vec<String> = Vec::new();
    for (n, number) in [&other, &reserved, "2026/009999"].into_iter().enumerate() {
        let who = format!("curiosa{n}@cittadini.test");
        let letter = answer(&who, &format!("SEGUI {number}"));
        assert_eq!(letter.dossier, None);
        said.push(format!("{}\n{}", letter.subject, letter.text).replace(number, "NUMERO"));
    }
    assert!(said[0].contains("NUMERO") && said[0].contains("allo stesso modo"), "{}", said[0]);
    assert!(said.iter().all(|text| *text == said[0]), "{said:?}");
    assert_eq!((followers(&other), followers(&reserved)), (0, 0));
    act(&reserved, &["prendi_in_carico"]);

    let told = answer(CURIOUS, &format!("SEGUI {public}"));
    assert!(flat(&told).contains("da adesso segui questa pratica pubblica"), "{}", told.text);
    assert_eq!(followers(&public), 1);
    act(&public, &["prendi_in_carico"]);
    let news = to(CURIOUS, "segui-novita");
    let [one] = &news[..] else { panic!("{news:?}") };
    assert!(flat(one).contains("Presa in lavorazione") && one.text.contains("mailto:"), "{}", one.text);
    let whole = format!("{} {}", one.subject, one.text).to_lowercase();
    assert!(["anna", "bianchi", "bncnna", "verifica"].iter().all(|word| !whole.contains(word)), "{whole}");
    // What is told the parties is told the parties.
    act(&public, &["chiedi_integrazione", "--point", "la planimetria", "--not-held"]);
    assert_eq!((to(CURIOUS, "segui-novita").len(), to(CURIOUS, "richiesta-integrazione").len()), (2, 0));
    say(&["dossier", "note", &public, "Ha telefonato", "--by", "Ada Neri", "--office", "tributi"]);
    assert_eq!(to(CURIOUS, "segui-novita").len(), 2, "a note is no step");

    let left = answer(CURIOUS, &format!("NON SEGUO PIÙ {public}"));
    assert!(flat(&left).contains("non segui più"), "{}", left.text);
    assert_eq!(followers(&public), 0);
    act(&public, &["riprendi"]);
    assert_eq!(to(CURIOUS, "segui-novita").len(), 2);
    assert_eq!(to(ANNA, "segui-novita").len(), 0);
    running.stop();
}

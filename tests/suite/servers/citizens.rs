//! Changes when a citizen asks for something else through real servers. What comes back is read in the citizen's own mailbox.

use super::world::{Choices, Comune, OFFICE, TASKS, World, citizen, runtime};
use crate::support::{Daemon, ask, wait, wait_or};
use gestore::{Mail, Timestamp};
use pec::reread;
use sportello::submit::{self, Outcome, Security};
use std::path::PathBuf;
use std::process::Command;

const CODE: &str = "BNCNNA80A41H501R";

/// The citizen's certified mails whose subject begins so, as Dovecot keeps them.
pub fn mails(world: &World, who: &str, subject: &str) -> Vec<(String, Vec<u8>)> {
    let (user, domain) = who.split_once('@').unwrap();
    let inbox = world.servers.join("mail").join(domain).join(user);
    let files = ["new", "cur"].into_iter().filter_map(|part| std::fs::read_dir(inbox.join(part)).ok()).flatten();
    let files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    let read = |raw: Vec<u8>| reread::reread(&raw).map(|mail| (mail.message.subject, mail.message.text, raw));
    let all = files.into_iter().filter_map(|file| read(std::fs::read(file).ok()?));
    all.filter(|(of, ..)| of.starts_with(subject)).map(|(_, text, raw)| (text, raw)).collect()
}

/// What the file that goes along says, if this machine can read it.
fn sheet(raw: &[u8]) -> Option<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), reread::document(raw, 0, 1 << 20).unwrap().bytes).unwrap();
    let out = Command::new("pdftotext").args(["-raw", "-enc", "UTF-8"]).arg(file.path()).arg("-").output().ok()?;
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Some(String::from_utf8(out.stdout).unwrap())
}

/// A letter that the citizen's provider cannot deliver (the mailbox is full, or gone) becomes a task to send it on paper, with its text;
/// nothing is sent again.
#[test]
fn what_cannot_be_delivered_becomes_a_paper_task() {
    let gone = "mancata-consegna@cittadini.test".to_owned(); // the simulated provider refuses what is sent to this name
    let Some(world) = World::up_for(std::slice::from_ref(&gone)) else { return };
    let comune = Comune::build(&world, &Choices::default());
    let mut service = Daemon::run(&comune.file, &comune.log);
    service.wait_logged(1, &["event=\"imap_connected\""]);
    world.writes(&gone);
    wait_or(|| service.log(), || comune.items("pec").iter().any(|(_, state)| state == "failed").then_some(()));
    let paper = |(text, _): &(String, Vec<u8>)| text.contains("raccomandata") && text.contains("è arrivata");
    let subject = "[Fascicolo ";
    let (_, raw) = wait_or(|| service.log(), || mails(&world, TASKS, subject).into_iter().find(paper));
    if let Some(sheet) = sheet(&raw) {
        assert!(
            sheet.contains("Ricevuta della tua richiesta") && sheet.contains(&gone),
            "the letter itself, to print: {sheet}"
        );
    }
    assert_eq!((comune.items("pec").len(), world.letters(TASKS)), (1, 2), "the request's task, and the paper one");
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
}

/// A term that is near, and one that is over: the office is reminded and the substitute power is called, by the clock alone.
#[test]
fn the_office_is_reminded_and_the_substitute_is_called() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices::default());
    let mut service = Daemon::run(&comune.file, &comune.log);
    service.wait_logged(1, &["event=\"imap_connected\""]);
    let today = casework::calendar::rome(Timestamp::now()).date();
    let opened = |days: i64, subject: &str| {
        let since = today.checked_sub(jiff::Span::new().days(days)).unwrap().strftime("%d/%m/%Y").to_string();
        let party = format!("{CODE},Anna Bianchi,{}", citizen(0));
        let open = ["dossier", "open", "--procedure", "richiesta", "--subject", subject, "--since", &since, "--told"];
        let rest =
            ["--office", "tributi", "--party", &party, "--by", "Ada Neri", "--config", comune.file.to_str().unwrap()];
        let (code, out, err) = ask(&[&open[..], &rest].concat());
        assert_eq!(code, Some(0), "{out}{err}");
        out.split_whitespace().find(|word| word.starts_with("20")).unwrap().trim_end_matches(':').to_owned()
    };
    // The term of thirty days ends within ten; or has ended.
    for (number, words) in
        [(opened(22, "Termine vicino"), "alla fine del termine"), (opened(40, "Termine scaduto"), "potere sostitutivo")]
    {
        let subject = casework::dossier::tag(&number);
        let told = || mails(&world, TASKS, &subject).into_iter().any(|(text, _)| text.contains(words));
        wait_or(
            || format!("{words}: {:?}\n{}", mails(&world, TASKS, &subject), service.log()),
            || told().then_some(()),
        );
    }
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
    assert_eq!(service.logged(&["ERROR"]), 0, "{}", service.log());
}

/// Whoever is known asks by words what is held, what is under way, who looked at it; asks for a service, fills in the form that
/// comes, and is asked for what is missing. Each answer arrives, certified and delivered, and the sheets say what the register holds.
#[test]
fn a_citizen_asks_by_words_and_reads_the_answers_with_their_sheets() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices::default());
    let mut service = Daemon::run(&comune.file, &comune.log);
    service.wait_logged(1, &["event=\"imap_connected\""]);
    let anna = citizen(0);
    let say = |args: &[&str]| {
        let (code, out, err) = ask(&[args, &["--config", comune.file.to_str().unwrap()]].concat());
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    };
    let who = ["person", "add", "--cf", CODE, "--name", "Anna Bianchi", "--address", &anna, "--source", "inad"];
    say(&[&who[..], &["--data", "telefono=055000001", "--office", "tributi", "--by", "Ada Neri"]].concat());
    say(&["person", "show", CODE, "--by", "Ada Neri", "--office", "tributi"]);
    let write = |subject: &str, text: &str| {
        let mail = Mail::new(&anna).to(OFFICE).subject(subject).text(text).compose(Timestamp::now()).unwrap();
        let line = submit::Line::new(world.smtp(&anna, Security::Implicit));
        let outcome = runtime().block_on(line.attempt(&anna, OFFICE, &mail.raw, || async { Ok(()) }));
        assert!(matches!(outcome, Outcome::Taken { .. }), "{outcome:?}");
    };
    let comes =
        |subject: &str| wait_or(|| format!("{subject}\n{}", service.log()), || mails(&world, &anna, subject).pop());

    write("I MIEI DATI", "Grazie\n");
    let (text, raw) = comes("I dati che abbiamo su di te");
    assert!(text.contains("055000001"), "{text}");
    if let Some(sheet) = sheet(&raw) {
        assert!(sheet.contains("Anna Bianchi") && sheet.contains("055000001") && sheet.contains(CODE), "{sheet}");
    }
    write("CHI HA VISTO", "");
    let (text, _) = comes("Chi ha visto");
    assert!(text.contains("la scheda con i tuoi dati") && !text.contains("Ada"), "{text}");
    write("NUOVA ztl", "");
    let (form, _) = comes("Modulo da compilare");
    let known = "Nome e cognome: Anna Bianchi"; // her mailbox is in the index: what is known of her stands there
    let lines = form.lines().skip_while(|line| *line != known).take_while(|line| !line.is_empty());
    let filled: String = lines.map(|line| format!("{line}\n")).collect();
    assert!(filled.contains(&format!("Codice fiscale: {CODE}")), "{form}");
    write("NUOVA ztl", &filled.replace("Targa:", "Targa: AB123CD"));
    let (text, _) = comes("Manca qualcosa");
    assert!(text.contains("- Ho quello che serve per chiederlo."), "{text}");
    write("LE MIE PRATICHE", "");
    let (text, raw) = comes("Le tue pratiche");
    let title = "Permesso per la zona a traffico limitato";
    assert!(text.contains(title), "{text}");
    if let Some(sheet) = sheet(&raw) {
        assert!(sheet.contains(title), "{sheet}");
    }
    comune.wait_delivered(5);
    wait("the service rests", || comune.items("pec").iter().all(|(_, state)| state == "delivered").then_some(()));
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
    assert_eq!(service.logged(&["ERROR"]), 0, "{}", service.log());
}

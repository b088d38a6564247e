//! Changes when the demonstration shows something else, or when an interrupted one may end otherwise than a whole one.

use crate::printable::files_in;
use crate::support::{Daemon, ask, copies, cut_off_twice, journal_lines, real_trial, sportello, wait, wait_decided};
use casework::decision::Enclosure;
use casework::{Disposition, Lane};
use sportello::archive::{Archive, Shelf};
use sportello::demo;
use sportello::journal::{Journal, Tail};
use sportello::outbox::schedule::{Shown, State};
use sportello::store::Overview;
use sportello::store::rows::ItemRow;
use std::collections::BTreeMap;
use std::path::Path;

/// What each step must come to: step, grade, disposition, dossier, reply and what became of it, tasks.
/// «due-volte» has no row: the same bytes again are the same message.
const TABLE: &str = "\
variazione    genuine      data_change        anagrafe    000001 presa-in-carico        delivered compito→anagrafe
memorie       genuine      participation      anagrafe    000001 documenti-acquisiti    delivered compito→anagrafe
stato         genuine      status_enquiry     anagrafe    000001 stato-pratica          delivered compito→anagrafe
conversazione genuine      integration_reply  anagrafe    000001 -                      -         compito→anagrafe
estraneo      genuine      answered           -           -      fascicolo-non-trovato  delivered -
incompleta    genuine      data_change        anagrafe    000002 richiesta-integrazione delivered compito→anagrafe
maiuscole     suspect      quarantine         -           -      -                      -         compito-verifica→protocollo
anomalia      genuine      to-person          protocollo  -      -                      -         compito-verifica→protocollo
finta-pec     suspect      quarantine         -           -      -                      -         compito-verifica→protocollo
fattura       genuine      invoice            ragioneria  -      -                      -         compito→ragioneria
segnatura     genuine-weak to-person          protocollo  -      -                      -         compito→protocollo
risponditore  genuine      noted              -           -      -                      -         -
ritrasmessa   genuine      duplicate          -           -      -                      -         -
ricevuta-finta suspect     quarantine         -           -      -                      -         compito-verifica→protocollo
grande        genuine      new_application    suap        000003 avvio-procedimento     delivered compito→suap
pubblicita    genuine      spam               protocollo  -      -                      -         compito→protocollo
casella-morta genuine      data_change        anagrafe    000004 presa-in-carico        failed    compito→anagrafe
contratto     genuine      integration_reply  anagrafe    000001 -                      -         compito→anagrafe
osservazioni  genuine      participation      suap        000003 documenti-acquisiti    delivered compito→suap
atti          genuine      access_to_records  edilizia    000005 -                      -         compito→edilizia
ricevuta      not-pec      order              -           -      avvio-procedimento     delivered ordine-eseguito→edilizia
prende        not-pec      order              -           -      -                      -         ordine-eseguito→edilizia
tardi         not-pec      order              -           -      -                      -         ordine-non-eseguito→edilizia
impostore     not-pec      to-person          protocollo  -      -                      -         compito-verifica→protocollo
non-decide    not-pec      order              -           -      -                      -         ordine-non-eseguito→edilizia
accoglie      not-pec      order              -           -      esito                  delivered ordine-eseguito→p.gialli
ignota        genuine      to-person          protocollo  -      -                      -         compito→protocollo
apre          not-pec      order              -           -      avvio-procedimento     delivered ordine-eseguito→protocollo
sconosciuta   genuine      own_data_request   privacy_dpo 000009 come-farti-riconoscere delivered compito→privacy.dpo
dati          genuine      answered           -           -      dati-personali         delivered -
pratiche      genuine      answered           -           -      elenco-pratiche        delivered -
";

/// One row a message that is not a receipt, in order of decision, as in [`TABLE`] but for the name of the step.
fn rows(overview: &Overview) -> Vec<Vec<String>> {
    let items: BTreeMap<&str, &ItemRow> = overview.items.iter().map(|i| (i.outgoing.id.as_str(), i)).collect();
    let messages = overview.messages.iter().filter(|m| !matches!(m.disposition, Disposition::Receipt { .. }));
    messages
        .map(|m| {
            let own: Vec<&ItemRow> = m.items.iter().map(|id| items[id.as_str()]).collect();
            let reply = own.iter().find(|i| i.outgoing.lane == Lane::Pec);
            let task = own.iter().find(|i| i.outgoing.lane == Lane::Internal);
            let (what, office, dossier) = match &m.disposition {
                Disposition::Request { kind, office, dossier } => (word(kind), Some(office.clone()), dossier.clone()),
                Disposition::ToPerson { office, .. } => (m.disposition.code().into(), Some(office.clone()), None),
                Disposition::Answered { dossier, .. } => (m.disposition.code().into(), None, dossier.clone()),
                other => (other.code().into(), None, None),
            };
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
            vec![
                m.grade.clone(),
                what,
                or_none(office),
                // The year is today's.
                or_none(dossier.and_then(|d| d.split_once('/').map(|(_, ordinal)| ordinal.to_owned()))),
                or_none(reply.map(|i| i.outgoing.template.clone())),
                or_none(reply.map(|i| word(&i.shown()))),
                or_none(task.map(|i| format!("{}→{}", i.outgoing.template, i.outgoing.to.split('@').next().unwrap()))),
            ]
        })
        .collect()
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

fn table() -> Vec<Vec<String>> {
    TABLE.lines().map(|line| line.split_whitespace().skip(1).map(str::to_owned).collect()).collect()
}

fn told(rows: &[Vec<String>]) -> String {
    rows.iter().map(|row| row.join(" ") + "\n").collect()
}

#[test]
fn every_step_ends_as_it_must_and_a_second_run_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let shown = demo::play(dir.path(), real_trial(), |_| {}).unwrap();
    assert_eq!((shown.steps, shown.played), (43, 43));
    assert_eq!(told(&rows(&shown.overview)), told(&table()));
    let twice: Vec<_> = shown.overview.messages.iter().filter(|m| m.places.len() > 1).collect();
    assert_eq!(twice.len(), 1, "the message that came twice is one message in two places");
    for item in &shown.overview.items {
        assert!(item.shown().is_final(), "{} is left {:?}", item.outgoing.template, item.shown());
    }
    let paper = shown.overview.items.iter().filter(|i| i.outgoing.template == "compito-mancata-consegna");
    let paper: Vec<_> = paper.map(|item| item.outgoing.to.as_str()).collect();
    assert_eq!(
        paper,
        ["anagrafe@comune.example", "edilizia@comune.example"],
        "what could not be delivered goes by paper"
    );
    time_and_sheets(&shown.overview, &dir.path().join("servizio"));
    // Who decides without being allowed to, and who approves twice what takes two: refused, and seen by a person.
    let incidents: Vec<&str> = shown.overview.incidents.iter().map(|(_, code, ..)| code.as_str()).collect();
    assert_eq!(incidents, [casework::refused::ATTEMPT; 2]);

    let data = dir.path().join("servizio");
    let head = Journal::verify(&data, Tail::Closed, |_, _| {}).unwrap();
    assert_eq!((head.seq, head.hash.clone()), (shown.overview.seq, shown.overview.head.clone()));
    let (code, out, _) = ask(&["verify-journal", "--archive", data.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{out}");

    let before = (Overview::read(&data).unwrap().1, letters(dir.path()));
    let again = demo::play(dir.path(), real_trial(), |_| {}).unwrap();
    assert_eq!(again.played, 0);
    assert_eq!((again.overview.seq, &again.overview.head), (head.seq, &head.hash), "not a line is added");
    assert_eq!((Overview::read(&data).unwrap().1, letters(dir.path())), before);
}

/// The third act: whom the days made to be told, and the sheets that went to who asked what is held.
fn time_and_sheets(overview: &Overview, data: &Path) {
    let told = |title: &str| {
        let of =
            overview.dossiers.iter().find(|dossier| dossier.title == title).unwrap_or_else(|| panic!("no {title}"));
        let tasks = overview
            .items
            .iter()
            .map(|item| &item.outgoing)
            .filter(|letter| letter.lane == Lane::Internal && letter.dossier.as_ref() == Some(&of.number));
        let mut tasks: Vec<(String, &str)> = tasks
            .map(|task| (task.subject.split_once("] ").map_or("", |(_, words)| words).to_owned(), task.to.as_str()))
            .collect();
        tasks.sort();
        tasks
    };
    let has = |tasks: &[(String, &str)], words: &str, to: &str| {
        assert!(tasks.iter().any(|(said, at)| said.contains(words) && *at == to), "{words} to {to}: {tasks:?}");
    };
    let near = told("Verifica del confine in via Adige 7");
    has(&near, "mancano 3 giorni alla fine del termine", "edilizia@comune.example");
    assert!(near.iter().all(|(said, _)| !said.contains("scaduto")), "{near:?}");
    let over = told("Verifica della recinzione in via Adige 9");
    // The office, and who tells the holder of the substitute power.
    for to in ["edilizia@comune.example", "protocollo@comune.example"] {
        has(&over, "termine scaduto: tocca al potere sostitutivo", to);
    }

    let archive = Archive::at(data);
    for (template, name) in [("dati-personali", "i-miei-dati.pdf"), ("elenco-pratiche", "le-mie-pratiche.pdf")] {
        let item = overview.items.iter().find(|item| item.outgoing.template == template).unwrap();
        assert_eq!(item.outgoing.enclosures, [Enclosure::Printable { name: name.into() }]);
        let files = files_in(&archive.read(Shelf::Out, &item.frozen).unwrap());
        let [(head, kind, pdf)] = files.as_slice() else { panic!("{template}: {} files", files.len()) };
        assert!(head.contains(name) && kind == "application/pdf" && pdf.starts_with(b"%PDF-1.7"), "{head}");
    }
}

/// Copies of every Message-ID that left, both roads.
fn letters(root: &Path) -> BTreeMap<String, usize> {
    copies(&root.join("risposte")).into_iter().chain(copies(&root.join("compiti"))).collect()
}

/// Killed again and again, each time the journal has grown by `pace` lines, until it comes to its end by itself.
fn interrupted(pace: usize) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("servizio");
    let log = dir.path().join("stderr.txt");
    let mut kills = 0;
    let finished = |run: &mut Daemon| run.has_ended();
    loop {
        let mut command = sportello();
        command.args(["demo", "--keep"]).arg(dir.path());
        let spared = cut_off_twice(&data);
        let aim = journal_lines(&data) + pace;
        let mut run = Daemon::spawn(command, &log);
        wait("the demonstration goes on", || (journal_lines(&data) >= aim || finished(&mut run)).then_some(()));
        wait_decided(&data, &spared);
        if !run.kill() {
            assert!(run.end().success(), "after {kills} kills: {}", run.log());
            break;
        }
        kills += 1;
    }
    assert!(kills >= 5, "the run was hardly interrupted: {kills}");

    let (overview, _) = Overview::read(&data).unwrap();
    let uncertain: Vec<&ItemRow> = overview.items.iter().filter(|i| i.state == State::Unknown).collect();
    println!("pace {pace}: {kills} kills, {} items uncertain of {}", uncertain.len(), overview.items.len());
    // What was decided, filed, answered and tasked is what an uninterrupted run decides; only an item that was killed at the
    // final dot may have another end.
    let mut rows = rows(&overview);
    let mut expected = table();
    for (row, wanted) in rows.iter_mut().zip(&mut expected) {
        if row[5] != wanted[5] {
            assert!(row[5] == word(&Shown::Unknown) || row[5] == word(&Shown::Accepted), "{row:?}");
            row[5].clone_from(&wanted[5]);
        }
    }
    assert_eq!(told(&rows), told(&expected));
    assert_eq!(overview.dossiers.len(), 10);

    let copies = letters(dir.path());
    for item in &overview.items {
        let n = copies.get(&item.outgoing.message_id).copied().unwrap_or(0);
        match item.state {
            State::Submitted => assert_eq!(n, 1, "{item:?}"),
            State::Unknown => assert!(n <= 1, "an uncertain item was sent twice: {item:?}"),
            _ => panic!("left in the middle: {item:?}"),
        }
    }
    let (code, out, _) = ask(&["verify-journal", "--archive", data.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{out}");
}

#[test]
fn killed_every_few_lines_it_ends_the_same() {
    interrupted(9);
}

#[test]
fn killed_at_other_lines_it_ends_the_same() {
    interrupted(14);
}

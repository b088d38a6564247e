//! Changes when what may come into force while the service runs changes: rules, procedures and templates that somebody broke while
//! editing them (P14). Each mutant is one slip of a hand in one file of the shipped ones.

use crate::sim::plan::Dice;
use crate::support::{Daemon, House, OWN, copy_folder, files_below, wait_or};
use gestore::{Mail, Timestamp};
use sportello::journal::record::Event;
use sportello::journal::{Journal, Tail};
use std::fs;
use std::path::{Path, PathBuf};

/// Mutants of a run. A night's are 500: `SPORTELLO_RELOADS`.
const MUTANTS: u64 = 12;

/// A place among so many.
fn place(dice: &mut Dice, among: usize) -> usize {
    usize::try_from(dice.below(among as u64)).unwrap()
}

/// A slip of the hand, and what it was.
fn slip(text: &str, dice: &mut Dice) -> (String, &'static str) {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (line, other) = (place(dice, lines.len()), place(dice, lines.len()));
    match dice.below(7) {
        0 => {
            lines.remove(line);
            (lines.concat(), "a line is gone")
        }
        1 => {
            lines.insert(other, lines[line]);
            (lines.concat(), "a line is there twice")
        }
        2 => {
            lines.swap(line, other);
            (lines.concat(), "two lines change places")
        }
        3 => {
            lines.truncate(line);
            (lines.concat(), "the end is missing")
        }
        4 => {
            lines.insert(line, "<<<<<<< bozza\n");
            (lines.concat(), "a mark of two versions")
        }
        kind => {
            let mut letters: Vec<char> = text.chars().collect();
            let at = place(dice, letters.len());
            let sign = *dice.pick(&['"', '[', ']', '=', '{', '}', '#', 'x', '\n', '\'', ',', '\u{e0}']);
            if kind == 5 {
                letters[at] = sign;
            } else {
                letters.insert(at, sign);
            }
            (letters.into_iter().collect(), "a wrong sign")
        }
    }
}

/// Whatever the slip, the next message is decided by what was in force before it, or by all that is there now; mended, by what was in
/// force at first. The service never stops.
#[test]
fn of_what_somebody_broke_all_comes_into_force_or_nothing_and_the_mail_goes_on() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (mutants, seed) =
        (number("SPORTELLO_RELOADS").unwrap_or(MUTANTS), number("SPORTELLO_RELOAD_SEED").unwrap_or(1));
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = [("rules", "regole"), ("templates", "modelli")].map(|(from, to)| {
        copy_folder(&shipped.join(from), &root.path().join(to));
        root.path().join(to)
    });
    let [rules, templates] = folders.each_ref().map(|folder| folder.display().to_string());
    let text = fs::read_to_string(&house.file).unwrap();
    let own = format!("prova = true\nregole = \"{rules}\"\nmodelli = \"{templates}\"");
    fs::write(&house.file, text.replace("prova = true", &own)).unwrap();
    let mut service = Daemon::run(&house.file, &root.path().join("log.txt"));
    let decided = || {
        let mut inputs = Vec::new();
        // While the service begins there is no register yet.
        let _ = Journal::verify(&house.data, Tail::Open, |record, _| {
            if let Event::Decided(decided) = &record.event {
                inputs.push((decided.inputs.rules.clone(), decided.inputs.templates.clone()));
            }
        });
        inputs
    };
    let mut letters = 0;
    let mut next = |service: &Daemon| {
        let mail = Mail::new("anna.bianchi@cittadini.test").to(OWN).subject("Saluti");
        let mail = mail.text(&format!("Buon lavoro, {letters}\n")).compose(Timestamp::now()).unwrap();
        circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
        letters += 1;
        wait_or(|| format!("message {letters}:\n{}", service.log()), || decided().into_iter().nth(letters - 1))
    };
    let told =
        |service: &Daemon| [service.logged(&["event=\"reloaded\""]), service.logged(&["event=\"reload_refused\""])];
    let again = |service: &Daemon| {
        let before = told(service);
        service.signal("HUP");
        wait_or(
            || format!("a reload:\n{}", service.log()),
            || {
                let [taken, refused] = told(service);
                (taken + refused > before.iter().sum()).then_some(taken > before[0])
            },
        )
    };

    let good = next(&service);
    let edited = |folder: &PathBuf| [".toml", ".hbs"].map(|ending| files_below(folder, ending)).concat();
    let files: Vec<PathBuf> = folders.iter().flat_map(edited).collect();
    let (mut taken, mut refused) = (0, 0);
    for n in 0..mutants {
        let mut dice = Dice::of(seed + n, 0);
        let file = dice.pick(&files);
        let sound = fs::read_to_string(file).unwrap();
        let (broken, what) = slip(&sound, &mut dice);
        fs::write(file, &broken).unwrap();
        let (is_taken, now) = (again(&service), next(&service));
        let case = format!("seed {}: {what} in {}", seed + n, file.display());
        match (is_taken, file.starts_with(&folders[0])) {
            (false, _) => assert_eq!(now, good, "{case}: refused, and yet not what was in force"),
            (true, true) => assert_eq!((now.0 != good.0, &now.1), (broken != sound, &good.1), "{case}"),
            (true, false) => assert_eq!((&now.0, now.1 != good.1), (&good.0, broken != sound), "{case}"),
        }
        *(if is_taken { &mut taken } else { &mut refused }) += 1;
        fs::write(file, &sound).unwrap();
        assert!(again(&service), "{case}: mended, and refused");
        assert!(!service.has_ended(), "{case}");
    }
    assert_eq!(next(&service), good, "mended, all is as it was");
    println!(
        "reloads: {mutants} mutants, {refused} refused, {taken} in force whole, 0 in part, {letters} messages decided"
    );
}

//! Procedures as a whole: the shipped files, the files with one mistake each, and what no file and no actor can ever do.

extern crate std;

use super::model::{Attestation, Silence};
use super::*;
use crate::dossier::State;
use crate::rules;
use crate::verb::Verb;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::civil::date;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::{fs, sync::LazyLock};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(dir: &Path) -> Vec<SourceFile> {
    let paths = fs::read_dir(dir).expect("the directory").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    paths.sort();
    let file = |path: PathBuf| SourceFile {
        name: path.file_name().expect("a name").to_string_lossy().into_owned(),
        text: fs::read_to_string(&path).expect("text"),
    };
    paths.into_iter().map(file).collect()
}

/// The names of the shipped templates.
static TEMPLATES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = fs::read_dir(root().join("templates/it")).expect("the directory").map(|entry| {
        let path = entry.expect("an entry").path();
        path.file_stem().expect("a name").to_string_lossy().into_owned()
    });
    names.collect()
});
static BOOK: LazyLock<Rulebook> = LazyLock::new(|| book(&root().join("rules")));
static SHIPPED: LazyLock<Procedures> =
    LazyLock::new(|| load(&files(&root().join("rules/procedures")), &BOOK).unwrap_or_else(|why| panic!("{why:#?}")));

fn book(dir: &Path) -> Rulebook {
    let templates: Vec<&str> = TEMPLATES.iter().map(String::as_str).collect();
    rules::load(&files(dir), &templates).expect("good rules")
}

fn load(files: &[SourceFile], book: &Rulebook) -> Result<Procedures, Vec<Problem>> {
    let templates: Vec<&str> = TEMPLATES.iter().map(String::as_str).collect();
    Procedures::load(files, book, &templates)
}

#[test]
fn the_shipped_procedures_are_clean() {
    assert_eq!(SHIPPED.warnings(), []);
    let ids: Vec<&str> = SHIPPED.all().map(|one| one.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "accesso-atti",
            "assegno-maternita",
            "cambio-residenza",
            "certificato-anagrafe",
            "concessione-cimiteriale",
            "contrassegno-disabili",
            "contributo-economico",
            "dati-personali",
            "destinazione-urbanistica",
            "mensa",
            "multa",
            "nido",
            "numero-civico",
            "osservazioni-piano",
            "passo-carrabile",
            "permesso-costruire",
            "pubblicazioni-matrimonio",
            "rateizzazione",
            "richiesta",
            "sala-comunale",
            "suolo-pubblico",
            "tessera-elettorale",
            "trasporto-scolastico",
            "tributi",
            "ztl"
        ]
    );
}

/// Each file of `fixtures/procedures-bad` has one mistake, and says at its top how it must be reported.
#[test]
fn every_mistake_is_reported_as_expected() {
    let dir = root().join("fixtures/procedures-bad");
    let rules = book(&dir.join("base"));
    let base = files(&dir.join("base/procedures"));
    let mut wrong = Vec::new();
    for file in files(&dir) {
        let has_base = !file.text.lines().any(|line| line == "# senza base");
        let set: Vec<SourceFile> = base.iter().filter(|_| has_base).chain([&file]).cloned().collect();
        // Whatever templates are shipped.
        let found = match Procedures::load(&set, &rules, &["avviso-pratica", "compito", "esito", "presa-in-carico"]) {
            Ok(procedures) => procedures.warnings().to_vec(),
            Err(problems) => problems,
        };
        let seen: Vec<String> = found.iter().map(Problem::to_string).collect();
        let want: Vec<&str> = file.text.lines().filter_map(|line| line.strip_prefix("# atteso: ")).collect();
        if seen != want || want.is_empty() {
            wrong.push(format!("{}\n  {}", file.name, seen.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the guide shows must work: an administrator will paste it.
#[test]
fn the_examples_of_the_guide_load_and_are_clean() {
    let guide = fs::read_to_string(root().join("rules/procedures/README.md")).expect("the guide");
    let examples = guide.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut set = files(&root().join("rules/procedures"));
    let shipped = set.len();
    set.extend(
        examples
            .filter(|text| text.contains("format"))
            .enumerate()
            .map(|(n, text)| SourceFile { name: format!("example-{n}.toml"), text: text.to_string() }),
    );
    assert!(set.len() > shipped);
    let procedures = load(&set, &BOOK).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(procedures.warnings(), []);
}

fn get(id: &str) -> &'static Procedure {
    SHIPPED.get(id).expect("it is shipped")
}

#[test]
fn a_request_opens_the_procedure_of_its_rule_or_the_default_one() {
    let opened = |rule, kind| SHIPPED.opened_by(rule, kind).map(|one| one.id.as_str());
    assert_eq!(opened("variazione-residenza", Kind::DataChange), Some("cambio-residenza"));
    assert_eq!(opened("variazione-recapiti", Kind::DataChange), Some("richiesta"));
    assert_eq!(opened("da-smistare", Kind::Other), Some("richiesta"));
}

/// A body that named its own offices before there were procedures still starts, with what fits it.
#[test]
fn shipped_procedures_that_do_not_fit_the_rules_are_left_out() {
    let rules = book(&root().join("fixtures/procedures-bad/base"));
    let templates: Vec<&str> = TEMPLATES.iter().map(String::as_str).collect();
    let shipped = files(&root().join("rules/procedures"));
    let procedures = Procedures::fitting(&shipped, &rules, &templates).expect("what fits");
    assert_eq!(procedures.all().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["richiesta"]);
    assert!(Procedures::load(&shipped, &rules, &templates).is_err());
}

/// L. 241/1990 art. 10-bis: a refusal without its notice is annulled (art. 21-octies c. 2).
#[test]
fn nobody_is_refused_without_notice_but_where_the_law_asks_for_none() {
    let why = get("richiesta").next(State::InLavorazione, Verb::Respingi).expect_err("refused").to_string();
    assert!(why.contains("preavviso") && why.contains("10-bis"), "{why}");
    assert_eq!(get("richiesta").next(State::PreavvisoDiniego, Verb::Respingi), Ok(State::Respinta));
    assert_eq!(get("nido").next(State::InLavorazione, Verb::Respingi), Ok(State::Respinta));
    let why = get("nido").next(State::InLavorazione, Verb::PreavvisoDiniego).expect_err("refused").to_string();
    assert!(why.contains("concorsuale"), "{why}");
}

#[test]
fn who_may_act_is_what_the_file_and_the_law_say() {
    let office = |id, role| Actor::Office { id, role };
    let residence = get("cambio-residenza");
    assert_eq!(residence.may(Verb::Accogli, office("anagrafe", Role::Operatore)), Ok(()));
    assert_eq!(residence.may(Verb::PreavvisoDiniego, office("anagrafe", Role::Coordinatore)), Ok(()));
    let said = |actor, verb| residence.may(verb, actor).expect_err("refused").to_string();
    assert_eq!(
        said(office("anagrafe", Role::Operatore), Verb::PreavvisoDiniego),
        "«manda il preavviso di diniego» lo può fare almeno chi è responsabile dell'ufficio `anagrafe`, non chi è operatore"
    );
    assert_eq!(
        said(office("tributi", Role::Coordinatore), Verb::Accogli),
        "l'ufficio `tributi` non può fare «accogli» nel procedimento «Cambio di residenza»"
    );
    assert_eq!(
        said(Actor::Citizen, Verb::Accogli),
        "chi ha fatto la richiesta può solo mandare quello che manca o ritirarla, non fare «accogli»"
    );
    assert_eq!(
        said(Actor::Timer, Verb::Accogli),
        "una scadenza non può fare «accogli»: lo fa una persona (L. 241/1990 art. 2 c. 1)"
    );
    assert!(said(office("anagrafe", Role::Coordinatore), Verb::Ritira).contains("non può fare «ritira»"));
    // Another unit works, and does not decide; an external body only answers.
    assert_eq!(residence.may(Verb::Integra, office("polizia_locale", Role::Operatore)), Ok(()));
    assert!(residence.may(Verb::DichiaraIrricevibile, office("polizia_locale", Role::Coordinatore)).is_err());
    let canteen = get("mensa");
    assert_eq!(canteen.may(Verb::RiceviParere, office("gestore_mensa", Role::Operatore)), Ok(()));
    for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::RiceviParere) {
        assert!(canteen.may(verb, office("gestore_mensa", Role::Coordinatore)).is_err(), "{verb:?}");
    }
    // The default procedure is worked by the office of the dossier.
    let act = |id| get("richiesta").act(State::InLavorazione, Verb::Accogli, office(id, Role::Responsabile), "urp");
    assert_eq!(act("urp"), Ok(State::Accolta));
    assert!(act("tributi").is_err());
}

/// L. 241/1990 art. 20: time grants only where the file says so, only while it runs, and only what is a request (c. 1).
#[test]
fn silence_is_attested_only_where_it_grants_and_while_the_term_runs() {
    let residence = get("cambio-residenza");
    let attest = |state| residence.act(state, Verb::AttestaSilenzio, Actor::Timer, "anagrafe");
    assert_eq!(attest(State::InLavorazione), Ok(State::AccoltaPerSilenzio));
    for state in [State::InAttesaIntegrazioni, State::PreavvisoDiniego, State::DaRegolarizzare, State::Respinta] {
        assert!(attest(state).is_err(), "{state:?}");
    }
    let by_person = Procedure { silence: Silence::Assent(Attestation::Person), ..residence.clone() };
    assert!(by_person.may(Verb::AttestaSilenzio, Actor::Timer).is_err());
    let chief = Actor::Office { id: "anagrafe", role: Role::Responsabile };
    assert_eq!(
        by_person.act(State::Assegnata, Verb::AttestaSilenzio, chief, "anagrafe"),
        Ok(State::AccoltaPerSilenzio)
    );
    assert!(get("accesso-atti").next(State::InLavorazione, Verb::AttestaSilenzio).is_err());
}

/// To the second, by the clock of Rome (functions.md S3.06-10).
#[test]
fn a_ranking_freezes_at_its_deadline_to_the_second() {
    let nursery = get("nido");
    let at = |text: &str| text.parse().expect("an instant");
    assert!(nursery.in_time(at("2027-03-01T06:59:59Z")).is_err());
    assert_eq!(nursery.in_time(at("2027-03-01T07:00:00Z")), Ok(()));
    // Summer time has begun by then: 12:00 in Rome is 10:00 UTC.
    assert_eq!(nursery.in_time(at("2027-03-31T10:00:00.999Z")), Ok(()));
    let late = nursery.in_time(at("2027-03-31T10:00:01Z")).expect_err("late").to_string();
    assert_eq!(late, "le domande si sono chiuse il 31/03/2027 alle 12:00:00 (ora di Roma)");
    assert!(nursery.decidable(Verb::Accogli, at("2027-03-31T10:00:00Z")).is_err());
    assert_eq!(nursery.decidable(Verb::Accogli, at("2027-03-31T10:00:01Z")), Ok(()));
    assert_eq!(nursery.decidable(Verb::ChiediIntegrazione, at("2027-03-10T10:00:00Z")), Ok(()));
    assert_eq!(get("ztl").in_time(at("1999-01-01T00:00:00Z")), Ok(()));
}

/// Vectors V1, V6, V13 of law.md §5, and a month by the calendar.
#[test]
fn terms_end_as_the_law_counts() {
    let end = |id: &str, start| get(id).term.length.last_day(start, None);
    assert_eq!(end("richiesta", date(2026, 3, 2)), date(2026, 4, 1));
    assert_eq!(end("cambio-residenza", date(2026, 4, 17)), date(2026, 6, 1));
    let registration = &get("cambio-residenza").term.stages[0];
    assert_eq!(registration.length.last_day(date(2026, 4, 24), None), date(2026, 4, 28));
    assert_eq!(end("dati-personali", date(2026, 1, 31)), date(2026, 2, 28));
    assert_eq!(end("dati-personali", date(2026, 7, 15)), date(2026, 8, 17)); // the 15th is a holiday, the 16th a Sunday
}

/// What nobody may be asked for is not among what is asked.
#[test]
fn what_the_body_holds_is_never_asked() {
    let asked: Vec<&str> = get("ztl").asked().map(|document| document.name.as_str()).collect();
    assert_eq!(asked, ["Contratto del posto auto"]);
}

#[test]
fn a_picture_shows_every_state_and_every_way_out() {
    let fine = get("multa");
    let tree = draw::tree(fine);
    for state in fine.reachable() {
        assert!(tree.contains(state.code()), "{}: {tree}", state.code());
    }
    let dot = draw::dot(fine);
    let arrows: usize = fine.reachable().into_iter().map(|state| fine.exits(state).len()).sum();
    assert!(dot.starts_with("digraph \"multa\"") && dot.matches(" -> ").count() <= arrows, "{dot}");
    assert!(dot.contains("in_lavorazione -> accolta [label=\"accogli\"]"), "{dot}");
}

fn actor() -> impl Strategy<Value = Actor<'static>> {
    let offices = ["anagrafe", "polizia_locale", "istruzione", "gestore_mensa", "inps", "tributi", "urp", "mobilita"];
    let roles = [Role::Operatore, Role::Responsabile, Role::Coordinatore];
    let office = (proptest::sample::select(offices.to_vec()), proptest::sample::select(roles.to_vec()))
        .prop_map(|(id, role)| Actor::Office { id, role });
    prop_oneof![Just(Actor::Citizen), Just(Actor::Timer), Just(Actor::Timer), office.clone(), office]
}

/// A shipped procedure in which a person of any office may do everything, so that runs go far; the rest as it ships, or granting
/// by silence.
fn procedure() -> impl Strategy<Value = Procedure> {
    let all: Vec<Procedure> = SHIPPED.all().cloned().collect();
    let silences = [None, Some(Attestation::Automatic), Some(Attestation::Person)];
    (proptest::sample::select(all), proptest::sample::select(silences.to_vec()), any::<bool>()).prop_map(
        |(mut procedure, silence, open)| {
            if let Some(attestation) = silence {
                procedure.silence = Silence::Assent(attestation);
                procedure.states.insert(State::AccoltaPerSilenzio);
            }
            if open {
                procedure.unit = None;
                procedure.grants.clear();
            }
            procedure
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_sequence_of_deeds_leaves_the_law(
        procedure in procedure(),
        deeds in proptest::collection::vec((proptest::sample::select(Verb::ALL.to_vec()), actor()), 1..120),
    ) {
        let mut state = State::Ricevuta;
        for (verb, actor) in deeds {
            let owner = match actor { Actor::Office { id, .. } => id, _ => "urp" };
            let Ok(to) = procedure.act(state, verb, actor, owner) else { continue };
            // Only where the table and the file let it go.
            prop_assert_eq!(lawful(state, verb), Some(to));
            prop_assert!(procedure.states.contains(&to), "{:?}", to);
            // Finals have one exit, and only from what was granted.
            if state.is_final() {
                prop_assert!(matches!(state, State::Accolta | State::AccoltaPerSilenzio));
                prop_assert_eq!((verb, to), (Verb::Annulla, State::AnnullataAutotutela));
            }
            // A timer closes nothing; it attests what time has done, where the file lets it.
            if actor == Actor::Timer && to.is_final() {
                prop_assert_eq!((verb, to), (Verb::AttestaSilenzio, State::AccoltaPerSilenzio));
                prop_assert_eq!(procedure.silence, Silence::Assent(Attestation::Automatic));
            }
            if actor == Actor::Citizen {
                prop_assert!(matches!(verb, Verb::Ritira | Verb::Integra));
            }
            if let Actor::Office { id, .. } = actor && procedure.external.iter().any(|office| office.id == id) {
                prop_assert_eq!(verb, Verb::RiceviParere);
            }
            // No refusal that was not announced, but where none is due.
            if to == State::Respinta {
                prop_assert!(state == State::PreavvisoDiniego || matches!(procedure.notice, model::Notice::Excluded(_)));
            }
            state = to;
        }
    }
}

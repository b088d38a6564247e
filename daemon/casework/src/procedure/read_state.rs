//! `[stato.X]`: what is said of a state, done in it, and done by the machine around it. It changes when one can say another thing.

use super::machine::row;
use super::model::{Act, Action, Activity, Clock, NEWS, Notice, OnFailure, Silence, Step, ThirdBody};
use super::read::Reader;
use super::read_parts::{grant, tables};
use crate::dossier::State;
use crate::nearest::hint;
use crate::rules::form::Form;
use crate::rules::problem::{Problems, Spot};
use crate::rules::syntax::Node;
use crate::verb::Verb;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Where `stati` is not written: all that the rest of the file lets be used.
pub(super) fn default_states(silence: Silence, notice: &Notice, third_body: ThirdBody, pays: bool) -> BTreeSet<State> {
    let used = |state: &State| match state {
        State::AccoltaPerSilenzio => matches!(silence, Silence::Assent(_)),
        State::PreavvisoDiniego => *notice == Notice::Due,
        State::InAttesaEnteTerzo => third_body != ThirdBody::None,
        State::InAttesaPagamento => pays,
        _ => true,
    };
    State::ALL.into_iter().filter(used).collect()
}

pub(super) fn steps(reader: &mut Reader<'_>, templates: &[&str], problems: &mut Problems<'_>) -> BTreeMap<State, Step> {
    let states = State::ALL.map(State::code);
    let mut read = BTreeMap::new();
    let Some((node, at)) = reader.form.get("stato") else {
        return read;
    };
    let what = reader.form.what.clone();
    let Some(form) = Form::open(format!("{what}: stato"), node, at.file, &states, problems) else {
        return read;
    };
    for entry in form.entries() {
        let Ok(state) = entry.key.parse::<State>() else {
            continue; // reported by `open`
        };
        reader.spots.insert(format!("stato:{}", entry.key), Spot { file: at.file, line: entry.line });
        let what = format!("{what}: stato `{}`", entry.key);
        if let Some(step) = step(what, state, &entry.node, at.file, templates, problems) {
            read.insert(state, step);
        }
    }
    read
}

fn step(
    what: String,
    state: State,
    node: &Node,
    file: usize,
    templates: &[&str],
    problems: &mut Problems<'_>,
) -> Option<Step> {
    const KEYS: [&str; 6] = ["nome", "prossimi_passi", "vieta", "attivita", "prima", "dopo"];
    let form = Form::open(what, node, file, &KEYS, problems)?;
    let label = form.line("nome", problems).map(|text| text.value);
    let next = form.line("prossimi_passi", problems).map(|text| text.value);
    let forbidden = forbidden(&form, state, problems);
    let activities = tables(&form, "attivita", problems, |node, problems| {
        let one = Form::open(format!("{}: attività", form.what), node, file, &["testo", "chi"], problems)?;
        one.require("testo", problems);
        one.require("chi", problems);
        let text = one.line("testo", problems);
        let who = one.line("chi", problems).and_then(|word| grant(&one, "chi", &word, problems));
        Some(Activity { text: text?.value, who: who? })
    });
    let mut actions =
        |key: &str| tables(&form, key, problems, |node, problems| action(&form, key, state, node, templates, problems));
    let (before, after) = (actions("prima"), actions("dopo"));
    Some(Step { label, next, forbidden, activities, before, after })
}

/// A file may forbid what the law lets be done; what the law does not, it need not forbid.
fn forbidden(form: &Form<'_>, state: State, problems: &mut Problems<'_>) -> BTreeSet<Verb> {
    let verbs = Verb::ALL.map(|verb| (verb.code(), verb));
    let mut read = BTreeSet::new();
    for word in form.get("vieta").and_then(|_| form.lines("vieta", problems)).unwrap_or_default() {
        let Some(verb) = form.chosen("vieta", &word, &verbs, problems) else {
            continue;
        };
        if verb == Verb::Ritira {
            problems.error(word.at, format!("{}: `vieta`: chi ha chiesto può sempre ritirare la richiesta", form.what));
        } else if !row(state).iter().any(|(lawful, _)| *lawful == verb) {
            let can: Vec<&str> = row(state).iter().map(|(verb, _)| verb.code()).collect();
            problems.error(
                word.at,
                format!(
                    "{}: `vieta`: da qui `{}` non si può comunque{}",
                    form.what,
                    verb.code(),
                    hint(verb.code(), can)
                ),
            );
        }
        read.insert(verb);
    }
    read
}

/// States to which a citizen's message leads.
const OF_CITIZENS: [State; 5] =
    [State::Ricevuta, State::Protocollata, State::DaRegolarizzare, State::Integrata, State::Ritirata];

/// One action of the machine. What happens when it fails is always written: nobody finds out on the day.
fn action(
    step: &Form<'_>,
    when: &str,
    state: State,
    node: &Node,
    templates: &[&str],
    problems: &mut Problems<'_>,
) -> Option<Action> {
    const KEYS: [&str; 7] = ["fa", "modello", "ufficio", "testo", "indirizzo", "orologio", "se_fallisce"];
    const WHAT: [(&str, &[&str]); 4] = [
        ("mail", &["modello"]),
        ("compito", &["ufficio", "testo"]),
        ("webhook", &["indirizzo"]),
        ("orologio", &["orologio"]),
    ];
    const POLICY: [(&str, OnFailure); 3] =
        [("ferma", OnFailure::Stop), ("riprova", OnFailure::Retry), ("avvisa", OnFailure::Tell)];
    let form = Form::open(format!("{}: `{when}`", step.what), node, step.at.file, &KEYS, problems)?;
    form.require("fa", problems);
    if form.get("se_fallisce").is_none() {
        problems.error(
            form.at,
            format!("{}: manca `se_fallisce`: e se non riesce? `ferma`, `riprova` o `avvisa`", form.what),
        );
    }
    let on_failure = form.choice("se_fallisce", &POLICY, problems);
    if let (Some(OnFailure::Stop), "dopo", Some((_, at))) = (on_failure, when, form.get("se_fallisce")) {
        problems.error(
            at,
            format!("{}: dopo il passaggio non c'è più niente da fermare: usa `riprova` o `avvisa`", form.what),
        );
    }
    // A citizen's own step is never stopped, and what has arrived is registered (L. 241/1990 art. 18-bis).
    if let (Some(OnFailure::Stop), true, Some((_, at))) =
        (on_failure, OF_CITIZENS.contains(&state), form.get("se_fallisce"))
    {
        problems.error(
            at,
            format!("{}: qui ci arriva chi ha scritto, e nessuno lo ferma: usa `riprova` o `avvisa`", form.what),
        );
    }
    let parts = form.choice("fa", &WHAT, problems)?;
    for key in parts {
        form.require(key, problems);
    }
    for key in ["modello", "ufficio", "testo", "indirizzo", "orologio"] {
        if let (false, Some((_, at))) = (parts.contains(&key), form.get(key)) {
            problems.error(at, format!("{}: qui `{key}` non serve: toglilo", form.what));
        }
    }
    let what = match parts {
        ["modello"] => {
            let name = form.line("modello", problems)?;
            if !templates.contains(&name.value.as_str()) {
                let near = hint(&name.value, templates.iter().copied());
                problems.error(name.at, format!("{}: il modello `{}` non esiste{near}", form.what, name.value));
            } else if name.value.split('.').next() != Some(NEWS) {
                let text =
                    "dice fatti che un'azione non ha: serve `avviso-pratica`, o una sua variante `avviso-pratica.NOME`";
                problems.error(name.at, format!("{}: il modello `{}` {text}", form.what, name.value));
            }
            Act::Mail(name.value)
        }
        ["indirizzo"] => {
            // What leaves goes by the outbox, which has no such road: better no file than one that nobody carries out.
            let text = "questa versione non chiama altri programmi: al posto di `webhook` usa `mail` o `compito`";
            problems.error(form.get("fa").map_or(form.at, |(_, at)| at), format!("{}: `fa`: {text}", form.what));
            return None;
        }
        ["orologio"] => {
            let clock =
                form.choice("orologio", &[("sospendi", Clock::Suspend), ("riprendi", Clock::Resume)], problems)?;
            let at = form.get("orologio").map_or(form.at, |(_, at)| at);
            suspends(&form, state, clock, at, problems);
            Act::Clock(clock)
        }
        _ => {
            let (office, text) = (form.line("ufficio", problems), form.line("testo", problems));
            Act::Task(office?.value, text?.value)
        }
    };
    Some(Action { what, on_failure: on_failure? })
}

/// The term stops only where the law says (L. 241/1990 art. 2 c. 7, 10-bis, 16-17): never for a payment.
fn suspends(form: &Form<'_>, state: State, clock: Clock, at: Spot, problems: &mut Problems<'_>) {
    const SUSPENDED: [State; 3] = [State::InAttesaIntegrazioni, State::InAttesaEnteTerzo, State::PreavvisoDiniego];
    if clock == Clock::Suspend && !SUSPENDED.contains(&state) {
        let known: Vec<&str> = SUSPENDED.into_iter().map(State::code).collect();
        problems.error(
            at,
            format!(
                "{}: in questo stato la legge non sospende il termine (L. 241/1990 art. 2 c. 7); solo in: {}",
                form.what,
                known.join(", ")
            ),
        );
    }
}

//! What shows only beside something else: the rules with their offices, the archetype, the machine, the other files. It changes
//! when two parts of a procedure must agree in another way.

use super::archetype::{Archetype, Module, Section};
use super::machine::{decides, plain};
use super::model::{Act, Applicant, Notice, Participation, Silence, ThirdBody};
use super::read::Draft;
use crate::dossier::State;
use crate::nearest::hint;
use crate::rules::problem::{Problems, Spot};
use crate::rules::{Calendar, Kind, Rulebook};
use crate::verb::Verb;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Offices that a procedure names, each with where it does.
fn offices(draft: &Draft) -> Vec<(&str, Spot)> {
    let procedure = &draft.procedure;
    let unit = procedure.unit.iter().map(|unit| (unit.as_str(), draft.at("unita")));
    let others = procedure.other_units.iter().map(|unit| (unit.as_str(), draft.at_entry("altre_unita", unit)));
    unit.chain(others).collect()
}

/// Offices that are granted or given something: those of the rules, or the procedure's own external ones.
fn granted(draft: &Draft) -> Vec<(&str, Spot)> {
    let procedure = &draft.procedure;
    let mut all = Vec::new();
    for (verb, grants) in &procedure.grants {
        let at = draft.at_entry("chi", verb.code());
        all.extend(grants.iter().filter_map(|grant| Some((grant.office.as_deref()?, at))));
    }
    for (state, step) in &procedure.steps {
        let at = draft.at_entry("stato", state.code());
        all.extend(step.activities.iter().filter_map(|one| Some((one.who.office.as_deref()?, at))));
        all.extend(step.before.iter().chain(&step.after).filter_map(|action| match &action.what {
            Act::Task(office, _) => Some((office.as_str(), at)),
            _ => None,
        }));
    }
    all
}

/// Takes out what does not fit the rules: a file that names an office or only rules which are not there.
pub(super) fn leave_out(drafts: &mut Vec<Draft>, rules: &Rulebook) {
    drafts.retain_mut(|draft| {
        let external = |id: &str| draft.procedure.external.iter().any(|office| office.id == id);
        let fits = offices(draft).iter().all(|(id, _)| rules.office(id).is_some())
            && granted(draft).iter().all(|(id, _)| rules.office(id).is_some() || external(id))
            && draft.procedure.external.iter().all(|office| rules.office(&office.id).is_none());
        let named = !draft.procedure.rules.is_empty();
        draft.procedure.rules.retain(|rule| rules.rule(rule).is_some());
        let opened = !named || !draft.procedure.rules.is_empty() || draft.procedure.by_hand;
        fits && opened
    });
    let there: BTreeSet<String> = drafts.iter().map(|draft| draft.procedure.id.clone()).collect();
    for draft in drafts {
        draft.procedure.related.retain(|id| there.contains(id));
        // Nobody is told to renew what cannot be asked for here.
        draft.procedure.validity.take_if(|validity| !there.contains(&validity.renewal));
    }
}

/// One procedure against the rules, the law, and itself.
pub(super) fn alone(draft: &Draft, rules: &Rulebook, problems: &mut Problems<'_>) {
    names(draft, rules, problems);
    openers(draft, rules, problems);
    who(draft, problems);
    chapter_three(draft, problems);
    archetype(draft, problems);
    applicants(draft, problems);
    states(draft, problems);
    validity(draft, problems);
}

/// What nobody grants does not end, nor is it paid in parts.
fn validity(draft: &Draft, problems: &mut Problems<'_>) {
    let (procedure, granting) = (&draft.procedure, [State::Accolta, State::AccoltaPerSilenzio]);
    let is_granted = granting.iter().any(|state| procedure.states.contains(state));
    for (key, _) in [("validita", procedure.validity.is_some()), ("rate", procedure.rates.is_some())]
        .iter()
        .filter(|(_, said)| *said && !is_granted)
    {
        problems.error(
            draft.at(key),
            format!("{}: `{key}` vale per quello che si accoglie: qui manca lo stato `accolta`", draft.what()),
        );
    }
    if procedure.window.is_some_and(|window| window.accept_days.is_some()) && !is_granted {
        let text = "`accetta_giorni` vale per chi ottiene un posto: qui manca lo stato `accolta`";
        problems.error(draft.at("graduatoria"), format!("{}: {text}", draft.what()));
    }
    if procedure.validity.is_some() && procedure.rates.is_some() {
        let text = "quello che si paga a rate non ha anche una scadenza: togli `[rate]` o `[validita]`";
        problems.error(draft.at("rate"), format!("{}: {text}", draft.what()));
    }
}

fn names(draft: &Draft, rules: &Rulebook, problems: &mut Problems<'_>) {
    let what = draft.what();
    let known = || rules.offices().map(|office| office.id.as_str());
    for (id, at) in offices(draft) {
        if rules.office(id).is_none() {
            problems.error(at, format!("{what}: l'ufficio `{id}` non è fra quelli delle regole{}", hint(id, known())));
        }
    }
    let external = || draft.procedure.external.iter().map(|office| office.id.as_str());
    for (id, at) in granted(draft) {
        if rules.office(id).is_none() && !external().any(|one| one == id) {
            let near = hint(id, known().chain(external()));
            problems.error(
                at,
                format!("{what}: l'ufficio `{id}` non è fra quelli delle regole, né fra gli enti di questo file{near}"),
            );
        }
    }
    for id in external().filter(|id| rules.office(id).is_some()) {
        let at = draft.at_entry("ente", id);
        problems.error(at, format!("{what}: `{id}` è già un ufficio delle regole: dai all'ente un altro nome"));
    }
    if let Some(unit) = draft.procedure.unit.as_ref().filter(|unit| draft.procedure.other_units.contains(unit)) {
        let at = draft.at_entry("altre_unita", unit);
        problems.error(at, format!("{what}: `{unit}` è già l'unità competente: toglilo da `altre_unita`"));
    }
}

/// Rules that open it: they exist, and promise no longer term than the procedure has.
fn openers(draft: &Draft, rules: &Rulebook, problems: &mut Problems<'_>) {
    let what = draft.what();
    for id in &draft.procedure.rules {
        let at = draft.at_entry("apre", id);
        let Some(rule) = rules.rule(id) else {
            let near = hint(id, rules.rules().map(|rule| rule.id.as_str()));
            problems.error(at, format!("{what}: `apre`: la regola `{id}` non esiste{near}"));
            continue;
        };
        if *id == rules.otherwise().id {
            problems.error(
                at,
                format!(
                    "{what}: `apre`: `{id}` raccoglie ciò che nessuno riconosce: lo prende il procedimento predefinito"
                ),
            );
        }
        let promised = rule.deadline.as_ref().map_or(0, |deadline| match deadline.calendar {
            Calendar::Solar => deadline.days,
            Calendar::Working => deadline.days.saturating_mul(7).div_ceil(5),
        });
        if promised > draft.procedure.term.length.about_days() {
            problems.warn(
                draft.at("termine"),
                format!(
                    "{what}: la regola `{id}` dà {promised} giorni, qui il termine è più corto ({}): accorcia quello della regola",
                    draft.procedure.term.length.words()
                ),
            );
        }
    }
}

/// What a file may not grant.
fn who(draft: &Draft, problems: &mut Problems<'_>) {
    let external = |id: &str| draft.procedure.external.iter().any(|office| office.id == id);
    for (verb, grants) in &draft.procedure.grants {
        let decided = decides(*verb) || *verb == Verb::Ritira;
        for id in grants.iter().filter_map(|grant| grant.office.as_deref()).filter(|id| decided && external(id)) {
            problems.error(
                draft.at_entry("chi", verb.code()),
                format!(
                    "{}: chi: l'ente esterno `{id}` non può fare «{}»: decide un ufficio dell'ente (L. 241/1990 art. 6)",
                    draft.what(),
                    plain(*verb)
                ),
            );
        }
    }
}

fn chapter_three(draft: &Draft, problems: &mut Problems<'_>) {
    let procedure = &draft.procedure;
    if procedure.participation == Participation::Excluded && procedure.notice == Notice::Due {
        problems.error(
            draft.at("partecipazione"),
            format!(
                "{}: con `partecipazione = \"esclusa\"` non si applica nemmeno il preavviso (L. 241/1990 art. 13): scrivi `preavviso = \"escluso\"` e la norma in `preavviso_norma`",
                draft.what()
            ),
        );
    }
}

fn archetype(draft: &Draft, problems: &mut Problems<'_>) {
    let (procedure, what) = (&draft.procedure, draft.what());
    let ranking = procedure.archetype == Some(Archetype::Graduatoria);
    if ranking && procedure.window.is_none() {
        problems.error(
            draft.at("archetipo"),
            format!("{what}: una graduatoria ha un'apertura e una chiusura: serve `[graduatoria]` con `dal` e `al`"),
        );
    }
    if !ranking && procedure.window.is_some() {
        problems.error(
            draft.at("graduatoria"),
            format!("{what}: `[graduatoria]` vale solo con `archetipo = \"graduatoria\"`"),
        );
    }
    let Some(archetype) = procedure.archetype else {
        return;
    };
    if let Some(needed) = archetype.needs().filter(|needed| !procedure.modules.contains(needed)) {
        problems.error(
            draft.at("archetipo"),
            format!(
                "{what}: l'archetipo `{}` ha sempre il modulo `{}`: aggiungilo a `moduli`",
                archetype.code(),
                needed.code()
            ),
        );
    }
    let admitted: Vec<&str> = archetype.modules().iter().map(|module| module.code()).collect();
    for module in procedure.modules.iter().filter(|module| !archetype.modules().contains(module)) {
        problems.error(
            draft.at_entry("moduli", module.code()),
            format!(
                "{what}: il modulo `{}` non è ammesso nell'archetipo `{}` (ammessi: {})",
                module.code(),
                archetype.code(),
                admitted.join(", ")
            ),
        );
    }
    let admitted: Vec<&str> = archetype.sections().iter().map(|section| section.code()).collect();
    for section in procedure.sections.iter().filter(|section| !archetype.sections().contains(section)) {
        problems.error(
            draft.at_entry("sezioni", section.code()),
            format!(
                "{what}: la sezione `{}` non è ammessa nell'archetipo `{}` (ammesse: {})",
                section.code(),
                archetype.code(),
                admitted.join(", ")
            ),
        );
    }
}

/// Who may apply, and what is asked of them.
fn applicants(draft: &Draft, problems: &mut Problems<'_>) {
    let (procedure, what) = (&draft.procedure, draft.what());
    for (section, applicant, word) in
        [(Section::Impresa, Applicant::Impresa, "impresa"), (Section::Delega, Applicant::Delegato, "delegato")]
    {
        if procedure.sections.contains(&section) && !procedure.applicants.contains(&applicant) {
            problems.error(
                draft.at_entry("sezioni", section.code()),
                format!("{what}: la sezione `{}` serve solo se `richiedenti` ha \"{word}\"", section.code()),
            );
        }
    }
}

fn states(draft: &Draft, problems: &mut Problems<'_>) {
    let (procedure, what) = (&draft.procedure, draft.what());
    for state in procedure.steps.keys().filter(|state| !procedure.states.contains(state)) {
        problems.error(
            draft.at_entry("stato", state.code()),
            format!(
                "{what}: lo stato `{}` qui non è usato: togli la sua tabella, o aggiungilo a `stati`",
                state.code()
            ),
        );
    }
    let before = problems.errors();
    for state in [State::Ricevuta, State::Ritirata].into_iter().filter(|state| !procedure.states.contains(state)) {
        let why = if state == State::Ricevuta {
            "ogni richiesta comincia da lì"
        } else {
            "chi ha chiesto può sempre ritirare"
        };
        problems.error(draft.at("stati"), format!("{what}: `stati`: manca `{}`: {why}", state.code()));
    }
    let express = [State::Accolta, State::Respinta, State::Irricevibile];
    if !express.iter().any(|state| procedure.states.contains(state)) {
        problems.error(
            draft.at("stati"),
            format!(
                "{what}: `stati`: manca un esito: ogni richiesta finisce con una decisione scritta, `accolta`, `respinta` o `irricevibile` (L. 241/1990 art. 2 c. 1)"
            ),
        );
    }
    contradictions(draft, problems);
    if problems.errors() > before {
        return; // what follows would only be its echo
    }
    let (reachable, decidable) = (procedure.reachable(), procedure.can_be_decided());
    for state in &procedure.states {
        let at = draft.at_entry("stati", state.code());
        let at = if at == draft.at("stati") { draft.at_entry("stato", state.code()) } else { at };
        if !reachable.contains(state) {
            problems.error(
                at,
                format!(
                    "{what}: allo stato `{}` non si arriva mai: toglilo, o lascia fare ciò che ci porta",
                    state.code()
                ),
            );
        } else if !state.is_final() && !decidable.contains(state) {
            problems.error(
                at,
                format!(
                    "{what}: dallo stato `{}` l'ente non arriva mai a una decisione: lascia fare almeno una cosa che ne esce (L. 241/1990 art. 2 c. 1)",
                    state.code()
                ),
            );
        }
    }
}

/// States that say one thing while the rest of the file says another.
fn contradictions(draft: &Draft, problems: &mut Problems<'_>) {
    let procedure = &draft.procedure;
    let asks = [
        (State::AccoltaPerSilenzio, matches!(procedure.silence, Silence::Assent(_)), "silenzio = \"assenso\""),
        (State::PreavvisoDiniego, procedure.notice == Notice::Due, "preavviso = \"dovuto\""),
        (State::InAttesaEnteTerzo, procedure.third_body != ThirdBody::None, "parere = \"con-sospensione\""),
        (State::InAttesaPagamento, procedure.modules.contains(&Module::Pagamento), "moduli = [\"pagamento\"]"),
    ];
    for (state, said, key) in asks {
        let used = procedure.states.contains(&state);
        if used && !said {
            problems.error(
                draft.at_entry("stati", state.code()),
                format!("{}: `stati`: `{}` vuole `{key}`", draft.what(), state.code()),
            );
        }
        // Silence grants by law, whether or not somebody lists the state; a refusal must be announced somewhere.
        let hard = matches!(state, State::AccoltaPerSilenzio)
            || (state == State::PreavvisoDiniego && procedure.states.contains(&State::Respinta));
        if !used && said && hard {
            problems.error(
                draft.at("stati"),
                format!("{}: `stati`: manca `{}`, che serve con `{key}`", draft.what(), state.code()),
            );
        }
    }
}

/// Procedures beside one another.
pub(super) fn together(drafts: &[Draft], problems: &mut Problems<'_>) {
    let mut ids: BTreeMap<&str, Spot> = BTreeMap::new();
    let mut rules: BTreeMap<&str, &Draft> = BTreeMap::new();
    let mut kinds: BTreeMap<Kind, &Draft> = BTreeMap::new();
    let mut default: Option<&Draft> = None;
    for draft in drafts {
        let (procedure, what) = (&draft.procedure, draft.what());
        if let Some(first) = ids.get(procedure.id.as_str()) {
            let text = format!("{what}: esiste già in {}:{}: cambia `id`", problems.file(*first), first.line);
            problems.error(draft.at("id"), text);
            continue; // a forgotten copy opens the same things
        }
        ids.insert(&procedure.id, draft.at("id"));
        for rule in &procedure.rules {
            match rules.get(rule.as_str()) {
                Some(first) => problems.error(
                    draft.at_entry("apre", rule),
                    format!("{what}: `apre`: la regola `{rule}` apre già il procedimento `{}`", first.procedure.id),
                ),
                None => {
                    rules.insert(rule, draft);
                }
            }
        }
        if let Some(kind) = procedure.kind {
            match kinds.get(&kind) {
                Some(first) => problems.error(
                    draft.at("tipo"),
                    format!("{what}: `tipo`: `{}` apre già il procedimento `{}`", kind.code(), first.procedure.id),
                ),
                None => {
                    kinds.insert(kind, draft);
                }
            }
        }
        match default.filter(|_| procedure.default) {
            Some(first) => problems.error(
                draft.at("predefinito"),
                format!("{what}: quello predefinito è già `{}`: ce n'è uno solo", first.procedure.id),
            ),
            None if procedure.default => default = Some(draft),
            None => {}
        }
    }
    if default.is_none() {
        problems.error(
            Spot::default(),
            "procedimenti: manca quello predefinito: uno deve avere `predefinito = true`, per ciò che nessun altro prende".into(),
        );
    }
    for draft in drafts {
        for id in &draft.procedure.related {
            let at = draft.at_entry("collegati", id);
            if *id == draft.procedure.id {
                problems.error(at, format!("{}: `collegati`: è lui stesso", draft.what()));
            } else if !ids.contains_key(id.as_str()) {
                let near = hint(id, ids.keys().copied());
                problems.error(at, format!("{}: `collegati`: il procedimento `{id}` non esiste{near}", draft.what()));
            }
        }
        if let Some(id) = draft.procedure.validity.as_ref().map(|validity| &validity.renewal)
            && !ids.contains_key(id.as_str())
        {
            let near = hint(id, ids.keys().copied());
            let text = format!("{}: `rinnovo`: il procedimento `{id}` non esiste{near}", draft.what());
            problems.error(draft.at_entry("validita", "rinnovo"), text);
        }
    }
}

//! How a request to enable an address is filed, and its confirmation. It changes when a message can do something else to one.

use super::{Filed, Paper, code};
use crate::calendar::rome;
use crate::confirm::{CONFIRM_DAYS, CONFIRM_WORD, Said};
use crate::data_change::token;
use crate::decision::{Outgoing, Reason};
use crate::dossier::Dossier;
use crate::enablement::{self, State, Step, Wrong};
use crate::guard;
use crate::letters::case::Case;
use crate::life::Entry;
use crate::person::Scope;
use crate::rules::Kind;
use crate::standing::Written;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::SignedDuration;
use jiff::civil::Date;

/// A code goes to the address that asks; the office hears of it at once, and decides when it has come back.
pub(super) fn ask(
    paper: &Paper<'_>,
    dossier: &Dossier,
    entries: &mut Vec<Entry>,
    filed: &mut Filed,
    trail: &mut Vec<Reason>,
) {
    let Paper { class, known, standing, .. } = *paper;
    if class.kind != Kind::Enablement || !paper.is_placed || !paper.is_first {
        return;
    }
    let mut say = |code: &'static str, text: String| trail.push(Reason::new(code, format!("abilitazione: {text}")));
    let Some(person) = code(class).and_then(enablement::code) else {
        return say("no-code", "manca un codice fiscale giusto, l'ufficio lo chiede".to_string());
    };
    let has_all = [Scope::OwnData, Scope::OwnDossiers].iter().all(|scope| standing.has_grant(scope));
    let is_listed = standing.grade == crate::standing::Grade::ListedDomicile;
    if standing.grade.is_safe() && standing.facets.written == Written::Matches && (has_all || is_listed) {
        return say("already-enabled", "questo indirizzo è già un domicilio sicuro della persona".to_string());
    }
    if let Some(other) = waiting(paper, &person) {
        return say("already-asked", format!("la stessa è già nel fascicolo {other}, e lì continua: questo si chiude"));
    }
    if let Some(brake) = guard::enquiry_brakes(None, known).into_iter().next() {
        return trail.push(brake);
    }
    let name = paper.message.from.first().map(|from| from.name.trim()).unwrap_or_default();
    let name = name.get(..name.floor_char_boundary(super::NAME_BYTES_MAX)).unwrap_or_default();
    match send(paper, dossier, &person, name, None) {
        Ok((letter, step)) => {
            filed.facts.push(format!(
                "Chiede di abilitare {} per {person}. Deve rimandare il codice che è andato lì; poi decidi tu.",
                letter.to
            ));
            filed.outgoing.push(letter);
            entries.push(Entry::Enabling { step });
        }
        Err(why) => trail.push(why),
    }
}

/// The open dossier in which this address already waits to be this person's: one code is enough, however often it is asked.
fn waiting<'a>(paper: &'a Paper<'_>, person: &str) -> Option<&'a str> {
    let own = paper.known.own.get(&crate::address::key(&paper.daticert.mittente))?;
    let waits = |dossier: &&Dossier| {
        let asked = dossier.life.enablement.as_ref().filter(|asked| asked.code == person);
        let is_live = asked.is_some_and(|asked| match asked.state {
            State::Asked => asked.until >= paper.known.now,
            State::Confirmed => true,
            State::Granted => false,
        });
        is_live && !dossier.state.is_final()
    };
    own.dossiers.iter().find(waits).map(|dossier| dossier.number.as_str())
}

/// A code of its own for this message, to the address that wrote it. `late`: the last day of the code that came too late.
fn send(
    paper: &Paper<'_>,
    dossier: &Dossier,
    person: &str,
    name: &str,
    late: Option<Date>,
) -> Result<(Outgoing, Step), Reason> {
    let Paper { daticert, known, desk, .. } = *paper;
    let to = daticert.mittente.trim();
    let secret = desk.key.effect_id(&known.digest, "abilitazione", person, 0);
    let days = SignedDuration::from_hours(24 * i64::from(CONFIRM_DAYS));
    let until = known.now.checked_add(days).unwrap_or(known.now);
    let case = Case::of(known, dossier, desk);
    let letter = case.enabling(to, person, &format!("{CONFIRM_WORD} {secret}"), rome(until).date(), late)?;
    let hash = token::hash(&dossier.number, 0, person, &secret);
    let step = Step::Asked { address: to.to_string(), code: person.to_string(), name: name.to_string(), hash, until };
    Ok((letter, step))
}

/// A code that comes back, if it is one of an enablement: a change of data has codes of its own.
pub(super) fn confirmed(
    paper: &Paper<'_>,
    dossier: &Dossier,
    said: &Said,
    entries: &mut Vec<Entry>,
    filed: &mut Filed,
    trail: &mut Vec<Reason>,
) -> bool {
    let (Some(asked), Said::Code(secret)) = (&dossier.life.enablement, said) else { return false };
    let Paper { daticert, known, desk, .. } = *paper;
    let number = &dossier.number;
    let case = Case::of(known, dossier, desk);
    let mut say = |code: &'static str, text: &str| trail.push(Reason::new(code, text.to_string()));
    match asked.confirm(number, secret, &daticert.mittente, daticert.data) {
        Ok(step) => {
            entries.push(Entry::Enabling { step });
            filed.facts.push(format!(
                "Ha confermato di leggere {}: l'abilitazione è in attesa di approvazione. Decidi tu.",
                asked.address
            ));
            filed.facts.extend(enablement::to_check(asked, &known.people, known.now));
            filed.facts.push(format!(
                "Se va bene: ABILITO e il documento che hai visto, o sportello person enable {number}. Se no: NON AMMETTO e i \
                 motivi, o sportello person deny {number}.",
            ));
            say("enabling-confirmed", "codice di abilitazione giusto: in attesa di approvazione");
            if guard::brakes("abilitazione-confermata", Some(number), known).is_empty() {
                match case.enabling_confirmed(&asked.address, &asked.code) {
                    Ok(letter) => filed.outgoing.push(letter),
                    Err(why) => trail.push(why),
                }
            }
        }
        Err(Wrong::Late) => {
            say("token-expired", "il codice di abilitazione è scaduto: ne va uno nuovo");
            if !guard::brakes("conferma-scaduta", Some(number), known).is_empty() {
                return true;
            }
            match send(paper, dossier, &asked.code, &asked.name, Some(rome(asked.until).date())) {
                Ok((letter, step)) => {
                    filed.outgoing.push(letter);
                    entries.push(Entry::Enabling { step });
                }
                Err(why) => trail.push(why),
            }
        }
        Err(Wrong::Used) => say("token-used", "il codice di abilitazione è già stato usato: non serve rimandarlo"),
        Err(Wrong::Other) if dossier.life.changes.is_empty() => {
            say("token-wrong", "il codice di abilitazione non è quello mandato a questo indirizzo");
        }
        Err(Wrong::Other) => return false,
    }
    true
}

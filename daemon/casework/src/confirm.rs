//! How a citizen is asked to confirm a change of delicate data, and how they do. It changes when either does.
//!
//! A code goes to the domicile that was safe before, and comes back from there. It ends by itself; the request does not.

use crate::address;
use crate::calendar::rome;
use crate::data_change::{self, DataChange};
use crate::decision::{Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::Dossier;
use crate::effect::EffectKey;
use crate::letters::case::Case;
use crate::life::Entry;
use crate::person::{Person, Strength};
use crate::rules::quote;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::Timestamp;

/// Days that a citizen has to confirm a change of delicate data.
pub const CONFIRM_DAYS: u32 = 5;
/// The word with which a citizen confirms, before the code.
pub(crate) const CONFIRM_WORD: &str = "CONFERMO";

/// A code that is asked for: what is written down, and the letter with it.
pub(crate) struct Asked {
    /// The step of the change.
    pub(crate) step: data_change::Entry,
    /// To the safe domicile.
    pub(crate) letter: Outgoing,
}

/// Asks the citizen. `cause` makes the code and the letter one effect of their own.
pub(crate) fn ask(
    change: &DataChange,
    person: &Person,
    dossier: &Dossier,
    cause: &str,
    desk: &Desk,
    now: Timestamp,
) -> Result<Asked, Reason> {
    // A code that nobody can guess or read from elsewhere: of the key, this cause and this change.
    let secret = desk.key.effect_id(cause, "conferma", &person.id, change.id);
    let step = change
        .ask_confirmation(person, &secret, CONFIRM_DAYS, now)
        .map_err(|why| Reason::new(why.code, format!("la conferma con il codice non si può chiedere: {}", why.text)))?;
    let data_change::Entry::ConfirmationAsked { to, until, .. } = &step else {
        return Err(Reason::new("not-asked", String::from("la conferma non si può chiedere")));
    };
    let code = format!("{CONFIRM_WORD} {secret}");
    let case = Case { people: &[], enclosed: &[], dossier, cause, now, desk };
    let letter = case.confirmation(to, &change.side_by_side(), &code, rome(*until).date())?;
    // One message may ask a change and confirm another.
    let id = desk.key.effect_id(cause, &format!("{}/{}", letter.template, change.id), &letter.to, 0);
    let letter = Outgoing { message_id: EffectKey::message_id(&id, &desk.domain()), id, ..letter };
    Ok(Asked { step, letter })
}

/// Whether somebody who is no party may answer for a change: from the domicile to which its code went, or would go.
pub(crate) fn is_awaited_from(dossier: &Dossier, who: &str, people: &[Person], now: Timestamp) -> bool {
    dossier.life.changes.iter().any(|change| match &change.state {
        data_change::State::AwaitingConfirmation { to, .. } => address::same(to, who),
        data_change::State::Expired => people.iter().any(|person| {
            person.id == change.person && person.strength_of(&address::key(who), now) >= Some(Strength::Enabled)
        }),
        _ => false,
    })
}

/// What a message says.
pub(crate) enum Said {
    /// The code, as written.
    Code(String),
    /// The word alone: a new code is wanted.
    Word,
    /// Nothing.
    Nothing,
}

/// Looks for the word: in the citizen's own words, never in what they quote.
pub(crate) fn said(text: &str) -> Said {
    for line in quote::split(text).new.lines() {
        let mut words = line.split_whitespace();
        if !words.next().is_some_and(|word| word.trim_end_matches(['.', ':', '!']).eq_ignore_ascii_case(CONFIRM_WORD)) {
            continue;
        }
        match words.next() {
            Some(code) => return Said::Code(code.to_string()),
            None => return Said::Word,
        }
    }
    Said::Nothing
}

/// What came of an answer.
#[derive(Default)]
pub(crate) struct Answered {
    /// What is written down.
    pub(crate) entries: Vec<Entry>,
    /// A new code.
    pub(crate) letters: Vec<Outgoing>,
    /// Data that are confirmed now.
    pub(crate) data: Vec<(String, String, String)>,
}

/// An answer: the code, or the word alone. `at`: when it was certified, for whoever answered in time was in time.
#[allow(clippy::too_many_arguments)]
pub(crate) fn answer(
    said: &Said,
    from: &str,
    at: Timestamp,
    dossier: &Dossier,
    people: &[Person],
    cause: &str,
    desk: &Desk,
    now: Timestamp,
    trail: &mut Vec<Reason>,
) -> Answered {
    let mut done = Answered::default();
    let all = &dossier.life.changes;
    let open = |change: &&DataChange| {
        matches!(change.state, data_change::State::AwaitingConfirmation { .. } | data_change::State::Expired)
    };
    let meant = match said {
        Said::Code(secret) => data_change::change::whose(all, secret).or_else(|| {
            all.iter().rev().find(|change| matches!(change.state, data_change::State::AwaitingConfirmation { .. }))
        }),
        Said::Word => all.iter().rev().find(open),
        Said::Nothing => return done,
    };
    let Some(change) = meant else {
        let text = "il codice di conferma non riguarda nessuna modifica di questo fascicolo";
        trail.push(Reason::new("not-awaited", String::from(text)));
        return done;
    };
    let Some(person) = people.iter().find(|person| person.id == change.person) else {
        trail.push(Reason::new("no-person", String::from("la persona della modifica non è nel registro")));
        return done;
    };
    let n = change.id;
    let mut after = change.clone();
    if let Said::Code(secret) = said {
        match change.confirm(secret, from, person, all, at) {
            Ok(step) => {
                done.entries.push(Entry::Change { n, step });
                done.data = change.side_by_side();
                let text =
                    format!("il cittadino ha confermato la modifica {n}: ora la approvano due persone dell'ufficio");
                trail.push(Reason::new("confirmed", text));
                return done;
            }
            Err(why) => {
                // In time to nobody's harm: the timer says that it is over, not a late answer.
                let step = if why.code == "token-expired" { change.expire(now) } else { change.misconfirmed(&why) };
                if let Ok(step) = step {
                    after.apply(&step, now);
                    done.entries.push(Entry::Change { n, step });
                }
                trail.push(Reason::new(why.code, format!("conferma non valida: {}", why.text)));
                if why.code != "token-expired" {
                    return done;
                }
            }
        }
    }
    // The word alone, or a code that came too late: a new one, to the safe domicile.
    match ask(&after, person, dossier, cause, desk, now) {
        Ok(asked) => {
            done.entries.push(Entry::Change { n, step: asked.step });
            done.letters.push(asked.letter);
            trail.push(Reason::new("asked-again", format!("modifica {n}: mandato un codice nuovo per confermarla")));
        }
        Err(why) => trail.push(why),
    }
    done
}

#[cfg(test)]
mod tests;

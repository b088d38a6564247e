//! A question about a service: «che documenti servono per la mensa?» (function S2.06). It changes when people ask otherwise.
//!
//! It is answered with the card of the service, and opens nothing; the card says so, and how to ask for the service. Whatever may
//! be a request is one: a code, a file, a number, a verb that asks for more than to know.

use crate::letters::About;
use crate::procedure::Procedure;
use crate::rules::normal::Normal;
use crate::rules::{Kind, Outcome, quote};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Words of one's own beyond which a message is a letter, and a person reads it.
const WORDS_MAX: usize = 80;

/// How people ask for what is on a card, as [`Normal`] writes it.
const ASKING: &[&str] = &[
    "che documenti",
    "quali documenti",
    "che documentazione",
    "quale documentazione",
    "che cosa serve",
    "cosa serve",
    "che cosa occorre",
    "cosa occorre",
    "che requisiti",
    "quali requisiti",
    "quali sono i requisiti",
    "chi puo chiedere",
    "chi puo fare",
    "chi ha diritto",
    "come si fa",
    "come si chiede",
    "come si richiede",
    "come faccio",
    "come posso",
    "come devo fare",
    "cosa devo fare",
    "che cosa devo fare",
    "quanto costa",
    "quanto si paga",
    "quanto tempo",
    "in quanto tempo",
    "entro quando",
    "quando si puo",
    "quale modulo",
    "che modulo",
    "dove trovo il modulo",
    "a chi devo",
    "a quale ufficio",
    "vorrei sapere",
    "vorrei informazioni",
    "chiedo informazioni",
    "chiedo di sapere",
];

/// Words by which somebody asks for the thing itself, or sends what it takes: it is no mere question.
const DOING: &[&str] = &[
    "chiedo",
    "richiedo",
    "chiediamo",
    "richiediamo",
    "domando",
    "dichiaro",
    "dichiariamo",
    "presento",
    "trasmetto",
    "invio",
    "allego",
    "iscrivo",
    "comunico",
    "segnalo",
    "diffido",
    "reclamo",
    "ricorso",
    "contesto",
    "sollecito",
];

/// Of what somebody has under way already.
const UNDER_WAY: &[&str] =
    &["a che punto", "mia domanda", "mia pratica", "mia richiesta", "mia istanza", "mio fascicolo"];

/// What follows «chiedo» where it only asks to know.
const TO_KNOW: &[&str] =
    &["informazioni", "di", "quali", "quale", "che", "cosa", "come", "quanto", "quando", "se", "a", "chi"];

/// The service that is asked about, if the message does nothing but ask about one.
pub(super) fn about<'a>(about: &About<'a>) -> Option<&'a Procedure> {
    let own = quote::split(&about.message.text).new;
    let text = Normal::of(&format!("{}\n{own}", about.message.subject));
    let words: Vec<&str> = text.words().collect();
    let is_bare = about.message.attachments.is_empty()
        && about.class.fields.is_empty()
        && about.class.citations.is_empty()
        && about.known.thread.is_none()
        && !about.known.answers_ours;
    let is_other = UNDER_WAY.iter().any(|phrase| says(&words, phrase));
    // The rules may be sure that it is of another kind; of what would open a dossier, they cannot tell it from a question.
    let chosen = matches!(about.class.outcome, Outcome::Chosen { .. }).then_some(about.class.kind);
    let may_be = matches!(
        chosen,
        None | Some(Kind::DataChange | Kind::NewApplication | Kind::AccessToRecords | Kind::PaymentQuery | Kind::Other)
    );
    if !is_bare
        || is_other
        || !may_be
        || words.len() > WORDS_MAX
        || !ASKING.iter().any(|phrase| says(&words, phrase))
        || does(&words)
    {
        return None;
    }
    let services = about.desk.procedures.all().filter(|procedure| !procedure.default);
    let said = |procedure| names(procedure).into_iter().filter(|name| says(&words, name)).collect::<Vec<String>>();
    let named: Vec<(&Procedure, Vec<String>)> =
        services.map(|one| (one, said(one))).filter(|(_, said)| !said.is_empty()).collect();
    // Who says «tari a rate» says «tari» too, and means one thing: a name that lies in a longer one of another service is no name.
    let is_part = |name: &String, own: &Procedure| {
        let mut others = named.iter().filter(|(other, _)| other.id != own.id).flat_map(|(_, said)| said);
        others.any(|longer| longer != name && says(&longer.split_whitespace().collect::<Vec<&str>>(), name))
    };
    let mut meant = named.iter().filter(|(one, said)| !said.iter().all(|name| is_part(name, one)));
    // About two of them a person answers.
    meant.next().filter(|_| meant.next().is_none()).map(|(one, _)| *one)
}

/// What people call a service.
fn names(procedure: &Procedure) -> Vec<String> {
    let names = procedure.card.names.iter().chain([&procedure.title, &procedure.id]);
    names.map(|name| Normal::of(name).text().replace(['-', '_'], " ")).collect()
}

fn says(words: &[&str], phrase: &str) -> bool {
    let phrase: Vec<&str> = phrase.split_whitespace().collect();
    !phrase.is_empty() && words.windows(phrase.len()).any(|window| window == phrase)
}

fn does(words: &[&str]) -> bool {
    let asks = |at: usize| words.get(at + 1).is_some_and(|next| TO_KNOW.contains(next));
    words.iter().enumerate().any(|(at, word)| DOING.contains(word) && !(word.starts_with("chied") && asks(at)))
}

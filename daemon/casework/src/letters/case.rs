//! The letters about a dossier that an office, or time, causes. It changes when such a letter shows another fact.

use super::order::offered;
use super::{about_case, about_us, given, put, to_office, words, write};
use crate::act::Mailed;
use crate::calendar::{self, month, rome};
use crate::clockwork;
use crate::command::{Author, Object, answers};
use crate::decision::{Enclosure, Lane, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{Dossier, State, check};
use crate::effect::EffectKey;
use crate::known::Known;
use crate::language::Language;
use crate::person::{Asked, Person};
use crate::procedure::model::External;
use crate::procedure::{Participation, Procedure};
use crate::ranking::{self, Answer};
use crate::rating;
use crate::reply::mailto;
use crate::rules::{Body, Calendar, Officer};
use crate::term::OBSERVATION_DAYS;
use crate::validity::Validity;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

/// Days within which a measure is appealed against at the Tar (d.lgs. 104/2010 art. 29), and before the head of State (DPR
/// 1199/1971 art. 9).
const REMEDIES: [&str; 2] = [
    "Puoi fare ricorso al Tar (Tribunale amministrativo regionale) entro 60 giorni da oggi.",
    "Oppure puoi fare ricorso straordinario al Presidente della Repubblica entro 120 giorni da oggi.",
];

/// The ways of CAD art. 65 c. 1 that a mailbox can take in: a), c), c-bis). Of b) another service would tell.
const WAYS: [&str; 3] = [
    "Firma il documento con una firma digitale, o con un'altra firma elettronica qualificata, e mandalo da qualunque casella.",
    "Firma il documento a mano e mandalo insieme alla copia di un documento di identità.",
    "Scrivi dalla Pec che hai iscritto nell'indice pubblico come tuo domicilio digitale.",
];

/// How a mandate is shown (DPR 445/2000 artt. 38 c. 3 and 3-bis).
const MANDATE_WAYS: [&str; 3] = [
    "Manda la delega firmata con una firma digitale da chi rappresenti.",
    "Manda la delega firmata a mano, con la copia del documento di identità di chi la dà.",
    "Chi rappresenti ci scrive dalla sua Pec e conferma la richiesta.",
];

/// Which datum, before, after.
pub(crate) type Changed = (String, String, String);

/// What a letter about a dossier is written from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    /// As it stands after what is told.
    pub(crate) dossier: &'a Dossier,
    /// What the letter is an effect of: unique for each act.
    pub(crate) cause: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) desk: &'a Desk,
    /// Whom the dossier concerns, as far as they are at hand: what may be answered to a task is judged with them.
    pub(crate) people: &'a [Person],
    /// Names of the documents that go along with it, where the letter takes any.
    pub(crate) enclosed: &'a [String],
}

/// What a measure says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told<'a> {
    /// The measure, in a sentence.
    pub(crate) decision: &'a str,
    /// What happens next, in a sentence.
    pub(crate) next: &'a str,
    /// Reasons.
    pub(crate) points: &'a [String],
    /// What was filed, and how it was weighed.
    pub(crate) weighed: Vec<(String, String)>,
    /// Data that change.
    pub(crate) changes: Vec<Changed>,
}

impl<'a> Case<'a> {
    /// What a message causes.
    pub(crate) fn of(known: &'a Known, dossier: &'a Dossier, desk: &'a Desk) -> Self {
        Self { dossier, cause: &known.digest, now: known.now, desk, people: &known.people, enclosed: &[] }
    }
}

impl Case<'_> {
    fn known(&self) -> Known {
        Known { digest: self.cause.to_string(), ..Known::nothing(self.now) }
    }

    fn values(&self, next: &str) -> Value {
        self.values_in(Language::It, next)
    }

    fn values_in(&self, language: Language, next: &str) -> Value {
        let mut values = about_us(self.desk, &self.dossier.office);
        about_case(&mut values, self.dossier, language, self.desk);
        put(&mut values, "prossimo_passo", json!(next));
        if !self.enclosed.is_empty() {
            put(&mut values, "in_allegato", json!(self.enclosed));
        }
        values
    }

    /// One letter to each of the first parties.
    fn write(&self, template: &str, values: &Value, most: usize) -> Result<Vec<Outgoing>, Reason> {
        self.write_in(Language::It, template, values, most)
    }

    fn write_in(
        &self,
        language: Language,
        template: &str,
        values: &Value,
        most: usize,
    ) -> Result<Vec<Outgoing>, Reason> {
        self.dossier.parties.iter().take(most).map(|to| self.letter(language, template, values.clone(), to)).collect()
    }

    fn letter(&self, language: Language, template: &str, values: Value, to: &str) -> Result<Outgoing, Reason> {
        let number = Some(self.dossier.number.clone());
        write(
            template,
            language,
            values,
            Lane::Pec,
            to.to_string(),
            number,
            Some(self.dossier),
            vec![],
            &self.known(),
            self.desk,
        )
    }

    /// What is asked of the citizen, and why nobody else has it (L. 241/1990 artt. 2 c. 7, 18). `stops`: until when it suspends
    /// the term at most. `held`: which of the points we have already, and `again`: why they are needed all the same.
    pub(crate) fn integration(
        &self,
        points: &[String],
        stops: Option<Date>,
        held: &[usize],
        again: &str,
    ) -> Result<Vec<Outgoing>, Reason> {
        let template = "richiesta-integrazione";
        let language = self.desk.templates.language(template, self.dossier.cover.language);
        let mut values = self.values_in(language, words::RESUMED_WHEN_SENT.in_language(language));
        // Who is in a dossier that the office opened asked for nothing.
        if !self.dossier.cover.origin.is_empty() {
            put(&mut values, "presentata_il", json!(self.dossier.opened_at));
        }
        let why = words::NOBODY_ELSE_HAS_IT.in_language(language);
        let gap = |(n, point): (usize, &String)| {
            let why = if held.contains(&n) { words::held_already(again, language) } else { why.to_string() };
            json!({ "cosa": words::italian(point.trim_end_matches('.'), language), "perche": why })
        };
        let gaps: Vec<Value> = points.iter().enumerate().map(gap).collect();
        put(&mut values, "mancanze", json!(gaps));
        if let Some(until) = stops {
            put(&mut values, "sospesa_fino_al", json!(until));
        }
        let today = rome(self.now).date();
        // After its end there is no term left to answer within.
        let ten_days = || calendar::last_day(today, OBSERVATION_DAYS, Calendar::Solar, self.desk.entity.patron);
        let by = stops.or(self.dossier.due.filter(|due| *due > today)).unwrap_or_else(ten_days);
        put(&mut values, "rispondi_entro", json!(by));
        self.write_in(language, template, &values, 1)
    }

    /// The announced refusal (art. 10-bis).
    pub(crate) fn refusal_announced(&self, points: &[String]) -> Result<Vec<Outgoing>, Reason> {
        let mut values = self.values("Aspettiamo la tua risposta. Poi l'ufficio decide e ti scrive.");
        put(&mut values, "motivi", json!(points));
        put(&mut values, "giorni_osservazioni", json!(OBSERVATION_DAYS));
        self.write("preavviso-diniego", &values, 1)
    }

    /// A measure, to every party.
    pub(crate) fn outcome(&self, told: &Told<'_>) -> Result<Vec<Outgoing>, Reason> {
        let mut values = self.values(told.next);
        put(&mut values, "decisione", json!(told.decision));
        put(&mut values, "motivi", json!(told.points));
        let weighed: Vec<Value> = told.weighed.iter().map(|(what, how)| json!({ "cosa": what, "come": how })).collect();
        if !weighed.is_empty() {
            put(&mut values, "valutazioni", json!(weighed));
        }
        changed(&mut values, &told.changes);
        let own = clockwork::procedure_of(self.dossier, self.desk).map_or(&[][..], |procedure| &procedure.remedies);
        put(&mut values, "rimedi", if own.is_empty() { json!(REMEDIES) } else { json!(own) });
        given(&mut values, "ritardo", &self.lateness());
        if let Some(validity) = self.dossier.life.validity.filter(|_| self.dossier.state.is_granted()) {
            match validity.rate {
                Some(rate) => put(&mut values, "rate", json!(rate.plan_in_words())),
                None => put(&mut values, "vale_fino_al", json!(validity.until)),
            }
        }
        if self.dossier.state.is_granted() {
            put(&mut values, "collegati", json!(self.related()));
        }
        if let Some(place) = ranking::place(self.dossier).filter(|place| place.answer.is_none()) {
            put(&mut values, "accetta_entro", json!(place.until));
            put(&mut values, "parole_posto", json!(self.place_words()));
        }
        let Dossier { number, state, life, cover, .. } = self.dossier;
        if life.rating.is_none() && !cover.reserved && *state != State::TrasmessaAltroEnte {
            let row = |stars: u8| {
                let words = rating::words(stars, number, None);
                json!({ "voto": stars.to_string(), "collegamento": mailto(&self.desk.entity.pec, &words) })
            };
            put(&mut values, "voti", json!((1..=rating::STARS_MAX).map(row).collect::<Vec<_>>()));
        }
        self.dossier
            .parties
            .iter()
            .map(|to| {
                let mut values = values.clone();
                if !self.dossier.was_asked_by(to) {
                    let told = format!("abbiamo deciso nella pratica che ti riguarda. L'esito: {}.", state.words());
                    put(&mut values, "decisione", json!(told));
                    put(&mut values, "interessato", json!(true));
                    // What was granted, and how asking went, are who asked's.
                    let own = ["vale_fino_al", "rate", "collegati", "voti", "accetta_entro", "parole_posto"];
                    values.as_object_mut().map(|given| own.map(|name| given.remove(name)));
                }
                self.letter(Language::It, "esito", values, to)
            })
            .collect()
    }

    /// The words with which a place is taken or given up, each with its mail ready.
    fn place_words(&self) -> Vec<Value> {
        let word = |answer: Answer| {
            let words = format!("{} {}", answer.word(), check::shown(&self.dossier.number));
            let link = mailto(&self.desk.entity.pec, &words);
            json!({ "scrivi": words, "collegamento": link })
        };
        [Answer::Taken, Answer::GivenUp].map(word).to_vec()
    }

    /// Where the request stands in its ranking.
    pub(crate) fn ranked(&self, position: u32, points: &[String]) -> Result<Vec<Outgoing>, Reason> {
        let mut values = self.values("Se tocca a te ti scriviamo, e ti diciamo entro quando devi accettare il posto.");
        put(&mut values, "posizione", json!(position));
        if !points.is_empty() {
            put(&mut values, "note", json!(points));
        }
        self.write("posizione-graduatoria", &values, usize::MAX)
    }

    /// What was said of a place, to every party: who did not say it hears of it.
    pub(crate) fn placed(&self, answer: Answer) -> Result<Vec<Outgoing>, Reason> {
        let (what, next) = match answer {
            Answer::Taken => ("Abbiamo registrato che il posto è accettato.", "L'ufficio ti scrive come si comincia."),
            Answer::GivenUp => (
                "Abbiamo registrato la rinuncia al posto.",
                "Il posto può andare a chi segue in graduatoria. Non devi fare altro.",
            ),
        };
        let mut values = self.values(next);
        put(&mut values, "avviso", json!(what));
        self.write("posto-graduatoria", &values, usize::MAX)
    }

    /// Services that go with what was granted: the procedure's file names them, three at most.
    fn related(&self) -> Vec<String> {
        let own = clockwork::procedure_of(self.dossier, self.desk).into_iter();
        own.flat_map(|procedure| self.desk.procedures.related(procedure))
            .map(|one| format!("{}: per sapere come si chiede scrivi nell'oggetto SCHEDA {}", one.title, one.id))
            .collect()
    }

    /// The clause of a late measure: term and time taken (art. 2 c. 9-quinquies).
    fn lateness(&self) -> String {
        // By silence the law has decided in time, and an annulment is another decision than the one that was due.
        if matches!(self.dossier.state, State::AccoltaPerSilenzio | State::AnnullataAutotutela) {
            return String::new();
        }
        let today = rome(self.now).date();
        let Some(due) = self.dossier.due.filter(|due| *due < today) else { return String::new() };
        let between = |from: Date| match from.until(today).map(|span| span.get_days()).unwrap_or_default() {
            1 => "1 giorno".to_string(),
            days => format!("{days} giorni"),
        };
        let (late, taken) = (between(due), between(rome(self.dossier.opened_at).date()));
        let (day, month, year) = (due.day(), month(due), due.year());
        format!("Il termine per decidere finiva in data {day} {month} {year}: abbiamo deciso {late} dopo, in {taken}.")
    }

    /// The applicant has taken the request back: to every party.
    pub(crate) fn withdrawn(&self) -> Result<Vec<Outgoing>, Reason> {
        let values = self.values("La pratica è conclusa. Puoi mandare una richiesta nuova quando vuoi.");
        self.write("ritiro", &values, usize::MAX)
    }

    /// The code with which a citizen confirms a change of delicate data.
    /// To the domicile that was safe before: whoever took over the mailbox that asks must not be the one who confirms.
    pub(crate) fn confirmation(&self, to: &str, changes: &[Changed], code: &str, by: Date) -> Result<Outgoing, Reason> {
        let mut values = self.values("Se confermi, due persone dell'ufficio controllano e ti scriviamo l'esito.");
        changed(&mut values, changes);
        put(&mut values, "codice", json!(code));
        put(&mut values, "conferma_entro", json!(by));
        self.letter(Language::It, "conferma-modifica", values, to)
    }

    /// What happened, in a sentence, to every party: where the procedure's file wants it.
    pub(crate) fn news(&self, template: &str, what: &str, next: &str) -> Result<Vec<Outgoing>, Reason> {
        if self.dossier.parties.is_empty() {
            return Err(Reason::new("no-party", String::from("nel fascicolo non c'è nessuno a cui scrivere")));
        }
        let mut values = self.values(next);
        put(&mut values, "avviso", json!(what));
        self.write(template, &values, usize::MAX)
    }

    /// To an office of others: the reference, what is asked, by when; of who asked, nothing (functions S4.11).
    pub(crate) fn body(
        &self,
        body: &External,
        what: &str,
        asked: &[String],
        procedure: &str,
    ) -> Result<Outgoing, Reason> {
        let mut values = about_us(self.desk, &self.dossier.office);
        put(&mut values, "riferimento", json!(crate::dossier::tag(&self.dossier.number)));
        put(&mut values, "cosa", json!(what));
        put(&mut values, "destinatario", json!(body.title));
        put(&mut values, "procedimento", json!(procedure));
        put(&mut values, "richieste", json!(asked));
        put(&mut values, "giorni", json!(body.days));
        self.letter(Language::It, "richiesta-parere", values, &body.mail)
    }

    /// To the body that is competent: who asked, since when, why, and the messages as they came (L. 241/1990 art. 18-bis c. 2).
    pub(crate) fn hand_over(&self, body: &Body, why: &[String], filed: &[Mailed]) -> Result<Outgoing, Reason> {
        let Dossier { number, parties, opened_at, .. } = self.dossier;
        let mut values = about_us(self.desk, &self.dossier.office);
        put(&mut values, "riferimento", json!(crate::dossier::tag(number)));
        put(&mut values, "destinatario", json!(body.title));
        put(&mut values, "oggetto", json!(self.dossier.title));
        put(&mut values, "presentata_il", json!(opened_at));
        put(&mut values, "scrivi_a", json!(parties));
        put(&mut values, "motivi", json!(why));
        let name = |n: usize| format!("richiesta-{}-{n}.eml", number.replace('/', "-"));
        let enclosed: Vec<Enclosure> = (1..)
            .zip(filed)
            .map(|(n, mailed)| Enclosure::Message { message: mailed.message.clone(), name: name(n) })
            .collect();
        put(&mut values, "in_allegato", json!((1..=enclosed.len()).map(name).collect::<Vec<_>>()));
        let letter = self.letter(Language::It, "trasmissione-ente", values, &body.pec)?;
        Ok(Outgoing { enclosures: enclosed, ..letter })
    }

    /// What is to be paid, how, by when.
    pub(crate) fn payment(&self, fees: &[(String, String)], how: &[String], by: Date) -> Result<Vec<Outgoing>, Reason> {
        let mut values = self.values("Quando il pagamento arriva, l'ufficio va avanti e ti scrive l'esito.");
        let fees: Vec<Value> = fees.iter().map(|(what, much)| json!({ "voce": what, "quanto": much })).collect();
        put(&mut values, "voci", json!(fees));
        put(&mut values, "come_pagare", json!(how));
        put(&mut values, "paga_entro", json!(by));
        self.write("richiesta-pagamento", &values, 1)
    }

    /// What makes the request irregular, and the ways that are open (CAD art. 65). `restarts`: the term begins again afterwards.
    pub(crate) fn irregular(&self, points: &[String], restarts: bool) -> Result<Vec<Outgoing>, Reason> {
        let mut values = self.values("Quando la richiesta è a posto, l'ufficio la esamina e ti scrive l'esito.");
        put(&mut values, "presentata_il", json!(self.dossier.opened_at));
        put(&mut values, "motivi", json!(points));
        put(&mut values, "strade", json!(WAYS));
        put(&mut values, "ricomincia", json!(restarts));
        self.write("richiesta-regolarizzazione", &values, 1)
    }

    /// Somebody writes for another person and the register has no mandate: how to cure it.
    pub(crate) fn mandate_missing(&self) -> Result<Vec<Outgoing>, Reason> {
        let mut values = self.values("Quando la delega è a posto, l'ufficio esamina la richiesta e ti scrive l'esito.");
        put(&mut values, "presentata_il", json!(self.dossier.opened_at));
        put(&mut values, "motivi", json!(["Scrivi per un'altra persona, e non abbiamo la sua delega."]));
        put(&mut values, "strade", json!(MANDATE_WAYS));
        put(&mut values, "ricomincia", json!(false));
        self.write("richiesta-regolarizzazione", &values, 1)
    }

    /// Two months more (GDPR art. 12 par. 3), with the reasons.
    pub(crate) fn extension(&self, points: &[String], until: Date) -> Result<Vec<Outgoing>, Reason> {
        let mut values = self.values("L'ufficio continua a lavorare alla tua richiesta e ti scrive l'esito.");
        put(&mut values, "presentata_il", json!(self.dossier.opened_at));
        put(&mut values, "motivi", json!(points));
        put(&mut values, "nuova_fine", json!(until));
        self.write("proroga", &values, 1)
    }

    /// The code with which the address that asks to be enabled proves that somebody reads it. `late`: the last day of one that
    /// came too late.
    pub(crate) fn enabling(
        &self,
        to: &str,
        person: &str,
        code: &str,
        by: Date,
        late: Option<Date>,
    ) -> Result<Outgoing, Reason> {
        let mut values =
            self.values("Quando il codice arriva, una persona dell'ufficio controlla e ti scrive l'esito.");
        put(&mut values, "casella", json!(to));
        put(&mut values, "persona", json!(person));
        put(&mut values, "codice", json!(code));
        put(&mut values, "conferma_entro", json!(by));
        if let Some(late) = late {
            put(&mut values, "scaduto_il", json!(late));
        }
        let template = if late.is_some() { "conferma-scaduta" } else { "conferma-abilitazione" };
        self.letter(Language::It, template, values, to)
    }

    /// It came back in time: a person decides now.
    pub(crate) fn enabling_confirmed(&self, to: &str, person: &str) -> Result<Outgoing, Reason> {
        let mut values =
            self.values("Una persona dell'ufficio guarda il tuo documento d'identità e ti scrive l'esito.");
        put(&mut values, "casella", json!(to));
        put(&mut values, "persona", json!(person));
        self.letter(Language::It, "abilitazione-confermata", values, to)
    }

    /// To an address of the person that was safe before: another one counts as theirs from now on.
    pub(crate) fn enabled_elsewhere(&self, to: &str, address: &str) -> Result<Outgoing, Reason> {
        let mut values = self.values("Se non l'hai chiesto tu, rispondi subito a questa Pec: può essere una truffa.");
        put(
            &mut values,
            "avviso",
            json!(format!("è abilitata per te la casella {address}. Da lì si possono chiedere i tuoi dati.")),
        );
        self.letter(Language::It, "avviso-pratica", values, to)
    }

    /// A citizen's own deadline is near.
    pub(crate) fn reminder(&self, words: &str) -> Result<Vec<Outgoing>, Reason> {
        let mut values = self.values("Aspettiamo la tua risposta.");
        put(&mut values, "avviso", json!(words));
        self.write("promemoria", &values, 1)
    }

    /// What was granted is about to end, or a part of it to be paid: to who has asked to hear of it. `renewal`: by what it is renewed.
    pub(crate) fn ending(
        &self,
        to: &str,
        procedure: &Procedure,
        renewal: Option<&Procedure>,
        validity: Validity,
        asked: &Asked,
    ) -> Result<Outgoing, Reason> {
        let Dossier { number, life, state_since, .. } = self.dossier;
        let mut values = about_us(self.desk, &self.dossier.office);
        put(&mut values, "cosa", json!(procedure.title));
        put(&mut values, "fascicolo", json!(check::shown(number)));
        put(&mut values, "accolta_il", json!(rome(life.closed_at.unwrap_or(*state_since)).date()));
        put(&mut values, "scade_il", json!(validity.until));
        put(&mut values, "chiesto_il", json!(asked.day()));
        let Some(rate) = validity.rate else {
            put(&mut values, "rinnovo", json!(renewal.unwrap_or(procedure).title));
            return self.letter(Language::It, "avviso-scadenza", values, to);
        };
        put(&mut values, "rata", json!(format!("{} di {}", rate.n, rate.of)));
        put(&mut values, "come_si_paga", json!(procedure.rates.as_ref().map_or("", |rates| rates.pay.as_str())));
        self.letter(Language::It, "avviso-rata", values, to)
    }

    /// The notice that a procedure has begun, to every party (art. 7, 8): of what the office begins by itself, and of a request
    /// whose receipt a person sends.
    pub(crate) fn start_notice(&self) -> Result<Vec<Outgoing>, Reason> {
        self.start_notice_saying(None)
    }

    /// The same, of a procedure that takes the place of another: `why` tells so.
    pub(crate) fn start_notice_saying(&self, why: Option<&str>) -> Result<Vec<Outgoing>, Reason> {
        let Self { dossier, desk, .. } = *self;
        let late = clockwork::out_of_time(dossier, desk).map(|why| words::out_of_time(&why, Language::It));
        let next = late.as_deref().unwrap_or("L'ufficio esamina il caso e ti scrive l'esito.");
        let next = why.map_or_else(|| next.to_string(), |why| format!("{why} {next}"));
        let mut values = self.values(&next);
        if dossier.cover.origin.is_empty() {
            put(&mut values, "avviato_il", json!(rome(dossier.opened_at).date()));
        } else {
            put(&mut values, "presentata_il", json!(dossier.opened_at));
        }
        let (days, is_working) = clockwork::term_in_days(dossier).unwrap_or_default();
        put(&mut values, "termine_giorni", json!(days));
        put(&mut values, "giorni_lavorativi", json!(is_working));
        put(
            &mut values,
            "effetto_silenzio",
            json!(words::dated(clockwork::silence_in_words(dossier, desk), dossier.due, Language::It)),
        );
        let is_excluded = clockwork::procedure_of(dossier, desk)
            .is_some_and(|procedure| procedure.participation == Participation::Excluded);
        put(&mut values, "partecipazione_esclusa", json!(is_excluded));
        if !dossier.cover.origin.is_empty() {
            portal(&mut values, &dossier.office, desk);
        }
        self.write("avvio-procedimento", &values, usize::MAX)
    }

    /// A task for an office about the dossier.
    pub(crate) fn task(&self, office: &str, what: &str, facts: &[String], changes: &[Changed]) -> Option<Outgoing> {
        self.task_for(None, office, what, facts, changes)
    }

    /// As [`task`](Self::task), to the mailbox of one of the office's people.
    pub(crate) fn task_for(
        &self,
        person: Option<&Officer>,
        office: &str,
        what: &str,
        facts: &[String],
        changes: &[Changed],
    ) -> Option<Outgoing> {
        let reader = match person {
            Some(person) => Author { office, name: &person.name, role: &person.role },
            None => Author::shared(office, self.desk),
        };
        let mut values = about_us(self.desk, office);
        about_case(&mut values, self.dossier, Language::It, self.desk);
        put(&mut values, "riferimento", json!(answers::reference(Object::Dossier(self.dossier), office, self.desk)));
        put(&mut values, "cosa", json!(what));
        put(&mut values, "perche", json!(facts));
        let object = Object::Dossier(self.dossier);
        offered(&mut values, object, object.message(), reader, self.people, self.desk, self.now);
        changed(&mut values, changes);
        let number = &self.dossier.number;
        let ways = [
            format!("sportello dossier show {number}: tutto quello che c'è nel fascicolo."),
            format!("sportello deadline explain {number}: come è contato il termine."),
        ];
        let decider =
            answers::who_decides(object, reader, self.people, self.desk, self.now).map(|who| format!("{who}."));
        put(&mut values, "come_rispondere", json!(decider.into_iter().chain(ways).collect::<Vec<_>>()));
        put(&mut values, "originale", json!(format!("fascicolo {number}")));
        let task = to_office("compito-pratica", values, office, Some(number.clone()), false, &self.known(), self.desk)?;
        let to = person.map_or_else(|| task.to.clone(), |person| person.mail.clone());
        // Two offices may share a mailbox, and one may hear of two things at once: each is an effect of its own.
        let effect = format!("{}/{office}/{what}", task.template);
        let id = self.desk.key.effect_id(self.cause, &effect, &to, 0);
        Some(Outgoing { message_id: EffectKey::message_id(&id, &self.desk.domain()), id, to, ..task })
    }
}

/// Where the office's requests are made too: whoever wrote by PEC learns it, and need not write again (functions S2.07).
pub(super) fn portal(values: &mut Value, office: &str, desk: &Desk) {
    given(values, "portale", desk.rules.office(office).map_or("", |office| office.portal.as_str()));
}

fn changed(values: &mut Value, changes: &[Changed]) {
    let shown: Vec<Value> =
        changes.iter().map(|(what, old, new)| json!({ "dato": what, "prima": old, "dopo": new })).collect();
    if !shown.is_empty() {
        put(values, "modifiche", json!(shown));
    }
}

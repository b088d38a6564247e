//! The canary: a letter of the body to itself, once a day, whose return proves the whole way. It changes with what the letter
//! says, or with what counts as its return.
//!
//! Silence elsewhere proves nothing: a mailbox that is read and stays empty looks like one to which nothing arrives any more.

use crate::address;
use crate::calendar::month;
use crate::decide::only;
use crate::decision::{Change, Decision, Disposition, Lane, Outgoing, Reason};
use crate::desk::Desk;
use crate::effect::EffectKey;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use jiff::civil::Date;
use pec::{Content, Daticert, Sending};

/// Its name where others have that of their template. No file has it: nobody can send one by a rule.
pub const NAME: &str = "canarino";

/// What is known of a canary that is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// Its item.
    pub item: String,
    /// Of which day.
    pub day: Date,
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// What it says.
    pub text: String,
    /// What its receipts are held against: the PEC ids that our provider gave it, as far as they are here.
    pub sending: Sending,
}

/// The canary of a day to one of our mailboxes: its ids come from both alone, so it can never become two.
#[must_use]
pub fn letter(to: &str, day: Date, desk: &Desk) -> Outgoing {
    let id = desk.key.effect_id(&format!("{NAME}/{day}"), NAME, to, 0);
    Outgoing {
        message_id: EffectKey::message_id(&id, &desk.domain()),
        id,
        lane: Lane::Pec,
        from: desk.entity.pec.clone(),
        to: String::from(to),
        template: String::from(NAME),
        dossier: None,
        references: vec![],
        with_original: false,
        enclosures: vec![],
        language: Default::default(),
        subject: format!("Canarino di Sportello, {} {} {}", day.day(), month(day), day.year()),
        text: String::from(
            "Questa Pec la scrive Sportello alla propria casella, una volta al giorno: se torna, la casella spedisce e riceve.\n\
             Se non torna, chi gestisce Sportello riceve un allarme per un'altra strada.\n\
             \n\
             Nessuno deve fare niente: non si protocolla e non si risponde.\n",
        ),
    }
}

/// The decision on an envelope in which a canary came home. `None`: it is not that one, whatever ids it bears.
///
/// The envelope is proven by its provider's signature before this is asked. That it carries what we wrote, from us and to us,
/// and is the one which our provider accepted, is asked here. A stranger who copies the Message-ID has another sender; whoever
/// writes from our own webmail has other words, or another PEC id.
pub(crate) fn came_back(daticert: &Daticert, message: &Content, canary: Option<&Canary>) -> Option<Decision> {
    let canary = canary?;
    let is_to = |to: &str| daticert.destinatari.iter().any(|listed| address::same(&listed.address, to));
    let is_ours = address::same(&daticert.mittente, &canary.from) && is_to(&canary.to);
    let is_accepted = canary.sending.may_bear(&daticert.identificativo);
    // Word by word: lines may have been broken otherwise on the way.
    let is_what_we_wrote = message.text.split_whitespace().eq(canary.text.split_whitespace());
    if !(is_ours && is_accepted && is_what_we_wrote) {
        return None;
    }
    let why = format!("è tornato il canarino del {}: la casella spedisce e riceve", canary.day);
    let changes = vec![Change::CanaryBack { item: canary.item.clone() }];
    Some(Decision { changes, ..only(Disposition::Noted { why: why.clone() }, vec![Reason::new("canary", why)]) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use pec::Destinatario;
    use pec::wire::{Errore, Tipo};

    /// Everything that must agree, and each of it alone in disagreement.
    #[test]
    fn only_what_we_wrote_from_us_to_us_has_come_home() {
        let canary = |pec_ids: &[&str]| Canary {
            item: "a".into(),
            day: Date::constant(2026, 2, 3),
            from: "ente@pec.example".into(),
            to: "urp@pec.example".into(),
            text: "Una riga, e\nun'altra.\n".into(),
            sending: Sending { pec_ids: pec_ids.iter().map(|id| String::from(*id)).collect(), ..Sending::default() },
        };
        let envelope = |from: &str, to: &str| Daticert {
            tipo: Tipo::PostaCertificata,
            errore: Errore::Nessuno,
            mittente: from.into(),
            destinatari: vec![Destinatario { address: to.into(), esterno: false }],
            risposte: String::new(),
            oggetto: String::new(),
            gestore_emittente: "X".into(),
            data: Timestamp::UNIX_EPOCH,
            identificativo: "p1@gestore.example".into(),
            msgid: None,
            ricevuta: None,
            consegna: None,
            ricezione: vec![],
            errore_esteso: None,
            others: vec![],
            repaired: false,
        };
        let says = |text: &str| Content { text: text.into(), ..Content::default() };
        let ours = envelope("Ente@PEC.example", "urp@pec.example");
        let ours_text = says("Una riga,\r\ne un'altra.");
        for ids in [&[][..], &["p1@gestore.example"], &["p0@gestore.example", "p1@gestore.example"]] {
            let decision = came_back(&ours, &ours_text, Some(&canary(ids))).unwrap();
            assert_eq!(decision.changes, [Change::CanaryBack { item: "a".into() }]);
            assert!(matches!(decision.disposition, Disposition::Noted { .. }) && decision.outgoing.is_empty());
        }
        let is_none = |daticert: &Daticert, message: &Content, canary: Option<&Canary>| {
            assert!(came_back(daticert, message, canary).is_none(), "{daticert:?} {message:?}");
        };
        is_none(&ours, &ours_text, None);
        is_none(&ours, &ours_text, Some(&canary(&["p2@gestore.example"])));
        is_none(&ours, &says("Una riga, e un'altra. E una terza."), Some(&canary(&[])));
        is_none(&envelope("mario@pec.example", "urp@pec.example"), &ours_text, Some(&canary(&[])));
        is_none(&envelope("ente@pec.example", "ente@pec.example"), &ours_text, Some(&canary(&[])));
    }
}

//! The scene: what happens to the mailbox of a small Comune in one morning. All names are invented.

use super::circuit::{ENTITY, World};
use super::office;
use crate::caseload::Deed;
use crate::store::Overview;
use casework::act::{Act, Order};
use casework::participation::Weight;
use casework::receipts::Fact;
use casework::verb::Verb;
use gestore::{Error, Mail, Timestamp, forge};

/// One message of the scene.
pub(super) struct Step {
    /// Stable name, kept by `--keep`.
    pub(super) name: &'static str,
    /// What happens, in Italian.
    pub(super) title: &'static str,
    /// Makes it happen.
    pub(super) play: Play,
}

/// Who does something.
pub(super) enum Play {
    /// Somebody writes.
    Mail(fn(&World, &Overview) -> Result<(), Error>),
    /// An office works on a dossier.
    Office(fn(&Overview) -> Vec<Deed>),
}

const ANNA: &str = "anna.bianchi@cittadini.test";
const MARIO: &str = "mario.rossi@cittadini.test";
const CF_ANNA: &str = "BNCNNA80A41H501R";
const CF_MARIO: &str = "RSSMRA80A01H501U";
/// The attachment of a citizen who sends a scan of everything.
const LARGE_BYTES: usize = 20 * 1024 * 1024;

/// In order.
pub(super) const STEPS: &[Step] = &[
    Step { name: "variazione", title: "Anna Bianchi dichiara il cambio di residenza", play: Play::Mail(data_change) },
    Step {
        name: "memorie",
        title: "Anna presenta osservazioni citando il numero del fascicolo",
        play: Play::Mail(participation),
    },
    Step { name: "stato", title: "Anna chiede a che punto è la pratica", play: Play::Mail(status_enquiry) },
    Step {
        name: "conversazione",
        title: "Anna risponde alla nostra ricevuta con un documento, senza citare il numero",
        play: Play::Mail(reply_in_thread),
    },
    Step {
        name: "estraneo",
        title: "Uno sconosciuto chiede notizie del fascicolo di Anna",
        play: Play::Mail(stranger),
    },
    Step {
        name: "incompleta",
        title: "Mario Rossi cambia residenza e dimentica il codice fiscale",
        play: Play::Mail(incomplete),
    },
    Step {
        name: "maiuscole",
        title: "UN MESSAGGIO TUTTO IN MAIUSCOLE, con la busta manomessa",
        play: Play::Mail(forged_capitals),
    },
    Step { name: "anomalia", title: "Una email normale arriva in busta di anomalia", play: Play::Mail(anomaly) },
    Step { name: "finta-pec", title: "Una email normale con intestazioni Pec finte", play: Play::Mail(fake_headers) },
    Step { name: "fattura", title: "Un fornitore manda una fattura per Pec", play: Play::Mail(invoice) },
    Step {
        name: "segnatura",
        title: "Un'altra amministrazione scrive, con Segnatura.xml",
        play: Play::Mail(other_body),
    },
    Step {
        name: "risponditore",
        title: "Il risponditore automatico di Anna risponde a noi",
        play: Play::Mail(autoresponder),
    },
    Step { name: "due-volte", title: "Lo stesso messaggio arriva due volte, identico", play: Play::Mail(twice) },
    Step {
        name: "ritrasmessa",
        title: "La stessa busta certificata torna con altre intestazioni",
        play: Play::Mail(redelivered),
    },
    Step {
        name: "ricevuta-finta",
        title: "Una «ricevuta di consegna» senza firma",
        play: Play::Mail(unsigned_receipt),
    },
    Step { name: "grande", title: "Un'istanza con un allegato da 20 MB", play: Play::Mail(large) },
    Step { name: "pubblicita", title: "Pubblicità per Pec", play: Play::Mail(spam) },
    Step {
        name: "casella-morta",
        title: "Un'istanza da una casella che poi non riceve",
        play: Play::Mail(dead_mailbox),
    },
    Step {
        name: "lavora",
        title: "ATTO SECONDO. L'ufficio anagrafe prende in carico la pratica di Anna e chiede il contratto",
        play: Play::Office(ask_lease),
    },
    Step { name: "contratto", title: "Anna manda il contratto: il termine riparte", play: Play::Mail(lease) },
    Step {
        name: "troppo-presto",
        title: "L'ufficio prova ad accogliere, ma le osservazioni di Anna non sono valutate",
        play: Play::Office(too_early),
    },
    Step {
        name: "valuta",
        title: "L'ufficio valuta le osservazioni e la conferma di Anna; due persone approvano la modifica",
        play: Play::Office(weigh_and_approve),
    },
    Step {
        name: "accolta",
        title: "L'ufficio accoglie: l'esito dice com'erano i dati e come sono",
        play: Play::Office(grant),
    },
    Step {
        name: "preavviso",
        title: "L'ufficio Suap annuncia il rifiuto del dehors (articolo 10-bis)",
        play: Play::Office(announce),
    },
    Step { name: "osservazioni", title: "Il bar risponde al preavviso", play: Play::Mail(observations) },
    Step {
        name: "bloccato",
        title: "Il rifiuto è bloccato finché le osservazioni non sono valutate",
        play: Play::Office(refuse),
    },
    Step {
        name: "respinta",
        title: "Valutate le osservazioni, la decisione può partire e le riporta",
        play: Play::Office(weigh_and_refuse),
    },
    Step {
        name: "atti",
        title: "ATTO TERZO. Sara Blu chiede di vedere gli atti di una pratica edilizia",
        play: Play::Mail(office::asks),
    },
    Step {
        name: "ricevuta",
        title: "L'ufficio risponde al compito per posta: MANDO LA RICEVUTA",
        play: Play::Mail(office::registers),
    },
    Step { name: "prende", title: "Poi, rispondendo alla risposta: PRENDO IN CARICO", play: Play::Mail(office::takes) },
    Step {
        name: "tardi",
        title: "Una collega risponde allo stesso compito: arriva seconda, e lo sa",
        play: Play::Mail(office::comes_second),
    },
    Step {
        name: "impostore",
        title: "Qualcuno scrive con l'indirizzo dell'ufficio: il server non lo garantisce",
        play: Play::Mail(office::is_forged),
    },
    Step {
        name: "non-decide",
        title: "Dalla casella comune non si decide: l'ordine non è eseguito, e si legge perché",
        play: Play::Mail(office::may_not),
    },
    Step {
        name: "accoglie",
        title: "Paolo Gialli, responsabile, accoglie dalla sua casella",
        play: Play::Mail(office::grants),
    },
    Step {
        name: "ignota",
        title: "Sara scrive qualcosa che nessuna regola riconosce: la legge una persona",
        play: Play::Mail(office::writes_of_a_magpie),
    },
    Step {
        name: "apre",
        title: "Chi smista la posta le apre la pratica, per posta: APRI PRATICA. Le regole imparano",
        play: Play::Mail(office::opens),
    },
    Step {
        name: "promemoria",
        title: "Una pratica aperta 27 giorni fa: il tempo ricorda all'ufficio che ne mancano 3",
        play: Play::Office(office::nearly_due),
    },
    Step {
        name: "scaduta",
        title: "Una pratica aperta 50 giorni fa: è scaduta, tocca a chi ha il potere sostitutivo",
        play: Play::Office(office::overdue),
    },
    Step {
        name: "sconosciuta",
        title: "Sara chiede I MIEI DATI da una Pec di cui l'ufficio non sa niente: legge come farsi riconoscere",
        play: Play::Mail(office::asks_for_data),
    },
    Step {
        name: "abilitata",
        title: "L'ufficio trova in INAD che quella Pec è il domicilio digitale di Sara",
        play: Play::Office(office::enables),
    },
    Step {
        name: "dati",
        title: "Sara chiede di nuovo I MIEI DATI: li riceve, con il foglio in Pdf",
        play: Play::Mail(office::asks_again),
    },
    Step {
        name: "pratiche",
        title: "Sara scrive LE MIE PRATICHE: l'elenco, aperte e concluse",
        play: Play::Mail(office::asks_for_list),
    },
    Step {
        name: "carta",
        title: "Una comunicazione di avvio non si può consegnare: diventa un compito, spedire su carta",
        play: Play::Office(office::not_delivered),
    },
];

pub(super) fn from(address: &str, name: &str) -> Mail {
    Mail::new(address).display_name(name).to(ENTITY)
}

fn data_change(world: &World, _: &Overview) -> Result<(), Error> {
    let text = format!(
        "Buongiorno,\nmi sono trasferita in via delle Rose 10, interno 3.\nCodice fiscale: {CF_ANNA}\n\nCordiali saluti\nAnna Bianchi\n"
    );
    let mail = from(ANNA, "Anna Bianchi")
        .subject("Dichiarazione di cambio di residenza")
        .text(&text)
        .attach("dichiarazione_residenza.pdf", "application/pdf", b"%PDF-1.4 finto\n")
        .attach("carta_identita.pdf", "application/pdf", b"%PDF-1.4 finta\n");
    world.send(&mail).map(drop)
}

fn participation(world: &World, so_far: &Overview) -> Result<(), Error> {
    let subject = format!("Osservazioni - fascicolo {}", first_dossier(so_far));
    let mail = from(ANNA, "Anna Bianchi")
        .subject(&subject)
        .text("Presento le osservazioni allegate: l'interno giusto è il 3.\nAnna Bianchi\n")
        .attach("osservazioni.pdf", "application/pdf", b"%PDF-1.4 finte\n");
    world.send(&mail).map(drop)
}

fn status_enquiry(world: &World, so_far: &Overview) -> Result<(), Error> {
    let mail = from(ANNA, "Anna Bianchi")
        .subject(&format!("A che punto è la pratica {}?", first_dossier(so_far)))
        .text("Buongiorno, vorrei sapere a che punto è la pratica.\nGrazie\n");
    world.send(&mail).map(drop)
}

fn reply_in_thread(world: &World, so_far: &Overview) -> Result<(), Error> {
    let mail = from(ANNA, "Anna Bianchi")
        .subject("Re: la vostra ricevuta")
        .header("In-Reply-To", &reply_to(so_far, ANNA))
        .text("Allego la ricevuta della raccolta rifiuti, può servire come documentazione integrativa.\n\nIl giorno lunedì il Comune di Prova ha scritto:\n> Abbiamo ricevuto la tua richiesta.\n")
        .attach("rifiuti.pdf", "application/pdf", b"%PDF-1.4 finta\n");
    world.send(&mail).map(drop)
}

fn stranger(world: &World, so_far: &Overview) -> Result<(), Error> {
    let mail = from("curioso@imprese.test", "Carlo Curioso")
        .subject(&format!("Stato della pratica {}", first_dossier(so_far)))
        .text("Vorrei sapere a che punto è la pratica.\n");
    world.send(&mail).map(drop)
}

fn incomplete(world: &World, _: &Overview) -> Result<(), Error> {
    let mail = from(MARIO, "Mario Rossi")
        .subject("cambio residenza")
        .text("ciao, ho cambiato casa, adesso sto in via Po 4. Mario\n");
    world.send(&mail).map(drop)
}

fn forged_capitals(world: &World, _: &Overview) -> Result<(), Error> {
    let mail = from(MARIO, "Mario Rossi")
        .subject("CAMBIO IBAN URGENTE")
        .text("VERSATE IL CONTRIBUTO SUL NUOVO CONTO IT60X0542811101000000123456.\n");
    let composed = mail.compose(Timestamp::now())?;
    // Sealed by the provider, then changed on the way: one digit of the account.
    let sealed = world.envelope(&composed)?;
    world.circuit.drop_raw(ENTITY, &forge::with_bytes(&sealed, b"000000123456", b"000000654321")).map(drop)
}

fn anomaly(world: &World, _: &Overview) -> Result<(), Error> {
    let mail = from("luisa@posta.example", "Luisa")
        .subject("Informazioni sulla mensa")
        .text("Come iscrivo mio figlio alla mensa?\n");
    world.send(&mail).map(drop)
}

fn fake_headers(world: &World, _: &Overview) -> Result<(), Error> {
    let daticert = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><postacert tipo=\"posta-certificata\" errore=\"nessuno\"><intestazione><mittente>{ANNA}</mittente></intestazione></postacert>"
    );
    let mail = from(ANNA, "Per conto di: anna")
        .subject("POSTA CERTIFICATA: cambio IBAN")
        .text("Cambiate il mio IBAN, subito.\n");
    let dressed = forge::ordinary_dressed_as_pec(mail, ("X-Trasporto", "posta-certificata"), daticert.as_bytes());
    world.circuit.drop_raw(ENTITY, &dressed.compose(Timestamp::now())?.raw).map(drop)
}

fn invoice(world: &World, _: &Overview) -> Result<(), Error> {
    let mail = from("amministrazione@imprese.test", "Ferramenta Prova S.n.c.")
        .subject("Invio fattura n. 12")
        .text("In allegato la fattura elettronica.\n")
        .attach("IT01234567890_00001.xml.p7m", "application/octet-stream", b"finta");
    world.send(&mail).map(drop)
}

fn other_body(world: &World, _: &Overview) -> Result<(), Error> {
    let mail = from("protocollo@amministrazioni.test", "Provincia di Prova")
        .subject("Trasmissione circolare n. 5")
        .text("Si trasmette la circolare in oggetto.\n")
        .attach("Segnatura.xml", "application/xml", b"<Segnatura versione=\"2001-05-07\"><Intestazione/></Segnatura>")
        .attach("circolare.pdf", "application/pdf", b"%PDF-1.4 finta\n");
    world.send(&mail).map(drop)
}

fn autoresponder(world: &World, so_far: &Overview) -> Result<(), Error> {
    let mail = from(ANNA, "Anna Bianchi")
        .subject("Risposta automatica: sono in ferie")
        .header("Auto-Submitted", "auto-replied (vacation)")
        .header("In-Reply-To", &reply_to(so_far, ANNA))
        .text("Sono in ferie fino al 30.\n");
    world.send(&mail).map(drop)
}

fn twice(world: &World, _: &Overview) -> Result<(), Error> {
    world.circuit.drop_raw(ENTITY, &world.first_received_like(b"X-Trasporto: posta-certificata")?).map(drop)
}

fn redelivered(world: &World, _: &Overview) -> Result<(), Error> {
    let first = world.first_received_like(b"X-Trasporto: posta-certificata")?;
    world.circuit.drop_raw(ENTITY, &forge::with_header(&first, "X-Passato-Da", "un altro server")).map(drop)
}

fn unsigned_receipt(world: &World, _: &Overview) -> Result<(), Error> {
    let receipt = world.first_received_like(b"X-Ricevuta: avvenuta-consegna")?;
    let unsigned = forge::unsigned(&receipt).ok_or_else(|| Error::State("la ricevuta non è firmata".into()))?;
    world.circuit.drop_raw(ENTITY, &unsigned).map(drop)
}

fn large(world: &World, _: &Overview) -> Result<(), Error> {
    // Bytes that base64 cannot compress away and no program recognises: a scanned plan is like that.
    let scan: Vec<u8> = (0..LARGE_BYTES as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let text = format!("Il sottoscritto chiede la concessione per un dehors davanti al bar.\nC.F. {CF_MARIO}\n");
    let mail = from("bar.centrale@imprese.test", "Bar Centrale")
        .subject("Istanza di occupazione di suolo pubblico per dehors")
        .text(&text)
        .attach("planimetria.tif", "image/tiff", &scan);
    world.send(&mail).map(drop)
}

fn spam(world: &World, _: &Overview) -> Result<(), Error> {
    let mail = from("offerte@imprese.test", "Toner Prova")
        .subject("Offerta imperdibile: toner scontato del 50%")
        .text("Solo per oggi sconti sui toner. Per non ricevere più le nostre offerte rispondete CANCELLA.\n");
    world.send(&mail).map(drop)
}

fn dead_mailbox(world: &World, _: &Overview) -> Result<(), Error> {
    let text = format!("Chiedo il cambio di residenza: ora abito in via Adige 1. Codice fiscale {CF_MARIO}\n");
    let mail = from("mancata-consegna@cittadini.test", "Mario Rossi").subject("Cambio di residenza").text(&text);
    world.send(&mail).map(drop)
}

/// The dossier of the bar, which is the first of its office.
fn of_the_bar(so_far: &Overview) -> String {
    so_far.dossiers.iter().find(|d| d.office == "suap").map(|d| d.number.clone()).unwrap_or_default()
}

/// Something that somebody of an office does.
fn deed(dossier: &str, office: &str, by: &str, act: Act) -> Deed {
    let order = Order::new(dossier, act, by, office, "responsabile");
    Deed::Act { order }
}

fn verb(verb: Verb, points: &[&str]) -> Act {
    Act::Do {
        verb,
        points: points.iter().map(|point| (*point).into()).collect(),
        to: String::new(),
        not_held: true,
        again: String::new(),
    }
}

fn ask_lease(so_far: &Overview) -> Vec<Deed> {
    let anna = first_dossier(so_far);
    vec![
        deed(&anna, "anagrafe", "Ada Neri", verb(Verb::Prendi, &[])),
        deed(&anna, "anagrafe", "Ada Neri", verb(Verb::ChiediIntegrazione, &["Copia del contratto di affitto"])),
    ]
}

fn lease(world: &World, so_far: &Overview) -> Result<(), Error> {
    let mail = from(ANNA, "Anna Bianchi")
        .subject(&format!("Re: Manca qualcosa nella tua richiesta [Fascicolo {}]", first_dossier(so_far)))
        .header("In-Reply-To", &reply_to(so_far, ANNA))
        .text("Invio la documentazione integrativa richiesta: il contratto di affitto è in allegato.\nAnna Bianchi\n")
        .attach("contratto.pdf", "application/pdf", b"%PDF-1.4 finto\n");
    world.send(&mail).map(drop)
}

fn too_early(so_far: &Overview) -> Vec<Deed> {
    vec![deed(&first_dossier(so_far), "anagrafe", "Ada Neri", verb(Verb::Accogli, &["I requisiti ci sono."]))]
}

fn weigh_and_approve(so_far: &Overview) -> Vec<Deed> {
    let anna = first_dossier(so_far);
    let evidence = so_far.messages.first().map(|message| message.digest.clone()).unwrap_or_default();
    let how = "l'interno è il 3, come risulta dal contratto.".into();
    vec![
        deed(&anna, "anagrafe", "Ada Neri", Act::Weigh { filing: 1, weight: Weight::Accolta, how }),
        deed(&anna, "anagrafe", "Ada Neri", Act::ConfirmInPerson { change: 1, evidence }),
        deed(&anna, "anagrafe", "Ada Neri", Act::Approve { change: 1 }),
        deed(&anna, "anagrafe", "Ada Neri", Act::Approve { change: 1 }),
        deed(&anna, "anagrafe", "Bruno Conti", Act::Approve { change: 1 }),
    ]
}

fn grant(so_far: &Overview) -> Vec<Deed> {
    let points = ["La casa risulta abitata e il contratto è registrato."];
    vec![deed(&first_dossier(so_far), "anagrafe", "Ada Neri", verb(Verb::Accogli, &points))]
}

fn announce(so_far: &Overview) -> Vec<Deed> {
    let bar = of_the_bar(so_far);
    vec![
        deed(&bar, "suap", "Ugo Verdi", verb(Verb::Prendi, &[])),
        deed(&bar, "suap", "Ugo Verdi", verb(Verb::PreavvisoDiniego, &["Il marciapiede è largo meno di due metri."])),
    ]
}

fn observations(world: &World, so_far: &Overview) -> Result<(), Error> {
    let mail = from("bar.centrale@imprese.test", "Bar Centrale")
        .subject(&format!("Osservazioni - fascicolo {}", of_the_bar(so_far)))
        .header("In-Reply-To", &reply_to(so_far, "bar.centrale@imprese.test"))
        .text("Presento osservazioni al preavviso: davanti al bar il marciapiede è largo tre metri.\nBar Centrale\n")
        .attach("misure.pdf", "application/pdf", b"%PDF-1.4 finte\n");
    world.send(&mail).map(drop)
}

fn refusal() -> Act {
    verb(Verb::Respingi, &["Il marciapiede è largo meno di due metri per metà della sua lunghezza."])
}

fn refuse(so_far: &Overview) -> Vec<Deed> {
    vec![deed(&of_the_bar(so_far), "suap", "Ugo Verdi", refusal())]
}

fn weigh_and_refuse(so_far: &Overview) -> Vec<Deed> {
    let bar = of_the_bar(so_far);
    let how = "davanti alla porta è largo tre metri, davanti alle vetrine no.".into();
    vec![
        deed(&bar, "suap", "Ugo Verdi", Act::Weigh { filing: 1, weight: Weight::NonAccolta, how }),
        deed(&bar, "suap", "Ugo Verdi", refusal()),
    ]
}

fn first_dossier(so_far: &Overview) -> String {
    so_far.dossiers.first().map(|d| d.number.clone()).unwrap_or_default()
}

/// The id which a citizen's mail program saw on our first letter: the PEC id, not the Message-ID that we chose. That one
/// stands in for it when a run was killed while the letter was leaving.
fn reply_to(so_far: &Overview, who: &str) -> String {
    let Some(letter) = so_far.items.iter().find(|i| i.outgoing.to == who) else { return String::new() };
    let seen = letter.facts.iter().find_map(|f| match f {
        Fact::Accepted { pec_id, .. } => Some(format!("<{pec_id}>")),
        _ => None,
    });
    seen.unwrap_or_else(|| letter.outgoing.message_id.clone())
}

impl World {
    /// The transport envelope of a mail, as it would reach the entity.
    fn envelope(&self, mail: &gestore::Composed) -> Result<Vec<u8>, Error> {
        let plot = self.circuit.network().carry(&mail.mail_from, &mail.rcpt_to, &mail.raw, Timestamp::now())?;
        let to_us = plot.legs.into_iter().map(|leg| leg.letter).find(|letter| letter.to == ENTITY);
        to_us.map(|letter| letter.raw).ok_or_else(|| Error::State("nessuna busta per l'ente".into()))
    }

    /// The first message received whose headers hold `mark`.
    fn first_received_like(&self, mark: &[u8]) -> Result<Vec<u8>, Error> {
        let found = self.received()?.into_iter().find(|raw| raw.windows(mark.len()).take(4096).any(|w| w == mark));
        found.ok_or_else(|| Error::State("nessun messaggio di quel tipo è ancora arrivato".into()))
    }
}

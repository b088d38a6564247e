//! Changes when what the IMAP watcher or one submission promise against real servers changes; the rest of the service is
//! not here.

use super::world::{OFFICE, TASKS, World, citizen, runtime};
use crate::support::DEADLINE;
use sportello::intake::cursor::Cursor;
use sportello::intake::imap::{self, CursorStore, Event};
use sportello::intake::{Delivery, Filed, Place};
use sportello::submit::{
    Attachment, AutoSubmitted, HeaderText, Letter, Line, MessageId, Outcome, Party, Security, SmtpSettings,
    TipoRicevuta, compose, probe,
};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, watch};

/// A letter with everything in it that a server could spoil.
fn letter(to: &str, n: usize) -> Letter {
    let id = |id: &str| MessageId::new(id).unwrap();
    Letter {
        from: Party { name: Some(HeaderText::new("Comune di Ente, àèì \"x\"")), address: OFFICE.into() },
        to: Party { name: None, address: to.into() },
        subject: HeaderText::new("Perché no? Ricevuta"),
        date: jiff::Timestamp::now(),
        message_id: id(&format!("<v1.{n}@ente.test>")),
        in_reply_to: Some(id("<a@b.test>")),
        references: vec![id("<a@b.test>")],
        reply_to: None,
        auto_submitted: Some(AutoSubmitted::Replied),
        tipo_ricevuta: Some(TipoRicevuta::Completa),
        extra: vec![],
        body: "Gentile,\n.\n..\nFrom me, è così\n  \n".into(),
        attachments: vec![Attachment {
            name: HeaderText::new("è un atto.pdf"),
            media_type: "application/pdf".into(),
            bytes: vec![0, 255, 13, 10, 46],
        }],
    }
}

/// Both doors, and every way in which an administrator can get one wrong: each is said, none is a panic or a hang.
#[test]
fn a_probe_says_what_is_wrong() {
    let Some(world) = World::up() else { return };
    let good = world.smtp(OFFICE, Security::Implicit);
    let closed = 9;
    let smtp = |settings| runtime().block_on(probe(&settings));
    assert!(smtp(good.clone()).unwrap().tls.contains("TLSv1_3"));
    assert!(smtp(world.smtp(OFFICE, Security::StartTls)).unwrap().size_max.is_some());
    let crossed = world.smtp(OFFICE, Security::StartTls).port;
    for (wrong, said) in [
        (SmtpSettings { ca_file: None, ..good.clone() }, "cifrata"),
        (SmtpSettings { server_name: Some("altro.test".into()), ..good.clone() }, "cifrata"),
        (SmtpSettings { port: crossed, ..good.clone() }, "cifrata"),
        (SmtpSettings { port: closed, ..good.clone() }, "non è raggiungibile"),
        (SmtpSettings { password: sportello::secret::Secret::new("no"), ..good.clone() }, "535"),
    ] {
        let why = smtp(wrong).unwrap_err();
        assert!(why.contains(said), "{why}");
    }
    let good = world.imap(OFFICE);
    let imap = |settings| runtime().block_on(imap::probe(&settings)).map_err(|trouble| trouble.to_string());
    let report = imap(good.clone()).unwrap();
    assert!(report.idle && report.can_move && report.uidvalidity.is_some(), "{report:?}");
    for (wrong, said) in [
        (imap::Settings { ca_file: None, ..good.clone() }, "certificat"),
        (imap::Settings { folder: "Nessuna".into(), ..good.clone() }, "Nessuna"),
        (imap::Settings { port: closed, ..good.clone() }, "raggiung"),
        (imap::Settings { password: sportello::secret::Secret::new("è sbagliata"), ..good.clone() }, "password"),
    ] {
        let why = imap(wrong).unwrap_err();
        assert!(why.contains(said), "{why}");
    }
}

/// What is frozen is what the provider seals, byte for byte; what may not leave does not.
#[test]
fn a_submission_is_exact_or_is_none() {
    let Some(world) = World::up() else { return };
    let runtime = runtime();
    let mut anna = Watch::on(&runtime, world.imap(&citizen(0)), Memory::default());
    for (n, security) in [Security::Implicit, Security::StartTls].into_iter().enumerate() {
        let bytes = compose(&letter(&citizen(0), n)).unwrap();
        let gates = Arc::new(Mutex::new(0));
        let gate = || {
            *gates.lock().unwrap() += 1;
            async { Ok(()) }
        };
        let line = Line::new(world.smtp(OFFICE, security));
        let outcome = runtime.block_on(line.attempt(OFFICE, &citizen(0), &bytes, gate));
        assert!(matches!(outcome, Outcome::Taken { .. }), "{outcome:?}");
        assert_eq!(*gates.lock().unwrap(), 1);
        let (_, raw) = anna.next(&runtime);
        let body = &bytes[bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap()..];
        assert!(raw.windows(body.len()).any(|w| w == body), "the body is not in the envelope as it was frozen");
    }
    let bytes = compose(&letter(&citizen(0), 9)).unwrap();
    let send = |settings, from: &str| {
        runtime.block_on(Line::new(settings).attempt(from, &citizen(0), &bytes, || async { Ok(()) }))
    };
    let good = world.smtp(OFFICE, Security::Implicit);
    let stranger = send(good.clone(), TASKS);
    assert!(matches!(stranger, Outcome::LaneStopped { .. } | Outcome::Never { .. }), "{stranger:?}");
    let wrong = SmtpSettings { password: sportello::secret::Secret::new("no"), ..good.clone() };
    assert!(matches!(send(wrong, OFFICE), Outcome::LaneStopped { .. }));
    let line = Line::new(good);
    let full = runtime.block_on(line.attempt(OFFICE, &citizen(0), &bytes, || async { Err("disco pieno".into()) }));
    assert!(matches!(full, Outcome::Later { .. }), "{full:?}");
    // The next letters arrive first, and in order, by one connection: none of the three was delivered.
    for n in 10..13 {
        let bytes = compose(&letter(&citizen(0), n)).unwrap();
        let taken = runtime.block_on(line.attempt(OFFICE, &citizen(0), &bytes, || async { Ok(()) }));
        assert!(matches!(taken, Outcome::Taken { .. }), "{taken:?}");
        let (_, raw) = anna.next(&runtime);
        let id = format!("v1.{n}@ente.test");
        assert!(raw.windows(id.len()).any(|w| w == id.as_bytes()), "another letter was delivered");
    }
}

/// A cursor in memory, which outlives a connection as the store's does.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Option<Cursor>>>);

impl CursorStore for Memory {
    fn load(&mut self) -> Option<Cursor> {
        self.0.lock().unwrap().clone()
    }
    fn save(&mut self, cursor: &Cursor) -> std::io::Result<()> {
        *self.0.lock().unwrap() = Some(cursor.clone());
        Ok(())
    }
}

/// A watcher, and what it hands over.
struct Watch {
    arrivals: mpsc::UnboundedReceiver<(Place, Vec<u8>)>,
    looks: mpsc::UnboundedReceiver<u64>,
    stop: watch::Sender<bool>,
    _spool: tempfile::TempDir,
}

impl Watch {
    fn on(runtime: &tokio::runtime::Runtime, settings: imap::Settings, memory: Memory) -> Self {
        let spool = tempfile::tempdir().unwrap();
        let (stop, stopped) = watch::channel(false);
        let (deliveries, mut delivered) = mpsc::channel::<Delivery>(1);
        let (seen, arrivals) = mpsc::unbounded_channel();
        let (looked, looks) = mpsc::unbounded_channel();
        let report = move |event| {
            if let Event::Looked { kept, .. } = event {
                let _ = looked.send(kept);
            }
        };
        runtime.spawn(imap::watch(settings, memory, deliveries, spool.path().to_owned(), stopped, report));
        runtime.spawn(async move {
            while let Some(Delivery { arrival, done }) = delivered.recv().await {
                let _ = seen.send((arrival.place, std::fs::read(&arrival.spool).unwrap()));
                let _ = done.send(Filed::Kept);
            }
        });
        Self { arrivals, looks, stop, _spool: spool }
    }

    #[track_caller]
    fn next(&mut self, runtime: &tokio::runtime::Runtime) -> (Place, Vec<u8>) {
        let arrival = runtime.block_on(async { tokio::time::timeout(DEADLINE, self.arrivals.recv()).await });
        arrival.expect("a message within the deadline").unwrap()
    }

    /// Waits until looks that came to their end have kept `total` messages, at least one look: their cursor is saved.
    #[track_caller]
    fn kept(&mut self, runtime: &tokio::runtime::Runtime, total: u64) {
        let mut so_far = 0;
        loop {
            let look = runtime.block_on(async { tokio::time::timeout(DEADLINE, self.looks.recv()).await });
            so_far += look.expect("a look within the deadline").unwrap();
            if so_far >= total {
                return;
            }
        }
    }
}

/// A message that is no mail program's: 8 bit bytes, `n` of some text.
fn message(n: usize, lines: usize) -> Vec<u8> {
    let mut raw = format!("From: x@altrove.test\r\nSubject: n {n}\r\n\r\n8 bit ").into_bytes();
    raw.extend_from_slice(&[0xe8, 0xff, b'\r', b'\n']);
    raw.extend("riga lunga riga lunga riga lunga riga lunga\r\n".repeat(lines).bytes());
    raw
}

/// Every message of a folder is had once, byte for byte, whatever becomes of the connection or of the folder.
#[test]
fn a_folder_is_had_whole_and_once() {
    let Some(world) = World::up() else { return };
    let runtime = runtime();
    let user = TASKS;
    let save = |folder: &str, raw: &[u8]| drop(world.doveadm(&["save", "-u", user, "-m", folder], raw));
    world.doveadm(&["mailbox", "create", "-u", user, "Prova"], b"");
    let settings = imap::Settings { folder: "Prova".into(), ..world.imap(user) };
    let memory = Memory::default();
    for n in 0..60 {
        save("Prova", &message(n, 100));
    }
    let mut first = Watch::on(&runtime, settings.clone(), memory.clone());
    for n in 0..60 {
        assert!(first.next(&runtime).1 == message(n, 100), "{n}");
    }
    // One of 30 MB, and a cut connection in the middle of its way, or right after it.
    let big = message(60, 700_000);
    save("Prova", &big);
    assert!(first.next(&runtime).1 == big);
    first.kept(&runtime, 61);
    world.cut_connections(user);
    save("Prova", &message(61, 1));
    assert!(first.next(&runtime).1 == message(61, 1), "after the cut: the new one, and no other again");
    first.kept(&runtime, 1);
    first.stop.send(true).unwrap();

    // Another process, with the cursor of the first: nothing again.
    let mut second = Watch::on(&runtime, settings.clone(), memory.clone());
    second.kept(&runtime, 0);
    assert!(second.arrivals.try_recv().is_err(), "nothing is fetched again");
    // Another folder of the same name: another UIDVALIDITY, and all of it is new (Dovecot's has whole seconds).
    let before = uidvalidity(&world, user);
    world.doveadm(&["mailbox", "delete", "-u", user, "Prova"], b"");
    crate::support::wait("another UIDVALIDITY", || {
        world.doveadm(&["mailbox", "create", "-u", user, "Prova"], b"");
        if uidvalidity(&world, user) != before {
            return Some(());
        }
        world.doveadm(&["mailbox", "delete", "-u", user, "Prova"], b"");
        None
    });
    // Dovecot does not always tell an open connection that its folder is gone; the poll would find out.
    world.doveadm(&["kick", user], b"");
    save("Prova", &message(70, 1));
    save("Prova", &message(71, 1));
    for n in [70, 71] {
        let (place, raw) = second.next(&runtime);
        assert!(raw == message(n, 1), "{place}");
    }
    second.kept(&runtime, 2);
    second.stop.send(true).unwrap();

    // Moved, into a folder that is not there yet and has an awkward name.
    let target = "Lette \"1\"/Ok";
    let moving = imap::Settings { move_to: Some(target.into()), ..settings };
    save("Prova", &message(80, 1));
    let mut third = Watch::on(&runtime, moving, memory);
    assert!(third.next(&runtime).1 == message(80, 1));
    crate::support::wait("the move", || (world.count(user, target) == 1).then_some(()));
    assert_eq!(world.count(user, "Prova"), 2, "only what was kept by the watcher that moves is moved");
}

fn uidvalidity(world: &World, user: &str) -> String {
    world.doveadm(&["mailbox", "status", "-u", user, "uidvalidity", "Prova"], b"")
}

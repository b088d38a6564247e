//! Changes when the mail that is measured with is made or laid up in another way: genuine messages, sealed by the simulated
//! provider, each with its own sender and document, put into a mailbox as files.

use crate::servers::world::World;
use gestore::{Mail, Provider, Submission, Timestamp, forge, state};
use std::fs;
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Whose files Dovecot's are (`tests/servers/up`).
const MAIL_ID: u32 = 20_000;
/// Bytes of an envelope beside its document, about: found by making one.
const MARGIN: usize = 64;

/// What the mail leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A change of residence: a dossier, a task and a reply.
    Requests,
    /// The same with one byte of the sealed part changed: quarantined, a task to look at it.
    Tampered,
}

/// A document that no other message has: bytes that compress badly, as those of a scanned page.
fn document(n: usize, length: usize) -> Vec<u8> {
    let mut state = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut bytes = b"%PDF-1.4\n".to_vec();
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A transport envelope.
fn envelope(provider: &Provider, office: &str, n: usize, document_bytes: usize, now: Timestamp) -> Vec<u8> {
    let from = format!("cittadino-{n:06}@cittadini.test");
    let mail = Mail::new(&from).to(office).subject("Dichiarazione di cambio di residenza");
    let mail = mail.text(&format!("Mi sono trasferita in via delle Rose {n}.\nCodice fiscale: BNCNNA80A41H501R\n"));
    let mail = mail.attach("carta_identita.pdf", "application/pdf", &document(n, document_bytes));
    let mail = mail.compose(now).unwrap();
    match provider.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, now).unwrap() {
        Submission::Accepted { envelope, .. } => envelope.raw,
        Submission::Refused(_) => unreachable!("a plain mail is accepted"),
    }
}

/// How large a document makes an envelope of `bytes`.
fn document_for(provider: &Provider, office: &str, bytes: usize, now: Timestamp) -> usize {
    let bare = envelope(provider, office, 0, 100, now).len();
    // Base64 makes 78 bytes with their line end of 57.
    bytes.saturating_sub(bare + MARGIN) * 57 / 78 + 100
}

/// Lays `count` messages of about `bytes` into the inbox of `office`, and has Dovecot know them. Returns what they hold together.
pub fn lay_up(world: &World, office: &str, kind: Kind, count: usize, bytes: usize) -> u64 {
    let network = state::network(&world.servers.join("gestore")).unwrap();
    // The embedded signer: a signature without a process.
    let provider = network.provider_of("a@cittadini.test").unwrap().clone().repeatable(kind as u64 + 1);
    let now = Timestamp::now();
    let document_bytes = document_for(&provider, office, bytes, now);
    let (local, domain) = office.split_once('@').unwrap();
    let inbox = world.servers.join("mail").join(domain).join(local);
    for part in ["cur", "new", "tmp"] {
        fs::create_dir_all(inbox.join(part)).unwrap();
        chown(inbox.join(part), Some(MAIL_ID), Some(MAIL_ID)).unwrap();
    }
    chown(&inbox, Some(MAIL_ID), Some(MAIL_ID)).unwrap();
    let (next, total) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let one = |n: usize| {
        let mut raw = envelope(&provider, office, n, document_bytes, now);
        if kind == Kind::Tampered {
            raw = forge::with_bytes(&raw, b"via delle Rose", b"via delle Rosa");
        }
        total.fetch_add(raw.len(), Ordering::Relaxed);
        let path: PathBuf = inbox.join("cur").join(format!("{}.M{n:06}P1.misura,S={}:2,", now.as_second(), raw.len()));
        fs::write(&path, &raw).unwrap();
        chown(&path, Some(MAIL_ID), Some(MAIL_ID)).unwrap();
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count {
                        break;
                    }
                    one(n);
                }
            });
        }
    });
    world.doveadm(&["index", "-u", office, "INBOX"], b"");
    assert_eq!(world.count(office, "INBOX"), count, "Dovecot does not know all messages");
    total.into_inner() as u64
}

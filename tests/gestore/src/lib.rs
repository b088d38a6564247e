//! Changes when the map of the simulated provider changes: what modules there are and what each is for.
//!
//! `gestore` plays every certified-mail provider (*gestore di posta certificata*) that a test or a demonstration
//! needs: the authority that certifies them, the seal on every kind of message, the receipts, the faults.
//! It shares no code with crate `pec`, which reads what it writes: both are made from RFC 6109 and from real
//! traffic, so one misreading of the rules cannot make the two sides agree.
//!
//! Nothing it makes is valid: every certificate and every *gestore-emittente* says `SIMULAZIONE`.
//!
//! | module | is |
//! |---|---|
//! | [`authority`] | the certifying authority and the certificates of providers |
//! | [`revocation`] | its CRLs and OCSP answers, right and wrong |
//! | [`signer`] | the detached CMS signature, by `openssl` or by the embedded writer |
//! | [`shape`] | signatures that no provider would make |
//! | [`style`] | the habits in which real providers differ |
//! | [`provider`] | a provider and its access point: acceptance, transport envelope |
//! | [`access`], [`carriage`] | its formal checks; the facts of an accepted message |
//! | [`receipts`] | what follows: delivery, failure, delay, virus, taking in charge, anomaly |
//! | [`seal`] | the signed MIME shell that all of them share |
//! | [`mail`] | what a citizen's mail client submits |
//! | [`office`] | what another office's register attaches: Segnatura, Conferma, Eccezione, Annullamento |
//! | [`forge`] | genuine messages made false |
//! | [`fixtures`] | every message of `fixtures/mail`, made in one go |
//! | [`circuit`] | several providers over a folder of Maildirs, in one process |
//! | [`lmtp`], [`pipe`], [`state`] | the same behind a real Postfix and Dovecot |

pub mod access;
pub mod authority;
pub mod carriage;
pub mod circuit;
pub mod fixtures;
pub mod forge;
pub mod lmtp;
pub mod mail;
pub mod maildir;
pub mod office;
pub mod pipe;
pub mod provider;
pub mod receipts;
pub mod revocation;
pub mod scene;
pub mod seal;
pub mod shape;
pub mod signer;
pub mod state;
pub mod style;

mod ber;
mod breve;
mod clock;
mod cms;
mod codec;
mod crypto;
mod daticert;
mod der;
mod error;
mod identifier;
mod md5;
mod reading;
mod wording;
mod words;

pub use authority::{Authority, KeyKind, LeafProfile};
pub use carriage::{Carriage, Directory, Recipient};
pub use circuit::{Circuit, Dispatch, Written};
pub use error::Error;
pub use jiff::Timestamp;
pub use mail::{Composed, Mail};
pub use provider::{Provider, Submission};
pub use receipts::{Delay, Failure};
pub use revocation::{Crl, Ocsp, Revoked, Scope, Status};
pub use scene::Fault;
pub use seal::{Draft, Sealed};
pub use shape::Shape;
pub use signer::{Signer, Tool};
pub use style::{Digest, Encoding, PartOrder, Style};

/// What every fallible function of this crate answers.
pub type Result<T> = core::result::Result<T, Error>;

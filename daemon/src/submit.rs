//! The way out: one letter made into bytes, one attempt to hand them to the provider. It changes when the outside crate
//! (lettre) or the submission protocol changes.
//!
//! The only files naming lettre are this one and its children. Nothing here decides *whether* to send.

mod attempt;
mod compose;
mod gate;
mod letter;
mod line;
mod pipelining;
mod starttls;

pub use attempt::{Outcome, ProbeReport, Security, SmtpSettings, probe};
pub use compose::{ComposeTrouble, compose};
pub use letter::{Attachment, AutoSubmitted, HeaderText, Letter, MessageId, Party, TipoRicevuta};
pub use line::Line;

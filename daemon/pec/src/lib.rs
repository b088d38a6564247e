//! THE STANDARD: what a certified message is, and whether it is genuine.
//!
//! Pure: bytes, certificates and an instant come in, findings go out. `no_std` makes the compiler forbid the
//! clock, files, sockets and randomly ordered maps. [`examine()`] is the one door: raw bytes → [`Examined`].
#![doc = include_str!("../README.md")]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::string_slice)]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod anchors;
mod asn1;
mod attributes;
mod ber;
mod cert;
mod chain;
mod cms;
mod consistency;
pub mod content;
pub mod correlation;
mod crl;
mod crypto;
pub mod daticert;
mod decode;
pub mod describe;
pub mod directory;
mod dn;
pub mod examine;
pub mod excerpt;
mod file;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod html;
mod issuer_name;
pub mod kind;
mod ldif;
#[cfg(test)]
mod limits_tests;
mod mime;
mod moment;
mod names;
mod ocsp;
mod origin;
mod parts;
mod path;
mod policy;
mod proof;
pub mod report;
pub mod reread;
mod returned;
pub mod revocation;
mod second;
pub mod signature;
mod status;
pub mod verdict;
mod why;
pub mod wire;
mod xml;

pub use anchors::{Anchor, Anchors, Purpose};
pub use content::{Attachment, Content, Mailbox, Measured};
pub use correlation::{Sending, Sent};
pub use daticert::{Daticert, Destinatario, Other};
pub use describe::Description;
pub use directory::Directory;
pub use examine::{Certified, Evidence, Examined, OwnMailbox, Policy, Seal, Signer, Unproven, Verdict, examine};
pub use excerpt::Excerpt;
pub use file::Opens;
pub use kind::Kind;
pub use report::{Check, Entry, Grade, Outcome, Report, Why};
pub use reread::{Reread, reread};

#[cfg(test)]
mod pkits_tests;

//! THE OFFICE: whose message it is, about what, and what now.
//!
//! Pure: findings of `pec`, a snapshot of the store and an instant come in; one [`Decision`] goes out. `no_std` makes
//! the compiler forbid the clock, files, sockets and randomly ordered maps.
//!
//! Reading order: [`decide`](decide::decide) (one path a thing that can be proven) → `request` (a citizen's message) →
//! [`rules`] (what it asks) → [`procedure`] (how it is worked, and by whom) → [`guard`] (may a machine answer) → `letters` and [`reply`] (the words) →
//! [`receipts`] (what became of them).
#![no_std]
extern crate alloc;

pub mod access;
pub mod act;
pub mod address;
pub mod advice;
mod application;
pub mod around;
pub mod calendar;
pub mod canary;
pub mod clockwork;
mod command;
mod confirm;
pub mod correction;
pub mod courtesy;
pub mod data_change;
pub mod decide;
pub mod decision;
pub mod desk;
pub mod dossier;
pub mod effect;
pub mod enablement;
mod enquiry;
pub mod entrust;
mod filing;
mod follow;
mod given;
pub mod guard;
pub mod idle;
pub mod known;
pub mod language;
pub mod letters;
pub mod life;
#[cfg(test)]
mod mailto;
pub mod nearest;
mod notices;
pub mod open;
pub mod participation;
pub mod person;
pub mod procedure;
pub mod protocol;
pub mod ranking;
pub mod rating;
pub mod receipts;
pub mod reference;
pub mod refused;
pub mod reply;
mod request;
pub mod rules;
#[cfg(test)]
mod scene;
pub mod standing;
pub mod summary;
pub mod term;
pub mod times;
pub mod validity;
pub mod verb;

pub use decide::{decide, set_aside};
pub use decision::{Change, Decision, Disposition, Lane, Outgoing, Reason};
pub use desk::{Desk, Entity};
pub use known::{Interest, Known, Spent, interest};

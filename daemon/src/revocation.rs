//! Revocation: which lists are in hand, and where more come from. It changes when the parts below it change places.
//!
//! [`signers`] (whose certificates) → [`schedule`] (when to ask) → [`gate`] (what may be asked) → [`fetch`] (one question) →
//! [`cache`] (what is held) → `pec` judges by it. [`refresh`] turns the wheel; [`recheck`] looks back when a new list comes.
//! Nothing here holds up a message: while no list answers, its revocation is unknown, and that is said.

pub mod cache;
pub mod fetch;
pub mod gate;
pub mod recheck;
pub mod refresh;
pub mod schedule;
pub mod signers;
pub mod survey;

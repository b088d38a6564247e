//! Revocation: which lists are in hand, and where more come from. It changes when the parts below it change places.
//!
//! [`gate`] (what may be asked) → [`fetch`] (one question).

pub mod fetch;
pub mod gate;

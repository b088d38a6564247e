//! placeholder until merged
use crate::refused::Refused;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participation {
    pub id: u32,
}
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "participation")]
pub enum Entry {
    Filed,
    Weighed,
}
impl Entry {
    pub fn words(&self) -> String {
        String::new()
    }
}
impl Participation {
    pub fn begin(_: &Entry) -> Option<Self> {
        None
    }
    pub fn apply(&mut self, _: &Entry, _: Timestamp) {}
    pub fn is_weighed(&self) -> bool {
        true
    }
    pub fn weigh(&self, _: &str, _: &str) -> Result<Entry, Refused> {
        Ok(Entry::Weighed)
    }
}
pub fn outcome_gate(_: &[Participation]) -> Result<(), Refused> {
    Ok(())
}
pub fn weighed_in_words(_: &[Participation]) -> Vec<(String, String)> {
    Vec::new()
}

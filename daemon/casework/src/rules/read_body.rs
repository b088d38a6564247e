//! Another body in the rules files: who it is, and its PEC. It changes when something else is said of another body.

use super::book::Body;
use super::form::Form;
use super::problem::{Problems, Spot};
use super::read_office::mail;
use super::syntax::Node;
use alloc::string::String;

pub(super) fn body(id: &str, what: String, node: &Node, at: Spot, problems: &mut Problems<'_>) -> Option<Body> {
    let form = Form::open(what, node, at.file, &["title", "pec", "ipa"], problems)?;
    form.require("title", problems);
    form.require("pec", problems);
    let (title, pec) = (form.line("title", problems), mail(&form, "pec", problems));
    let ipa = form.get("ipa").and_then(|_| form.line("ipa", problems)).map_or(String::new(), |ipa| ipa.value);
    Some(Body { id: id.into(), title: title?.value, pec: pec?, ipa })
}

//! The states of a procedure as a picture: for a terminal, and for Graphviz. It changes when it should be drawn otherwise.

use super::machine::plain;
use super::model::Procedure;
use crate::dossier::State;
use crate::verb::Verb;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// Exits gathered by where they lead: verbs that go to one state are one arrow.
fn arrows(procedure: &Procedure, from: State) -> Vec<(State, Vec<Verb>)> {
    let mut arrows: Vec<(State, Vec<Verb>)> = Vec::new();
    for (verb, to) in procedure.exits(from) {
        match arrows.iter_mut().find(|(state, _)| *state == to) {
            Some((_, verbs)) => verbs.push(verb),
            None => arrows.push((to, Vec::from([verb]))),
        }
    }
    arrows
}

fn verbs(verbs: &[Verb]) -> String {
    verbs.iter().map(|verb| plain(*verb)).collect::<Vec<_>>().join(", ")
}

/// For a terminal: each state once, in the order in which a dossier may meet them, with its arrows below it; what may be done in
/// every open state stands once, at the end. A final state is `◉`; an arrow back to an earlier state is `↺`.
#[must_use]
pub fn tree(procedure: &Procedure) -> String {
    let reachable = procedure.reachable();
    let open: Vec<State> = reachable.iter().copied().filter(|state| !state.is_final()).collect();
    let everywhere = |verb: Verb, to: State| open.iter().all(|state| procedure.next(*state, verb) == Ok(to));
    let mut shared: Vec<(State, Vec<Verb>)> = Vec::new();
    let mut out = String::new();
    for state in State::ALL.into_iter().filter(|state| reachable.contains(state)) {
        let mut own = Vec::new();
        for (to, verbs) in arrows(procedure, state) {
            let (common, rest): (Vec<Verb>, Vec<Verb>) =
                verbs.into_iter().partition(|verb| !state.is_final() && everywhere(*verb, to));
            if !common.is_empty() && !shared.iter().any(|(shared, _)| *shared == to) {
                shared.push((to, common));
            }
            if !rest.is_empty() {
                own.push((to, rest));
            }
        }
        if state.is_final() && own.is_empty() {
            continue; // named where it is come to
        }
        branches(&mut out, state.code(), Some(state), &own);
    }
    if !shared.is_empty() {
        branches(&mut out, "da ogni stato aperto", None, &shared);
    }
    out
}

/// A state and its arrows.
fn branches(out: &mut String, name: &str, state: Option<State>, arrows: &[(State, Vec<Verb>)]) {
    let place = |state: State| State::ALL.iter().position(|one| *one == state);
    let is_final = state.is_some_and(State::is_final);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{} {name}", if is_final { "◉" } else { "○" });
    let width = arrows.iter().map(|(_, names)| verbs(names).chars().count()).max().unwrap_or(0);
    for (n, (to, names)) in arrows.iter().enumerate() {
        let branch = if n + 1 == arrows.len() { "╰─" } else { "├─" };
        let names = verbs(names);
        let line = "─".repeat(width.saturating_sub(names.chars().count()));
        let mark = if to.is_final() {
            "◉ "
        } else if state.is_some_and(|state| place(*to) <= place(state)) {
            "↺ "
        } else {
            ""
        };
        let _ = writeln!(out, "{branch} {names} {line}─▶ {mark}{}", to.code());
    }
}

/// For Graphviz.
#[must_use]
pub fn dot(procedure: &Procedure) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let reachable = procedure.reachable();
    let mut out =
        format!("digraph \"{}\" {{\n  rankdir=LR;\n  label=\"{}\";\n", quoted(&procedure.id), quoted(&procedure.title));
    let _ = writeln!(out, "  node [shape=box, style=rounded];");
    for state in &reachable {
        let shape = if state.is_final() { ", peripheries=2" } else { "" };
        let _ = writeln!(out, "  {} [label=\"{}\"{shape}];", state.code(), quoted(procedure.label(*state)));
    }
    for state in &reachable {
        for (to, names) in arrows(procedure, *state) {
            let _ = writeln!(out, "  {} -> {} [label=\"{}\"];", state.code(), to.code(), quoted(&verbs(&names)));
        }
    }
    out.push_str("}\n");
    out
}

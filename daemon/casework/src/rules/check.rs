//! What only shows when all files are read: names that lead nowhere, rules that can never be chosen, what is defined
//! twice. Turns the draft into a rulebook.

use super::book::{Body, Look, Mode, OfficeChoice, Rule, Rulebook, Signal};
use super::classify::{CITES, FACTS};
use super::clues::Clues;
use super::draft::{Declared, Defaults, Draft, DraftCase, DraftDefaults, DraftLook, DraftRule, DraftSignal, Mention};
use super::form::Written;
use super::normal::Normal;
use super::pattern::Expressions;
use super::phrase::Phrase;
use super::problem::{Problems, Spot};
use super::read_case::EXPECT_KEYS;
use super::score::Index;
use crate::nearest::hint;
use crate::reference::RefKind;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Names in use, each with where it was first defined.
type Names<'d> = BTreeMap<&'d str, Spot>;

struct Known<'d> {
    /// The texts of the files that could not be read: what stands there may be defined there.
    unread: &'d [&'d str],
    /// Names in sections that are none.
    stray: &'d [Vec<String>],
    offices: Names<'d>,
    lists: Names<'d>,
    extractors: Names<'d>,
    rules: Names<'d>,
    templates: BTreeSet<&'d str>,
    /// Of the lists without mistakes.
    phrases: BTreeMap<&'d str, &'d [Arc<Phrase>]>,
}

/// What is said of a name.
enum Named {
    Known,
    /// Nobody can tell: a file that may define it could not be read.
    Hidden,
    /// What is wrong, in Italian.
    Unknown(String),
}

/// The rulebook, or `None` when there is not enough to make one; every reason is among the problems.
pub(super) fn assemble(
    mut draft: Draft,
    templates: &[&str],
    unread: &[&str],
    problems: &mut Problems<'_>,
) -> Option<Rulebook> {
    let (otherwise, defaults) = defaults(&mut draft, unread, problems);
    let cases = core::mem::take(&mut draft.cases);
    let rules = core::mem::take(&mut draft.rules);
    let known = Known {
        unread,
        stray: &draft.stray,
        offices: names("ufficio", &draft.offices, problems),
        lists: names("lista", &draft.lists, problems),
        extractors: names("estrattore", &draft.extractors, problems),
        rules: names("regola", &rules, problems),
        templates: templates.iter().copied().collect(),
        phrases: draft.lists.iter().filter_map(|list| Some((list.id.as_str(), list.item.as_deref()?))).collect(),
    };
    names("test", &cases, problems);
    names("ente", &draft.bodies, problems);
    called_twice(&draft.bodies, problems);
    if let Some(name) = &otherwise
        && let Named::Unknown(why) = known.find(Mention::Rule, &name.value)
    {
        problems.error(name.at, format!("defaults: `otherwise`: {why}"));
    }
    for declared in &cases {
        declared.item.iter().for_each(|case| mentions(&declared.id, case, &known, problems));
    }
    untested(&rules, &cases, &known, problems);

    let mut resolved = BTreeMap::new();
    for Declared { id, at, item } in &rules {
        let Some(rule) = item.as_ref().and_then(|rule| resolve(id, *at, rule, &known, problems)) else {
            continue;
        };
        if let Some(defaults) =
            defaults.as_ref().filter(|defaults| known.rules.contains_key(defaults.otherwise.value.as_str()))
        {
            reach(&rule, defaults, problems);
        }
        resolved.entry(id.clone()).or_insert(rule);
    }
    twins(&resolved, problems);
    let mut matters = BTreeMap::new();
    for Declared { id, item, .. } in &draft.offices {
        let signals = item.iter().flat_map(|(_, signals)| signals);
        let what = format!("ufficio `{id}`");
        matters.insert(id.clone(), signals.map(|signal| resolve_signal(&what, signal, &known, problems).0).collect());
    }
    let clues = clues(&mut draft, problems);

    let defaults = defaults?;
    let fallback = resolved.remove(&defaults.otherwise.value)?;
    let Some(desk) = fallback.office.id.clone() else {
        problems.error(
            fallback.at,
            format!(
                "regola `{}`: raccoglie ciò che nessuno riconosce, quindi `office` deve essere un ufficio",
                fallback.id
            ),
        );
        return None;
    };
    if problems.errors() > 0 {
        return None; // it would be used by nobody
    }
    let index = index(&resolved, &matters).map_err(|why| problems.error(Spot::default(), why)).ok()?;
    let Draft { offices, bodies, extractors, .. } = draft;
    let extractors = items(extractors);
    let patterns = extractors.values().flat_map(|extractor| &extractor.patterns);
    let readers = Expressions::of(patterns).map_err(|why| problems.error(Spot::default(), why)).ok()?;
    Some(Rulebook {
        digest: String::new(),
        accept: defaults.accept,
        margin: defaults.margin,
        accept_office: defaults.accept_office,
        margin_office: defaults.margin_office,
        offices: items(offices).into_iter().map(|(id, (office, _))| (id, office)).collect(),
        bodies: items(bodies),
        matters,
        index,
        clues,
        extractors,
        readers,
        rules: resolved,
        fallback,
        desk,
        cases: cases.into_iter().filter_map(|declared| Some(declared.item?.case)).collect(),
        warnings: Vec::new(),
        files: Vec::new(),
    })
}

/// The index of all signals: of the rules, then of the offices, in the order of their ids.
pub(super) fn index(rules: &BTreeMap<String, Rule>, matters: &BTreeMap<String, Vec<Signal>>) -> Result<Index, String> {
    Index::of(rules.values().map(|rule| rule.signals.as_slice()).chain(matters.values().map(Vec::as_slice)))
}

fn items<T>(declared: Vec<Declared<T>>) -> BTreeMap<String, T> {
    declared.into_iter().filter_map(|Declared { id, item, .. }| Some((id, item?))).collect()
}

/// The one `[defaults]`.
fn defaults(draft: &mut Draft, unread: &[&str], problems: &mut Problems<'_>) -> DraftDefaults {
    let mut all = core::mem::take(&mut draft.defaults).into_iter();
    let Some((first, defaults)) = all.next() else {
        if unread.is_empty() && draft.stray.is_empty() {
            let text = "manca la sezione `[defaults]` con `accept`, `margin` e `otherwise`";
            problems.error(Spot::default(), text.into());
        }
        return (None, None);
    };
    for (at, _) in all {
        let text = format!("`[defaults]` è già in {}:{}", problems.file(first), first.line);
        problems.error(at, text);
    }
    defaults
}

/// The one `[clues]`; without it, words say nothing of their own.
fn clues(draft: &mut Draft, problems: &mut Problems<'_>) -> Clues {
    let offices: BTreeSet<String> = draft.offices.iter().map(|office| office.id.clone()).collect();
    let mut all = core::mem::take(&mut draft.clues).into_iter();
    let first = all.next();
    for (at, _) in all {
        let there = first.as_ref().map_or(Spot::default(), |(spot, _)| *spot);
        let text = format!("`[clues]` è già in {}:{}", problems.file(there), there.line);
        problems.error(at, text);
    }
    first.and_then(|(_, tally)| tally).map(|tally| tally.weighed(|id| offices.contains(id))).unwrap_or_default()
}

/// All names of one section; the second of two equal ones is a mistake (TOML itself sees it only within one file).
fn names<'d, T>(what: &str, declared: &'d [Declared<T>], problems: &mut Problems<'_>) -> Names<'d> {
    let mut names = Names::new();
    for one in declared {
        if let Some(first) = names.get(one.id.as_str()).copied() {
            let text = format!("{what} `{}`: esiste già in {}:{}", one.id, problems.file(first), first.line);
            problems.error(one.at, text);
        } else {
            names.insert(&one.id, one.at);
        }
    }
    names
}

/// A name that means two bodies would send somebody's request to the wrong one.
fn called_twice(bodies: &[Declared<Body>], problems: &mut Problems<'_>) {
    let mut called: BTreeMap<String, (&str, Spot)> = BTreeMap::new();
    for Declared { id, at, item } in bodies {
        let Some(body) = item else { continue };
        let own: BTreeSet<String> =
            [id, &body.title, &body.ipa].iter().map(|name| Normal::of(name).text().to_string()).collect();
        for name in own.into_iter().filter(|name| !name.is_empty()) {
            if let Some((other, first)) = called.get(&name).filter(|(other, _)| other != id) {
                let text = format!(
                    "ente `{id}`: anche `{other}` ({}:{}) si chiama «{name}»",
                    problems.file(*first),
                    first.line
                );
                problems.error(*at, text);
            } else {
                called.insert(name, (id, *at));
            }
        }
    }
}

impl Known<'_> {
    fn facts(&self) -> impl Iterator<Item = &str> {
        FACTS.into_iter().chain(self.extractors.keys().copied().filter(|name| !FACTS.contains(name)))
    }

    /// Whether what could not be read may define it.
    fn is_hidden(&self, name: &str) -> bool {
        self.unread.iter().any(|text| text.contains(name)) || self.stray.iter().flatten().any(|stray| stray == name)
    }

    /// All that there is was read.
    fn is_all(&self) -> bool {
        self.unread.is_empty() && self.stray.is_empty()
    }

    /// Whether a name exists.
    fn find(&self, mention: Mention, name: &str) -> Named {
        let is_cited = |name: &str| name.starts_with(CITES) && RefKind::ALL.iter().any(|(_, fact)| *fact == name);
        let found = match mention {
            Mention::Rule => self.rules.contains_key(name),
            Mention::Office => self.offices.contains_key(name),
            Mention::Template => self.templates.contains(name),
            Mention::Need => is_cited(name) || self.facts().any(|fact| fact == name),
            Mention::Extractor => self.extractors.contains_key(name),
        };
        if found {
            return Named::Known; // nearly always: what is near is not looked for
        }
        if mention != Mention::Template && self.is_hidden(name) {
            return Named::Hidden;
        }
        let (what, near) = match mention {
            Mention::Rule => ("la regola", hint(name, self.rules.keys().copied())),
            Mention::Office => ("l'ufficio", hint(name, self.offices.keys().copied())),
            Mention::Template => ("il modello", hint(name, self.templates.iter().copied())),
            Mention::Need => ("il dato", hint(name, self.facts())),
            Mention::Extractor => {
                let known =
                    EXPECT_KEYS.into_iter().chain(self.extractors.keys().copied().filter(|name| *name != "dossier"));
                ("la chiave", hint(name, known))
            }
        };
        Named::Unknown(format!("{what} `{name}` non esiste{near}"))
    }
}

fn mentions(name: &str, case: &DraftCase, known: &Known<'_>, problems: &mut Problems<'_>) {
    for (mention, word) in &case.mentions {
        if let Named::Unknown(why) = known.find(*mention, &word.value) {
            problems.error(word.at, format!("test `{name}`: {why}"));
        }
    }
    if let Some(thread) = case.case.thread.as_ref().filter(|thread| !case.case.dossiers.contains_key(*thread)) {
        problems.error(
            case.case.at,
            format!("test `{name}`: `thread`: il fascicolo `{thread}` non è fra i `dossiers` di questo file"),
        );
    }
}

/// A rule no test expects is a rule nobody has tried.
fn untested(
    rules: &[Declared<DraftRule>],
    cases: &[Declared<DraftCase>],
    known: &Known<'_>,
    problems: &mut Problems<'_>,
) {
    let expected = |case: &DraftCase| -> Vec<String> {
        let expect = &case.case.expect;
        expect.rule.iter().chain(expect.shadow.iter().flatten()).cloned().collect()
    };
    let expected: BTreeSet<String> = cases.iter().filter_map(|case| case.item.as_ref()).flat_map(expected).collect();
    // A test with mistakes, or with a mistyped rule, or one that could not be read, may be the missing one: nobody is blamed twice.
    let unknown = |id: &String| !known.rules.contains_key(id.as_str());
    let is_broken = |case: &Declared<DraftCase>| case.item.as_ref().is_none_or(|case| !case.is_whole);
    if !known.is_all() || cases.iter().any(is_broken) || expected.iter().any(unknown) {
        return;
    }
    for Declared { id, at, item } in rules.iter().filter(|rule| !expected.contains(&rule.id)) {
        let key = if item.as_ref().is_some_and(|rule| rule.mode == Mode::Shadow) { "shadow" } else { "rule" };
        let text = format!(
            "regola `{id}`: nessun test la prova: aggiungi un `[test.\"…\"]` con `expect = {{ {key} = \"{id}\" }}`"
        );
        problems.error(*at, text);
    }
}

/// Looks up every name a rule mentions. `None`: it has mistakes, or nobody can tell what it means.
fn resolve(id: &str, at: Spot, rule: &DraftRule, known: &Known<'_>, problems: &mut Problems<'_>) -> Option<Rule> {
    let mut is_whole = rule.is_whole;
    let mut look_up = |mention: Mention, key: &str, word: &Written<String>, problems: &mut Problems<'_>| {
        let found = known.find(mention, &word.value);
        is_whole &= matches!(found, Named::Known);
        if let Named::Unknown(why) = found {
            problems.error(word.at, format!("regola `{id}`: `{key}`: {why}"));
        }
    };
    let office = rule.office.as_ref().map(|written| (written.at, office_choice(&written.value)));
    if let Some((at, OfficeChoice { id: Some(office), .. })) = &office {
        look_up(Mention::Office, "office", &Written { value: office.clone(), at: *at }, problems);
    }
    rule.needs.iter().for_each(|need| look_up(Mention::Need, "needs", need, problems));
    rule.missing.iter().for_each(|template| look_up(Mention::Template, "missing", template, problems));
    rule.reply.iter().for_each(|template| look_up(Mention::Template, "reply", template, problems));
    let what = format!("regola `{id}`");
    let mut signals = Vec::with_capacity(rule.signals.len());
    for signal in &rule.signals {
        let (signal, is_known) = resolve_signal(&what, signal, known, problems);
        is_whole &= is_known;
        signals.push(signal);
    }
    let (_, office) = office.filter(|_| is_whole)?;
    Some(Rule {
        id: id.to_string(),
        title: rule.title.clone(),
        titles: rule.titles.clone(),
        kind: rule.kind,
        office,
        deadline: rule.deadline.clone(),
        needs: rule.needs.iter().map(|need| need.value.clone()).collect(),
        missing: rule.missing.as_ref().map(|template| template.value.clone()),
        reply: rule.reply.as_ref().map(|template| template.value.clone()),
        mode: rule.mode,
        owner: rule.owner.clone(),
        review_by: rule.review_by,
        why: rule.why.clone(),
        valid_from: rule.valid_from,
        valid_to: rule.valid_to,
        signals,
        at,
    })
}

/// `anagrafe`, `from-dossier`, `from-dossier-or:urp`, `by-matter-or:urp`, `from-dossier-or-matter-or:urp`.
fn office_choice(written: &str) -> OfficeChoice {
    let choice = |from_dossier, by_matter, id: Option<&str>| OfficeChoice {
        from_dossier,
        by_matter,
        id: id.map(|id| id.trim().to_string()),
    };
    let (how, id) = written.split_once(':').map_or((written, None), |(how, id)| (how, Some(id)));
    match (how.trim(), id) {
        ("from-dossier", None) => choice(true, false, None),
        ("from-dossier-or", Some(id)) => choice(true, false, Some(id)),
        ("by-matter", None) => choice(false, true, None),
        ("by-matter-or", Some(id)) => choice(false, true, Some(id)),
        ("from-dossier-or-matter-or", Some(id)) => choice(true, true, Some(id)),
        _ => choice(false, false, Some(written)),
    }
}

/// The signal, and whether all that it mentions is known.
fn resolve_signal(what: &str, signal: &DraftSignal, known: &Known<'_>, problems: &mut Problems<'_>) -> (Signal, bool) {
    let mut is_known = true;
    let look = match &signal.look {
        DraftLook::Regex(places, pattern) => Look::Regex(places.clone(), pattern.clone()),
        DraftLook::Has(fact) => {
            let found = known.find(Mention::Need, &fact.value);
            is_known &= matches!(found, Named::Known);
            if let Named::Unknown(why) = found {
                problems.error(fact.at, format!("{what}: `has`: {why}"));
            }
            Look::Has(fact.value.clone())
        }
        DraftLook::Words(places, phrases, lists) => {
            let mut phrases = phrases.clone();
            for list in lists {
                let held = known.phrases.get(list.value.as_str());
                is_known &= held.is_some();
                if !known.lists.contains_key(list.value.as_str()) && !known.is_hidden(&list.value) {
                    let near = hint(&list.value, known.lists.keys().copied());
                    problems.error(list.at, format!("{what}: `words`: la lista `@{}` non esiste{near}", list.value));
                }
                phrases.extend(held.copied().unwrap_or_default().iter().cloned());
            }
            phrases.sort_unstable();
            phrases.dedup();
            Look::Words(places.clone(), phrases)
        }
    };
    (Signal { score: signal.score, look }, is_known)
}

/// A rule whose points cannot reach `accept`, or the last resort, which must not score.
fn reach(rule: &Rule, defaults: &Defaults, problems: &mut Problems<'_>) {
    if rule.id == defaults.otherwise.value {
        if !rule.signals.is_empty() {
            problems.error(
                rule.at,
                format!(
                    "regola `{}`: è quella di `otherwise`, vale quando nessun'altra vale: togli `signals`",
                    rule.id
                ),
            );
        }
        return;
    }
    if rule.signals.is_empty() {
        problems.error(rule.at, format!("regola `{}`: non può mai essere scelta: non ha `signals`", rule.id));
        return;
    }
    let most: i32 = rule.signals.iter().map(|signal| signal.score.max(0)).sum();
    if most < defaults.accept {
        problems.error(
            rule.at,
            format!(
                "regola `{}`: non può mai essere scelta: i suoi segnali sommano al massimo {most} punti, `accept` è {}",
                rule.id, defaults.accept
            ),
        );
    }
}

/// Two rules with the same signals always tie, unless they never apply on the same day or one is on trial.
fn twins(rules: &BTreeMap<String, Rule>, problems: &mut Problems<'_>) {
    let mut seen: BTreeMap<Vec<String>, Vec<&Rule>> = BTreeMap::new();
    for rule in rules.values().filter(|rule| !rule.signals.is_empty() && rule.mode != Mode::Shadow) {
        let mut essence: Vec<String> = rule.signals.iter().map(essence).collect();
        essence.sort_unstable();
        let same = seen.entry(essence).or_default();
        for other in same.iter().filter(|other| overlap(rule, other)) {
            let (late, early) = if rule.at > other.at { (rule, *other) } else { (*other, rule) };
            let text = format!(
                "regola `{}`: ha gli stessi segnali di `{}` ({}:{}): finirebbero sempre alla pari",
                late.id,
                early.id,
                problems.file(early.at),
                early.at.line
            );
            problems.error(late.at, text);
        }
        same.push(rule);
    }
}

fn overlap(a: &Rule, b: &Rule) -> bool {
    let after = |from: &Rule, to: &Rule| matches!((from.valid_from, to.valid_to), (Some(from), Some(to)) if to < from);
    !after(a, b) && !after(b, a)
}

/// What makes two signals the same, however they are written.
pub(super) fn essence(signal: &Signal) -> String {
    match &signal.look {
        Look::Words(places, phrases) => {
            let words: BTreeSet<String> = phrases.iter().map(|phrase| phrase.essence()).collect();
            format!("{} {places:?} {words:?}", signal.score)
        }
        Look::Regex(places, pattern) => {
            format!("{} {places:?} /{}/", signal.score, pattern.written())
        }
        Look::Has(fact) => format!("{} {fact}", signal.score),
    }
}

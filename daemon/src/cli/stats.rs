//! `sportello stats`: how long dossiers take, against the law, and which measures came late. It changes when somebody must see
//! another figure.
//!
//! L. 241/1990 art. 2 c. 4-bis wants the real times measured and published, c. 9-quinquies each late measure told by 30 January. All
//! of it comes from the register alone, page by page: the same register gives the same bytes, whatever rules are in force, and a
//! million dossiers are never in memory together.

mod board;

use super::counter::{Hand, day, json, user};
use super::paint::{cut, table, wrap};
use super::{ConfigArg, FOUND, OK};
use crate::caseload::ask::{Ask, Told};
use crate::clock::Clock;
use casework::calendar::rome;
use casework::dossier::State;
use casework::rating::{self, Ratings};
use casework::term::Length;
use casework::times::{Kept, Time};
use jiff::civil::Date;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Widest column.
const COLUMN: usize = 40;

const AFTER_HELP: &str = "\
  sportello stats                                       i tempi di quest'anno, per procedimento
  sportello stats --uffici                              oggi, per ufficio: aperte, in scadenza, scadute
  sportello stats --dal 2026-01-01 --al 2026-12-31 --csv > tempi.csv
  sportello stats --dal 2026-01-01 --al 2026-12-31 --ritardi      la relazione sui ritardi, da fare entro il 30 gennaio

I giorni si contano dal giorno dopo l'arrivo fino alla decisione, sospensioni comprese. «In tempo» vuol dire entro l'ultimo giorno
del termine, con le sospensioni e le proroghe di quella pratica. Le pratiche ritirate o passate a un altro ente contano tra gli
esiti e non nei tempi. Tutto viene dal registro: lo stesso registro dà sempre gli stessi numeri.";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
    /// Il primo giorno; se manca, il primo gennaio dello stesso anno
    #[arg(long, value_name = "GIORNO", value_parser = day)]
    dal: Option<Date>,
    /// L'ultimo giorno; se manca, oggi
    #[arg(long, value_name = "GIORNO", value_parser = day)]
    al: Option<Date>,
    /// Una riga per ogni decisione in ritardo, e per ogni pratica scaduta e ancora aperta
    #[arg(long)]
    ritardi: bool,
    /// Un quadro per ufficio: pratiche aperte, in scadenza, scadute, com'erano l'ultimo giorno
    #[arg(long, conflicts_with = "ritardi")]
    uffici: bool,
    /// Risposta in JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Tabella CSV, con il punto e virgola
    #[arg(long)]
    csv: bool,
}

pub(super) fn main(args: &Args) -> u8 {
    run(args).unwrap_or_else(|code| code)
}

fn run(args: &Args) -> Result<u8, u8> {
    let to = args.al.unwrap_or_else(|| rome(Clock::System.now()).date());
    let period = Period { from: args.dal.unwrap_or_else(|| to.first_of_year()), to };
    if period.from > period.to {
        eprintln!("--dal viene dopo --al: nel periodo non c'è nessun giorno");
        return Err(FOUND);
    }
    let config = args.config.read()?;
    let mut hand = Hand::of(&config);
    if args.ritardi {
        late(&mut hand, period, args)?;
        return Ok(OK);
    }
    if args.uffici {
        let mut board = board::Board::default();
        each(&mut hand, |time| board.add(&time, period.to))?;
        return Ok(board.show(period.to, args.json, args.csv));
    }
    let mut by_procedure: BTreeMap<String, Tally> = BTreeMap::new();
    each(&mut hand, |time| by_procedure.entry(time.procedure.clone()).or_default().add(&time, period))?;
    by_procedure.retain(|_, tally| !tally.is_empty());
    let rows: Vec<Row> = by_procedure.into_iter().map(|(procedure, tally)| tally.row(procedure)).collect();
    let Told::Ratings { rows: ratings } = hand.ask(&Ask::Ratings { from: period.from, to: period.to }, &user())? else {
        return Err(FOUND);
    };
    Ok(match (args.json, args.csv) {
        (true, _) => json(&serde_json::json!({
            "from": period.from, "to": period.to, "procedures": rows, "ratings": ratings,
        })),
        (_, true) => sheet(&rows, &ratings),
        _ => {
            screen(period, &rows);
            opinions(&ratings);
            OK
        }
    })
}

/// Every dossier of the register, in the order of their numbers.
fn each(hand: &mut Hand<'_>, mut take: impl FnMut(Time)) -> Result<(), u8> {
    let mut after = String::new();
    loop {
        let Told::Times { rows } = hand.ask(&Ask::Times { after: after.clone() }, &user())? else { return Err(FOUND) };
        let Some(last) = rows.last() else { return Ok(()) };
        after.clone_from(&last.number);
        rows.into_iter().for_each(&mut take);
    }
}

#[derive(Clone, Copy)]
struct Period {
    from: Date,
    to: Date,
}

impl Period {
    fn has(self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// A dossier as it was on the last day: what ended later was open.
    fn as_of(self, time: &Time) -> Time {
        Time { outcome: time.outcome.filter(|outcome| outcome.on <= self.to), ..time.clone() }
    }
}

/// What is counted of one procedure.
#[derive(Default)]
struct Tally {
    terms: BTreeSet<String>,
    opened: u64,
    closed: u64,
    in_time: u64,
    late: u64,
    untold: u64,
    /// How many took so many days: the median is exact, and no list of dossiers is kept.
    days: BTreeMap<u32, u64>,
    suspended: u64,
    outcomes: BTreeMap<&'static str, u64>,
    open: u64,
    overdue: u64,
}

/// A line of the table.
#[derive(Serialize)]
struct Row {
    procedure: String,
    /// Terms that were set, in words.
    terms: Vec<String>,
    opened: u64,
    closed: u64,
    in_time: u64,
    late: u64,
    without_term: u64,
    median_days: Option<f64>,
    longest_days: Option<u32>,
    suspended_days: u64,
    /// Open on the last day.
    open: u64,
    /// Of these, past their term.
    overdue: u64,
    outcomes: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn add(&mut self, time: &Time, period: Period) {
        if time.opened > period.to {
            return;
        }
        let then = period.as_of(time);
        let mut counts = period.has(time.opened);
        self.opened += u64::from(counts);
        match then.outcome {
            None => {
                counts = true;
                self.open += 1;
                self.overdue += u64::from(matches!(then.kept(period.to), Kept::Late(_)));
            }
            Some(outcome) if period.has(outcome.on) => {
                counts = true;
                self.closed += 1;
                *self.outcomes.entry(outcome.state.code()).or_default() += 1;
                if outcome.is_measure() {
                    *self.days.entry(then.days(period.to)).or_default() += 1;
                    self.suspended += u64::from(time.suspended);
                    match then.kept(period.to) {
                        Kept::InTime => self.in_time += 1,
                        Kept::Late(_) => self.late += 1,
                        Kept::Untold => self.untold += 1,
                    }
                }
            }
            Some(_) => {}
        }
        if counts {
            self.terms.extend(time.term.map(in_words));
        }
    }

    fn is_empty(&self) -> bool {
        self.opened + self.closed + self.open == 0
    }

    /// The one in the middle; of an even number, halfway between the two.
    fn median(&self) -> Option<f64> {
        let count: u64 = self.days.values().sum();
        let nth = |n: u64| {
            let mut before = 0;
            self.days.iter().find_map(|(days, many)| {
                before += many;
                (n < before).then_some(f64::from(*days))
            })
        };
        Some(f64::midpoint(nth(count.checked_sub(1)? / 2)?, nth(count / 2)?))
    }

    fn row(self, procedure: String) -> Row {
        Row {
            procedure,
            median_days: self.median(),
            longest_days: self.days.keys().next_back().copied(),
            terms: self.terms.into_iter().collect(),
            opened: self.opened,
            closed: self.closed,
            in_time: self.in_time,
            late: self.late,
            without_term: self.untold,
            suspended_days: self.suspended,
            open: self.open,
            overdue: self.overdue,
            outcomes: self.outcomes,
        }
    }
}

fn in_words(term: Length) -> String {
    match term {
        Length::Days(1) => "1 giorno".into(),
        Length::Days(days) => format!("{days} giorni"),
        Length::WorkingDays(1) => "1 giorno lavorativo".into(),
        Length::WorkingDays(days) => format!("{days} giorni lavorativi"),
        Length::Months(1) => "1 mese".into(),
        Length::Months(months) => format!("{months} mesi"),
    }
}

fn number(days: Option<f64>) -> String {
    days.map(|days| days.to_string().replace('.', ",")).unwrap_or_default()
}

fn cells(row: &Row) -> Vec<String> {
    let mut cells = vec![row.procedure.clone(), row.terms.join(", ")];
    cells.extend([row.opened, row.closed, row.in_time, row.late, row.without_term].map(|n| n.to_string()));
    cells.extend([number(row.median_days), row.longest_days.map(|days| days.to_string()).unwrap_or_default()]);
    cells.extend([row.suspended_days, row.open, row.overdue].map(|n| n.to_string()));
    cells
}

fn screen(period: Period, rows: &[Row]) -> u8 {
    say!("Tempi dei procedimenti, dal {} al {} (L. 241/1990 art. 2 c. 4-bis)\n", period.from, period.to);
    if rows.is_empty() {
        say!("Nessuna pratica.");
        return OK;
    }
    let head = [
        "procedimento",
        "termine",
        "avviate",
        "concluse",
        "in tempo",
        "in ritardo",
        "senza termine",
        "mediana",
        "massimo",
        "sospesi",
        "aperte",
        "scadute",
    ];
    say!("{}", table(&head, &rows.iter().map(cells).collect::<Vec<_>>(), COLUMN));
    let outcomes = |row: &Row| {
        let procedure = row.procedure.clone();
        let line = move |(outcome, many): (&&str, &u64)| vec![procedure.clone(), (*outcome).into(), many.to_string()];
        row.outcomes.iter().map(line).collect::<Vec<_>>()
    };
    let ended: Vec<Vec<String>> = rows.iter().flat_map(outcomes).collect();
    if !ended.is_empty() {
        say!("{}", table(&["procedimento", "esito", "quante"], &ended, COLUMN));
    }
    let note =
        "Mediana, massimo e sospesi sono giorni, delle decisioni prese nel periodo. Aperte e scadute: l'ultimo giorno.";
    say!("{}", wrap(note, 0, 0).trim_end());
    OK
}

/// What people thought, added up: no dossier and no name.
fn opinions(all: &BTreeMap<String, Ratings>) {
    if all.is_empty() {
        return;
    }
    say!("\nValutazioni di chi ha chiesto: {}", rating::QUESTION);
    let count = |n: &u64| n.to_string();
    let row = |(procedure, ratings): (&String, &Ratings)| {
        let mut cells = vec![procedure.clone(), ratings.count().to_string(), mean(ratings)];
        cells.extend(ratings.stars.iter().map(count));
        cells
    };
    let head = ["procedimento", "quante", "media", "1", "2", "3", "4", "5"];
    say!("{}", table(&head, &all.iter().map(row).collect::<Vec<_>>(), COLUMN));
    let mut sum = Ratings::default();
    all.values().for_each(|ratings| sum.merge(ratings));
    for (stars, counts) in [(rating::STARS_MAX, sum.good), (1, sum.hard)] {
        let given = rating::answers(stars).iter().zip(counts).filter(|(_, many)| *many > 0);
        let rows: Vec<Vec<String>> = given.map(|(answer, many)| vec![(*answer).into(), many.to_string()]).collect();
        if !rows.is_empty() {
            say!("{}", table(&[rating::question(stars), "quante"], &rows, COLUMN + 12));
        }
    }
}

fn mean(ratings: &Ratings) -> String {
    ratings.tenths().map(|tenths| format!("{},{}", tenths / 10, tenths % 10)).unwrap_or_default()
}

fn sheet(rows: &[Row], ratings: &BTreeMap<String, Ratings>) -> u8 {
    let outcomes = State::ALL.into_iter().filter(|state| state.is_final()).map(State::code);
    let head = [
        "procedimento",
        "termine",
        "avviate",
        "concluse",
        "in_tempo",
        "in_ritardo",
        "senza_termine",
        "giorni_mediana",
        "giorni_massimo",
        "giorni_sospesi",
        "aperte",
        "scadute",
    ];
    say!("{}", line(head.into_iter().chain(outcomes.clone()).chain(["valutazioni", "valutazione_media"])));
    // What is rated may have ended before the period.
    let rated = ratings.keys().filter(|id| rows.iter().all(|row| row.procedure != **id));
    let only_rated: Vec<Row> = rated.map(|id| Tally::default().row(id.clone())).collect();
    for row in rows.iter().chain(&only_rated) {
        let ended = outcomes.clone().map(|code| row.outcomes.get(code).copied().unwrap_or(0).to_string());
        let votes = ratings
            .get(&row.procedure)
            .map_or([String::from("0"), String::new()], |of| [of.count().to_string(), mean(of)]);
        say!("{}", line(cells(row).into_iter().chain(ended).chain(votes)));
    }
    OK
}

/// A line of a CSV table, without its end. Writing to memory cannot fail.
fn line(cells: impl IntoIterator<Item = impl AsRef<[u8]>>) -> String {
    let mut out = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    let _ = out.write_record(cells);
    String::from_utf8_lossy(&out.into_inner().unwrap_or_default()).trim_end().to_owned()
}

/// One late measure, or one term that is over.
#[derive(Serialize)]
struct Late<'a> {
    dossier: &'a str,
    procedure: &'a str,
    office: &'a str,
    opened: Date,
    due: Option<Date>,
    /// The day of the decision; none: it is open.
    decided: Option<Date>,
    days_late: u32,
    outcome: Option<&'static str>,
}

impl<'a> Late<'a> {
    fn of(time: &'a Time, period: Period) -> Option<Self> {
        let then = period.as_of(time);
        let Kept::Late(days_late) = then.kept(period.to) else { return None };
        let is_told = then.outcome.is_none_or(|outcome| outcome.is_measure() && period.has(outcome.on));
        is_told.then_some(Self {
            dossier: &time.number,
            procedure: &time.procedure,
            office: &time.office,
            opened: time.opened,
            due: time.due,
            decided: then.outcome.map(|outcome| outcome.on),
            days_late,
            outcome: then.outcome.map(|outcome| outcome.state.code()),
        })
    }

    fn cells(&self) -> [String; 8] {
        let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        [
            self.dossier.into(),
            self.procedure.into(),
            self.office.into(),
            self.opened.to_string(),
            day(self.due),
            day(self.decided),
            self.days_late.to_string(),
            self.outcome.unwrap_or_default().into(),
        ]
    }
}

const LATE: [&str; 8] =
    ["fascicolo", "procedimento", "ufficio", "avviata", "ultimo_giorno", "decisa", "giorni_di_ritardo", "esito"];

/// As they are found: there may be many, and none waits for the others.
fn late(hand: &mut Hand<'_>, period: Period, args: &Args) -> Result<(), u8> {
    if args.json {
        say!("{{\"from\":\"{}\",\"to\":\"{}\",\"late\":[", period.from, period.to);
    } else if args.csv {
        say!("{}", line(LATE));
    } else {
        say!("Decisioni in ritardo dal {} al {} (L. 241/1990 art. 2 c. 9-quinquies),", period.from, period.to);
        say!("e pratiche scadute e ancora aperte l'ultimo giorno\n");
    }
    let mut found = 0u64;
    each(hand, |time| {
        let Some(late) = Late::of(&time, period) else { return };
        found += 1;
        if args.json {
            let comma = if found > 1 { "," } else { "" };
            say!("{comma}{}", serde_json::to_string(&late).unwrap_or_default());
        } else if args.csv {
            say!("{}", line(late.cells()));
        } else {
            let end = match (late.decided, late.outcome) {
                (Some(on), Some(outcome)) => format!("decisa il {on} ({outcome})"),
                _ => "ancora aperta".into(),
            };
            let due = late.due.map(|due| due.to_string()).unwrap_or_default();
            say!(
                "{:<12}  {:<24}  {:<16}  entro il {due}  {end}  ritardo in giorni: {}",
                late.dossier,
                cut(late.procedure, COLUMN),
                cut(late.office, COLUMN),
                late.days_late
            );
        }
    })?;
    if args.json {
        say!("]}}");
    } else if !args.csv {
        say!("{}", if found == 0 { "Nessuna.".to_owned() } else { format!("\nIn tutto: {found}") });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use casework::times::Outcome;
    use jiff::civil::date;

    const YEAR: Period = Period { from: date(2026, 1, 1), to: date(2026, 12, 31) };

    fn time(opened: Date, outcome: Option<(State, Date)>, due: Date) -> Time {
        Time {
            number: "2026/000001".into(),
            procedure: "richiesta".into(),
            office: "tributi".into(),
            opened,
            term: Some(Length::Days(30)),
            due: Some(due),
            outcome: outcome.map(|(state, on)| Outcome { state, on }),
            suspended: 0,
        }
    }

    #[test]
    fn the_median_is_the_middle_one_or_between_the_two() {
        let of = |days: &[u32]| {
            let mut tally = Tally::default();
            days.iter().for_each(|days| *tally.days.entry(*days).or_default() += 1);
            tally.median()
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[9, 1, 5]), Some(5.0));
        assert_eq!(of(&[1, 4, 9, 2]), Some(3.0));
        assert_eq!(of(&[1, 2]), Some(1.5));
        assert_eq!(number(of(&[1, 2])), "1,5");
    }

    #[test]
    fn what_ends_after_the_period_was_open_and_what_ended_before_it_does_not_count() {
        let mut tally = Tally::default();
        let due = date(2026, 12, 20);
        tally.add(&time(date(2026, 11, 20), Some((State::Accolta, date(2027, 1, 8))), due), YEAR);
        assert_eq!((tally.opened, tally.closed, tally.open, tally.overdue), (1, 0, 1, 1));
        tally.add(&time(date(2025, 3, 1), Some((State::Accolta, date(2025, 4, 1))), date(2025, 3, 31)), YEAR);
        tally.add(&time(date(2027, 1, 1), None, date(2027, 2, 1)), YEAR);
        assert_eq!((tally.opened, tally.closed, tally.open, tally.overdue), (1, 0, 1, 1));
        tally.add(&time(date(2026, 5, 1), Some((State::Ritirata, date(2026, 8, 1))), date(2026, 6, 1)), YEAR);
        assert_eq!((tally.closed, tally.late, tally.days.len()), (1, 0, 0), "taken back: an outcome, no time of ours");
        tally.add(&time(date(2025, 12, 20), Some((State::Respinta, date(2026, 1, 20))), date(2026, 1, 19)), YEAR);
        assert_eq!((tally.opened, tally.closed, tally.late, tally.median()), (2, 2, 1, Some(31.0)));
    }

    #[test]
    fn a_late_measure_is_told_in_the_year_of_its_decision_and_an_open_one_until_it_ends() {
        let told = |time: &Time| Late::of(time, YEAR).map(|late| (late.days_late, late.outcome));
        let due = date(2026, 11, 30);
        let of = |outcome| time(date(2026, 10, 31), outcome, due);
        assert_eq!(told(&of(Some((State::Accolta, date(2026, 12, 2))))), Some((2, Some("accolta"))));
        assert_eq!(told(&of(Some((State::Accolta, due)))), None);
        assert_eq!(told(&of(Some((State::Ritirata, date(2026, 12, 2))))), None);
        assert_eq!(told(&of(Some((State::Accolta, date(2027, 1, 2))))), Some((31, None)), "open on the last day");
        let before = time(date(2025, 1, 1), Some((State::Accolta, date(2025, 12, 2))), date(2025, 2, 1));
        assert_eq!(told(&before), None, "told last year");
    }
}

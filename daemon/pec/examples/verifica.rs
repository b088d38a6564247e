//! Changes when the main use of the library does: reads a saved message and prints what was checked and what came of it.
//!
//! `cargo run -p pec --example verifica -- messaggio.eml [autorita.der]`
//!
//! Without a certificate the pinned key of AgID CA1 is trusted, and nothing else.

use pec::{Anchor, Anchors, Outcome, Policy, Verdict};
use std::error::Error;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let file = args.next().ok_or("verifica MESSAGGIO [AUTORITÀ.der]")?;
    let anchors = match args.next() {
        None => Anchors::agid(),
        Some(authority) => {
            let policies = [pec::anchors::POLICY_FIRMA_PEC];
            let anchor = Anchor::from_certificate(&std::fs::read(authority)?, "of the command line", &policies, true);
            Anchors { list: vec![anchor.map_err(|why| why.text)?] }
        }
    };
    let seen = pec::examine(&std::fs::read(file)?, &Policy::new(&anchors));
    println!("{}", seen.grade.code());
    for entry in &seen.report.entries {
        let (outcome, why) = match &entry.outcome {
            Outcome::Pass => ("pass", ""),
            Outcome::Fail(why) => ("FAIL", why.text.as_str()),
            Outcome::Moot => ("moot", ""),
        };
        println!(
            "  {outcome}  {:<12} RFC 6109 {:<7} {why} {}",
            entry.check.code(),
            entry.check.section(),
            entry.evidence
        );
    }
    for note in &seen.report.notes {
        println!("  note: {note}");
    }
    // The proof is a value: whoever holds a `Certified` holds a message that an accredited provider signed.
    let Verdict::Certified(certified) = &seen.verdict else { return Ok(ExitCode::FAILURE) };
    println!("signed by {} at {}", certified.signer().organisation, certified.signer().at);
    Ok(ExitCode::SUCCESS)
}

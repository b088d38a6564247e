//! `sportello init`.

use super::{CANNOT_START, OK};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// The reference configuration: the manual, parsed by a test.
const REFERENCE: &str = include_str!("../../sportello.toml");

#[derive(clap::Args)]
pub(super) struct Args {
    /// Il file da scrivere; non sovrascrive mai
    #[arg(default_value = "sportello.toml")]
    file: PathBuf,
}

pub(super) fn main(args: &Args) -> u8 {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&args.file)
        .and_then(|mut f| f.write_all(REFERENCE.as_bytes()));
    match written {
        Ok(()) => {
            let file = args.file.display();
            say!(
                "Ho scritto {file}. Completalo, poi:\n  sportello check --config {file} --connect\n  sportello run --config {file}"
            );
            OK
        }
        Err(e) => {
            eprintln!("{}: non riesco a scrivere: {e}", args.file.display());
            CANNOT_START
        }
    }
}

//! `sportello trial`: the child's side of [`crate::trial`], started by the service and by nobody else.

use super::{CANNOT_START, OK};
use crate::trial;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Args {
    /// I messaggi; la politica arriva dallo standard input
    files: Vec<PathBuf>,
}

pub(super) fn main(args: &Args) -> u8 {
    match trial::stand(&args.files, &mut std::io::stdin().lock()) {
        Ok(answer) => {
            say!("{}", answer.trim_end());
            OK
        }
        Err(why) => {
            eprintln!("{why}");
            CANNOT_START
        }
    }
}

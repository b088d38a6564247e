//! `sportello demo`.
#[derive(clap::Args)]
pub(super) struct Args {}
pub(super) fn main(_args: &Args) -> u8 { super::OK }

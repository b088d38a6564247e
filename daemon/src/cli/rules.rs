//! `sportello rules`: changes when administrators can do another thing with their rules.

mod eval;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Prova le regole su messaggi già etichettati, e dice quanto ci prendono
    Eval(eval::Args),
}

pub(super) fn main(args: &Args) -> u8 {
    match &args.action {
        Action::Eval(args) => eval::main(args),
    }
}

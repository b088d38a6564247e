//! Changes when the developer's command line changes: `gestore authority`, `gestore pipe`, `gestore fixtures`.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gestore::state::{self, Domain};
use gestore::{Authority, Error, Result, Timestamp, fixtures, pipe};

#[derive(Parser)]
#[command(name = "gestore", about = "A simulated PEC provider for development. Nothing it makes is valid.", after_help = TEACHING)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const TEACHING: &str = "\
HOW TO TRY IT BEHIND POSTFIX AND DOVECOT
  gestore authority --state DIR --domain ente.test=pec.alfa.test --domain cittadini.test=pec.beta.test:legalmail
  main.cf    virtual_mailbox_domains = ente.test, cittadini.test
             virtual_transport = gestore:circuit    (one nexthop: all recipients of a message come in one run)
             gestore_destination_recipient_limit = 100
  master.cf  gestore unix - n n - - pipe user=NOBODY null_sender= \\
               argv=/path/to/gestore pipe --state DIR --lmtp 127.0.0.1:24 -- ${sender} ${recipient}
  A verifier pins DIR/authority.pem.

STYLES  aruba, legalmail, register, trust: habits of real providers (DER or BER, order of parts, SHA-1 or SHA-256...)

RECIPIENTS THAT MAKE FAULTS, in any domain of the circuit
  mancata-consegna@  accepted, then `errore-consegna` (no-dest)
  non-accettata@     the whole message is refused: `non-accettazione`
  senza-ricevute@    delivered, but no receipt of any kind comes back
  lenta@             accepted, then the 12 hour notice; not delivered
  scaduta@           accepted, then the 12 and the 24 hour notice; not delivered
  esterna@           not a certified mailbox: `esterno`, delivered without receipt
  virus@             accepted, then `errore-consegna` for a virus
Mail whose sender is in no domain of the circuit reaches its recipients in an anomaly envelope.";

#[derive(Subcommand)]
enum Command {
    /// Make the authority and the providers of some domains, once; later runs add domains.
    Authority {
        /// Where keys, certificates and the map of domains are kept.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// A certified domain and its provider: DOMAIN=HOST[:STYLE[:NAME]], HOST under .test.
        #[arg(long = "domain", value_name = "DOMAIN=HOST")]
        domains: Vec<String>,
    },
    /// Seal the message on standard input and deliver envelope and receipts by LMTP; run by Postfix pipe(8).
    ///
    /// Exits 0 when all is delivered, 75 when Postfix should try again; a second run goes on where the first stopped.
    Pipe {
        /// The directory that `gestore authority` made.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// The LMTP server of the mail store.
        #[arg(long, value_name = "HOST:PORT")]
        lmtp: String,
        /// SMTP MAIL FROM; empty for a bounce.
        sender: String,
        /// SMTP RCPT TO.
        #[arg(required = true)]
        recipients: Vec<String>,
    },
    /// Make a new authority and, with it, every message of the fixtures again. No key is kept.
    Fixtures {
        /// The folder with `mail/` and `trust/`.
        #[arg(value_name = "DIR")]
        root: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("gestore: {why}");
            ExitCode::from(why.exit_code())
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Authority { state, domains } => {
            let domains = domains.iter().map(|domain| Domain::parse(domain)).collect::<Result<Vec<Domain>>>()?;
            state::prepare(&state, &domains, Timestamp::now())?;
            let pin: String = Authority::load(&state)?.spki_sha256().iter().map(|byte| format!("{byte:02x}")).collect();
            println!("authority {}\npin (SHA-256 of its public key) {pin}", state.join("authority.pem").display());
            for (domain, provider) in state::network(&state)?.domains() {
                println!(
                    "domain {domain}: {} <{}>, style {}, signs with {}",
                    provider.name,
                    provider.address(),
                    provider.style.name,
                    provider.signer().describe()
                );
            }
            Ok(())
        }
        Command::Pipe { state, lmtp, sender, recipients } => {
            let mut raw = Vec::new();
            std::io::stdin().lock().read_to_end(&mut raw).map_err(|cause| Error::Io("standard input".into(), cause))?;
            pipe::run(&state, &lmtp, &sender, &recipients, &raw)
        }
        Command::Fixtures { root } => {
            println!("{} messages made in {}", fixtures::write(&root)?, root.display());
            Ok(())
        }
    }
}

//! The suite: the whole service, from outside. One binary, run by plain `cargo test`; `tests/run` adds the real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "suite/accesses.rs"]
mod accesses;
#[path = "suite/answering.rs"]
mod answering;
#[path = "suite/application.rs"]
mod application;
#[path = "suite/archetypes.rs"]
mod archetypes;
#[path = "suite/backoffice.rs"]
mod backoffice;
#[path = "suite/canary.rs"]
mod canary;
#[path = "suite/cards.rs"]
mod cards;
#[path = "suite/caseload.rs"]
mod caseload;
#[path = "suite/contain.rs"]
mod contain;
#[path = "suite/counter.rs"]
mod counter;
#[path = "suite/courtesy.rs"]
mod courtesy;
#[path = "suite/crash.rs"]
mod crash;
#[path = "suite/data_change.rs"]
mod data_change;
#[path = "suite/decide.rs"]
mod decide;
#[path = "suite/demo.rs"]
mod demo;
#[path = "suite/durable.rs"]
mod durable;
#[path = "suite/enabling.rs"]
mod enabling;
#[path = "suite/enquiry.rs"]
mod enquiry;
#[path = "suite/evidence.rs"]
mod evidence;
#[path = "suite/expiries.rs"]
mod expiries;
#[path = "suite/export.rs"]
mod export;
#[path = "suite/faults.rs"]
mod faults;
#[path = "suite/figures.rs"]
mod figures;
#[path = "suite/fixtures.rs"]
mod fixtures;
#[path = "suite/follow.rs"]
mod follow;
#[path = "suite/given.rs"]
mod given;
#[path = "suite/hostile.rs"]
mod hostile;
#[path = "suite/index.rs"]
mod index;
#[path = "suite/inert.rs"]
mod inert;
#[path = "suite/languages.rs"]
mod languages;
#[path = "suite/loops.rs"]
mod loops;
#[path = "suite/measure.rs"]
mod measure;
#[path = "suite/mornings.rs"]
mod mornings;
#[path = "suite/notices.rs"]
mod notices;
#[path = "suite/office_mail.rs"]
mod office_mail;
#[path = "suite/orders.rs"]
mod orders;
#[path = "suite/printable.rs"]
mod printable;
#[path = "suite/privacy.rs"]
mod privacy;
#[path = "suite/procedures.rs"]
mod procedures;
#[path = "suite/protocol.rs"]
mod protocol;
#[path = "suite/ranking.rs"]
mod ranking;
#[path = "suite/rating.rs"]
mod rating;
#[path = "suite/receipts.rs"]
mod receipts;
#[path = "suite/reload.rs"]
mod reload;
#[path = "suite/report.rs"]
mod report;
#[path = "suite/restore.rs"]
mod restore;
#[path = "suite/revocation.rs"]
mod revocation;
#[path = "suite/rules_bad.rs"]
mod rules_bad;
#[path = "suite/rules_eval.rs"]
mod rules_eval;
#[path = "suite/rules_tools.rs"]
mod rules_tools;
#[path = "suite/secrets.rs"]
mod secrets;
#[path = "suite/servers.rs"]
mod servers;
#[path = "suite/sigillo.rs"]
mod sigillo;
#[path = "suite/sim.rs"]
mod sim;
#[path = "suite/store.rs"]
mod store;
#[path = "suite/supervision.rs"]
mod supervision;
#[path = "suite/support.rs"]
mod support;
#[path = "suite/tidy.rs"]
mod tidy;
#[path = "suite/timers.rs"]
mod timers;
#[path = "suite/trust.rs"]
mod trust;
#[path = "suite/upgrade.rs"]
mod upgrade;

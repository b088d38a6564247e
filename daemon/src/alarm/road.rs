//! The roads by which alarms leave: a mail account that is not the PEC one, and a webhook. It changes when there is another.
//!
//! An alarm is no legal mail: it is not in the outbox, has no receipt, and may come twice.

use super::notice::Notice;
use crate::config::Entrance;
use crate::digest;
use crate::http;
use crate::net::NetRef;
use crate::outbox::Courier;
use crate::submit::{self, AutoSubmitted, HeaderText, Letter, MessageId, Outcome, Party};
use casework::address;
use casework::guard::INSTANCE_HEADER;
use jiff::Timestamp;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

/// Longest one telling may take. Beyond: it failed, and is tried again.
const TELL_TIMEOUT: Duration = Duration::from_secs(120);
/// Largest answer of a webhook that is read, bytes: nothing in it is looked at.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What comes of one telling.
pub type Telling<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// A road for alarms.
pub trait Road: Send + Sync {
    /// Its name, for the log and for what is remembered of it.
    fn name(&self) -> String;
    /// Tells. One attempt.
    fn tell<'a>(&'a self, notice: &'a Notice, now: Timestamp) -> Telling<'a>;
}

/// A letter to one administrator.
pub struct Mail {
    /// The account, of another provider than the PEC's.
    pub courier: Box<dyn Courier>,
    /// Its address.
    pub from: String,
    /// The administrator.
    pub to: String,
    /// Name of the public body.
    pub entity: String,
    /// Domain of the PEC mailbox: by it our own daemon knows its letters.
    pub instance: String,
}

impl Road for Mail {
    fn name(&self) -> String {
        // The digest: an administrator's address is a person's too.
        format!("mail-{}", digest::flow(&digest::sha256(self.to.as_bytes())))
    }

    fn tell<'a>(&'a self, notice: &'a Notice, now: Timestamp) -> Telling<'a> {
        Box::pin(async move {
            let bytes = self.letter(notice, now).map_err(|why| why.to_string())?;
            let gate: crate::outbox::Gate<'_> = Box::new(|| Box::pin(async { Ok(()) }));
            let attempt = self.courier.attempt(&self.from, &self.to, &bytes, gate);
            let outcome = tokio::time::timeout(TELL_TIMEOUT, attempt).await;
            self.courier.rest().await; // hours pass between two alarms
            match outcome {
                Ok(Outcome::Taken { .. }) => Ok(()),
                Ok(
                    Outcome::Later { why, .. }
                    | Outcome::Never { why, .. }
                    | Outcome::Unknown { why }
                    | Outcome::LaneStopped { why },
                ) => Err(why),
                Err(_) => Err(format!("nessuna risposta in {} s", TELL_TIMEOUT.as_secs())),
            }
        })
    }
}

impl Mail {
    fn letter(&self, notice: &Notice, now: Timestamp) -> Result<Vec<u8>, submit::ComposeTrouble> {
        let (subject, body) = (notice.subject(&self.entity), notice.text(&self.entity, now));
        let id = digest::sha256(format!("{}\n{now}\n{body}", self.to).as_bytes());
        let id = format!("<allarme.{}@{}>", digest::flow(&id), address::domain(&self.from));
        submit::compose(&Letter {
            from: Party { name: Some(HeaderText::new("Sportello")), address: self.from.clone() },
            to: Party { name: None, address: self.to.clone() },
            subject: HeaderText::new(&subject),
            date: now,
            message_id: MessageId::new(&id).ok_or(submit::ComposeTrouble::Header("Message-ID".into()))?,
            in_reply_to: None,
            references: Vec::new(),
            reply_to: None,
            auto_submitted: Some(AutoSubmitted::Generated),
            tipo_ricevuta: None,
            extra: vec![(INSTANCE_HEADER.into(), HeaderText::new(&self.instance))],
            body,
            attachments: Vec::new(),
        })
    }
}

/// A webhook: a POST of JSON.
pub struct Hook {
    /// The network.
    pub net: NetRef,
    /// Where.
    pub url: Entrance,
    /// More authorities for TLS.
    pub ca_file: Option<PathBuf>,
    /// Name of the public body.
    pub entity: String,
}

impl Road for Hook {
    fn name(&self) -> String {
        "webhook".into()
    }

    fn tell<'a>(&'a self, notice: &'a Notice, now: Timestamp) -> Telling<'a> {
        Box::pin(async move {
            let post = self.post(notice.json(&self.entity, now));
            let told = tokio::time::timeout(TELL_TIMEOUT, post).await;
            told.unwrap_or_else(|_| Err(format!("nessuna risposta in {} s", TELL_TIMEOUT.as_secs())))
        })
    }
}

impl Hook {
    async fn post(&self, body: Vec<u8>) -> Result<(), String> {
        let url = &self.url;
        let tcp = self.net.connect(&url.host, url.port).await.map_err(|why| format!("non raggiungibile: {why}"))?;
        let stream = if url.tls {
            let encrypted = self.net.encrypt(tcp, &url.host, self.ca_file.as_deref()).await;
            encrypted.map_err(|why| format!("TLS: {why}"))?.stream
        } else {
            tcp
        };
        let question = http::Question {
            host: &url.host,
            port: url.port,
            usual_port: if url.tls { 443 } else { 80 },
            path: &url.path,
            post: Some(("application/json", body)),
            fields: vec![],
        };
        let answer = http::ask(stream, question, ANSWER_BYTES_MAX).await?;
        if (200..300).contains(&answer.status) { Ok(()) } else { Err(format!("il server risponde {}", answer.status)) }
    }
}

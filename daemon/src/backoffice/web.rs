//! A back office behind HTTP. It changes when what is said over it changes.
//!
//! One address. POST: what happened, or what came of a page, each with its id; 2xx and 409 («I have it») end it, 400, 413 and 422
//! refuse that one, anything else is «not now». GET `?dopo=…`: `{"righe": […], "prossimo": "…"}`, each row with its `id`.

use super::{Answer, BackOffice, Event, Fault, Page, Work};
use crate::config::Entrance;
use crate::http;
use crate::net::NetRef;
use crate::secret::Secret;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Longest that one question may take.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Largest answer, bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Longest name of where it goes on, bytes.
const NEXT_BYTES_MAX: usize = 500;
/// The name of a page.
const PAGE: &str = "gestionale.json";

/// A back office behind HTTP.
#[derive(Debug)]
pub struct Web {
    /// The network.
    pub net: NetRef,
    /// Where.
    pub url: Entrance,
    /// More authorities for TLS.
    pub ca_file: Option<PathBuf>,
    /// By what it knows us.
    pub token: Option<Secret>,
    /// How long it may take to answer.
    pub patience: Duration,
}

/// What it says.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    righe: Vec<Value>,
    #[serde(default)]
    prossimo: Option<String>,
}

impl BackOffice for Web {
    fn tell<'a>(&'a self, event: &'a Event) -> Work<'a, ()> {
        Box::pin(async move { self.post(&event.id, serde_json::to_value(event)).await })
    }

    fn hear<'a>(&'a self, after: &'a str) -> Work<'a, Option<Page>> {
        Box::pin(async move {
            let answer = self.ask(self.path_after(after), None, vec![]).await?;
            match answer.status {
                200 => page(&answer.bytes, after),
                204 => Ok(None),
                status => Err(Fault::Closed(format!("risponde {status}"))),
            }
        })
    }

    fn answer<'a>(&'a self, answer: &'a Answer) -> Work<'a, ()> {
        Box::pin(async move {
            let outcome = match &answer.outcome {
                Err(why) => json!({ "fatte": 0, "rifiutate": [], "dette": [], "errore": why }),
                Ok(outcome) => {
                    let id = |line: u64| outcome.named.iter().find(|(one, _)| *one == line).map(|(_, id)| id);
                    let rows = |rows: &[(u64, String)], word: &str| -> Vec<Value> {
                        rows.iter().map(|(line, said)| json!({ "riga": line, "id": id(*line), word: said })).collect()
                    };
                    let (refused, said) = (rows(&outcome.refused, "perché"), rows(&outcome.said, "esito"));
                    json!({ "fatte": outcome.done, "rifiutate": refused, "dette": said })
                }
            };
            let mut body = json!({ "id": answer.id, "evento": "righe-lette", "avvenuto": answer.at });
            if let (Some(body), Value::Object(outcome)) = (body.as_object_mut(), outcome) {
                body.extend(outcome);
            }
            self.post(&answer.id, Ok(body)).await
        })
    }
}

impl Web {
    async fn post(&self, id: &str, body: serde_json::Result<Value>) -> Result<(), Fault> {
        let body = body.and_then(|body| serde_json::to_vec(&body)).map_err(|e| Fault::Refused(e.to_string()))?;
        let fields = vec![("idempotency-key", id.to_owned())];
        let answer = self.ask(self.url.path.clone(), Some(body), fields).await?;
        match answer.status {
            200..300 | 409 => Ok(()),
            status @ (400 | 413 | 422) => Err(Fault::Refused(format!("risponde {status}"))),
            status => Err(Fault::Closed(format!("risponde {status}"))),
        }
    }

    async fn ask(
        &self,
        path: String,
        body: Option<Vec<u8>>,
        mut fields: Vec<(&'static str, String)>,
    ) -> Result<http::Answer, Fault> {
        let url = &self.url;
        fields.extend(self.token.as_ref().map(|token| ("authorization", format!("Bearer {}", token.expose()))));
        let asked = async {
            let lost = |why: &dyn std::fmt::Display| Fault::Unreachable(why.to_string());
            let tcp = self.net.connect(&url.host, url.port).await.map_err(|why| lost(&why))?;
            let stream = if url.tls {
                let encrypted = self.net.encrypt(tcp, &url.host, self.ca_file.as_deref()).await;
                encrypted.map_err(|why| lost(&format!("TLS: {why}")))?.stream
            } else {
                tcp
            };
            let question = http::Question {
                host: &url.host,
                port: url.port,
                usual_port: if url.tls { 443 } else { 80 },
                path: &path,
                post: body.map(|body| ("application/json", body)),
                fields,
            };
            http::ask(stream, question, ANSWER_BYTES_MAX).await.map_err(Fault::Nonsense)
        };
        let silent = Fault::Silent(self.patience.as_secs());
        tokio::time::timeout(self.patience, asked).await.unwrap_or(Err(silent))
    }

    fn path_after(&self, after: &str) -> String {
        let path = &self.url.path;
        if after.is_empty() {
            return path.clone();
        }
        let mut whole = format!("{path}{}dopo=", if path.contains('?') { '&' } else { '?' });
        for byte in after.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                whole.push(char::from(byte));
            } else {
                let _ = write!(whole, "%{byte:02X}"); // to a string: cannot fail
            }
        }
        whole
    }
}

fn page(bytes: &[u8], after: &str) -> Result<Option<Page>, Fault> {
    let nonsense = |why: String| Err(Fault::Nonsense(why));
    // A map first: a list would pass for one whose fields are all missing.
    let read = serde_json::from_slice::<serde_json::Map<String, Value>>(bytes);
    let said: Said = match read.and_then(|said| serde_json::from_value(Value::Object(said))) {
        Ok(said) => said,
        Err(e) => return nonsense(format!("non è {{\"righe\": […], \"prossimo\": \"…\"}} ({e})")),
    };
    if said.righe.is_empty() {
        return Ok(None);
    }
    // Without a name a row that comes twice would be done twice.
    let has_id = |row: &Value| row.get("id").and_then(Value::as_str).is_some_and(|id| !id.trim().is_empty());
    if let Some(n) = said.righe.iter().position(|row| !has_id(row)) {
        return nonsense(format!("la riga {} non ha `id`", n + 1));
    }
    let next = match said.prossimo {
        Some(next) if next.len() <= NEXT_BYTES_MAX && !next.is_empty() && next != after => next,
        // The same rows would come for ever.
        _ => return nonsense("`prossimo` manca, è troppo lungo, o non va avanti".into()),
    };
    let bytes = serde_json::to_vec(&said.righe).map_err(|e| Fault::Nonsense(e.to_string()))?;
    Ok(Some(Page { name: PAGE.into(), bytes, next }))
}

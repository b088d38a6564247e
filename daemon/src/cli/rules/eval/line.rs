//! One line of labelled mail, as people export it. It changes when a tool writes such lines otherwise.

use casework::calendar;
use casework::rules::{Kind, Material};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// One line of the file. What is `null` is as if it were not there.
#[derive(Deserialize)]
pub(in super::super) struct Message {
    #[serde(deserialize_with = "text")]
    pub(in super::super) id: String,
    #[serde(default, deserialize_with = "text")]
    pub(in super::super) subject: String,
    #[serde(default, deserialize_with = "text")]
    pub(in super::super) body: String,
    #[serde(default, deserialize_with = "names")]
    pub(in super::super) attachments: Vec<String>,
    /// The address; `true` and `false`, which some write for «certified», name nobody.
    #[serde(default, deserialize_with = "text")]
    pub(in super::super) from_pec: String,
    #[serde(default, deserialize_with = "text")]
    pub(in super::super) sender_kind: String,
    #[serde(flatten)]
    pub(super) labels: Labels,
}

/// What a person says of it; each may be absent.
#[derive(Deserialize)]
pub(super) struct Labels {
    pub(super) label: Option<String>,
    pub(super) office: Option<String>,
    #[serde(default, deserialize_with = "texts")]
    pub(super) dossier_ref_raw: Vec<String>,
    pub(super) references: Option<Vec<Labelled>>,
    #[serde(default)]
    pub(super) dossier: Option<Value>,
}

/// An act that the message cites.
#[derive(Deserialize)]
pub(super) struct Labelled {
    /// As written there.
    pub(super) raw: String,
    /// In one form, where who labelled it knows that.
    pub(super) canonical: Option<String>,
}

impl Message {
    /// What the rules see of it, as if it came today.
    pub(in super::super) fn material<'a>(&'a self, attachments: &'a [&'a str]) -> Material<'a> {
        Material {
            subject: &self.subject,
            text: &self.body,
            attachments,
            attached_text: "",
            from: &self.from_pec,
            from_name: "",
            from_kind: &self.sender_kind,
            to: &[],
            pec_kind: "posta-certificata",
            grade: "genuine",
            today: calendar::rome(crate::clock::Clock::System.now()).date(),
        }
    }

    /// The office that a person says had to get it.
    pub(in super::super) fn office(&self) -> Option<&str> {
        self.labels.office.as_deref()
    }

    /// The kind that a person says it is.
    pub(in super::super) fn kind(&self) -> Option<Kind> {
        let label = self.labels.label.as_deref()?;
        Kind::ALL.iter().find(|(_, code, _)| *code == label).map(|(kind, ..)| *kind)
    }
}

/// A text; a number is its digits, `null`, `true` and `false` say nothing.
fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    read(&Value::deserialize(from)?).ok_or_else(|| serde::de::Error::custom("qui va un testo"))
}

/// Texts in a list, or one alone.
fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let value = Value::deserialize(from)?;
    let all = match &value {
        Value::Array(all) => all.iter().map(read).collect(),
        one => read(one).map(|one| vec![one]),
    };
    let all: Vec<String> = all.ok_or_else(|| serde::de::Error::custom("qui va un testo, o una lista di testi"))?;
    Ok(all.into_iter().filter(|text| !text.is_empty()).collect())
}

/// Names of files, each by itself or as `{"name"}`.
fn names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let all = Option::<Vec<Value>>::deserialize(from)?.unwrap_or_default();
    let name = |one: &Value| read(one.get("name").or_else(|| one.get("filename")).unwrap_or(one));
    all.iter().map(name).collect::<Option<_>>().ok_or_else(|| serde::de::Error::custom("qui vanno nomi di file"))
}

fn read(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_people_export_them() {
        let line = r#"{"id": 7, "subject": null, "body": "Buongiorno", "attachments": ["a.pdf", {"name": "b.pdf"}, {"filename": "c.pdf"}],
            "from_pec": true, "sender_kind": null, "label": "complaint", "dossier_ref_raw": ["prot. 1/2026", null],
            "references": [{"raw": "prot. 1/2026"}]}"#;
        let message: Message = serde_json::from_str(line).unwrap();
        let Message { id, subject, body, attachments, from_pec, sender_kind, labels } = &message;
        assert_eq!([id, subject, body, from_pec, sender_kind], ["7", "", "Buongiorno", "", ""]);
        assert_eq!(*attachments, ["a.pdf", "b.pdf", "c.pdf"]);
        assert_eq!(
            (labels.dossier_ref_raw.as_slice(), message.kind()),
            (&["prot. 1/2026".to_owned()][..], Some(Kind::Complaint))
        );
        assert!(labels.references.as_ref().unwrap()[0].canonical.is_none());
        let bare: Message =
            serde_json::from_str(r#"{"id": "x", "attachments": null, "dossier_ref_raw": "n. 3"}"#).unwrap();
        assert_eq!((bare.attachments.len(), bare.labels.dossier_ref_raw.len()), (0, 1));
        for wrong in [r#"{"subject": "x"}"#, r#"{"id": "x", "body": ["x"]}"#, r#"{"id": "x", "attachments": [["x"]]}"#]
        {
            assert!(serde_json::from_str::<Message>(wrong).is_err(), "{wrong}");
        }
    }
}

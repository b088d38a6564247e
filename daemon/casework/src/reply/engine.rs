//! The only file that names handlebars: from a template's text to its tree, and from values to text.
//!
//! What an administrator may write is a small part of the language: `{{campo}}`, `{{#if}}`, `{{#unless}}`, `{{#each}}`,
//! `{{else}}` and comments. The rest is refused at load, so that the tree below is all there is to check.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use handlebars::template::{HelperTemplate, Parameter, Template, TemplateElement};
use handlebars::{Handlebars, RenderErrorReason, TemplateErrorReason, no_escape};
use serde_json::Value;

/// Most blocks and parentheses in one template: the parser calls itself for each, and a stack has an end.
pub(super) const NESTING_MAX: usize = 100;

/// A part of a template.
#[derive(Debug)]
pub(super) enum Node {
    /// Fixed text.
    Text(String),
    /// `{{path}}`
    Show { path: String, line: usize },
    /// `{{#kind path}} body {{else}} otherwise {{/kind}}`
    Block { kind: Block, path: String, line: usize, body: Vec<Node>, otherwise: Vec<Node> },
}

/// The blocks that a template may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    If,
    Unless,
    Each,
}

/// What is wrong in the text of a template; `line` from 1.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) text: String,
}

/// The compiled templates.
#[derive(Debug)]
pub(super) struct Engine(Handlebars<'static>);

impl Engine {
    pub(super) fn new() -> Self {
        let mut registry = Handlebars::new();
        // A field that is not there is an error, not a hole in a letter.
        registry.set_strict_mode(true);
        // Letters are plain text: `l'ente` must not become `l&#x27;ente`.
        registry.register_escape_fn(no_escape);
        Self(registry)
    }

    /// Compiles one template and gives its tree.
    pub(super) fn add(&mut self, name: &str, source: &str) -> Result<Vec<Node>, Fault> {
        if source.matches("{{#").count() + source.matches('(').count() > NESTING_MAX {
            return Err(Fault {
                line: 1,
                text: format!("più di {NESTING_MAX} blocchi e parentesi: il modello è troppo complicato"),
            });
        }
        let template = Template::compile(source).map_err(|error| {
            let (line, column) = error.pos().unwrap_or((1, 1));
            Fault {
                line,
                text: format!("colonna {column}: non riesco a leggere il modello: {}", unread(error.reason())),
            }
        })?;
        let nodes = nodes(&template)?;
        self.0.register_template(name, template);
        Ok(nodes)
    }

    /// Writes the values into the template.
    pub(super) fn render(&self, name: &str, values: &Value) -> Result<String, String> {
        self.0.render(name, values).map_err(|error| unwritten(error.reason()))
    }
}

/// Why the text of a template is none, for who writes it.
fn unread(why: &TemplateErrorReason) -> String {
    match why {
        TemplateErrorReason::MismatchingClosedHelper(opened, closed)
        | TemplateErrorReason::MismatchingClosedDecorator(opened, closed) => {
            format!("si apre {{{{#{opened}}}}} e si chiude {{{{/{closed}}}}}")
        }
        TemplateErrorReason::InvalidParam(what) => format!("«{what}» non è il nome di un campo"),
        TemplateErrorReason::NestedSubexpression => String::from("una parentesi dentro l'altra non si può usare"),
        // What the parser expected there is told in its own grammar: the place says more.
        _ => String::from("qui una parentesi graffa, o un blocco, non si chiude o non si capisce"),
    }
}

/// Why a letter cannot be written.
fn unwritten(why: &RenderErrorReason) -> String {
    match why {
        RenderErrorReason::MissingVariable(Some(path)) => format!("manca il campo {{{{{path}}}}}"),
        RenderErrorReason::MissingVariable(None) => String::from("manca un campo"),
        RenderErrorReason::TemplateNotFound(name) => format!("il modello «{name}» non c'è"),
        _ => String::from("il modello chiede una cosa che i modelli non sanno fare"),
    }
}

fn nodes(template: &Template) -> Result<Vec<Node>, Fault> {
    let mut out = Vec::new();
    for (index, element) in template.elements.iter().enumerate() {
        let line = template.mapping.get(index).map_or(1, |at| at.0);
        let refuse = |text: &str| Err(Fault { line, text: text.to_string() });
        match element {
            TemplateElement::RawString(text) => out.push(Node::Text(text.clone())),
            TemplateElement::Comment(_) => {}
            TemplateElement::Expression(tag) => match plain(&tag.name) {
                Some(path) if tag.params.is_empty() && tag.hash.is_empty() => {
                    out.push(Node::Show { path: path.to_string(), line });
                }
                _ => return refuse("tra {{ e }} va solo il nome di un campo"),
            },
            TemplateElement::HelperBlock(tag) => out.push(block(tag, line)?),
            TemplateElement::HtmlExpression(_) => {
                return refuse("usa due parentesi graffe, {{campo}}, non tre");
            }
            _ => {
                return refuse("i modelli usano solo {{campo}}, {{#if}}, {{#unless}}, {{#each}} e {{else}}");
            }
        }
    }
    Ok(out)
}

fn block(tag: &HelperTemplate, line: usize) -> Result<Node, Fault> {
    let kind = match tag.name.as_name() {
        Some("if") => Block::If,
        Some("unless") => Block::Unless,
        Some("each") => Block::Each,
        other => {
            let text = format!("blocco `#{}` sconosciuto: si usano if, unless, each", other.unwrap_or_default());
            return Err(Fault { line, text });
        }
    };
    let [path] = tag.params.as_slice() else {
        return Err(Fault { line, text: "dopo #if, #unless e #each va il nome di un campo, uno solo".to_string() });
    };
    let Some(path) = plain(path).filter(|_| tag.hash.is_empty() && tag.block_param.is_none()) else {
        return Err(Fault { line, text: "dopo #if, #unless e #each va solo il nome di un campo".to_string() });
    };
    let branch = |part: &Option<Template>| part.as_ref().map_or(Ok(Vec::new()), nodes);
    Ok(Node::Block {
        kind,
        path: path.to_string(),
        line,
        body: branch(&tag.template)?,
        otherwise: branch(&tag.inverse)?,
    })
}

fn plain(parameter: &Parameter) -> Option<&str> {
    match parameter {
        Parameter::Name(_) | Parameter::Path(_) => parameter.as_name(),
        // Literals and calls.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_wrong_in_a_template_is_said_in_italian() {
        let fault = |source: &str| Engine::new().add("prova", source).expect_err("it is none").text;
        assert!(fault("a\n{{#if x}}b{{/each}}").contains("si apre {{#if}} e si chiude {{/each}}"));
        for source in ["{{", "{{#if x}}b", "{{x", "{{#each}}{{/each}}", "{{/if}}", "{{x)}}", "{{#if (a (b c))}}{{/if}}"]
        {
            let text = fault(source);
            for word in ["expected", "helper", "invalid", "syntax", "was opened", "-->"] {
                assert!(!text.contains(word), "{source}: {text}");
            }
        }
        let mut engine = Engine::new();
        engine.add("prova", "{{nome}}").expect("it is one");
        assert_eq!(engine.render("prova", &json!({})), Err(String::from("manca il campo {{nome}}")));
        assert_eq!(engine.render("altro", &json!({})), Err(String::from("il modello «altro» non c'è")));
    }
}

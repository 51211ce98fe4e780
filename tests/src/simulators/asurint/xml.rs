//! Reading XML without a document type or entities, and writing it.

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

pub(super) use quick_xml::escape::escape;

const DEEPEST: usize = 32;

/// One element with its namespace resolved; comments are gone, texts are joined.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) attributes: Vec<Attribute>,
    pub(super) children: Vec<Element>,
    pub(super) text: String,
}

/// One attribute; its namespace is empty where it has no prefix.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) value: String,
}

/// Why a document was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    DocumentType,
    Entity,
    Malformed,
}

impl Element {
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The element at a path of names below this one.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.child(name))
    }

    /// The trimmed text at a path of names; empty where there is none.
    pub(super) fn text_at(&self, path: &str) -> &str {
        self.at(path).map_or("", |element| element.text.trim())
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.value.as_str())
    }
}

fn bound(namespace: &ResolveResult<'_>) -> Result<String, Unreadable> {
    match namespace {
        ResolveResult::Bound(Namespace(uri)) => Ok((*uri).to_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(_) => Err(Unreadable::Malformed),
    }
}

fn open(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element, Unreadable> {
    let (namespace, name) = reader.resolver().resolve_element(start.name());
    let mut element = Element { namespace: bound(&namespace)?, name: name.as_ref().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| Unreadable::Malformed)?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| Unreadable::Entity)?;
        element.attributes.push(Attribute {
            namespace: bound(&namespace)?,
            name: name.as_ref().to_owned(),
            value: value.into_owned(),
        });
    }
    Ok(element)
}

fn close(stack: &mut [Element], root: &mut Option<Element>, element: Element) -> Result<(), Unreadable> {
    match stack.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return Err(Unreadable::Malformed),
    }
    Ok(())
}

/// Reads one document.
pub(super) fn read(document: &str) -> Result<Element, Unreadable> {
    let mut reader = NsReader::from_str(document);
    let (mut stack, mut root) = (Vec::<Element>::new(), None);
    loop {
        let event = reader.read_event().map_err(|_| Unreadable::Malformed)?;
        let text = match event {
            Event::Start(start) if stack.len() < DEEPEST => {
                stack.push(open(&reader, &start)?);
                continue;
            }
            Event::Empty(start) => {
                let element = open(&reader, &start)?;
                close(&mut stack, &mut root, element)?;
                continue;
            }
            Event::End(_) => {
                let element = stack.pop().ok_or(Unreadable::Malformed)?;
                close(&mut stack, &mut root, element)?;
                continue;
            }
            Event::Text(text) => text.xml10_content().into_owned(),
            Event::CData(text) => text.xml10_content().into_owned(),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(|_| Unreadable::Malformed)? {
                Some(character) => character.to_string(),
                None => resolve_predefined_entity(&reference).ok_or(Unreadable::Entity)?.to_owned(),
            },
            Event::DocType(_) => return Err(Unreadable::DocumentType),
            Event::Decl(_) | Event::Comment(_) => continue,
            Event::Start(_) | Event::PI(_) => return Err(Unreadable::Malformed),
            Event::Eof if stack.is_empty() => return root.ok_or(Unreadable::Malformed),
            Event::Eof => return Err(Unreadable::Malformed),
        };
        match stack.last_mut() {
            Some(element) => element.text.push_str(&text),
            None if text.trim().is_empty() => {}
            None => return Err(Unreadable::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_namespaces_and_texts() {
        let root = read(
            "<?xml version=\"1.0\"?><a xmlns=\"n\" xmlns:p=\"m\" p:x=\"1 &lt; 2\">\n\
             <b>C&#38;<!-- D --><![CDATA[<E>]]></b><b/></a>",
        );
        let root = root.unwrap();
        assert_eq!((root.name.as_str(), root.namespace.as_str(), root.children.len()), ("a", "n", 2));
        assert_eq!((root.text_at("b"), root.attribute("x")), ("C&<E>", Some("1 < 2")));
        assert_eq!(root.attributes[0].namespace, "m");
    }

    #[test]
    fn refuses_document_types_entities_and_broken_documents() {
        for (document, why) in [
            ("<!DOCTYPE a><a/>", Unreadable::DocumentType),
            ("<!DOCTYPE a [<!ENTITY e \"eee\">]><a>&e;</a>", Unreadable::DocumentType),
            ("<!DOCTYPE a SYSTEM \"file:///etc/hostname\"><a/>", Unreadable::DocumentType),
            ("<a>&e;</a>", Unreadable::Entity),
            ("<a b=\"&e;\"/>", Unreadable::Entity),
            ("<a><b></a>", Unreadable::Malformed),
            ("<a/><a/>", Unreadable::Malformed),
            ("<a/>text", Unreadable::Malformed),
            ("<p:a/>", Unreadable::Malformed),
            ("", Unreadable::Malformed),
        ] {
            assert_eq!(read(document).unwrap_err(), why, "{document}");
        }
        let deep = format!("{}{}", "<a>".repeat(33), "</a>".repeat(33));
        assert_eq!(read(&deep).unwrap_err(), Unreadable::Malformed);
    }
}

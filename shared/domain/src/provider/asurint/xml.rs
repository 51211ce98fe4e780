//! Reads XML into a tree, and makes text fit to stand in XML. No document type, no entity but the predefined ones.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// How deep elements may be nested, how many a document may have, and how long it may be in bytes.
const DEEPEST: usize = 32;
const MOST_ELEMENTS: usize = 20_000;
const LONGEST: usize = 1024 * 1024;

/// What these hold is a person's data or a password: it is dropped before anything could keep it.
const DROPPED: [&str; 3] = ["Subject", "Subjects", "Security"];

/// The bytes are not a document that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotRead;

/// One element by its local name; whatever its namespace is, it means the same. Its `Debug` is never needed, and its
/// texts may be a person's data.
#[derive(Default)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Self>,
    text: String,
}

impl Element {
    /// Whether the element has this name; the case of letters does not count.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Its own text, trimmed; nothing where it is blank.
    pub(super) fn text(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|text| !text.is_empty())
    }

    pub(super) fn children(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.is(name))
    }

    /// The first element at a path of names below this one.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.children(name).next())
    }

    /// The text at a path of names below this one, of which the last may be `@` and an attribute's name.
    pub(super) fn text_at(&self, path: &str) -> Option<&str> {
        let (element, attribute) = match path.rsplit_once('@') {
            Some(("", name)) => (Some(self), Some(name)),
            Some((path, name)) => (self.at(path.trim_end_matches('/')), Some(name)),
            None => (self.at(path), None),
        };
        let element = element?;
        let Some(name) = attribute else { return element.text() };
        let value = element.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?.1.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The text at the first of the paths where there is one.
    pub(super) fn first_at<P: AsRef<str>>(&self, paths: &[P]) -> Option<&str> {
        paths.iter().find_map(|path| self.text_at(path.as_ref()))
    }
}

fn open(start: &BytesStart<'_>) -> Result<Element, NotRead> {
    let mut element = Element { name: start.local_name().as_ref().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| NotRead)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| NotRead)?;
        element.attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(element)
}

fn close(above: &mut [Element], root: &mut Option<Element>, element: Element) -> Result<(), NotRead> {
    let is_dropped = DROPPED.iter().any(|name| element.is(name));
    match above.last_mut() {
        Some(_) if is_dropped => {}
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return Err(NotRead),
    }
    Ok(())
}

/// Reads one document.
///
/// # Errors
/// [`NotRead`]: not well formed, not UTF-8, with a document type or an entity, or too large, too deep or too wide.
pub(super) fn read(document: &[u8]) -> Result<Element, NotRead> {
    if document.len() > LONGEST {
        return Err(NotRead);
    }
    let document = std::str::from_utf8(document).map_err(|_| NotRead)?;
    let mut reader = Reader::from_str(document.trim_start_matches('\u{feff}'));
    let (mut open_ones, mut root, mut elements) = (Vec::<Element>::new(), None, 0_usize);
    loop {
        let text: Cow<'_, str> = match reader.read_event().map_err(|_| NotRead)? {
            Event::Start(start) if open_ones.len() < DEEPEST && elements < MOST_ELEMENTS => {
                elements += 1;
                open_ones.push(open(&start)?);
                continue;
            }
            Event::Empty(start) if open_ones.len() < DEEPEST && elements < MOST_ELEMENTS => {
                elements += 1;
                close(&mut open_ones, &mut root, open(&start)?)?;
                continue;
            }
            Event::End(_) => {
                let element = open_ones.pop().ok_or(NotRead)?;
                close(&mut open_ones, &mut root, element)?;
                continue;
            }
            Event::Text(text) => text.xml10_content(),
            Event::CData(text) => text.xml10_content(),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(|_| NotRead)? {
                Some(character) => Cow::Owned(character.to_string()),
                None => Cow::Borrowed(resolve_predefined_entity(&reference).ok_or(NotRead)?),
            },
            Event::Decl(_) | Event::Comment(_) => continue,
            Event::Start(_) | Event::Empty(_) | Event::DocType(_) | Event::PI(_) => return Err(NotRead),
            Event::Eof if open_ones.is_empty() => return root.ok_or(NotRead),
            Event::Eof => return Err(NotRead),
        };
        match open_ones.last_mut() {
            Some(element) => element.text.push_str(&text),
            None if text.trim().is_empty() => {}
            None => return Err(NotRead),
        }
    }
}

/// The text as it may stand in an element or an attribute: what XML cannot hold is a blank.
pub(super) fn escaped(text: &str) -> String {
    let held = |c: char| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c };
    quick_xml::escape::escape(text.chars().map(held).collect::<String>()).into_owned()
}

//! Tells a person what happens, step by step; a test listens to nobody.

use std::sync::{Arc, Mutex};

use anstyle::{AnsiColor, Style};

use crate::simulators::shared::lock;

/// Who is told.
#[derive(Clone)]
pub enum Narrator {
    /// A person at a terminal, in colour where it allows.
    Person,
    /// Nobody; the lines are kept for a test to read.
    Kept(Arc<Mutex<Vec<String>>>),
}

impl Narrator {
    #[must_use]
    pub fn silent() -> Self {
        Self::Kept(Arc::default())
    }

    fn say(&self, style: Style, text: &str) {
        match self {
            Self::Person => {
                use std::io::Write;
                // A reader who is gone needs no line.
                let _ = writeln!(anstream::stdout(), "{style}{text}{style:#}");
            }
            Self::Kept(lines) => lock(lines).push(text.to_owned()),
        }
    }

    pub fn title(&self, text: &str) {
        self.say(Style::new(), "");
        self.say(Style::new().bold().fg_color(Some(AnsiColor::Cyan.into())), text);
    }

    /// Something that somebody does.
    pub fn step(&self, text: &str) {
        self.say(Style::new(), &format!("  • {text}"));
    }

    /// What a person now sees in the ATS.
    pub fn sees(&self, text: &str) {
        self.say(Style::new().fg_color(Some(AnsiColor::Green.into())), &format!("    {text}"));
    }

    pub fn note(&self, text: &str) {
        self.say(Style::new().dimmed(), &format!("    {text}"));
    }

    pub fn wrong(&self, text: &str) {
        self.say(Style::new().bold().fg_color(Some(AnsiColor::Red.into())), &format!("  ✗ {text}"));
    }

    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Person => Vec::new(),
            Self::Kept(lines) => lock(lines).clone(),
        }
    }
}

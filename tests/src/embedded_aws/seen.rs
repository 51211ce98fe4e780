//! By which of their grants the functions of this process made calls, kept in a file for a later comparison.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::UNIX_EPOCH;

use crate::roles::Grant;
use crate::simulators::shared::lock;

static SEEN: Mutex<Option<(File, BTreeSet<String>)>> = Mutex::new(None);

/// Writes down from now on, in a file of `folder` that belongs to this build of the program, each grant that is used. Its
/// other processes and later runs add to it; what another build wrote is forgotten.
///
/// # Errors
/// The folder or the program itself cannot be used.
pub fn keep_in(folder: &Path) -> std::io::Result<()> {
    let mut seen = lock(&SEEN);
    if seen.is_some() {
        return Ok(());
    }
    let built = fs::metadata(std::env::current_exe()?)?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = built.as_nanos().to_string();
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)?.flatten().filter(|entry| entry.file_name() != name.as_str()) {
        fs::remove_file(entry.path())?;
    }
    let file = File::options().create(true).append(true).open(folder.join(name))?;
    *seen = Some((file, BTreeSet::new()));
    Ok(())
}

/// Every line that was written, each `FUNCTION ACTION RESOURCE`; none where nothing was.
///
/// # Errors
/// The folder cannot be read.
pub fn kept_in(folder: &Path) -> std::io::Result<BTreeSet<String>> {
    let mut lines = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        lines.extend(fs::read_to_string(entry?.path())?.lines().map(str::to_owned));
    }
    Ok(lines)
}

pub(super) fn note(function: &str, grant: &Grant) {
    if let Some((file, known)) = lock(&SEEN).as_mut() {
        let line = format!("{function} {grant}\n");
        if !known.contains(&line) {
            // What cannot be written is missed where it is compared.
            let _ = file.write_all(line.as_bytes());
            known.insert(line);
        }
    }
}

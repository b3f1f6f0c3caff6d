//! Key file: a secret on disk, as one line of 64 hexadecimal digits that only its owner can read.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::secret::Secret;

/// Longer than any key file, so that a wrong path costs no memory.
const BYTES_MAX: u64 = 100;

/// Digits of a secret.
const DIGITS: usize = 64;

/// A key file that cannot be made or used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFileError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub refusal: Refusal,
}

/// Why a key file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is a file already, and a lost key cannot be made again.
    Exists,
    /// There is none.
    Absent,
    /// Others than its owner may read or write it.
    Exposed {
        /// Its permission bits.
        mode: u32,
    },
    /// It holds something else than a key.
    Malformed,
    /// The machine failed.
    Failed {
        /// While doing what.
        doing: &'static str,
        /// What the machine said.
        cause: String,
    },
}

/// Writes `secret` to a new file.
pub fn create(path: &Path, secret: &Secret) -> Result<(), KeyFileError> {
    let failed = |doing| move |error: io::Error| refused(path, doing, &error);
    let mut file = new_file(path).map_err(failed("making"))?;
    let text = secret.bytes().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    writeln!(file, "{text}").and_then(|()| file.sync_all()).map_err(failed("writing"))
}

/// Reads the secret in a file.
pub fn read(path: &Path) -> Result<Secret, KeyFileError> {
    let failed = |doing| move |error: io::Error| refused(path, doing, &error);
    let file = File::open(path).map_err(failed("opening"))?;
    check_private(path, &file)?;
    let mut text = String::new();
    match file.take(BYTES_MAX).read_to_string(&mut text) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::InvalidData => text.clear(),
        Err(error) => return Err(refused(path, "reading", &error)),
    }
    let bytes = bytes(text.trim_end());
    bytes.map(Secret::from_bytes).ok_or_else(|| KeyFileError::new(path, Refusal::Malformed))
}

#[cfg(unix)]
fn new_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn new_file(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn check_private(path: &Path, file: &File) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata().map_err(|error| refused(path, "looking at", &error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyFileError::new(path, Refusal::Exposed { mode })) }
}

#[cfg(not(unix))]
fn check_private(_: &Path, _: &File) -> Result<(), KeyFileError> {
    Ok(())
}

fn bytes(text: &str) -> Option<[u8; 32]> {
    if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..DIGITS).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok());
    pairs.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

fn refused(path: &Path, doing: &'static str, error: &io::Error) -> KeyFileError {
    let refusal = match error.kind() {
        io::ErrorKind::AlreadyExists => Refusal::Exists,
        io::ErrorKind::NotFound => Refusal::Absent,
        _ => Refusal::Failed { doing, cause: error.to_string() },
    };
    KeyFileError::new(path, refusal)
}

impl KeyFileError {
    fn new(path: &Path, refusal: Refusal) -> KeyFileError {
        KeyFileError { path: path.to_owned(), refusal }
    }
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.refusal {
            Refusal::Exists => {
                write!(f, "{path} is there already; choose another name, a key is never overwritten")
            }
            Refusal::Absent => write!(f, "there is no {path}; check the path"),
            Refusal::Exposed { mode } => write!(
                f,
                "{path} can be read or changed by others (mode {mode:03o}); run chmod 600 {path}, and replace the key \
                 if others may have seen it"
            ),
            Refusal::Malformed => {
                write!(f, "{path} is no key file: that is one line of {DIGITS} hexadecimal digits")
            }
            Refusal::Failed { doing, cause } => write!(f, "{doing} {path} failed: {cause}"),
        }
    }
}

impl std::error::Error for KeyFileError {}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Refusal, create, read};
    use crate::secret::Secret;

    #[test]
    fn key_file_keeps_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ann.key");
        assert_eq!(read(&path).unwrap_err().refusal, Refusal::Absent);
        let secret = Secret::random().unwrap();
        assert_ne!(secret, Secret::random().unwrap());
        create(&path, &secret).unwrap();
        assert_eq!(read(&path).unwrap(), secret);
        assert_eq!(create(&path, &Secret::from_bytes([1; 32])).unwrap_err().refusal, Refusal::Exists);
        assert_eq!(read(&path).unwrap(), secret);
        let in_nowhere = folder.path().join("nowhere").join("ann.key");
        assert_eq!(create(&in_nowhere, &secret).unwrap_err().refusal, Refusal::Absent);
        assert!(matches!(
            read(folder.path()).unwrap_err().refusal,
            Refusal::Exposed { .. } | Refusal::Failed { .. }
        ));
    }

    #[test]
    fn key_file_of_anything_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let digits = "0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789";
        let path = folder.path().join("key");
        create(&path, &Secret::from_bytes([0; 32])).unwrap();
        for good in [digits.to_owned(), format!("{digits}\n"), format!("{digits}\r\n")] {
            fs::write(&path, good).unwrap();
            read(&path).unwrap();
        }
        let other =
            ["", "\n", &digits[1..], &format!("{digits}0"), &format!("+{}", &digits[1..]), "{\"key\":1}"];
        for bad in other.map(str::as_bytes).into_iter().chain([[0xff_u8; 64].as_slice(), &[b'a'; 5_000]]) {
            fs::write(&path, bad).unwrap();
            assert_eq!(read(&path).unwrap_err().refusal, Refusal::Malformed, "{bad:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, &Secret::from_bytes([7; 32])).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o610, 0o644, 0o777] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(&path).unwrap_err().refusal, Refusal::Exposed { mode });
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        read(&path).unwrap();
    }
}

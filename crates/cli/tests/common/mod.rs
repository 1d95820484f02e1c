//! Runs the binary in a cache of its own.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Ten, as `fibonacci` reads it.
pub const FIBONACCI: &str = "0a000000";

/// A guest's ELF.
pub fn elf(name: &str) -> String {
    format!("{}/../../tests/guests/elf/{name}.elf", env!("CARGO_MANIFEST_DIR"))
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Its answer; fails if it failed.
    #[track_caller]
    pub fn succeeds(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout
    }

    /// Its error: one line starts with `error: `, and `part` is in it.
    #[track_caller]
    pub fn fails(self, code: i32, part: &str) -> String {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.stderr.contains(part), "{:?} should contain {part:?}", self.stderr);
        assert!(!self.stderr.contains("panicked at crates"), "{}", self.stderr);
        if code != 2 {
            let errors = self.stderr.lines().filter(|line| line.starts_with("error: ")).count();
            assert_eq!(errors, 1, "{}", self.stderr);
            assert_eq!(self.stdout, "");
        }
        self.stderr
    }
}

/// Runs `finial`.
pub fn finial(arguments: &[&str]) -> Ended {
    let output =
        Command::new(env!("CARGO_BIN_EXE_finial")).args(arguments).output().expect("the binary runs");
    Ended {
        code: output.status.code().expect("no signal"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs `finial --json`, which has to succeed.
#[track_caller]
pub fn json(arguments: &[&str]) -> Value {
    let text = finial(&[arguments, &["--json"]].concat()).succeeds();
    serde_json::from_str(&text).expect("JSON")
}

/// A directory of a test's own.
pub struct Dir(tempfile::TempDir);

impl Dir {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    pub fn path(&self, name: &str) -> String {
        text(&self.0.path().join(name))
    }

    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        text(&path)
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("text").to_owned()
}

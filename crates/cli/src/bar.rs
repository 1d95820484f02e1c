//! The progress bar: stage, percent, time left.

use finial_sdk::Observer;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

const STEPS: u64 = 1_000;

/// A bar on stderr; hidden where that is no terminal.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar, hidden on request.
    pub fn new(hidden: bool) -> Self {
        if hidden || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::hidden()));
        }
        let bar = ProgressBar::new(STEPS);
        if let Ok(style) =
            ProgressStyle::with_template("{bar:24} {percent:>3}%  {elapsed} passed, {eta} left  {msg}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(500));
        Self(bar)
    }
}

impl Observer for Bar {
    fn progress(&self, stage: &str, done: f64) {
        self.0.set_message(stage.to_owned());
        self.0.set_position((done * STEPS as f64) as u64);
        if done >= 1.0 {
            self.0.finish_and_clear();
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

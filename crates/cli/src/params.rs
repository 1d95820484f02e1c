//! Answers about parameters.

use finial_sdk::parameters::{CheckOutcome, ImportOutcome, ListOutcome};
use finial_sdk::{Circuit, Hex, ParamSet};
use serde::Serialize;

use crate::print::{INSECURE, Text, params_text};

/// Of `params dev`.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Made {
    /// The sets in the cache.
    pub sets: Vec<ParamSet>,
}

fn set_text(set: &ParamSet) -> String {
    format!("parameters     {}\ndigest         {}\n", params_text(set), Hex::from(set.digest))
}

impl Text for Made {
    fn text(&self) -> String {
        let warning = if self.sets.iter().any(|set| set.insecure) { INSECURE } else { "" };
        self.sets.iter().map(set_text).collect::<String>() + warning
    }
}

impl Text for ImportOutcome {
    fn text(&self) -> String {
        let contributions = self.contributions.map(|n| format!(", {n} contributions")).unwrap_or_default();
        let mut text = format!(
            "file           2^{} powers{contributions}\nSHA-256        {}\nBLAKE2b        {}\n",
            self.power, self.sha256, self.blake2b
        );
        text += &match &self.listed_as {
            Some(name) => format!("listed         as {name} in params/ceremonies.json\n"),
            None => "listed         NOT in params/ceremonies.json: taken because of the digest you gave\n"
                .to_owned(),
        };
        text += &match &self.ceremony {
            Some(title) => format!("ceremony       {title}\n"),
            None => "ceremony       unknown: that nobody knows the secret is for you to judge\n".to_owned(),
        };
        for (set, computed) in self.sets.iter().zip(&self.lagrange_computed) {
            let origin = if *computed { "computed" } else { "from the file" };
            text += &format!("{}Lagrange form  {origin}, checked\n", set_text(set));
        }
        text
    }
}

impl Text for CheckOutcome {
    fn text(&self) -> String {
        let line = |set: &finial_sdk::parameters::CheckedParameters| {
            let pin = if set.pinned { "its pinned digest" } else { "no pinned digest" };
            let ceremony = set.ceremony.as_deref().map(|title| format!(", {title}")).unwrap_or_default();
            format!("right  {}: {pin}{ceremony}\n", params_text(&set.set))
        };
        self.sets.iter().map(line).collect()
    }
}

impl Text for ListOutcome {
    fn text(&self) -> String {
        let mut text = String::from("in the cache:\n");
        for set in &self.cached {
            text += &format!("  {}, k = {}\n", set.name, set.k);
        }
        if self.cached.is_empty() {
            text += "  nothing\n";
        }
        for ceremony in &self.ceremonies {
            text += &format!(
                "\n{}: {} ({}). Files that suffice here:\n",
                ceremony.name, ceremony.title, ceremony.contribution
            );
            for file in &ceremony.files {
                let enough = if file.circuits.contains(&Circuit::Wrapped) { ", with --wrap too" } else { "" };
                text += &format!("  {} (2^{}{enough})\n", file.url, file.power);
            }
        }
        text
    }
}

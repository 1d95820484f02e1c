//! Names for parts of a program, for error messages and row counts.

use std::collections::HashMap;

/// All scopes opened so far; scope 0 is the whole program.
#[derive(Clone, Debug)]
pub(crate) struct Scopes {
    nodes: Vec<(u32, &'static str)>,
    children: HashMap<(u32, &'static str), u32>,
    current: u32,
}

impl Default for Scopes {
    fn default() -> Self {
        Self { nodes: vec![(0, "program")], children: HashMap::new(), current: 0 }
    }
}

impl Scopes {
    pub fn current(&self) -> u32 {
        self.current
    }

    /// Enters a scope, the same one each time the same name is entered from the same place.
    pub fn enter(&mut self, name: &'static str) -> u32 {
        let parent = self.current;
        let next = self.nodes.len() as u32;
        self.current = *self.children.entry((parent, name)).or_insert(next);
        if self.current == next {
            self.nodes.push((parent, name));
        }
        parent
    }

    pub fn leave(&mut self, parent: u32) {
        self.current = parent;
    }

    pub fn path(&self, mut scope: u32) -> String {
        let mut names = Vec::new();
        loop {
            let (parent, name) = self.nodes[scope as usize];
            names.push(name);
            if scope == 0 {
                break;
            }
            scope = parent;
        }
        names.reverse();
        names.join("/")
    }

    pub fn paths(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.nodes.len() as u32).map(|scope| self.path(scope))
    }
}

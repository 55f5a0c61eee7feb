//! What one rendering may use (`security.md` D-02). There is no clock here:
//! steps bound the time.

use crate::failure::{Exhausted, Failure};

/// Upper bounds for one rendering.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Evaluation steps: about one per node, loop pass and 64 bytes of work.
    pub steps: u64,
    /// Bytes of output.
    pub output: usize,
    /// Bytes of all intermediate values together.
    pub memory: usize,
    /// Generated keys and slow password hashes.
    pub key_generations: u32,
    /// Nested evaluations, recursion of templates included.
    pub depth: u32,
    /// Nesting of values that printing, JSON and copying walk through.
    pub nesting: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            steps: 1_000_000,
            output: 1 << 20,
            memory: 32 << 20,
            key_generations: 4,
            depth: 400,
            nesting: 100,
        }
    }
}

/// What is left of a [`Budget`].
pub(crate) struct Meter {
    limits: Budget,
    steps: u64,
    memory: usize,
    key_generations: u32,
    depth: u32,
}

impl Meter {
    pub(crate) fn new(limits: Budget) -> Self {
        Self {
            limits,
            steps: limits.steps,
            memory: limits.memory,
            key_generations: limits.key_generations,
            depth: 0,
        }
    }

    pub(crate) fn limits(&self) -> &Budget {
        &self.limits
    }

    /// Takes `count` steps.
    pub(crate) fn step(&mut self, count: u64) -> Result<(), Failure> {
        match self.steps.checked_sub(count) {
            Some(left) => self.steps = left,
            None => return Err(Failure::Budget(Exhausted::Steps)),
        }
        Ok(())
    }

    /// Takes `bytes` of memory, and the steps that writing them costs.
    pub(crate) fn allocate(&mut self, bytes: usize) -> Result<(), Failure> {
        match self.memory.checked_sub(bytes) {
            Some(left) => self.memory = left,
            None => return Err(Failure::Budget(Exhausted::Memory)),
        }
        self.step(bytes as u64 / 64)
    }

    /// Takes one of the few key generations and slow hashes.
    pub(crate) fn generate_key(&mut self) -> Result<(), Failure> {
        match self.key_generations.checked_sub(1) {
            Some(left) => self.key_generations = left,
            None => return Err(Failure::Budget(Exhausted::KeyGenerations)),
        }
        Ok(())
    }

    /// Enters one more nested evaluation; pair with [`Meter::leave`].
    pub(crate) fn enter(&mut self) -> Result<(), Failure> {
        if self.depth >= self.limits.depth {
            return Err(Failure::Budget(Exhausted::Depth));
        }
        self.depth += 1;
        self.step(1)
    }

    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }
}

//! What one rendering may use (`security.md` D-02). There is no clock here:
//! steps bound the time.

use crate::failure::{Exhausted, Failure};

/// Upper bounds for one rendering.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Evaluation steps: one per node, loop pass and 64 bytes that a function
    /// reads or makes, more where it works longer on them; thousands for a key,
    /// a slow hash, a signature. A step takes at most about a microsecond.
    pub steps: u64,
    /// Bytes of output.
    pub output: usize,
    /// Bytes of the data and of all intermediate values together, dropped ones
    /// included. What a function needs for a moment must fit into the rest; only
    /// `derivePassword` takes 32 MiB beside it.
    pub memory: usize,
    /// Nested evaluations, recursion of templates included.
    pub depth: u32,
    /// Nesting of values that printing, JSON and copying walk through.
    pub nesting: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: 1_000_000, output: 1 << 20, memory: 12 << 20, depth: 400, nesting: 100 }
    }
}

/// What may be held beside a function that needs much.
const MOST_BESIDE: usize = 1 << 20;

/// What is left of a [`Budget`].
pub(crate) struct Meter {
    limits: Budget,
    steps: u64,
    memory: usize,
    depth: u32,
}

impl Meter {
    pub(crate) fn new(limits: Budget) -> Self {
        Self { limits, steps: limits.steps, memory: limits.memory, depth: 0 }
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

    /// Takes the steps that using `bytes` for a moment costs, and fails where
    /// they do not fit beside what is held.
    pub(crate) fn borrow(&mut self, bytes: usize) -> Result<(), Failure> {
        if bytes > self.memory {
            return Err(Failure::Budget(Exhausted::Memory));
        }
        self.step(bytes as u64 / 64)
    }

    /// Gives memory back that is certainly free again.
    pub(crate) fn release(&mut self, bytes: usize) {
        self.memory += bytes;
    }

    /// Returns how many steps may still be taken.
    pub(crate) fn left(&self) -> u64 {
        self.steps
    }

    /// Returns how many bytes may still be taken.
    pub(crate) fn room(&self) -> usize {
        self.memory
    }

    /// Fails where more is held than may stand beside the tens of MiB that a
    /// function needs for a moment.
    pub(crate) fn check_light(&self) -> Result<(), Failure> {
        let held = self.limits.memory - self.memory;
        if held > MOST_BESIDE { Err(Failure::Budget(Exhausted::Memory)) } else { Ok(()) }
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

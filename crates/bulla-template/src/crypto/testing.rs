//! What the tests of this folder share.

use std::sync::atomic::{AtomicU64, Ordering};

use bulla_core::{Random, RandomError};

/// A source that gives other bytes each time and the same in each test.
#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl Random for Counter {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        for byte in buffer {
            let count = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            *byte = (count.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 56) as u8;
        }
        Ok(())
    }
}

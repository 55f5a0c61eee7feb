//! A fixed clock, a counting random source, and data from JSON.

use std::sync::atomic::{AtomicU64, Ordering};

use bulla_core::{Clock, Random, RandomError, Timestamp};
use bulla_template::Data;

/// 2024-05-06T07:08:09Z, always.
pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        1_714_979_289
    }
}

/// Bytes of a SplitMix64 sequence.
#[derive(Default)]
pub(crate) struct Sequence(AtomicU64);

impl Random for Sequence {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        for chunk in buffer.chunks_mut(8) {
            let mut state = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            state = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            state = (state ^ state >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(state ^ state >> 31).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Converts JSON as the oracle reads it: all numbers are floats.
pub(crate) fn data(value: &serde_json::Value) -> Data {
    match value {
        serde_json::Value::Null => Data::Nil,
        serde_json::Value::Bool(truth) => Data::Bool(*truth),
        serde_json::Value::Number(number) => {
            Data::Float(number.as_f64().expect("every JSON number is a float"))
        }
        serde_json::Value::String(text) => Data::Text(text.as_bytes().to_vec()),
        serde_json::Value::Array(items) => Data::List(items.iter().map(data).collect()),
        serde_json::Value::Object(entries) => {
            Data::Map(entries.iter().map(|(key, value)| (key.clone(), data(value))).collect())
        }
    }
}

//! Templates that try to exhaust the process.

//! Lane `golden`.

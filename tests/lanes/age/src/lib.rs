//! Lane `age`: our age code against the original age and its plugins.

//! Lane `kubeseal`: our kubeseal against the original.

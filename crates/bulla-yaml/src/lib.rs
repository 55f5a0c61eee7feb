//! YAML reader, resolver, writer and span editor that agree with go-yaml v3.

//! The SOPS document: formats, tree, value envelope, MAC, metadata, layout, key groups, creation rules.

//! Lane `aws`: our KMS provider against moto.

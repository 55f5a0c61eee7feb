//! The tests of the lane `kube`, one module per subject.

mod cluster;
mod crd;
mod demo;
mod faults;
mod home;
mod http;
mod inside;
mod interop;
mod keys;
mod leaks;
mod limits;
mod living;
mod metrics;
mod modes;
mod rights;
mod rules;
mod stock;
mod unseal;

//! The tests of the lane `kube`, one module per subject.

mod cluster;
mod crd;
mod demo;
mod faults;
mod http;
mod inside;
mod keys;
mod metrics;
mod modes;
mod rights;
mod stock;
mod unseal;

//! The tests of the lane `kube`, one module per subject.

mod cluster;
mod crd;
mod faults;
mod http;
mod inside;
mod metrics;
mod modes;
mod rights;
mod stock;
mod unseal;

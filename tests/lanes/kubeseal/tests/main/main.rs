//! The tests of the lane `kubeseal`, one module per subject.

mod both_ways;
mod cluster;
mod commands;
mod kubeconfigs;
mod own;
mod pair;
mod proxies;
mod templates;

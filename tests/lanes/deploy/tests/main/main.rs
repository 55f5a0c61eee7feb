//! The tests of the lane `deploy`, one module per subject.

mod charts;
mod health;
mod install;
mod manifests;
mod monitoring;
mod release;
mod render;
mod takeover;

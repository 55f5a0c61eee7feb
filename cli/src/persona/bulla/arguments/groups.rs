//! What is typed after `bulla groups`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{AwsOptions, Keys};
use crate::request;

#[derive(Subcommand)]
pub(in crate::persona::bulla) enum GroupsVerb {
    /// Add a group of these keys; values stay as they are
    #[command(after_help = "Examples:\n  bulla groups add -i secret.yaml --age age1... --threshold 2")]
    Add(Box<GroupsAdd>),
    /// Delete a group by its position, from 0
    #[command(after_help = "Examples:\n  bulla groups delete -i secret.yaml 1")]
    Delete(GroupsDelete),
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct GroupsAdd {
    /// The file
    path: PathBuf,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    aws: AwsOptions,
    #[command(flatten)]
    change: Change,
}

#[derive(Args, Debug)]
pub(in crate::persona::bulla) struct GroupsDelete {
    /// The file
    path: PathBuf,
    /// The group's position, from 0
    index: u32,
    #[command(flatten)]
    change: Change,
}

#[derive(Args, Debug)]
struct Change {
    /// Replace the file instead of printing the result
    #[arg(long, short)]
    in_place: bool,
    /// Number of groups needed to decrypt from now on
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    threshold: u8,
}

impl From<GroupsAdd> for request::GroupsAdd {
    fn from(typed: GroupsAdd) -> Self {
        Self {
            path: typed.path,
            in_place: typed.change.in_place,
            keys: typed.keys.into(),
            aws: typed.aws.into(),
            threshold: typed.change.threshold.into(),
        }
    }
}

impl From<GroupsDelete> for request::GroupsDelete {
    fn from(typed: GroupsDelete) -> Self {
        Self {
            path: typed.path,
            in_place: typed.change.in_place,
            index: typed.index,
            threshold: typed.change.threshold.into(),
        }
    }
}

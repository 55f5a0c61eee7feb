//! `cargo xtask test`: plan, provide, build, run, report.

mod build;
mod component;
mod lanes;
mod options;
mod plan;
pub(crate) mod provide;
mod run;
mod server;

pub(crate) use component::{KUBERNETES, ORACLE, ROPS, SEALED_SECRETS, SOPS};
pub(crate) use lanes::LANES;
pub(crate) use options::Options;

use crate::command::Minutes;
use crate::failure::Failure;
use crate::workspace::Workspace;

/// Everything from nothing to the closing line.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::load()?;
    let mut minutes = Minutes::default();
    let plan = plan::Plan::make(&workspace, options);
    plan.print();
    plan.judge()?;
    if options.plan_only {
        return Ok(());
    }
    let providing = provide::Providing::start(&workspace, &plan)?;
    let built = minutes.step("build", || build::build(&workspace, options, &plan))?;
    minutes.step("provide (rest after build)", || providing.finish())?;
    let servers = minutes.step("start servers", || -> Result<Vec<server::Running>, Failure> {
        plan.servers().into_iter().map(|server| server::Running::start(&workspace, server)).collect()
    })?;
    let run = run::Run { workspace: &workspace, options, plan: &plan, built: &built, servers: &servers };
    let report = run.all(&mut minutes)?;
    drop(servers);
    minutes.print();
    plan.print_not_run();
    report.close()
}

//! The commands, one file each.

mod decrypt;
mod edit;
mod encrypt;
mod exec_env;
mod exec_file;
mod filestatus;
mod groups;
mod inspect;
mod keygen;
mod keyservice;
mod many;
mod rotate;
pub mod sealed;
mod set;
mod template;
mod unset;
mod updatekeys;
mod verify;

pub(crate) use verify::schema as verify_schema;

use std::path::Path;

use crate::app::App;
use crate::error::{Exit, Failure};
use crate::request::Request;

/// Where sops is told to log what it does.
const AUDIT: &str = "/etc/sops/audit.yaml";

/// Does what was asked for.
pub fn run(app: &App<'_>, request: Request) -> Result<(), Failure> {
    if Path::new(AUDIT).exists() {
        // Working on without the log would be worse than not working.
        let text = format!("{AUDIT} asks for an audit log, which is not built in yet");
        return Err(Failure::new(Exit::Generic, text));
    }
    match request {
        Request::Decrypt(request) => decrypt::run(app, &request),
        Request::Edit(request) => edit::run(app, &request),
        Request::Encrypt(request) => encrypt::run(app, &request),
        Request::ExecEnv(request) => exec_env::run(app, &request),
        Request::ExecFile(request) => exec_file::run(app, &request),
        Request::FileStatus(request) => filestatus::run(app, &request),
        Request::GroupsAdd(request) => groups::add(app, &request),
        Request::GroupsDelete(request) => groups::delete(app, &request),
        Request::Inspect(request) => inspect::run(app, &request),
        Request::KeyService(request) => keyservice::run(app, &request),
        Request::Keygen(request) => keygen::run(app, &request),
        Request::Many(request) => many::run(app, &request),
        Request::Rotate(request) => rotate::run(app, &request),
        Request::Set(request) => set::run(app, &request),
        Request::TemplateTest(request) => template::run(app, &request),
        Request::Unset(request) => unset::run(app, &request),
        Request::UpdateKeys(request) => updatekeys::run(app, &request),
        Request::Verify(request) => verify::run(app, &request),
    }
}

//! The commands, one file each.

mod decrypt;
mod edit;
mod editing;
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

pub(crate) use verify::{sarif_example as verify_sarif, schema as verify_schema};

use std::io;
use std::path::Path;

use crate::app::App;
use crate::error::{Exit, Failure, cause};
use crate::request::Request;

/// Where sops is told to log what it does.
const AUDIT: &str = "/etc/sops/audit.yaml";

/// Does what was asked for.
pub fn run(app: &App<'_>, request: Request) -> Result<(), Failure> {
    refuse_audit(Path::new(AUDIT))?;
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
        Request::Keys(request) => sealed::keys::run(app, &request),
        Request::Many(request) => many::run(app, &request),
        Request::Reseal(request) => sealed::reseal::run(app, &request),
        Request::Rotate(request) => rotate::run(app, &request),
        Request::Seal(request) => sealed::verb::run(app, &request),
        Request::Set(request) => set::run(app, &request),
        Request::TemplateTest(request) => template::run(app, &request),
        Request::Unset(request) => unset::run(app, &request),
        Request::UpdateKeys(request) => updatekeys::run(app, &request),
        Request::Verify(request) => verify::run(app, &request),
    }
}

/// Working on without the log would be worse than not working, so only a file
/// that is known not to be there asks for none.
fn refuse_audit(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    let text = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(_) => format!("{shown} asks for an audit log, which is not built in yet"),
        Err(error) => format!(
            "cannot tell whether {shown} asks for an audit log, which is not built in yet: {}",
            cause(&error)
        ),
    };
    Err(Failure::new(Exit::Generic, text))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn an_audit_log_that_may_be_asked_for_is_no_reason_to_work_on() {
        let directory = tempfile::tempdir().unwrap();
        let refusal =
            |name: &str| refuse_audit(&directory.path().join(name)).map_err(|failure| failure.message);
        assert_eq!(refusal("audit.yaml"), Ok(()));
        assert_eq!(refusal("none/audit.yaml"), Ok(()));
        std::os::unix::fs::symlink("nowhere", directory.path().join("dangling")).unwrap();
        assert!(refusal("dangling").unwrap_err().contains("asks for an audit log"));
        // A directory that nobody can look into, root neither.
        std::os::unix::fs::symlink("loop", directory.path().join("loop")).unwrap();
        let refused = refusal("loop/audit.yaml").unwrap_err();
        assert!(
            refused.starts_with("cannot tell whether ") && refused.contains("too many levels"),
            "{refused}"
        );
    }
}

//! Archives whose bytes depend on names, contents and which files are programs, and on nothing else.

use std::path::{Path, PathBuf};

use crate::command::{command, finish};
use crate::failure::Failure;

/// Packs a folder beside itself and gives the archive's path. All entries are of `epoch` (seconds since 1970) and of root.
pub(super) fn pack(folder: &Path, epoch: &str) -> Result<PathBuf, Failure> {
    let (Some(place), Some(name)) = (folder.parent(), folder.file_name()) else {
        return Err(Failure::broken(format!("dist: {} is no folder to pack", folder.display())));
    };
    let archive = place.join(format!("{}.tar.gz", name.to_string_lossy()));
    let order = ["--sort=name", "--format=ustar", "--owner=0", "--group=0", "--numeric-owner"];
    let mut tar = command("tar", &order, place);
    tar.args([&format!("--mtime=@{epoch}"), "--mode=u=rwX,go=rX", "--use-compress-program=gzip -9n"]);
    finish(tar.arg("--create").arg("--file").arg(&archive).arg(name))?;
    Ok(archive)
}

/// What `sha256sum --check` reads, for archives that lie in `place`.
pub(super) fn sums(place: &Path, archives: &[PathBuf]) -> Result<String, Failure> {
    let output = command("sha256sum", &[], place)
        .args(archives.iter().filter_map(|path| path.file_name()))
        .output()?;
    if !output.status.success() {
        return Err(Failure::broken("dist: sha256sum failed"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder `it` with these files, made in this order, as old as they say.
    fn folder(place: &Path, files: &[(&str, &str, u32)], old: &str) -> PathBuf {
        for (name, text, mode) in files {
            let path = place.join("it").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
            let status = std::process::Command::new("touch").args(["-d", old]).arg(&path).status().unwrap();
            assert!(status.success());
        }
        place.join("it")
    }

    #[test]
    fn p_06_an_archive_is_the_same_wherever_and_whenever_it_is_made() {
        let places =
            [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [one, two, other] = places.each_ref().map(tempfile::TempDir::path);
        let one = folder(one, &[("bin/a", "x", 0o755), ("b", "y", 0o644)], "2020-01-01");
        let two = folder(two, &[("b", "y", 0o600), ("bin/a", "x", 0o700)], "2026-02-03");
        let other = folder(other, &[("bin/a", "x", 0o755), ("b", "z", 0o644)], "2020-01-01");
        let [one, two, other] =
            [one, two, other].map(|folder| fs::read(pack(&folder, "7").unwrap()).unwrap());
        assert!(one == two && one != other && one.len() > 100);
    }

    #[test]
    fn sums_are_read_by_sha256sum() {
        let place = tempfile::tempdir().unwrap();
        let archive = pack(&folder(place.path(), &[("a", "x", 0o644)], "2020-01-01"), "7").unwrap();
        fs::write(place.path().join("SHA256SUMS"), sums(place.path(), &[archive]).unwrap()).unwrap();
        finish(&mut command("sha256sum", &["--check", "--strict", "--quiet", "SHA256SUMS"], place.path()))
            .unwrap();
    }
}

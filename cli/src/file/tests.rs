use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::Arc;

use bulla_crypto::SystemRandom;
use tempfile::TempDir;

use super::*;

fn put(path: &Path, text: &str, mode: u32) {
    File::create_new(path).unwrap().write_all(text.as_bytes()).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn l_01_a_replacement_keeps_mode_symlink_and_leaves_nothing_behind() {
    let directory = TempDir::new().unwrap();
    let (file, link) = (directory.path().join("f"), directory.path().join("l"));
    put(&file, "old", 0o640);
    symlink("f", &link).unwrap();
    let mut target = Target::open(&link).unwrap();
    assert_eq!(target.read(100).unwrap(), b"old");
    target.replace(b"new", &SystemRandom).unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"new");
    assert_eq!(mode(&file), 0o640);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(names(directory.path()), ["f", "l"]);
}

#[test]
fn l_01_hard_links_are_reported() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("f");
    put(&file, "old", 0o600);
    fs::hard_link(&file, directory.path().join("other")).unwrap();
    let replaced = Target::open(&file).unwrap().replace(b"new", &SystemRandom).unwrap();
    assert!(replaced.had_hard_links);
}

#[test]
fn l_01_extended_attributes_are_kept() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("f");
    put(&file, "old", 0o600);
    let flags = rustix::fs::XattrFlags::empty();
    if rustix::fs::setxattr(&file, "user.note", b"kept", flags).is_err() {
        return; // The file system of the temporary directory has none.
    }
    Target::open(&file).unwrap().replace(b"new", &SystemRandom).unwrap();
    let mut value = [0_u8; 16];
    let size = rustix::fs::getxattr(&file, "user.note", &mut value[..]).unwrap();
    assert_eq!(&value[..size], b"kept");
}

#[test]
fn l_02_a_file_changed_underneath_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("f");
    put(&file, "old", 0o600);
    let mut target = Target::open(&file).unwrap();
    target.read(100).unwrap();
    fs::remove_file(&file).unwrap();
    put(&file, "foreign", 0o600);
    let error = target.replace(b"new", &SystemRandom).unwrap_err();
    assert!(matches!(error, FileError::Changed(_)), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"foreign");
    assert_eq!(names(directory.path()), ["f"]);
}

#[test]
fn l_02_fifty_parallel_changes_of_one_file_lose_none() {
    let directory = TempDir::new().unwrap();
    let file = Arc::new(directory.path().join("f"));
    put(&file, "", 0o600);
    let threads: Vec<_> = (0..50_u8)
        .map(|number| {
            let file = Arc::clone(&file);
            std::thread::spawn(move || {
                let mut target = Target::open_locked(&file).unwrap();
                let mut content = target.read(1000).unwrap().to_vec();
                content.push(number);
                target.replace(&content, &SystemRandom).unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let mut content = fs::read(&*file).unwrap();
    content.sort_unstable();
    assert_eq!(content, (0..50).collect::<Vec<u8>>());
}

#[test]
fn l_03_new_files_are_private_and_shared_links_are_refused() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("new");
    Target::output(&file).unwrap().replace(b"x", &SystemRandom).unwrap();
    assert_eq!(mode(&file), 0o600);
    let shared = directory.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).unwrap();
    symlink(&file, shared.join("l")).unwrap();
    assert!(matches!(Target::output(&shared.join("l")), Err(FileError::SharedLink(_))));
    symlink(directory.path().join("none"), shared.join("dangling")).unwrap();
    assert!(matches!(Target::output(&shared.join("dangling")), Err(FileError::SharedLink(_))));
    assert_eq!(fs::read(&file).unwrap(), b"x");
}

#[test]
fn r_02_a_failed_write_leaves_the_original_and_no_temporary() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("f");
    put(&file, "old", 0o600);
    let target = Target::open(&file).unwrap();
    assert!(target.replace(b"new", &NoRandom).is_err());
    assert_eq!(fs::read(&file).unwrap(), b"old");
    assert_eq!(names(directory.path()), ["f"]);
}

#[test]
fn a_new_file_does_not_replace_one_that_appeared_meanwhile() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("f");
    let target = Target::create(&file).unwrap();
    put(&file, "theirs", 0o600);
    assert!(target.replace(b"ours", &SystemRandom).is_err());
    assert_eq!(fs::read(&file).unwrap(), b"theirs");
    assert_eq!(names(directory.path()), ["f"]);
}

#[test]
fn named_temporaries_are_private_and_vanish_when_dropped() {
    let directory = TempDir::new().unwrap();
    let linux = linux::Temporary::create_named(directory.path(), &SystemRandom).unwrap();
    let portable = portable::Temporary::create(directory.path(), &SystemRandom).unwrap();
    for name in names(directory.path()) {
        assert_eq!(mode(&directory.path().join(name)), 0o600);
    }
    drop((linux, portable));
    assert!(names(directory.path()).is_empty());
}

#[test]
fn r_01_temporaries_of_dead_processes_are_swept_and_others_stay() {
    let directory = TempDir::new().unwrap();
    let [dead, foreign, link] =
        [leftovers::name(7), ".bulla-7.tmp".to_owned(), leftovers::name(8)].map(|n| directory.path().join(n));
    put(&dead, "left by a kill", 0o600);
    put(&foreign, "no name of ours", 0o600);
    symlink(&foreign, &link).unwrap();
    let alive = linux::Temporary::create_named(directory.path(), &SystemRandom).unwrap();
    leftovers::remove(directory.path());
    assert!(!dead.exists() && foreign.exists() && link.exists());
    assert_eq!(names(directory.path()).len(), 3);
    drop(alive);
    let file = directory.path().join("f");
    put(&dead, "left by a kill", 0o600);
    put(&file, "old", 0o600);
    Target::open(&file).unwrap().replace(b"new", &SystemRandom).unwrap();
    assert!(!dead.exists(), "a replacement sweeps its directory");
}

#[test]
fn the_portable_way_replaces_and_keeps_the_mode() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("f");
    put(&file, "old", 0o640);
    let metadata = fs::metadata(&file).unwrap();
    portable::check_directory(directory.path()).unwrap();
    portable::check_file(&file).unwrap();
    let mut temporary = portable::Temporary::create(directory.path(), &SystemRandom).unwrap();
    temporary.file().write_all(b"new").unwrap();
    assert!(temporary.adopt(&File::open(&file).unwrap(), &metadata).unwrap());
    temporary.publish(&file, false, &SystemRandom).unwrap();
    portable::sync_directory(&portable::open_directory(directory.path()).unwrap().unwrap()).unwrap();
    assert_eq!((fs::read(&file).unwrap().as_slice(), mode(&file)), (b"new".as_slice(), 0o640));
    assert_eq!(names(directory.path()), ["f"]);
    assert_ne!(portable::stamp(&metadata), portable::stamp(&fs::metadata(&file).unwrap()));
    assert!(!portable::is_shared(&metadata) && portable::links(&metadata) == 1);
    portable::lock(&File::open(&file).unwrap());
}

#[test]
fn files_beyond_the_limit_are_refused() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("f");
    put(&file, "12345", 0o600);
    assert!(matches!(read(&file, 4), Err(FileError::TooLarge { .. })));
    assert_eq!(read(&file, 5).unwrap(), b"12345");
}

#[test]
fn missing_files_are_told_apart() {
    let directory = TempDir::new().unwrap();
    let error = read(&directory.path().join("none"), 10).unwrap_err();
    assert!(error.is_missing());
    assert!(error.to_string().ends_with("none: no such file or directory"), "{error}");
}

struct NoRandom;

impl Random for NoRandom {
    fn fill(&self, _: &mut [u8]) -> Result<(), bulla_core::RandomError> {
        Err(bulla_core::RandomError)
    }
}

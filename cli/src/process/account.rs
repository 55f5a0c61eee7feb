//! Other users: looking one up and becoming one.

use std::path::Path;

use crate::error::{Failure, cause};

/// A user of this machine, from `/etc/passwd` and `/etc/group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) home: String,
    user: u32,
    group: u32,
    groups: Vec<u32>,
}

impl Account {
    /// Finds a user by name.
    pub(crate) fn find(name: &str) -> Result<Self, Failure> {
        let read = |path: &str| {
            std::fs::read_to_string(Path::new(path))
                .map_err(|error| Failure::logged(format!("open {path}: {}", cause(&error))))
        };
        let unknown = || Failure::logged(format!("user: unknown user {}", name.escape_debug()));
        Self::parse(name, &read("/etc/passwd")?, &read("/etc/group")?).ok_or_else(unknown)
    }

    fn parse(name: &str, users: &str, groups: &str) -> Option<Self> {
        let fields = users
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>())
            .find(|fields| fields[0] == name && !name.is_empty())?;
        let [_, _, user, group, _, home, ..] = fields.as_slice() else { return None };
        let group: u32 = group.parse().ok()?;
        let mut all = vec![group];
        for line in groups.lines() {
            let [_, _, id, members] = line.split(':').collect::<Vec<_>>()[..] else { continue };
            if members.split(',').any(|member| member == name) {
                all.extend(id.parse::<u32>().ok().filter(|id| *id != group));
            }
        }
        Some(Self {
            name: name.to_owned(),
            home: (*home).to_owned(),
            user: user.parse().ok()?,
            group,
            groups: all,
        })
    }

    /// Makes this thread, and so the programs that it starts, this user:
    /// groups, group, user, in this order, then looks whether it worked.
    #[cfg(target_os = "linux")]
    pub(crate) fn become_it(&self) -> Result<(), Failure> {
        use rustix::process::{Gid, Uid, getegid, geteuid, getgid, getgroups, getuid};
        use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
        let (user, group) = (Uid::from_raw(self.user), Gid::from_raw(self.group));
        let groups: Vec<Gid> = self.groups.iter().map(|id| Gid::from_raw(*id)).collect();
        set_thread_groups(&groups)
            .and_then(|()| set_thread_res_gid(group, group, group))
            .and_then(|()| set_thread_res_uid(user, user, user))
            .map_err(|error| Failure::logged(cause(&error.into())))?;
        let mut now = getgroups().unwrap_or_default();
        let mut wanted = groups;
        now.sort_by_key(|id| id.as_raw());
        wanted.sort_by_key(|id| id.as_raw());
        let proved =
            [getuid(), geteuid()] == [user; 2] && [getgid(), getegid()] == [group; 2] && now == wanted;
        if !proved || (!user.is_root() && set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT).is_ok()) {
            return Err(Failure::logged(format!("could not become user {}", self.name.escape_debug())));
        }
        Ok(())
    }

    /// Other systems' ways are not built in.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn become_it(&self) -> Result<(), Failure> {
        Err(Failure::logged("--user works on Linux only"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_with_all_groups() {
        let users = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:100:Ann:/home/ann:/bin/sh\n";
        let groups = "users:x:100:ann\nwheel:x:10:bob,ann\nother:x:11:annabel\n";
        let account = Account::parse("ann", users, groups).unwrap();
        assert_eq!((account.user, account.group, account.home.as_str()), (1000, 100, "/home/ann"));
        assert_eq!(account.groups, [100, 10]);
        assert_eq!(Account::parse("nobody", users, groups), None);
        assert_eq!(Account::parse("", users, groups), None);
    }
}

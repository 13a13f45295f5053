//! Who runs this process: the operating system's account, and the SSH client behind it.
//!
//! The user's name comes from the user database, never from the environment, which its user can set to anything.

use std::net::IpAddr;

use nix::unistd::{Uid, User};

/// The account that this process acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The effective user's number.
    pub uid: u32,
    /// Its name; `uid 1234` for a number without one.
    pub user: String,
    /// The SSH client's address, where sshd said so.
    pub address: Option<String>,
}

impl Identity {
    /// Reads this process' account. `ssh_connection` is the environment variable `SSH_CONNECTION` as sshd sets it:
    /// client address, client port, server address, server port.
    #[must_use]
    pub fn of_process(ssh_connection: Option<&str>) -> Self {
        let uid = Uid::effective().as_raw();
        Self {
            uid,
            user: user_name(uid),
            address: ssh_connection.and_then(client_address),
        }
    }
}

/// The name of a user, `uid 1234` for a number without one.
#[must_use]
pub fn user_name(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => format!("uid {uid}"),
    }
}

/// The first field, if it is an address: anything else was not written by sshd.
fn client_address(ssh_connection: &str) -> Option<String> {
    let address: IpAddr = ssh_connection.split(' ').next()?.parse().ok()?;
    Some(address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ssh_client_is_the_first_field_and_nothing_but_an_address() {
        assert_eq!(
            client_address("192.0.2.7 51234 10.0.0.1 22").as_deref(),
            Some("192.0.2.7")
        );
        assert_eq!(
            client_address("2001:db8::7 1 ::1 22").as_deref(),
            Some("2001:db8::7")
        );
        assert_eq!(client_address("\u{1b}[2J 1 ::1 22"), None);
        assert_eq!(client_address(""), None);
    }

    #[test]
    fn users_have_their_name_from_the_user_database() {
        assert_eq!(user_name(0), "root");
        assert_eq!(user_name(3_999_999_999), "uid 3999999999");
    }
}

//! The key service of SOPS (`sops.md` 6.8), both ends: [`RemoteKeyService`]
//! wraps and unwraps data keys with somebody else's keys, [`serve`] lets
//! others use ours.
//!
//! The protocol is gRPC over plain HTTP/2, on TCP or on a Unix socket. It
//! knows no identity and no encryption: who reaches the listener may use the
//! keys, who sees the traffic sees data keys. What the other side sends is
//! never trusted (`security.md` K-07).
//!
//! Everything here must run inside a Tokio runtime with its drivers for
//! network and time.

mod address;
mod client;
mod message;
mod server;
mod text;
mod transport;

pub use address::{Address, AddressError};
pub use client::RemoteKeyService;
pub use server::{Ask, KeyService, Operation, Tell, serve};
pub use transport::Listener;

/// Bytes of one message at most, in either direction.
pub const MESSAGE_LIMIT: usize = 1 << 20;

/// What data keys are long: 32 bytes, a Shamir share one more.
fn is_key_length(length: usize) -> bool {
    length == 32 || length == 33
}

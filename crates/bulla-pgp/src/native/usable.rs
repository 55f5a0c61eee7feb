//! Which key of a certificate is encrypted to, as gpg decides: the newest
//! subkey that is for encryption, signed by the primary key, neither revoked
//! nor expired; else the primary key.

use bulla_core::Timestamp;
use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{PublicKey, PublicSubkey, Signature, SignatureType};
use pgp::types::{KeyDetails, KeyVersion, PublicParams, Tag};

use super::NativeError;
use super::session::algorithm_name;

/// A key to encrypt to.
#[derive(Debug)]
pub(super) enum Recipient<'c> {
    Primary(&'c PublicKey),
    Subkey(&'c PublicSubkey),
}

/// What bars a key from use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bar {
    /// Not signed by its owner, not for encryption, or of the future.
    Unfit,
    Expired,
    Revoked,
}

impl Bar {
    fn error(self, key: &dyn KeyDetails) -> NativeError {
        let name = format!("{:X}", key.fingerprint());
        match self {
            Self::Unfit => NativeError::Unusable(name),
            Self::Expired => NativeError::Expired(name),
            Self::Revoked => NativeError::Revoked(name),
        }
    }
}

/// Chooses the key that is used at `now`; only `exact`, a fingerprint's end
/// in upper case, where it is given.
pub(super) fn recipient<'c>(
    certificate: &'c SignedPublicKey,
    exact: Option<&str>,
    now: Timestamp,
) -> Result<Recipient<'c>, NativeError> {
    let primary = &certificate.primary_key;
    let signature = primary_signature(certificate);
    let standing = judge_primary(certificate, signature, now);
    if let Err(bar) = standing {
        return Err(bar.error(primary));
    }
    let named =
        |key: &dyn KeyDetails| exact.is_none_or(|end| format!("{:X}", key.fingerprint()).ends_with(end));
    let mut found: Option<&PublicSubkey> = None;
    let mut worst: Option<NativeError> = None;
    for subkey in certificate.public_subkeys.iter().filter(|subkey| named(&subkey.key)) {
        match judge_subkey(primary, subkey, now) {
            Ok(()) if found.is_none_or(|other| other.created_at() <= subkey.key.created_at()) => {
                found = Some(&subkey.key);
            }
            Ok(()) => {}
            Err(Bar::Unfit) => {}
            Err(bar) => worst = Some(bar.error(&subkey.key)),
        }
    }
    if let Some(subkey) = found {
        supported(subkey)?;
        return Ok(Recipient::Subkey(subkey));
    }
    if named(primary) && signature.is_some_and(|signature| is_for_encryption(primary, signature)) {
        supported(primary)?;
        return Ok(Recipient::Primary(primary));
    }
    Err(worst.unwrap_or_else(|| Bar::Unfit.error(primary)))
}

/// The newest signature by which the primary key speaks about itself.
fn primary_signature(certificate: &SignedPublicKey) -> Option<&Signature> {
    let primary = &certificate.primary_key;
    let of_users = certificate.details.users.iter().flat_map(|user| {
        let valid = user.signatures.iter().filter(|signature| {
            signature.is_certification()
                && signature.verify_certification(primary, Tag::UserId, &user.id).is_ok()
        });
        let revoked = user.signatures.iter().any(|signature| {
            signature.typ() == Some(SignatureType::CertRevocation)
                && signature.verify_certification(primary, Tag::UserId, &user.id).is_ok()
        });
        valid.filter(move |_| !revoked)
    });
    let direct = certificate.details.direct_signatures.iter();
    let direct = direct.filter(|signature| {
        signature.typ() == Some(SignatureType::Key) && signature.verify_key(primary).is_ok()
    });
    of_users.chain(direct).max_by_key(|signature| signature.created())
}

fn judge_primary(
    certificate: &SignedPublicKey,
    signature: Option<&Signature>,
    now: Timestamp,
) -> Result<(), Bar> {
    let primary = &certificate.primary_key;
    if primary.version() != KeyVersion::V4 {
        return Err(Bar::Unfit);
    }
    let mut revocations = certificate.details.revocation_signatures.iter();
    if revocations.any(|revocation| revocation.verify_key(primary).is_ok()) {
        return Err(Bar::Revoked);
    }
    judge_time(primary, signature.ok_or(Bar::Unfit)?, now)
}

fn judge_subkey(primary: &PublicKey, subkey: &SignedPublicSubKey, now: Timestamp) -> Result<(), Bar> {
    let verified = |kind| {
        subkey.signatures.iter().filter(move |signature| {
            signature.typ() == Some(kind) && signature.verify_subkey_binding(primary, &subkey.key).is_ok()
        })
    };
    let binding = verified(SignatureType::SubkeyBinding).max_by_key(|signature| signature.created());
    let binding = binding.filter(|binding| is_for_encryption(&subkey.key, binding)).ok_or(Bar::Unfit)?;
    if verified(SignatureType::SubkeyRevocation).next().is_some() {
        return Err(Bar::Revoked);
    }
    judge_time(&subkey.key, binding, now)
}

fn judge_time(key: &dyn KeyDetails, signature: &Signature, now: Timestamp) -> Result<(), Bar> {
    let created = Timestamp::from(key.created_at().as_secs());
    let lasts = signature.key_expiration_time().map_or(0, |time| Timestamp::from(time.as_secs()));
    match () {
        () if created > now => Err(Bar::Unfit),
        () if lasts != 0 && created + lasts <= now => Err(Bar::Expired),
        () => Ok(()),
    }
}

/// What the flags of the signature say; where there are none, what the
/// algorithm can do.
fn is_for_encryption(key: &dyn KeyDetails, signature: &Signature) -> bool {
    let flags = signature.key_flags();
    let any = flags.certify() || flags.sign() || flags.authentication();
    let able = key.algorithm().can_encrypt();
    able && (flags.encrypt_comms() || flags.encrypt_storage() || !any)
}

fn supported(key: &dyn KeyDetails) -> Result<(), NativeError> {
    match key.public_params() {
        PublicParams::RSA(_) | PublicParams::ECDH(_) => Ok(()),
        _ => Err(NativeError::Unsupported(algorithm_name(key.algorithm()))),
    }
}

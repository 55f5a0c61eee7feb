//! `rsaDecrypt`.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA512_MGF1SHA512, OaepPrivateDecryptingKey,
    PrivateDecryptingKey,
};

use super::Error;
use super::keys::PrivateKey;

/// `rsaDecrypt`: scheme `None` gives the data back; `RSA-OAEP` decrypts without
/// a label, by the hash `SHA1`, `SHA512`, and for any other name SHA-256 (which
/// is also that of MGF1). The key is PEM of PKCS#1, PKCS#8 or SEC 1 and must be
/// RSA of 2048 to 8192 bits.
pub(crate) fn rsa_decrypt(scheme: &str, hash: &str, data: &[u8], key: &[u8]) -> Result<Vec<u8>, Error> {
    match scheme {
        "None" => return Ok(data.to_vec()),
        "RSA-OAEP" => {}
        _ => return Err(Error::Unsupported("the decryption scheme")),
    }
    let key = PrivateKey::from_pem(key)?;
    if !matches!(key, PrivateKey::Rsa { .. }) {
        return Err(Error::Key);
    }
    let key = PrivateDecryptingKey::from_pkcs8(&key.to_pkcs8())
        .and_then(|key| Ok(OaepPrivateDecryptingKey::new(key)?))
        .map_err(|_| Error::Unsupported("decryption with an RSA key of this size"))?;
    let algorithm = match hash {
        "SHA1" => &OAEP_SHA1_MGF1SHA1,
        "SHA512" => &OAEP_SHA512_MGF1SHA512,
        _ => &OAEP_SHA256_MGF1SHA256,
    };
    let mut out = vec![0; key.min_output_size()];
    let length = key.decrypt(algorithm, data, &mut out, None).map_err(|_| Error::Decrypt)?.len();
    out.truncate(length);
    Ok(out)
}

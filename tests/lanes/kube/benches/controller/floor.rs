//! What RSA alone costs.

use std::thread::{available_parallelism, scope};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use bulla_testkit::kube::processor_time;

/// Operations that each processor does.
const SAMPLE: usize = 400;

/// Seconds of processor time that aws-lc-rs takes for `count` decryptions with
/// a key of 4096 bits and does nothing else, on all processors at once.
pub(crate) fn rsa_4096(count: usize) -> f64 {
    let key = PrivateDecryptingKey::generate(KeySize::Rsa4096).expect("a key");
    let der = AsDer::<Pkcs8V1Der>::as_der(&key).expect("PKCS#8");
    let public = OaepPublicEncryptingKey::new(key.public_key()).expect("RSA does OAEP");
    let mut sealed = vec![0; public.ciphertext_size()];
    public
        .encrypt(&OAEP_SHA256_MGF1SHA256, &[7; 32], &mut sealed, Some(b"bench/object"))
        .expect("32 bytes fit");
    let decrypt = || {
        let key = PrivateDecryptingKey::from_pkcs8(der.as_ref()).expect("it was made above");
        let key = OaepPrivateDecryptingKey::new(key).expect("RSA does OAEP");
        let mut opened = vec![0; key.min_output_size()];
        for _ in 0..SAMPLE {
            let opened = key.decrypt(&OAEP_SHA256_MGF1SHA256, &sealed, &mut opened, Some(b"bench/object"));
            assert_eq!(opened.expect("it was sealed above"), [7; 32]);
        }
    };
    let threads = available_parallelism().map_or(1, usize::from);
    let before = processor_time(std::process::id());
    scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(decrypt))));
    let took = processor_time(std::process::id()) - before;
    took / (SAMPLE * threads) as f64 * count as f64
}

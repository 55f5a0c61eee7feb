//! Private keys in PKCS#1, PKCS#8 and SEC 1 (RFC 8017 A.1, 5958, 5915).

use aws_lc_rs::agreement::{self, PrivateKey as Scalar};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use bulla_core::{Random, RandomError};
use num_bigint_dig::{BigUint, ModInverse as _};
use zeroize::{Zeroize, Zeroizing};

use super::random::bytes;
use super::{Error, der, oid, pem};

/// The largest RSA modulus that is read, in bytes.
const MAX_MODULUS: usize = 2048;

/// A curve of NIST.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(super) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    pub(super) fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => oid::P256,
            Self::P384 => oid::P384,
            Self::P521 => oid::P521,
        }
    }

    /// The AlgorithmIdentifier of its keys.
    pub(super) fn algorithm(self) -> Vec<u8> {
        der::algorithm(oid::EC_PUBLIC_KEY, &der::write(der::OID, &[self.oid()]))
    }

    /// The length of a coordinate in bytes.
    pub(super) fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn by_oid(oid: &[u8]) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|curve| curve.oid() == oid).ok_or(Error::Unsupported("the elliptic curve"))
    }

    fn agreement(self) -> &'static agreement::Algorithm {
        match self {
            Self::P256 => &agreement::ECDH_P256,
            Self::P384 => &agreement::ECDH_P384,
            Self::P521 => &agreement::ECDH_P521,
        }
    }

    fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            Self::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        }
    }

    /// Whether these are the bytes of a point on the curve.
    pub(super) fn has_point(self, point: &[u8]) -> bool {
        let algorithm: &'static dyn signature::VerificationAlgorithm = match self {
            Self::P256 => &signature::ECDSA_P256_SHA256_ASN1,
            Self::P384 => &signature::ECDSA_P384_SHA384_ASN1,
            Self::P521 => &signature::ECDSA_P521_SHA512_ASN1,
        };
        signature::UnparsedPublicKey::new(algorithm, point).parse().is_ok()
    }
}

/// The numbers of an RSA key, big-endian without leading zeros.
pub(super) struct RsaNumbers {
    pub(super) n: Vec<u8>,
    pub(super) e: Vec<u8>,
    pub(super) d: Vec<u8>,
    pub(super) p: Vec<u8>,
    pub(super) q: Vec<u8>,
    /// The values for the Chinese remainder theorem, where given: the two
    /// exponents and the coefficient.
    pub(super) rest: [Option<Vec<u8>>; 3],
}

impl Drop for RsaNumbers {
    fn drop(&mut self) {
        [&mut self.d, &mut self.p, &mut self.q].into_iter().for_each(Zeroize::zeroize);
        self.rest.iter_mut().for_each(Zeroize::zeroize);
    }
}

/// A private key; it has no `Debug`, and is wiped when it is dropped.
pub(super) enum PrivateKey {
    /// The scalar at full length and the uncompressed point.
    Ec { curve: Curve, scalar: Vec<u8>, point: Vec<u8> },
    /// The seed and the point.
    Ed25519 { seed: [u8; 32], point: Vec<u8> },
    /// PKCS#1.
    Rsa { pkcs1: Vec<u8>, public: Vec<u8> },
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        match self {
            Self::Ec { scalar, .. } => scalar.zeroize(),
            Self::Ed25519 { seed, .. } => seed.zeroize(),
            Self::Rsa { pkcs1, .. } => pkcs1.zeroize(),
        }
    }
}

impl PrivateKey {
    /// A key from the library's own source of randomness: it takes no other.
    pub(super) fn generate_rsa(size: KeySize) -> Result<Self, Error> {
        let key = RsaKeyPair::generate(size).map_err(|_| Error::Key)?;
        let pkcs8: Pkcs8V1Der<'_> = key.as_der().map_err(|_| Error::Key)?;
        Self::from_pkcs8(pkcs8.as_ref())
    }

    /// A key whose scalar is drawn until it lies within the group's order,
    /// which it does but once in four thousand million times (FIPS 186-5
    /// A.2.2).
    pub(super) fn generate_p256(random: &dyn Random) -> Result<Self, Error> {
        const DRAWS: usize = 8;
        for _ in 0..DRAWS {
            if let Ok(key) = Self::ec(Curve::P256, &bytes::<32>(random)?) {
                return Ok(key);
            }
        }
        Err(Error::Random(RandomError))
    }

    pub(super) fn generate_ed25519(random: &dyn Random) -> Result<Self, Error> {
        Self::ed25519(bytes(random)?)
    }

    pub(super) fn ed25519(seed: [u8; 32]) -> Result<Self, Error> {
        let key = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| Error::Key)?;
        Ok(Self::Ed25519 { seed, point: key.public_key().as_ref().to_vec() })
    }

    /// A key from its scalar, which may lack leading zeros or have more.
    pub(super) fn ec(curve: Curve, scalar: &[u8]) -> Result<Self, Error> {
        let zeros = scalar.iter().take_while(|byte| **byte == 0).count();
        let digits = &scalar[zeros..];
        let pad = curve.size().checked_sub(digits.len()).ok_or(Error::Key)?;
        let scalar = [&vec![0; pad][..], digits].concat();
        let point = Scalar::from_private_key(curve.agreement(), &scalar)
            .and_then(|key| Ok(key.compute_public_key()?.as_ref().to_vec()))
            .map_err(|_| Error::Key)?;
        Ok(Self::Ec { curve, scalar, point })
    }

    /// A key from its numbers, which must agree. What is not given is computed,
    /// as Go does.
    pub(super) fn rsa(numbers: &RsaNumbers) -> Result<Self, Error> {
        if !(128..=MAX_MODULUS).contains(&numbers.n.len()) || numbers.e.len() > 4 {
            return Err(Error::Key);
        }
        let RsaNumbers { n, e, d, p, q, rest } = numbers;
        // Before any arithmetic, which takes long on longer numbers.
        if [d, p, q].iter().any(|number| number.len() > n.len()) {
            return Err(Error::Key);
        }
        let [modulus, public, private, first, second] =
            [n, e, d, p, q].map(|bytes| BigUint::from_bytes_be(bytes));
        let one = BigUint::from(1_u8);
        if first <= one || second <= one || &first * &second != modulus || private >= modulus {
            return Err(Error::Key);
        }
        let (below_first, below_second) = (&first - &one, &second - &one);
        let exponents = [&private % &below_first, &private % &below_second];
        if &public * &exponents[0] % &below_first != one || &public * &exponents[1] % &below_second != one {
            return Err(Error::Key);
        }
        let inverse =
            (&second).mod_inverse(&first).and_then(|inverse| inverse.to_biguint()).ok_or(Error::Key)?;
        let integer = |number: &BigUint| der::unsigned(&number.to_bytes_be());
        let [exponent, other] = &exponents;
        let computed = [exponent, other, &inverse];
        let agrees = |(given, computed): (&Option<Vec<u8>>, &&BigUint)| {
            given.as_ref().is_none_or(|given| BigUint::from_bytes_be(given) == **computed)
        };
        if !rest.iter().zip(&computed).all(agrees) {
            return Err(Error::Key);
        }
        let fields = [&modulus, &public, &private, &first, &second, exponent, other, &inverse]
            .map(|number| Zeroizing::new(integer(number)));
        let mut all: Vec<&[u8]> = vec![&[der::INTEGER, 1, 0]];
        all.extend(fields.iter().map(|field| field.as_slice()));
        Ok(Self::Rsa { pkcs1: der::sequence(&all), public: der::sequence(&[&fields[0], &fields[1]]) })
    }

    pub(super) fn from_pkcs1(pkcs1: &[u8]) -> Result<Self, Error> {
        let mut fields = der::sequence_of(pkcs1)?;
        match fields.small()? {
            0 => {}
            1 => return Err(Error::Unsupported("an RSA key of more than two primes")),
            _ => return Err(Error::Key),
        }
        let mut next = || fields.unsigned().map(<[u8]>::to_vec);
        let mut numbers = RsaNumbers {
            n: next()?,
            e: next()?,
            d: next()?,
            p: next()?,
            q: next()?,
            rest: [None, None, None],
        };
        for place in &mut numbers.rest {
            if !fields.is_empty() {
                *place = Some(fields.unsigned()?.to_vec());
            }
        }
        fields.finish()?;
        Self::rsa(&numbers)
    }

    pub(super) fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, Error> {
        let mut fields = der::sequence_of(pkcs8)?;
        fields.small()?;
        let mut algorithm = fields.sequence()?;
        let kind = algorithm.expect(der::OID)?;
        let key = fields.expect(der::OCTET_STRING)?;
        match kind {
            oid::RSA => Self::from_pkcs1(key),
            oid::EC_PUBLIC_KEY => {
                let curve = algorithm.optional(der::OID)?;
                Self::from_sec1(key, curve)
            }
            oid::ED25519 => {
                let seed = der::only(key, der::OCTET_STRING)?;
                Self::ed25519(seed.try_into().map_err(|_| Error::Key)?)
            }
            _ => Err(Error::Unsupported("the algorithm of the private key")),
        }
    }

    /// SEC 1, with the curve of what it is wrapped in, if that names one.
    pub(super) fn from_sec1(sec1: &[u8], curve: Option<&[u8]>) -> Result<Self, Error> {
        let mut fields = der::sequence_of(sec1)?;
        if fields.small()? != 1 {
            return Err(Error::Key);
        }
        let scalar = fields.expect(der::OCTET_STRING)?;
        let own = fields.optional(der::explicit(0))?;
        let curve = match (curve, own) {
            (Some(curve), _) => curve,
            (None, Some(own)) => der::only(own, der::OID)?,
            (None, None) => return Err(Error::Key),
        };
        Self::ec(Curve::by_oid(curve)?, scalar)
    }

    /// Reads a key in whichever of the three forms it has.
    pub(super) fn from_any(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_pkcs1(bytes)
            .or_else(|_| Self::from_pkcs8(bytes))
            .or_else(|error| Self::from_sec1(bytes, None).map_err(|_| error))
    }

    /// Reads the first PEM block, by its type, as sprig does.
    pub(super) fn from_typed_pem(text: &[u8]) -> Result<Self, Error> {
        let (block, _) = pem::decode(text).ok_or(Error::NoPem)?;
        match block.kind.as_slice() {
            b"PRIVATE KEY" => Self::from_pkcs8(&block.bytes),
            b"RSA PRIVATE KEY" => Self::from_pkcs1(&block.bytes),
            b"EC PRIVATE KEY" => Self::from_sec1(&block.bytes, None),
            b"DSA PRIVATE KEY" => Err(Error::Unsupported("a DSA key")),
            _ => Err(Error::Key),
        }
    }

    /// Reads the first PEM block, whatever its type, as External Secrets does.
    pub(super) fn from_pem(text: &[u8]) -> Result<Self, Error> {
        let (block, _) = pem::decode(text).ok_or(Error::NoPem)?;
        Self::from_any(&block.bytes)
    }

    pub(super) fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let (algorithm, key) = match self {
            Self::Ec { curve, .. } => (curve.algorithm(), self.sec1(false)),
            Self::Ed25519 { seed, .. } => {
                (der::algorithm(oid::ED25519, &[]), der::write(der::OCTET_STRING, &[seed]).into())
            }
            Self::Rsa { pkcs1, .. } => (der::algorithm(oid::RSA, &[der::NULL, 0]), pkcs1.clone().into()),
        };
        let key = Zeroizing::new(der::write(der::OCTET_STRING, &[&key]));
        der::sequence(&[&[der::INTEGER, 1, 0], &algorithm, &key]).into()
    }

    /// SEC 1 of an elliptic key, empty for others.
    fn sec1(&self, named: bool) -> Zeroizing<Vec<u8>> {
        let Self::Ec { curve, scalar, point } = self else { return Zeroizing::default() };
        let name = der::write(der::explicit(0), &[&der::write(der::OID, &[curve.oid()])]);
        let scalar = Zeroizing::new(der::write(der::OCTET_STRING, &[scalar]));
        let point = der::write(der::explicit(1), &[&der::bits(point)]);
        der::sequence(&[&[der::INTEGER, 1, 1], &scalar, if named { &name } else { &[] }, &point]).into()
    }

    /// The form that sprig writes: PKCS#1, SEC 1, or PKCS#8 for other keys.
    pub(super) fn to_pem(&self) -> String {
        match self {
            Self::Ec { .. } => pem::text("EC PRIVATE KEY", &self.sec1(true)),
            Self::Ed25519 { .. } => pem::text("PRIVATE KEY", &self.to_pkcs8()),
            Self::Rsa { pkcs1, .. } => pem::text("RSA PRIVATE KEY", pkcs1),
        }
    }

    /// The bytes of the public key alone.
    pub(super) fn public(&self) -> &[u8] {
        match self {
            Self::Ec { point, .. } | Self::Ed25519 { point, .. } => point,
            Self::Rsa { public, .. } => public,
        }
    }

    /// SubjectPublicKeyInfo.
    pub(super) fn to_spki(&self) -> Vec<u8> {
        let algorithm = match self {
            Self::Ec { curve, .. } => curve.algorithm(),
            Self::Ed25519 { .. } => der::algorithm(oid::ED25519, &[]),
            Self::Rsa { .. } => der::algorithm(oid::RSA, &[der::NULL, 0]),
        };
        der::sequence(&[&algorithm, &der::bits(self.public())])
    }

    /// The AlgorithmIdentifier of its signatures.
    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            Self::Ec { curve: Curve::P256, .. } => der::algorithm(oid::ECDSA_SHA256, &[]),
            Self::Ec { curve: Curve::P384, .. } => der::algorithm(oid::ECDSA_SHA384, &[]),
            Self::Ec { curve: Curve::P521, .. } => der::algorithm(oid::ECDSA_SHA512, &[]),
            Self::Ed25519 { .. } => der::algorithm(oid::ED25519, &[]),
            Self::Rsa { .. } => der::algorithm(oid::RSA_SHA256, &[der::NULL, 0]),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let system = SystemRandom::new();
        match self {
            Self::Ec { curve, scalar, point } => {
                let key = EcdsaKeyPair::from_private_key_and_public_key(curve.signing(), scalar, point)
                    .map_err(|_| Error::Key)?;
                Ok(key.sign(&system, message).map_err(|_| Error::Key)?.as_ref().to_vec())
            }
            Self::Ed25519 { seed, .. } => {
                let key = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| Error::Key)?;
                Ok(key.sign(message).as_ref().to_vec())
            }
            Self::Rsa { pkcs1, .. } => {
                let key = RsaKeyPair::from_der(pkcs1)
                    .map_err(|_| Error::Unsupported("signing with an RSA key of this size"))?;
                let mut out = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &system, message, &mut out).map_err(|_| Error::Key)?;
                Ok(out)
            }
        }
    }
}

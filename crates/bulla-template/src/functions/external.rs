//! The functions that External Secrets adds (`external-secrets.md` 6.2).

use super::crypto::{SIGN, charge_parsing, word};
use crate::crypto::{Error, MAX_ITERATIONS, certificate, chain, jwk, pem, pkcs12, rsa};
use crate::failure::Failure;
use crate::registry::{Args, Function, Home, Kind, Library, Run};
use crate::scope::Scope;
use crate::value::Value;

type Done = Result<Value, Failure>;

const fn own(name: &'static str, takes: &'static [Kind], run: Run) -> Function {
    Function::new(name, takes, run).at(Home::Only(Library::ExternalSecrets))
}

const ONE: &[Kind] = &[Kind::Text];
const TWO: &[Kind] = &[Kind::Text, Kind::Text];
const THREE: &[Kind] = &[Kind::Text, Kind::Text, Kind::Text];

pub(super) const FUNCTIONS: &[Function] = &[
    own("certSANs", ONE, |scope, args| {
        charge_parsing(scope, args)?;
        let names = certificate::cert_sans(args.text(0))?;
        scope.texts(names)
    }),
    own("filterCertChain", TWO, |scope, args| {
        charge_parsing(scope, args)?;
        let text = chain::filter_cert_chain(word(args, 0)?, args.text(1))?;
        scope.text(text)
    }),
    own("filterPEM", TWO, |scope, args| {
        charge_parsing(scope, args)?;
        let text = pem::filter_pem(word(args, 0)?, args.text(1))?;
        scope.text(text)
    }),
    own("fullPemToPkcs12", TWO, |scope, args| {
        stretched(scope, args)?;
        let text = pkcs12::full_pem_to_pkcs12(scope.random, args.text(0), args.text(1), "")?;
        scope.text(text)
    }),
    own("fullPemToPkcs12Pass", THREE, |scope, args| {
        stretched(scope, args)?;
        let text = pkcs12::full_pem_to_pkcs12(scope.random, args.text(0), args.text(1), word(args, 2)?)?;
        scope.text(text)
    }),
    own("jwkPrivateKeyPem", ONE, |scope, args| written(scope, args, jwk::jwk_private_key_pem)),
    own("jwkPublicKeyPem", ONE, |scope, args| written(scope, args, jwk::jwk_public_key_pem)),
    own("pemToPkcs12", TWO, |scope, args| {
        stretched(scope, args)?;
        let text = pkcs12::pem_to_pkcs12(scope.random, args.text(0), args.text(1), "")?;
        scope.text(text)
    }),
    own("pemToPkcs12Pass", THREE, |scope, args| {
        stretched(scope, args)?;
        let text = pkcs12::pem_to_pkcs12(scope.random, args.text(0), args.text(1), word(args, 2)?)?;
        scope.text(text)
    }),
    own("pemTruststoreToPKCS12", ONE, |scope, args| {
        stretched(scope, args)?;
        let text = pkcs12::pem_truststore_to_pkcs12(scope.random, args.text(0), "")?;
        scope.text(text)
    }),
    own("pemTruststoreToPKCS12Pass", TWO, |scope, args| {
        stretched(scope, args)?;
        let text = pkcs12::pem_truststore_to_pkcs12(scope.random, args.text(0), word(args, 1)?)?;
        scope.text(text)
    }),
    own("pkcs12cert", ONE, |scope, args| {
        opened(scope, args)?;
        let text = pkcs12::pkcs12_cert("", args.text(0))?;
        scope.text(text)
    }),
    own("pkcs12certPass", TWO, |scope, args| {
        opened(scope, args)?;
        let text = pkcs12::pkcs12_cert(word(args, 0)?, args.text(1))?;
        scope.text(text)
    }),
    own("pkcs12key", ONE, |scope, args| {
        opened(scope, args)?;
        let text = pkcs12::pkcs12_key("", args.text(0))?;
        scope.text(text)
    }),
    own("pkcs12keyPass", TWO, |scope, args| {
        opened(scope, args)?;
        let text = pkcs12::pkcs12_key(word(args, 0)?, args.text(1))?;
        scope.text(text)
    }),
    own("rsaDecrypt", &[Kind::Text, Kind::Text, Kind::Text, Kind::Text], |scope, args| {
        charge_parsing(scope, args)?;
        scope.meter.step(SIGN)?;
        let text = rsa::rsa_decrypt(word(args, 0)?, word(args, 1)?, args.text(2), args.text(3))?;
        scope.text(text)
    }),
];

fn written(scope: &mut Scope<'_>, args: &Args<'_>, write: fn(&[u8]) -> Result<String, Error>) -> Done {
    charge_parsing(scope, args)?;
    // Checking the parts of an RSA key takes as long as using it.
    scope.meter.step(SIGN)?;
    let text = write(args.text(0))?;
    scope.text(text)
}

/// Charges for writing a key store: a key, three derivations of 2,048 rounds.
fn stretched(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<(), Failure> {
    charge_parsing(scope, args)?;
    scope.meter.step(SIGN)
}

/// Charges for reading a key store, whose author chose the rounds.
fn opened(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<(), Failure> {
    charge_parsing(scope, args)?;
    scope.meter.step(SIGN + u64::from(MAX_ITERATIONS))
}

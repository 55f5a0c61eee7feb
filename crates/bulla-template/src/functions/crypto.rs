//! Sprig's crypto family: digests, passwords, keys and certificates. What
//! makes a key, signs or stretches a password charges the steps that this
//! takes, about a microsecond each (`security.md` D-02).

use std::rc::Rc;

use crate::crypto::{self, Pair, Subject, aes_cbc, digest, issue, password};
use crate::failure::Failure;
use crate::registry::{Args, Function, Home, Kind, Library};
use crate::scope::Scope;
use crate::value::{Record, Value};
use zeroize::Zeroize;

const TEXT: &[Kind] = &[Kind::Text];
const TEXTS: &[Kind] = &[Kind::Text, Kind::Text];
const SIGNED: &[Kind] = &[Kind::Text, Kind::List, Kind::List, Kind::Int];

/// bcrypt of cost 10.
const HASH: u64 = 80_000;
/// A new elliptic key.
const SMALL_KEY: u64 = 2_000;
/// A new RSA key of 2,048 bits. The time varies; this is rather much.
const KEY: u64 = 200_000;
/// A new RSA key of 4,096 bits.
const LARGE_KEY: u64 = 900_000;
/// scrypt over 32 MiB, twice.
const STRETCH: u64 = 450_000;
/// Reading the key that signs, which may be large, and signing.
pub(super) const SIGN: u64 = 50_000;

type Done = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("bcrypt", TEXT, |scope, args| {
        scope.meter.step(HASH)?;
        let hash = password::bcrypt(scope.random, args.text(0))?;
        scope.text(hash)
    }),
    Function::new("buildCustomCert", TEXTS, |scope, args| {
        charge_parsing(scope, args)?;
        scope.meter.step(SIGN)?;
        pair(scope, issue::build_custom_cert(args.text(0), args.text(1))?)
    }),
    Function::new("decryptAES", TEXTS, |scope, args| {
        charge(scope, args)?;
        let text = aes_cbc::decrypt_aes(args.text(0), args.text(1))?;
        scope.text(text)
    }),
    Function::new(
        "derivePassword",
        &[Kind::Uint32, Kind::Text, Kind::Text, Kind::Text, Kind::Text],
        |scope, args| {
            scope.meter.step(STRETCH)?;
            scope.meter.check_light()?;
            let kind = word(args, 1)?;
            let counter = args.int(0) as u32;
            let text = password::derive_password(counter, kind, args.text(2), args.text(3), args.text(4))?;
            scope.text(text)
        },
    ),
    Function::new("encryptAES", TEXTS, |scope, args| {
        charge(scope, args)?;
        let text = aes_cbc::encrypt_aes(scope.random, args.text(0), args.text(1))?;
        scope.text(text)
    }),
    Function::new("genCA", &[Kind::Text, Kind::Int], |scope, args| {
        charge_issuing(scope, args, KEY)?;
        let made = issue::gen_ca(scope.random, scope.clock.now(), word(args, 0)?, args.int(1))?;
        pair(scope, made)
    }),
    Function::new("genCAWithKey", &[Kind::Text, Kind::Int, Kind::Text], |scope, args| {
        charge_issuing(scope, args, SIGN)?;
        let (cn, days) = (word(args, 0)?, args.int(1));
        let made = issue::gen_ca_with_key(scope.random, scope.clock.now(), cn, days, args.text(2))?;
        pair(scope, made)
    }),
    Function::new("genPrivateKey", TEXT, |scope, args| {
        scope.meter.step(match args.text(0) {
            b"" | b"rsa" => LARGE_KEY,
            _ => SMALL_KEY,
        })?;
        let key = issue::gen_private_key(scope.random, word(args, 0)?)?;
        scope.text(key)
    }),
    Function::new("genSelfSignedCert", SIGNED, |scope, args| {
        charge_issuing(scope, args, KEY)?;
        let names = Names::of(args)?;
        let now = scope.clock.now();
        let made = issue::gen_self_signed_cert(scope.random, now, &names.subject(), args.int(3))?;
        pair(scope, made)
    }),
    Function::new(
        "genSelfSignedCertWithKey",
        &[Kind::Text, Kind::List, Kind::List, Kind::Int, Kind::Text],
        |scope, args| {
            charge_issuing(scope, args, SIGN)?;
            let names = Names::of(args)?;
            let (now, key) = (scope.clock.now(), args.text(4));
            let subject = names.subject();
            let made = issue::gen_self_signed_cert_with_key(scope.random, now, &subject, args.int(3), key)?;
            pair(scope, made)
        },
    ),
    Function::new(
        "genSignedCert",
        &[Kind::Text, Kind::List, Kind::List, Kind::Int, Kind::Certificate],
        |scope, args| {
            charge_issuing(scope, args, KEY + SIGN)?;
            let (names, ca) = (Names::of(args)?, authority(args, 4));
            let now = scope.clock.now();
            let made = issue::gen_signed_cert(scope.random, now, &names.subject(), args.int(3), &ca);
            wipe(ca);
            pair(scope, made?)
        },
    ),
    Function::new(
        "genSignedCertWithKey",
        &[Kind::Text, Kind::List, Kind::List, Kind::Int, Kind::Certificate, Kind::Text],
        |scope, args| {
            charge_issuing(scope, args, 2 * SIGN)?;
            let (names, ca) = (Names::of(args)?, authority(args, 4));
            let (now, days, key) = (scope.clock.now(), args.int(3), args.text(5));
            let subject = names.subject();
            let made = issue::gen_signed_cert_with_key(scope.random, now, &subject, days, &ca, key);
            wipe(ca);
            pair(scope, made?)
        },
    ),
    // External Secrets' copy of sprig wants an algorithm as well; templates
    // written for the published sprig have none, and bcrypt is the default.
    Function::new("htpasswd", TEXTS, htpasswd).and(Kind::Text).at(Home::Only(Library::ExternalSecrets)),
    Function::new("htpasswd", TEXTS, htpasswd).at(Home::Only(Library::SealedSecrets)),
    Function::new("sha1sum", TEXT, |scope, args| sum(scope, args, digest::sha1sum)),
    Function::new("sha256sum", TEXT, |scope, args| sum(scope, args, digest::sha256sum)),
    Function::new("sha512sum", TEXT, |scope, args| sum(scope, args, digest::sha512sum)),
];

impl From<crypto::Error> for Failure {
    /// The texts of these errors hold nothing of the input.
    fn from(error: crypto::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// Charges for encryption: the text in two encodings.
fn charge(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<(), Failure> {
    let bytes = readable(args.from(0));
    scope.meter.step(16 + bytes as u64 / 16)?;
    scope.meter.borrow(bytes.saturating_mul(6))
}

/// Charges for reading PEM, certificates and keys, in which three bytes may
/// become a header or a name of a hundred.
pub(super) fn charge_parsing(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<(), Failure> {
    scope.meter.step(16)?;
    scope.meter.borrow(readable(args.from(0)).saturating_mul(40))
}

/// Charges `work` for a new certificate and what the copies of its names, of the
/// key and of the authority take, each a part of the next larger structure.
fn charge_issuing(scope: &mut Scope<'_>, args: &Args<'_>, work: u64) -> Result<(), Failure> {
    const NAME: usize = 256;
    let names = || args.from(0).iter().enumerate().filter_map(|(at, _)| args.list(at));
    let count: usize = names().map(|list| list.items.len()).sum();
    scope.meter.step(work + count as u64)?;
    let bytes = readable(args.from(0)) + names().map(|list| readable(&list.items)).sum::<usize>();
    scope.meter.borrow(bytes.saturating_mul(24).saturating_add(count * NAME))
}

fn readable(values: &[Value]) -> usize {
    values.iter().map(Value::readable).sum()
}

/// Returns a text argument that names something, which must be UTF-8.
pub(super) fn word<'a>(args: &Args<'a>, at: usize) -> Result<&'a str, Failure> {
    std::str::from_utf8(args.text(at)).map_err(|_| Failure::new("the text is not UTF-8"))
}

fn sum(scope: &mut Scope<'_>, args: &Args<'_>, digest: fn(&[u8]) -> String) -> Done {
    scope.meter.step(4 + args.text(0).len() as u64 / 64)?;
    scope.text(digest(args.text(0)))
}

fn htpasswd(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    if args.len() > 3 {
        return Err(Failure::new("wrong number of args for htpasswd"));
    }
    scope.meter.step(HASH)?;
    let text = password::htpasswd(scope.random, word(args, 0)?, args.text(1), word(args, 2)?)?;
    scope.text(text)
}

/// Makes sprig's certificate value.
fn pair(scope: &mut Scope<'_>, pair: Pair) -> Done {
    let fields = vec![("Cert", scope.text(pair.cert)?), ("Key", scope.text(pair.key)?)];
    Ok(Value::Record(Rc::new(Record { type_name: Kind::Certificate.name(), fields })))
}

/// Reads sprig's certificate value.
fn authority(args: &Args<'_>, at: usize) -> Pair {
    let field = |name: &str| {
        let record = args.record(at);
        let value = record.and_then(|record| record.fields.iter().find(|(field, _)| *field == name));
        let text = value.and_then(|(_, value)| value.as_text()).unwrap_or(&[]);
        String::from_utf8_lossy(text).into_owned()
    };
    Pair { cert: field("Cert"), key: field("Key") }
}

fn wipe(mut pair: Pair) {
    pair.key.zeroize();
}

/// The names of a certificate to be made.
struct Names<'a> {
    common_name: &'a str,
    ips: Vec<&'a str>,
    dns: Vec<&'a str>,
}

impl<'a> Names<'a> {
    /// Takes common name, IP addresses and DNS names from the first arguments.
    fn of(args: &Args<'a>) -> Result<Self, Failure> {
        let list = |at: usize| {
            let items = args.list(at).map_or(&[][..], |list| &list.items);
            items
                .iter()
                .map(|item| {
                    let text = item.as_text().and_then(|text| std::str::from_utf8(text).ok());
                    text.ok_or_else(|| Failure::new("a name of the certificate is not a string"))
                })
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self { common_name: word(args, 0)?, ips: list(1)?, dns: list(2)? })
    }

    fn subject(&self) -> Subject<'_> {
        Subject { common_name: self.common_name, ips: &self.ips, names: &self.dns }
    }
}

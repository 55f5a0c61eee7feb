//! `urlParse` and `urlJoin`, after Go's `net/url`.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::value::{MapKind, Text, Value};

pub(super) const FUNCTIONS: &[Function] =
    &[Function::new("urlJoin", &[Kind::Map], join), Function::new("urlParse", &[Kind::Text], parse)];

/// The place of a text within a URL, which decides what is escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Fragment,
    Host,
    Path,
    User,
    Zone,
}

impl Part {
    /// Returns whether a byte stands for itself.
    fn keeps(self, byte: u8) -> bool {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            return true;
        }
        let kept: &[u8] = match self {
            Self::Fragment => b"!$&()*+,/:;=?@",
            Self::Host | Self::Zone => b"!$&'()*+,;=:[]<>\"",
            Self::Path => b"$&+,/:;=@",
            Self::User => b"$&+,;=",
        };
        kept.contains(&byte)
    }

    fn escape(self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        for byte in text {
            if self.keeps(*byte) {
                out.push(*byte);
            } else {
                out.extend_from_slice(format!("%{byte:02X}").as_bytes());
            }
        }
        out
    }

    fn unescape(self, text: &[u8]) -> Option<Vec<u8>> {
        let in_host = matches!(self, Self::Host | Self::Zone);
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            let byte = text[at];
            if byte != b'%' {
                if in_host && byte < 0x80 && !self.keeps(byte) {
                    return None;
                }
                out.push(byte);
                at += 1;
                continue;
            }
            let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
            let value = (digit(at + 1)? << 4 | digit(at + 2)?) as u8;
            let allowed = match self {
                Self::Host => value >= 0x80 || value == b'%',
                Self::Zone => value == b'%' || value == b' ' || Self::Host.keeps(value),
                _ => true,
            };
            if !allowed {
                return None;
            }
            out.push(value);
            at += 3;
        }
        Some(out)
    }
}

/// A user name and, if there is one, a password.
struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

impl User {
    fn parse(text: &[u8]) -> Option<Self> {
        let valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
        if !text.iter().all(valid) {
            return None;
        }
        let (name, password) = cut(text, b':');
        Some(Self {
            name: Part::User.unescape(name)?,
            password: match password {
                Some(password) => Some(Part::User.unescape(password)?),
                None => None,
            },
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(Part::User.escape(&self.name));
        if let Some(password) = &self.password {
            out.push(b':');
            out.extend(Part::User.escape(password));
        }
    }
}

#[derive(Default)]
struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    user: Option<User>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

/// Splits at the first `mark`.
fn cut(text: &[u8], mark: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(mark, text) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

impl Url {
    fn parse(text: &[u8]) -> Option<Self> {
        let (text, fragment) = cut(text, b'#');
        if text.iter().any(|byte| *byte < b' ' || *byte == 0x7F) {
            return None;
        }
        let mut url = Self { fragment: Part::Fragment.unescape(fragment.unwrap_or(b""))?, ..Self::default() };
        if text == b"*" {
            url.path = b"*".to_vec();
            return Some(url);
        }
        let (scheme, rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (rest, query) = cut(rest, b'?');
        url.query = query.unwrap_or(b"").to_vec();
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Some(url);
            }
            if cut(rest, b'/').0.contains(&b':') {
                return None;
            }
        }
        let mut path = rest;
        let has_authority = rest.starts_with(b"//") && (!url.scheme.is_empty() || !rest.starts_with(b"///"));
        if has_authority {
            let authority = &rest[2..];
            let end = memchr::memchr(b'/', authority).unwrap_or(authority.len());
            path = &authority[end..];
            url.authority(&authority[..end])?;
        }
        url.path = Part::Path.unescape(path)?;
        Some(url)
    }

    fn authority(&mut self, text: &[u8]) -> Option<()> {
        let (user, host) = match memchr::memrchr(b'@', text) {
            Some(at) => (Some(&text[..at]), &text[at + 1..]),
            None => (None, text),
        };
        let strict = matches!(&self.scheme[..], b"http" | b"https");
        self.host = parse_host(host, strict)?;
        if let Some(user) = user {
            self.user = Some(User::parse(user)?);
        }
        Some(())
    }

    fn hostname(&self) -> &[u8] {
        let host = match memchr::memrchr(b':', &self.host) {
            Some(at) if is_port(&self.host[at..]) => &self.host[..at],
            _ => &self.host,
        };
        host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host)
    }

    fn write(&self) -> Vec<u8> {
        let mut out = self.scheme.clone();
        if !out.is_empty() {
            out.push(b':');
        }
        if self.opaque.is_empty() {
            let has_authority = !self.host.is_empty() || self.user.is_some();
            if has_authority || !self.scheme.is_empty() && !self.path.is_empty() {
                out.extend_from_slice(b"//");
            }
            if let Some(user) = &self.user {
                user.write(&mut out);
                out.push(b'@');
            }
            out.extend(Part::Host.escape(&self.host));
            let path = if self.path == b"*" { b"*".to_vec() } else { Part::Path.escape(&self.path) };
            if !path.is_empty() && path[0] != b'/' && !self.host.is_empty() {
                out.push(b'/');
            }
            if out.is_empty() && cut(&path, b'/').0.contains(&b':') {
                out.extend_from_slice(b"./");
            }
            out.extend(path);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(Part::Fragment.escape(&self.fragment));
        }
        out
    }
}

/// Returns whether Go takes a text as a location in a certificate: a URL whose
/// host, if it has one, is made of labels.
pub(crate) fn is_location(text: &[u8]) -> bool {
    let is_label = |label: &[u8]| !label.is_empty() && label.iter().all(u8::is_ascii_graphic);
    Url::parse(text)
        .is_some_and(|url| url.host.is_empty() || url.host.split(|byte| *byte == b'.').all(is_label))
}

/// Splits the scheme off; it is empty where there is none. `None`: a colon
/// without a scheme.
fn scheme(text: &[u8]) -> Option<(&[u8], &[u8])> {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return None,
            b':' => return Some((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Some((b"", text))
}

fn is_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((b':', digits)) => digits.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    }
}

fn parse_host(host: &[u8], strict: bool) -> Option<Vec<u8>> {
    match memchr::memrchr(b'[', host) {
        Some(0) => return literal_host(host),
        Some(_) => return None,
        None => {}
    }
    if let Some(first) = memchr::memchr(b':', host) {
        let colon = if strict { first } else { memchr::memrchr(b':', host).unwrap_or(first) };
        if !is_port(&host[colon..]) {
            return None;
        }
    }
    Part::Host.unescape(host)
}

/// Reads `[::1]:80`, possibly with a zone.
fn literal_host(host: &[u8]) -> Option<Vec<u8>> {
    let close = memchr::memrchr(b']', host)?;
    let (address, port) = (&host[1..close], &host[close + 1..]);
    if !is_port(port) {
        return None;
    }
    let (plain, zone) = match memchr::memmem::find(address, b"%25") {
        Some(at) => (Part::Host.unescape(&address[..at])?, Part::Zone.unescape(&address[at..])?),
        None => (Part::Host.unescape(address)?, Vec::new()),
    };
    std::str::from_utf8(&plain).ok()?.parse::<Ipv6Addr>().ok()?;
    Some([b"[", &plain[..], &zone, b"]", port].concat())
}

fn parse(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    scope.meter.allocate(args.text(0).len() * 4)?;
    let Some(url) = Url::parse(args.text(0)) else { return Err(Failure::new("unable to parse url")) };
    let mut user = Vec::new();
    if let Some(info) = &url.user {
        info.write(&mut user);
    }
    let hostname = url.hostname().to_vec();
    let fields: [(&str, Vec<u8>); 8] = [
        ("fragment", url.fragment),
        ("host", url.host),
        ("hostname", hostname),
        ("opaque", url.opaque),
        ("path", url.path),
        ("query", url.query),
        ("scheme", url.scheme),
        ("userinfo", user),
    ];
    let entries: BTreeMap<Text, Value> =
        fields.into_iter().map(|(key, text)| (Text::from(key.as_bytes()), Value::text(text))).collect();
    Ok(Value::Map(scope.map(MapKind::Any, entries)?))
}

fn join(scope: &mut Scope<'_>, args: &Args<'_>) -> Result<Value, Failure> {
    // Parts are copied, escaped to three times their length, and put together.
    let parts: usize = args.map(0).map_or(0, |map| map.entries.borrow().values().map(Value::readable).sum());
    scope.meter.borrow(parts.saturating_mul(12))?;
    let field = |key: &str| match args.map(0).and_then(|map| map.get(key.as_bytes())) {
        None => Ok(Vec::new()),
        Some(Value::Text(text)) => Ok(text.to_vec()),
        Some(other) => {
            let what = format!("{key} must be of type string, but {} found", other.kind_name());
            Err(Failure::new(what))
        }
    };
    let user = field("userinfo")?;
    let user = if user.is_empty() {
        None
    } else {
        let url = Url::parse(&[b"proto://", &user[..], b"@host"].concat());
        url.ok_or_else(|| Failure::new("unable to parse userinfo in dict"))?.user
    };
    let url = Url {
        scheme: field("scheme")?,
        opaque: field("opaque")?,
        user,
        host: field("host")?,
        path: field("path")?,
        query: field("query")?,
        fragment: field("fragment")?,
    };
    scope.text(url.write())
}

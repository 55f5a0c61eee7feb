//! Distinguished names (RFC 2253) as Go's `pkix.Name` writes them.

use super::der::{self, Reader};
use super::digest::hexadecimal;
use super::{Error, oid};

/// The attributes that Go knows, in the order in which it puts them: the
/// number below 2.5.4, the short name, and whether only the last one counts.
const KNOWN: [(u8, &str, bool); 9] = [
    (6, "C", false),
    (10, "O", false),
    (11, "OU", false),
    (7, "L", false),
    (8, "ST", false),
    (9, "STREET", false),
    (17, "POSTALCODE", false),
    (3, "CN", true),
    (5, "SERIALNUMBER", true),
];

/// A name with one common name, or an empty one.
pub(super) fn from_common_name(common_name: &str) -> Vec<u8> {
    if common_name.is_empty() {
        return der::sequence(&[]);
    }
    let value = string(common_name);
    let attribute = der::sequence(&[&der::write(der::OID, &[oid::COMMON_NAME]), &value]);
    der::sequence(&[&der::write(der::SET, &[&attribute])])
}

/// A string in the type that Go gives it.
fn string(text: &str) -> Vec<u8> {
    let tag = if text.bytes().all(is_printable) { der::PRINTABLE_STRING } else { der::UTF8_STRING };
    der::write(tag, &[text.as_bytes()])
}

/// The text of an attribute's value, by its string type.
fn text(tag: u8, content: &[u8]) -> Result<String, Error> {
    let ascii = |allowed: fn(u8) -> bool| match std::str::from_utf8(content) {
        Ok(text) if text.bytes().all(allowed) => Ok(text.to_owned()),
        _ => Err(Error::Certificate),
    };
    match tag {
        der::UTF8_STRING => String::from_utf8(content.to_vec()).map_err(|_| Error::Certificate),
        der::NUMERIC_STRING => ascii(|byte| byte.is_ascii_digit() || byte == b' '),
        der::PRINTABLE_STRING => ascii(|byte| is_printable(byte) || matches!(byte, b'*' | b'&')),
        der::IA5_STRING => ascii(|byte| byte.is_ascii()),
        // In practice Latin-1.
        der::T61_STRING => Ok(content.iter().map(|byte| char::from(*byte)).collect()),
        der::BMP_STRING if content.len().is_multiple_of(2) => {
            let units = content.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
            char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| Error::Certificate)
        }
        _ => Err(Error::Certificate),
    }
}

/// Whether a PrintableString may hold it (X.680 41.4).
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}

/// The attributes of the name whose whole DER is `name`: type and text.
pub(super) fn attributes(name: &[u8]) -> Result<Vec<(&[u8], String)>, Error> {
    let mut out = Vec::new();
    let mut sets = der::sequence_of(name)?;
    while !sets.is_empty() {
        let mut set = Reader::new(sets.expect(der::SET)?);
        while !set.is_empty() {
            let mut attribute = set.sequence()?;
            let kind = attribute.expect(der::OID)?;
            let value = attribute.field()?;
            out.push((kind, text(value.tag, value.content)?));
        }
    }
    Ok(out)
}

/// Writes the name whose whole DER is `name`.
pub(super) fn to_text(name: &[u8]) -> Result<String, Error> {
    let mut other = Vec::new();
    let mut known = vec![Vec::new(); KNOWN.len()];
    for (kind, value) in attributes(name)? {
        let place = match kind {
            [0x55, 4, number] => KNOWN.iter().position(|(known, ..)| known == number),
            _ => None,
        };
        if let Some(place) = place {
            let (_, short, last_only) = KNOWN[place];
            if last_only {
                known[place].clear();
            }
            known[place].push(format!("{short}={}", escape(&value)));
        } else {
            let kind = oid::dotted(kind).ok_or(Error::Certificate)?;
            other.push(format!("{kind}=#{}", hexadecimal(&string(&value))));
        }
    }
    let known = known.into_iter().filter(|values| !values.is_empty()).map(|values| values.join("+"));
    let mut all: Vec<String> = other.into_iter().chain(known).collect();
    all.reverse();
    Ok(all.join(","))
}

fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (at, character) in value.chars().enumerate() {
        let special = match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => at == 0 || at == last,
            '#' => at == 0,
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

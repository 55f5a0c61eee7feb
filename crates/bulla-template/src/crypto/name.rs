//! Distinguished names (RFC 2253) as Go's `pkix.Name` writes them.

use super::der::{self, Reader};
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
    let printable = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
    let tag = if text.bytes().all(printable) { der::PRINTABLE_STRING } else { der::UTF8_STRING };
    der::write(tag, &[text.as_bytes()])
}

/// The text of an attribute's value.
fn text(tag: u8, content: &[u8]) -> Result<String, Error> {
    if tag == der::BMP_STRING {
        let units: Vec<u16> = content
            .chunks(2)
            .map(|unit| unit.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte)))
            .collect();
        return Ok(String::from_utf16_lossy(&units));
    }
    String::from_utf8(content.to_vec()).map_err(|_| Error::Certificate)
}

/// Writes the name whose whole DER is `name`.
pub(super) fn to_text(name: &[u8]) -> Result<String, Error> {
    let mut other = Vec::new();
    let mut known = vec![Vec::new(); KNOWN.len()];
    let mut sets = der::sequence_of(name)?;
    while !sets.is_empty() {
        let mut attributes = Reader::new(sets.expect(der::SET)?);
        while !attributes.is_empty() {
            let mut attribute = attributes.sequence()?;
            let kind = attribute.expect(der::OID)?;
            let value = attribute.field()?;
            let value = text(value.tag, value.content)?;
            let place = match kind {
                [0x55, 4, number] => KNOWN.iter().position(|(known, ..)| known == number),
                _ => None,
            };
            match place {
                Some(place) => {
                    if KNOWN[place].2 {
                        known[place].clear();
                    }
                    known[place].push(format!("{}={}", KNOWN[place].1, escape(&value)));
                }
                None => {
                    let hex: String = string(&value).iter().map(|byte| format!("{byte:02x}")).collect();
                    let kind = oid::dotted(kind).ok_or(Error::Certificate)?;
                    other.push(format!("{kind}=#{hex}"));
                }
            }
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

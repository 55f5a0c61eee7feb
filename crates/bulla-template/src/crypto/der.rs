//! DER (X.690), as much of it as keys, certificates and key stores need:
//! definite minimal lengths and one-byte tags.

use super::Error;

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const NUMERIC_STRING: u8 = 0x12;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const T61_STRING: u8 = 0x14;
pub(super) const IA5_STRING: u8 = 0x16;
pub(super) const BMP_STRING: u8 = 0x1e;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag of a constructed context-specific field.
pub(super) const fn explicit(number: u8) -> u8 {
    0xa0 | number
}

/// The tag of a primitive context-specific field.
pub(super) const fn implicit(number: u8) -> u8 {
    0x80 | number
}

/// One field: its tag, its content and all of its bytes.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// Reads the fields of a constructed value in order.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(content: &'a [u8]) -> Self {
        Self { rest: content }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads any field.
    pub(super) fn field(&mut self) -> Result<Field<'a>, Error> {
        let all = self.rest;
        let (&[tag, first], mut rest) = all.split_first_chunk::<2>().ok_or(Error::Der)?;
        if tag & 0x1f == 0x1f {
            return Err(Error::Der);
        }
        let mut length = usize::from(first);
        if first >= 0x80 {
            let count = usize::from(first & 0x7f);
            let (digits, behind) = rest.split_at_checked(count).ok_or(Error::Der)?;
            // Four digits are 4 GiB; a leading zero or a short form is no DER.
            if count > 4 || digits.first().is_none_or(|digit| *digit == 0) {
                return Err(Error::Der);
            }
            length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
            if length < 0x80 {
                return Err(Error::Der);
            }
            rest = behind;
        }
        let (content, rest) = rest.split_at_checked(length).ok_or(Error::Der)?;
        self.rest = rest;
        Ok(Field { tag, content, whole: &all[..all.len() - rest.len()] })
    }

    /// Reads a field that must have this tag; its content.
    pub(super) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Error> {
        let field = self.field()?;
        if field.tag == tag { Ok(field.content) } else { Err(Error::Der) }
    }

    /// Reads the next field if it has this tag; its content.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Error> {
        if self.rest.first() == Some(&tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    /// Reads the fields of a nested sequence.
    pub(super) fn sequence(&mut self) -> Result<Self, Error> {
        self.expect(SEQUENCE).map(Self::new)
    }

    /// Reads a positive integer: its bytes without leading zeros.
    pub(super) fn unsigned(&mut self) -> Result<&'a [u8], Error> {
        match self.expect(INTEGER)? {
            [] | [0x80..=0xff, ..] | [0, 0..0x80, ..] => Err(Error::Der),
            [0, rest @ ..] => Ok(rest),
            value => Ok(value),
        }
    }

    /// Reads a small positive integer.
    pub(super) fn small(&mut self) -> Result<u32, Error> {
        match self.expect(INTEGER)? {
            [] | [0x80..=0xff, ..] => Err(Error::Der),
            digits if digits.len() > 5 || digits.len() == 5 && digits[0] != 0 => Err(Error::Der),
            digits => Ok(digits.iter().fold(0, |value, digit| value << 8 | u32::from(*digit))),
        }
    }

    /// Refuses further fields.
    pub(super) fn finish(self) -> Result<(), Error> {
        if self.is_empty() { Ok(()) } else { Err(Error::Der) }
    }
}

/// The content of the one field with this tag that `der` is.
pub(super) fn only(der: &[u8], tag: u8) -> Result<&[u8], Error> {
    let mut reader = Reader::new(der);
    let content = reader.expect(tag)?;
    reader.finish()?;
    Ok(content)
}

/// The fields of the sequence that `der` is.
pub(super) fn sequence_of(der: &[u8]) -> Result<Reader<'_>, Error> {
    only(der, SEQUENCE).map(Reader::new)
}

/// Writes a field of the given pieces.
pub(super) fn write(tag: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag);
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let digits = length.to_be_bytes();
        let skip = digits.iter().take_while(|digit| **digit == 0).count();
        out.push(0x80 | (digits.len() - skip) as u8);
        out.extend_from_slice(&digits[skip..]);
    }
    for piece in pieces {
        out.extend_from_slice(piece);
    }
    out
}

/// Writes a sequence of the given fields.
pub(super) fn sequence(fields: &[&[u8]]) -> Vec<u8> {
    write(SEQUENCE, fields)
}

/// Writes a positive integer from big-endian bytes.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let skip = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = &bytes[skip..];
    let pad: &[u8] = if digits.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    write(INTEGER, &[pad, digits])
}

/// Writes a small integer.
pub(super) fn small(value: u32) -> Vec<u8> {
    unsigned(&value.to_be_bytes())
}

/// Writes a bit string of whole bytes.
pub(super) fn bits(bytes: &[u8]) -> Vec<u8> {
    write(BIT_STRING, &[&[0], bytes])
}

/// Writes an AlgorithmIdentifier: `parameters` is a whole field or nothing.
pub(super) fn algorithm(oid: &[u8], parameters: &[u8]) -> Vec<u8> {
    sequence(&[&write(OID, &[oid]), parameters])
}

//! Messages: the packets around a data key.

use std::io::Read;

use pgp::composed::{PacketBodyReader, PlainSessionKey, SymEncryptedProtectedDataReader};
use pgp::packet::{
    Decompressor, LiteralDataHeader, PacketHeader, PacketParser, PublicKeyEncryptedSessionKey,
};
use pgp::types::{Seipdv1ReadMode, Tag};
use zeroize::Zeroizing;

use super::{MESSAGE_LIMIT, NativeError, armor};

/// Session keys of one message that are looked at: sops writes one.
const RECIPIENTS: usize = 64;

/// Layers of compression.
const LAYERS: usize = 4;

/// An encrypted message, taken apart.
pub(super) struct Message {
    /// Session keys, each for one recipient.
    pub(super) recipients: Vec<PublicKeyEncryptedSessionKey>,
    tag: Tag,
    body: Vec<u8>,
}

impl Message {
    /// Reads an armored or binary message.
    pub(super) fn parse(text: &[u8]) -> Result<Self, NativeError> {
        if text.len() > MESSAGE_LIMIT {
            return Err(NativeError::TooLong(MESSAGE_LIMIT));
        }
        let blocks = armor::read(text, &["MESSAGE"], "message")?;
        let Some(block) = blocks.first() else { return Err(NativeError::Malformed("message")) };
        let mut packets = PacketParser::new(block.as_slice());
        let mut recipients = Vec::new();
        while let Some(packet) = packets.next_ref() {
            let mut packet = packet.map_err(|_| NativeError::Malformed("message"))?;
            let header = packet.packet_header();
            let body = take(&mut packet, MESSAGE_LIMIT).ok_or(NativeError::Malformed("message"))?;
            match header.tag() {
                Tag::PublicKeyEncryptedSessionKey if recipients.len() < RECIPIENTS => {
                    let sealed = PublicKeyEncryptedSessionKey::try_from_reader(header, body.as_slice());
                    recipients.extend(sealed);
                }
                tag @ (Tag::SymEncryptedProtectedData | Tag::GnupgAeadData) => {
                    return Ok(Self { recipients, tag, body: body.to_vec() });
                }
                Tag::SymEncryptedData => return Err(NativeError::NoIntegrity),
                Tag::PublicKeyEncryptedSessionKey
                | Tag::SymKeyEncryptedSessionKey
                | Tag::Marker
                | Tag::Padding => {}
                _ => break,
            }
        }
        Err(NativeError::Malformed("message"))
    }

    /// Decrypts the content, checks its integrity and takes the data out of
    /// the packets in it.
    pub(super) fn open(&self, key: &PlainSessionKey) -> Result<Zeroizing<Vec<u8>>, NativeError> {
        let length = u32::try_from(self.body.len()).map_err(|_| NativeError::Damaged)?;
        let packet = PacketBodyReader::new(PacketHeader::new_fixed(self.tag, length), self.body.as_slice());
        let packet = packet.map_err(|_| NativeError::Damaged)?;
        let reader = match self.tag {
            Tag::GnupgAeadData => SymEncryptedProtectedDataReader::new_gnupg_aead(packet),
            _ => SymEncryptedProtectedDataReader::new(packet),
        };
        let mut reader = reader.map_err(|_| NativeError::Damaged)?;
        reader.decrypt(key, Seipdv1ReadMode::default()).map_err(|_| NativeError::Damaged)?;
        let content = take(&mut reader, MESSAGE_LIMIT).ok_or(NativeError::Damaged)?;
        literal(content)
    }
}

/// Finds the literal data; signatures around it say nothing that matters to
/// sops, whose files carry their own MAC.
pub(super) fn literal(mut content: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, NativeError> {
    for _ in 0..LAYERS {
        match unpack(&content)? {
            Unpacked::Literal(data) => return Ok(data),
            Unpacked::Compressed(inner) => content = inner,
        }
    }
    Err(NativeError::Damaged)
}

enum Unpacked {
    Compressed(Zeroizing<Vec<u8>>),
    Literal(Zeroizing<Vec<u8>>),
}

fn unpack(content: &[u8]) -> Result<Unpacked, NativeError> {
    let mut packets = PacketParser::new(content);
    while let Some(packet) = packets.next_ref() {
        let mut packet = packet.map_err(|_| NativeError::Damaged)?;
        let tag = packet.packet_header().tag();
        let body = take(&mut packet, MESSAGE_LIMIT).ok_or(NativeError::Damaged)?;
        match tag {
            Tag::LiteralData => {
                let mut rest = body.as_slice();
                LiteralDataHeader::try_from_reader(&mut rest).map_err(|_| NativeError::Damaged)?;
                return Ok(Unpacked::Literal(Zeroizing::new(rest.to_vec())));
            }
            Tag::CompressedData => return decompress(&body).map(Unpacked::Compressed),
            Tag::OnePassSignature | Tag::Signature | Tag::Marker | Tag::Padding => {}
            _ => break,
        }
    }
    Err(NativeError::Damaged)
}

fn decompress(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, NativeError> {
    if body.first() == Some(&3) {
        return Err(NativeError::Unsupported("bzip2 compression".to_owned()));
    }
    let mut reader = Decompressor::from_reader(body).map_err(|_| NativeError::Damaged)?;
    take(&mut reader, MESSAGE_LIMIT).ok_or(NativeError::Damaged)
}

/// Reads to the end; `None` where that fails or is more than `limit`. The
/// buffer never grows while it is filled: copies would not be wiped.
fn take(reader: &mut impl Read, limit: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
    reader.take(limit as u64 + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= limit).then_some(bytes)
}

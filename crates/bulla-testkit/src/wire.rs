//! Requests of HTTP as they come.

use std::io::{Read, Result};

/// Reads up to the end of a head and not a byte more.
pub(crate) fn head(stream: &mut impl Read) -> Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Reads a request with its body; less where the client hung up.
pub(crate) fn request(stream: &mut impl Read) -> Result<String> {
    let (mut request, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        let length = stream.read(&mut buffer)?;
        request.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&request);
        let body = text.split_once("\r\n\r\n").map(|(head, body)| (head.to_ascii_lowercase(), body));
        let complete = body.is_some_and(|(head, body)| {
            let announced = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            body.len() >= announced.map_or(0, |length| length.parse().expect("a number"))
        });
        if length == 0 || complete {
            return Ok(text.into_owned());
        }
    }
}

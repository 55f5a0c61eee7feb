//! Answers of the API server as UTF-8. Whoever makes an object of a built-in kind
//! can have bytes in its `managedFields` that are none, and a client that reads
//! text would fail with the whole list (`security.md` R-14).

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use hyper::body::{Body, Bytes, Frame};

/// Makes an answer legible.
pub(crate) fn legible<B>(answer: Response<B>) -> Response<Legible<B>> {
    answer.map(|body| Legible { body, rest: Vec::new() })
}

/// A body in which every byte that belongs to no character is a question mark.
pub(crate) struct Legible<B> {
    body: B,
    /// The beginning of a character whose end is still to come.
    rest: Vec<u8>,
}

impl<B> Legible<B> {
    fn next(&mut self, data: Bytes) -> Bytes {
        if self.rest.is_empty() && std::str::from_utf8(&data).is_ok() {
            return data;
        }
        let (mut bytes, mut from) = (std::mem::take(&mut self.rest), 0);
        bytes.extend_from_slice(&data);
        while let Err(error) = std::str::from_utf8(&bytes[from..]) {
            let start = from + error.valid_up_to();
            let Some(length) = error.error_len() else {
                self.rest = bytes.split_off(start);
                break;
            };
            from = start + length;
            bytes[start..from].fill(b'?');
        }
        bytes.into()
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Legible<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(match frame {
            Some(Ok(frame)) => Some(Ok(match frame.into_data() {
                Ok(data) => Frame::data(self.next(data)),
                Err(frame) => frame,
            })),
            None if !self.rest.is_empty() => {
                let rest = std::mem::take(&mut self.rest);
                Some(Ok(Frame::data(vec![b'?'; rest.len()].into())))
            }
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    async fn read(parts: &[&'static [u8]]) -> Bytes {
        let frames: Vec<_> =
            parts.iter().map(|part| Ok::<_, Infallible>(Frame::data(Bytes::from_static(part)))).collect();
        let answer = legible(Response::new(StreamBody::new(stream::iter(frames))));
        answer.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn r_14_what_is_no_utf_8_hides_nothing_else() {
        for (parts, expected) in [
            (&[b"{\"a\": ".as_slice(), b"1}"][..], "{\"a\": 1}"),
            (&[b"a\xffb\xc3(", b"c"], "a?b?(c"),
            // Characters that come in pieces.
            (
                &["\u{20ac}".as_bytes().split_at(1).0, b"\x82\xac\xf0", b"\x9f\x92", b"\x8e!"],
                "\u{20ac}\u{1f48e}!",
            ),
            (&[b"a\xe2", b"\x82", b"b"], "a??b"),
            (&[b"a\xe2\x82"], "a??"),
            (&[], ""),
        ] {
            assert_eq!(read(parts).await, expected, "{parts:?}");
        }
    }
}

//! Somebody else's key service as a key provider.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bulla_core::{
    Answer, KeyProvider, Kind, MasterKey, ProviderError, SecretBytes, one_line, wrapped_key_defect,
};
use http::Uri;
use http::uri::PathAndQuery;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::{Code, Status};
use tonic_prost::ProstCodec;
use tower_service::Service;

use crate::message::{self, DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse};
use crate::{Address, MESSAGE_LIMIT, is_key_length, text, transport};

/// How long connecting may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// Bytes of an answer's headers at most.
const HEADER_LIMIT: u32 = 16 << 10;

/// A key service at an address.
///
/// Each operation makes a connection of its own, for which it takes five
/// seconds at most; how long it waits for an answer is the caller's affair.
/// Dropped, an operation ends with its connection. What comes back is checked:
/// a wrapped key must have the shape of its kind, a data key its length, and an
/// error's text is made harmless.
pub struct RemoteKeyService {
    address: Address,
}

impl RemoteKeyService {
    /// Builds a provider; nothing is connected to yet.
    pub fn new(address: Address) -> Self {
        Self { address }
    }

    /// Asks one question. Words of the service that repeat `secret`
    /// are not passed on.
    async fn call<Q, A>(
        &self,
        method: &'static str,
        question: Q,
        secret: Option<&SecretBytes>,
    ) -> Result<A, ProviderError>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let unavailable = |text: String| ProviderError::new(Kind::Unavailable, text);
        let stream = timeout(CONNECT_DEADLINE, transport::connect(&self.address)).await;
        let stream = stream
            .map_err(|_| unavailable(format!("no connection within {} s", CONNECT_DEADLINE.as_secs())))?
            .map_err(|error| unavailable(format!("cannot be reached: {}", cause(&error))))?;
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.max_header_list_size(HEADER_LIMIT);
        let silent = |_| unavailable("does not speak the protocol of key services".to_owned());
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(silent)?;
        // The connection ends with this future, however that ends.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let answer = ask(Sender(sender), origin(&self.address), method, question).await;
        answer.map_err(|status| refusal(&status, secret))
    }

    async fn encrypt(&self, key: &MasterKey, secret: &SecretBytes) -> Result<String, ProviderError> {
        let question = EncryptRequest { key: Some(message_of(key)?), plaintext: secret.expose().to_vec() };
        let answer: EncryptResponse = self.call("/KeyService/Encrypt", question, Some(secret)).await?;
        let wrapped = String::from_utf8(answer.ciphertext).map_err(|_| "it is no text");
        let checked = wrapped.and_then(|wrapped| {
            let defect = wrapped_key_defect(key.kind, &wrapped, secret);
            defect.map_or(Ok(wrapped), Err)
        });
        checked.map_err(|defect| {
            let text = format!("the answer is no data key wrapped with {}: {defect}", key.kind);
            ProviderError::new(Kind::Unexpected, text)
        })
    }

    async fn decrypt(&self, key: &MasterKey, wrapped: &str) -> Result<SecretBytes, ProviderError> {
        let question =
            DecryptRequest { key: Some(message_of(key)?), ciphertext: wrapped.as_bytes().to_vec() };
        let mut answer: DecryptResponse = self.call("/KeyService/Decrypt", question, None).await?;
        let secret = SecretBytes::new(std::mem::take(&mut answer.plaintext));
        let length = secret.expose().len();
        if !is_key_length(length) {
            let reason = format!("the answer is {length} bytes long, which no data key is");
            return Err(ProviderError::new(Kind::Unexpected, reason));
        }
        Ok(secret)
    }

    fn error(&self, error: ProviderError) -> ProviderError {
        error.within(&format!("key service at {}", self.address))
    }
}

impl KeyProvider for RemoteKeyService {
    /// A key service may have keys of every kind.
    fn serves(&self, _: &str) -> bool {
        true
    }

    fn wrap<'a>(&'a self, key: &'a MasterKey, secret: &'a SecretBytes) -> Answer<'a, String> {
        Box::pin(async move { self.encrypt(key, secret).await.map_err(|error| self.error(error)) })
    }

    fn unwrap<'a>(&'a self, key: &'a MasterKey, wrapped: &'a str) -> Answer<'a, SecretBytes> {
        Box::pin(async move { self.decrypt(key, wrapped).await.map_err(|error| self.error(error)) })
    }
}

fn message_of(key: &MasterKey) -> Result<message::Key, ProviderError> {
    message::to_message(key).ok_or_else(|| {
        ProviderError::new(Kind::Unsupported, format!("the protocol has no keys of kind {}", key.kind))
    })
}

/// What the service is told that it is called.
fn origin(address: &Address) -> Uri {
    let named = match address {
        Address::Tcp { .. } => address.to_string().replacen("tcp", "http", 1).parse().ok(),
        Address::Unix(_) => None,
    };
    named.unwrap_or_else(|| Uri::from_static("http://localhost"))
}

async fn ask<Q, A>(sender: Sender, origin: Uri, method: &'static str, question: Q) -> Result<A, Status>
where
    Q: Message + 'static,
    A: Message + Default + 'static,
{
    let mut client = Grpc::with_origin(sender, origin).max_decoding_message_size(MESSAGE_LIMIT);
    client.ready().await.map_err(|_| Status::unavailable("the connection broke"))?;
    let request = tonic::Request::new(question);
    let method = PathAndQuery::from_static(method);
    let answer = client.unary(request, method, ProstCodec::<Q, A>::default()).await;
    answer.map(tonic::Response::into_inner)
}

/// What a status says: that of the service, or of what became of its answer.
fn refusal(status: &Status, secret: Option<&SecretBytes>) -> ProviderError {
    let kind = match status.code() {
        Code::PermissionDenied | Code::Unauthenticated => Kind::Denied,
        Code::ResourceExhausted => Kind::RateLimited,
        Code::DeadlineExceeded | Code::Unavailable => Kind::Unavailable,
        Code::NotFound | Code::Unimplemented => Kind::Unsupported,
        _ => Kind::Unexpected,
    };
    if secret.is_some_and(|secret| text::repeats(status.message(), secret)) {
        return ProviderError::new(kind, "refused, in words that are not shown: they repeat the data key");
    }
    let said = one_line(status.message().as_bytes());
    // What a plain error of a key fails with has no code of its own.
    let is_plain = status.code() == Code::Unknown && !said.is_empty();
    let reason = if is_plain { said } else { format!("{:?}: {said}", status.code()) };
    ProviderError::new(kind, reason)
}

/// Says what an operating-system error is, without its number.
fn cause(error: &std::io::Error) -> String {
    let text = error.to_string();
    one_line(text.split(" (os error").next().unwrap_or_default().as_bytes()).to_lowercase()
}

/// The sending half of a connection, as gRPC wants it.
struct Sender(http2::SendRequest<Body>);

impl Service<http::Request<Body>> for Sender {
    type Response = http::Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}

#[cfg(test)]
mod tests;

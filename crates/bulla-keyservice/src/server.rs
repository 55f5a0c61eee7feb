//! Our keys for others.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bulla_core::{KeyProvider, Kind, MasterKey, ProviderError, SecretBytes, one_line};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinSet;
use tonic::Status;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic_prost::ProstCodec;

use crate::message::{self, DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse};
use crate::transport::Accepted;
use crate::{Listener, MESSAGE_LIMIT, is_key_length};

/// Connections at the same time; more of them wait.
const CONNECTIONS: usize = 64;

/// Requests of one connection at the same time.
const REQUESTS: u32 = 16;

/// Bytes of a request's headers at most.
const HEADER_LIMIT: u32 = 16 << 10;

/// How often a connection is asked whether it still lives, and how long it
/// may take to say so.
const PULSE: (Duration, Duration) = (Duration::from_mins(1), Duration::from_secs(20));

/// How long requests may still run when the service ends.
const FAREWELL: Duration = Duration::from_secs(5);

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Unwrap a data key.
    Decrypt,
    /// Wrap a data key.
    Encrypt,
}

/// Asks the user whether a request may be answered. May block. The key is
/// what the client sent: nothing about it is checked.
pub type Ask = Arc<dyn Fn(Operation, &MasterKey) -> bool + Send + Sync>;

/// Is told what became of a request: true where it succeeded.
pub type Tell = Arc<dyn Fn(Operation, &MasterKey, bool) + Send + Sync>;

/// The keys that are served.
///
/// Only data keys are: what is wrapped and what is handed out is 32 or 33
/// bytes long, so that nobody decrypts other messages with our keys.
pub struct KeyService {
    providers: Vec<Box<dyn KeyProvider>>,
    ask: Option<Ask>,
    tell: Tell,
    asking: Arc<Mutex<()>>,
}

impl KeyService {
    /// Builds a service over `providers`, asked in their order. With `ask`
    /// nothing is done before the user said yes, one question at a time.
    pub fn new(providers: Vec<Box<dyn KeyProvider>>, ask: Option<Ask>, tell: Tell) -> Self {
        Self { providers, ask, tell, asking: Arc::default() }
    }

    async fn encrypt(&self, request: EncryptRequest) -> Result<EncryptResponse, Status> {
        let mut request = request;
        let secret = SecretBytes::new(std::mem::take(&mut request.plaintext));
        let key = master_key(request.key.as_ref())?;
        if !is_key_length(secret.expose().len()) {
            return Err(Status::invalid_argument("only data keys of 32 bytes and their shares are wrapped"));
        }
        self.permit(Operation::Encrypt, &key).await?;
        let mut outcome = Err(not_served(&key));
        for provider in self.serving(&key) {
            outcome = provider.wrap(&key, &secret).await.map_err(|error| failed(&error));
            if outcome.is_ok() {
                break;
            }
        }
        (self.tell)(Operation::Encrypt, &key, outcome.is_ok());
        Ok(EncryptResponse { ciphertext: outcome?.into_bytes() })
    }

    async fn decrypt(&self, request: DecryptRequest) -> Result<DecryptResponse, Status> {
        let key = master_key(request.key.as_ref())?;
        let wrapped = String::from_utf8(request.ciphertext)
            .map_err(|_| Status::invalid_argument("the wrapped data key is not text"))?;
        self.permit(Operation::Decrypt, &key).await?;
        let mut outcome = Err(not_served(&key));
        for provider in self.serving(&key) {
            outcome = provider.unwrap(&key, &wrapped).await.map_err(|error| failed(&error)).and_then(checked);
            if outcome.is_ok() {
                break;
            }
        }
        (self.tell)(Operation::Decrypt, &key, outcome.is_ok());
        Ok(DecryptResponse { plaintext: outcome?.expose().to_vec() })
    }

    fn serving<'a>(&'a self, key: &MasterKey) -> impl Iterator<Item = &'a dyn KeyProvider> {
        let kind = key.kind;
        self.providers.iter().map(|provider| &**provider).filter(move |provider| provider.serves(kind))
    }

    async fn permit(&self, operation: Operation, key: &MasterKey) -> Result<(), Status> {
        let Some(ask) = self.ask.clone() else { return Ok(()) };
        let turn = Arc::clone(&self.asking).lock_owned().await;
        let key = key.clone();
        let question = move || {
            // A question is asked to its end, even where the client is gone.
            let _turn = turn;
            ask(operation, &key)
        };
        match tokio::task::spawn_blocking(question).await {
            Ok(true) => Ok(()),
            _ => Err(Status::permission_denied("Request rejected by user")),
        }
    }

    async fn answer(self: Arc<Self>, request: http::Request<Incoming>) -> http::Response<Body> {
        match request.uri().path() {
            "/KeyService/Encrypt" => {
                let codec = ProstCodec::<EncryptResponse, EncryptRequest>::default();
                let mut grpc = Grpc::new(codec).max_decoding_message_size(MESSAGE_LIMIT);
                grpc.unary(Encrypt(self), request).await
            }
            "/KeyService/Decrypt" => {
                let codec = ProstCodec::<DecryptResponse, DecryptRequest>::default();
                let mut grpc = Grpc::new(codec).max_decoding_message_size(MESSAGE_LIMIT);
                grpc.unary(Decrypt(self), request).await
            }
            _ => Status::unimplemented("there are the methods Encrypt and Decrypt of KeyService").into_http(),
        }
    }
}

fn master_key(key: Option<&message::Key>) -> Result<MasterKey, Status> {
    message::from_message(key).ok_or_else(|| Status::not_found("Must provide a key of a known type"))
}

fn not_served(key: &MasterKey) -> Status {
    Status::unimplemented(format!("no provider for {} keys is built in", key.kind))
}

fn checked(secret: SecretBytes) -> Result<SecretBytes, Status> {
    if is_key_length(secret.expose().len()) {
        Ok(secret)
    } else {
        Err(Status::failed_precondition("what was decrypted is no data key; only those are handed out"))
    }
}

fn failed(error: &ProviderError) -> Status {
    let text = one_line(error.reason.as_bytes());
    match error.kind {
        Kind::Denied => Status::permission_denied(text),
        Kind::Unavailable => Status::unavailable(text),
        _ => Status::unknown(text),
    }
}

/// One method of the service, as gRPC wants it.
macro_rules! method {
    ($name:ident, $function:ident, $request:ty, $response:ty) => {
        struct $name(Arc<KeyService>);

        impl tonic::server::UnaryService<$request> for $name {
            type Response = $response;
            type Future = std::pin::Pin<
                Box<dyn Future<Output = Result<tonic::Response<Self::Response>, Status>> + Send>,
            >;

            fn call(&mut self, request: tonic::Request<$request>) -> Self::Future {
                let service = Arc::clone(&self.0);
                Box::pin(
                    async move { service.$function(request.into_inner()).await.map(tonic::Response::new) },
                )
            }
        }
    };
}

method!(Encrypt, encrypt, EncryptRequest, EncryptResponse);
method!(Decrypt, decrypt, DecryptRequest, DecryptResponse);

/// Serves until `stop` is done; requests that are being answered then get
/// five seconds more. Fails where the listener cannot be used.
///
/// Providers and `ask` may block, so this wants a runtime of several threads.
pub async fn serve(
    listener: Listener,
    service: KeyService,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = listener.start()?;
    let service = Arc::new(service);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let (end, ending) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            (accepted, place) = accepted => match accepted {
                Ok(stream) => {
                    let (service, ending) = (Arc::clone(&service), ending.clone());
                    connections.spawn(async move {
                        let _place = place;
                        converse(stream, service, ending).await;
                    });
                }
                // Out of descriptors, or a client that left at once: both pass.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
    drop(listener);
    let _ = end.send(true);
    let rest = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(FAREWELL, rest).await;
    Ok(())
}

/// Answers the requests of one connection.
async fn converse(stream: Accepted, service: Arc<KeyService>, mut ending: watch::Receiver<bool>) {
    let Some(stream) = stream.awake().await else { return };
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(REQUESTS)
        .max_header_list_size(HEADER_LIMIT)
        .keep_alive_interval(PULSE.0)
        .keep_alive_timeout(PULSE.1);
    let answers = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(service.answer(request).await) }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), answers));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = ending.wait_for(|ending| *ending) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

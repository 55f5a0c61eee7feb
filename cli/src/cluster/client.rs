//! Requests to an API server, with client-go's retries and its words for
//! answers that are errors.

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use bulla_core::{Clock, Context, Environment, SecretText, root_cause};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::address::{Proxy, ProxyKind};
use super::options::Options;
use super::plugin::{self, Login};
use super::resolve::{Access, Configuration, Credentials};
use super::status::{Answer, ApiError};
use super::{connection, tls};
use crate::app;
use crate::go;

/// Bytes of an answer.
const LIMIT: usize = 64 << 20;
/// How long a connection that failed may take to say why.
const ENDING: Duration = Duration::from_secs(1);
/// How often a request is made again where the server asks for it.
const RETRIES: usize = 10;

/// A client of one API server. Nothing is sent before the first call.
pub struct Client {
    access: Access,
    proxy: Option<Proxy>,
    environment: Environment,
    clock: Arc<dyn Clock>,
    /// Absent while it is dropped.
    runtime: Option<Runtime>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// A connection that may take another request.
    link: Option<Link>,
    tls: Option<Arc<ClientConfig>>,
    login: Option<Login>,
}

/// An open connection.
struct Link {
    sender: SendRequest<Full<Bytes>>,
    /// What drives it, and knows how it ended.
    task: JoinHandle<hyper::Result<()>>,
}

/// A request. Its body may be secret, so it has no `Debug`.
#[derive(Clone)]
pub struct Call<'c> {
    /// Its method.
    pub method: Method,
    /// Its path, from `/api` or `/apis` on, escaped, with its query.
    pub path: &'c str,
    /// The header `Accept`.
    pub accept: &'c str,
    /// The header `Content-Type`, where there is one.
    pub content_type: Option<&'c str>,
    /// Its body.
    pub body: Option<&'c [u8]>,
    /// Resource in plural and name, for texts of errors; the name may be empty.
    pub about: (&'c str, &'c str),
}

impl<'c> Call<'c> {
    /// Asks for an object or a list in JSON.
    pub fn get(path: &'c str, about: (&'c str, &'c str)) -> Self {
        Self { method: Method::GET, path, accept: "application/json", content_type: None, body: None, about }
    }

    /// Sends a body.
    pub fn send(method: Method, path: &'c str, body: &'c [u8], about: (&'c str, &'c str)) -> Self {
        let content_type = Some("application/json");
        Self { method, path, accept: "application/json", content_type, body: Some(body), about }
    }
}

impl Client {
    /// Finds out how to talk to the cluster that kubeconfigs and flags mean.
    ///
    /// Fails where the configuration cannot be used; texts are client-go's.
    pub fn connect(context: &Context, options: &Options) -> Result<Self, String> {
        let access = Configuration::load(&context.environment, options)?.access()?;
        let proxy = match &access.proxy {
            Some(proxy) => Some(proxy.clone()),
            None => Proxy::of_environment(&context.environment, &access.server)?,
        };
        // What is wrong with certificates is told before anything is sent.
        let tls = if access.server.is_secure { Some(configuration(&access, None)?) } else { None };
        Ok(Self {
            access,
            proxy,
            environment: context.environment.clone(),
            clock: Arc::clone(&context.clock),
            runtime: Some(app::runtime().map_err(|failure| failure.message)?),
            state: RefCell::new(State { tls, ..State::default() }),
        })
    }

    /// Makes a request and returns the body of a successful answer.
    pub fn call(&self, call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
        self.runtime().block_on(self.repeat(call))
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is there until the client is dropped")
    }

    /// The path as it is sent: a limit is told to the server.
    fn path(&self, call: &Call<'_>) -> String {
        let Some(limit) = self.access.timeout else { return call.path.to_owned() };
        let mark = if call.path.contains('?') { '&' } else { '?' };
        format!("{}{mark}timeout={}", call.path, bulla_template::duration_text(limit.as_nanos() as i64))
    }

    async fn repeat(&self, call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.once(call).await {
                Ok(answer) => match answer.wait().filter(|_| tries <= RETRIES) {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => return answer.result(call),
                },
                Err(failure) if failure.is_transient && call.method == Method::GET && tries <= RETRIES => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(failure) => {
                    let verb =
                        format!("{}{}", &call.method.as_str()[..1], call.method.as_str()[1..].to_lowercase());
                    let url = go::quote(&self.access.server.url(&self.path(call)));
                    return Err(ApiError::Transport(format!("{verb} {url}: {}", failure.text)));
                }
            }
        }
    }

    /// One try, in time.
    async fn once(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let work = self.exchange(call);
        let Some(limit) = self.access.timeout else { return work.await };
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            let text = "context deadline exceeded";
            // What is left of the request must not meet the next one.
            self.state.borrow_mut().link = None;
            Err(Failure::of(text.to_owned()))
        })
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let authorization = self.authorization()?;
        loop {
            let request = self.request(call, authorization.as_ref())?;
            let (mut link, is_old) = self.link().await?;
            let sent = link.sender.send_request(request).await;
            match sent {
                Ok(response) => {
                    let answer = receive(response).await?;
                    let mut state = self.state.borrow_mut();
                    if answer.status == 401 {
                        // The next request asks the program again.
                        state.login = None;
                    }
                    state.link = Some(link).filter(|link| !link.sender.is_closed());
                    return Ok(answer);
                }
                // The server had closed the connection while nobody looked.
                Err(error) if is_old && (error.is_canceled() || error.is_closed()) => {}
                Err(error) => return Err(Failure::hyper(&link.cause().await.unwrap_or(error))),
            }
        }
    }

    /// An open connection, and whether it was used before.
    async fn link(&self) -> Result<(Link, bool), Failure> {
        let kept = self.state.borrow_mut().link.take();
        if let Some(mut link) = kept
            && link.sender.ready().await.is_ok()
        {
            return Ok((link, true));
        }
        let access = &self.access;
        let tls = if access.server.is_secure { Some(self.tls()?) } else { None };
        let name = match access.server_name.as_str() {
            "" => &access.server.host,
            name => name,
        };
        let stream = connection::open(&access.server, name, self.proxy.as_ref(), tls.as_ref()).await;
        let stream = stream.map_err(Failure::of)?;
        let opened = handshake(TokioIo::new(stream)).await;
        let (sender, connection) = opened.map_err(|error| Failure::hyper(&error))?;
        Ok((Link { sender, task: tokio::spawn(connection) }, false))
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, Failure> {
        let mut state = self.state.borrow_mut();
        if let Some(configuration) = &state.tls {
            return Ok(Arc::clone(configuration));
        }
        let made = configuration(&self.access, state.login.as_ref()).map_err(Failure::of)?;
        state.tls = Some(Arc::clone(&made));
        Ok(made)
    }

    /// The value of the header `Authorization`.
    fn authorization(&self) -> Result<Option<HeaderValue>, Failure> {
        let value = match &self.access.credentials {
            Credentials::None => return Ok(None),
            Credentials::Basic(user, password) => {
                let pair = SecretText::new(format!("{user}:{}", password.expose()));
                SecretText::new(format!("Basic {}", bulla_api::encode_base64(pair.expose().as_bytes())))
            }
            Credentials::Bearer(token) => bearer(token),
            Credentials::Plugin(call) => {
                let mut state = self.state.borrow_mut();
                let now = self.clock.now();
                let is_over = |login: &Login| login.expires.is_some_and(|expires| now > expires);
                if state.login.as_ref().is_none_or(is_over) {
                    let is_terminal = std::io::stdin().is_terminal();
                    let login = plugin::run(call, &self.environment, is_terminal);
                    let login =
                        login.map_err(|error| Failure::of(format!("getting credentials: {error}")))?;
                    if login.identity.is_some()
                        || state.login.as_ref().is_some_and(|old| old.identity.is_some())
                    {
                        // Another certificate needs another connection.
                        (state.link, state.tls) = (None, None);
                    }
                    state.login = Some(login);
                }
                match state.login.as_ref().and_then(|login| login.token.as_ref()) {
                    Some(token) => bearer(token),
                    None => return Ok(None),
                }
            }
        };
        let mut header = HeaderValue::from_str(value.expose()).map_err(|_| {
            Failure::of("net/http: invalid header field value for \"Authorization\"".to_owned())
        })?;
        header.set_sensitive(true);
        Ok(Some(header))
    }

    fn request(
        &self,
        call: &Call<'_>,
        authorization: Option<&HeaderValue>,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let server = &self.access.server;
        let plain_proxy =
            self.proxy.as_ref().filter(|proxy| !server.is_secure && proxy.kind != ProxyKind::Socks);
        let target = match plain_proxy {
            Some(_) => server.url(&self.path(call)),
            None => format!("{}{}", server.prefix, self.path(call)),
        };
        let mut request = Request::builder()
            .method(&call.method)
            .uri(target)
            .header(HOST, &server.authority)
            .header(USER_AGENT, super::AGENT)
            .header(ACCEPT, call.accept);
        if let Some(value) = plain_proxy.and_then(connection::proxy_authorization) {
            request = request.header("Proxy-Authorization", value);
        }
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(kind) = call.content_type {
            request = request.header(CONTENT_TYPE, kind);
        }
        for (name, value) in &self.access.impersonation {
            let misfit =
                || Failure::of(format!("net/http: invalid header field value for {}", go::quote(name)));
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| misfit())?;
            request = request.header(header, HeaderValue::from_str(value).map_err(|_| misfit())?);
        }
        let body = Full::new(Bytes::copy_from_slice(call.body.unwrap_or_default()));
        request.body(body).map_err(|error| Failure::of(error.to_string()))
    }
}

impl Link {
    /// What ended the connection, where it is known: who sends a request only
    /// sees that it is over.
    async fn cause(self) -> Option<hyper::Error> {
        drop(self.sender);
        tokio::time::timeout(ENDING, self.task).await.ok()?.ok()?.err()
    }
}

impl Drop for Client {
    /// A name that is still being looked up holds nobody back.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn receive(response: Response<Incoming>) -> Result<Answer, Failure> {
    let (head, body) = response.into_parts();
    let header = |name: &str| {
        head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let body = Limited::new(body, LIMIT).collect().await.map_err(|error| {
        Failure::of(format!(
            "unexpected error when reading response body. Please retry. Original error: {}",
            root_cause(&*error)
        ))
    })?;
    Ok(Answer {
        status: head.status.as_u16(),
        content_type: header("content-type"),
        retry_after: header("retry-after").parse().ok(),
        body: body.to_bytes().to_vec(),
    })
}

/// A request without an answer.
struct Failure {
    text: String,
    /// The server may answer the next time.
    is_transient: bool,
}

impl Failure {
    fn of(text: String) -> Self {
        Self { is_transient: text == "EOF" || text.contains("connection reset by peer"), text }
    }

    fn hyper(error: &hyper::Error) -> Self {
        if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
            return Self::of("EOF".to_owned());
        }
        Self::of(tls::behind(error).map_or_else(|| root_cause(error), tls::say))
    }
}

/// How TLS goes; what the kubeconfig has comes before what a program gave.
fn configuration(access: &Access, login: Option<&Login>) -> Result<Arc<ClientConfig>, String> {
    let given = login.and_then(|login| login.identity.as_ref());
    let identity = access.identity.as_ref().or(given);
    tls::configuration(access.authorities.as_deref(), access.insecure, identity).map(Arc::new)
}

fn bearer(token: &SecretText) -> SecretText {
    SecretText::new(format!("Bearer {}", token.expose()))
}

/// Reads JSON of an answer.
pub fn object(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body)
        .map_err(|_| ApiError::Transport("the server's answer is not JSON".to_owned()))
}

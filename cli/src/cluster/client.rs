//! Requests to an API server, with client-go's retries and its words for
//! answers that are errors.

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use bulla_core::{Clock, Context, Environment, SecretText, Timestamp, root_cause};
use http::header::{ACCEPT, AUTHORIZATION, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::access::{Access, Credentials};
use super::address::{Proxy, ProxyKind};
use super::options::Options;
use super::plugin::{self, Login};
use super::resolve::Configuration;
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

impl State {
    /// Whether the program that gives credentials has to be asked.
    fn needs_login(&self, now: Timestamp) -> bool {
        self.login.as_ref().is_none_or(|login| login.expires.is_some_and(|expires| now > expires))
    }

    /// The server refused the login: it is over.
    fn refused(&mut self) {
        if let Some(login) = &mut self.login {
            login.expires = Some(Timestamp::MIN);
        }
    }

    /// Takes another login. Another certificate, or none, needs another connection.
    fn renew(&mut self, login: Login) {
        let old = self.login.replace(login);
        if [&old, &self.login].into_iter().flatten().any(|login| login.identity.is_some()) {
            (self.link, self.tls) = (None, None);
        }
    }
}

/// An open connection.
struct Link {
    sender: SendRequest<Full<Bytes>>,
    /// What drives it, and knows how it ended.
    task: JoinHandle<hyper::Result<()>>,
}

/// A request. Its body may be secret, so it has no `Debug`.
pub(super) struct Call<'c> {
    /// Its method.
    pub(super) method: Method,
    /// Its path, from `/api` or `/apis` on, escaped, with its query.
    pub(super) path: &'c str,
    /// The header `Accept`.
    pub(super) accept: &'c str,
    /// Its body.
    pub(super) body: Option<&'c [u8]>,
    /// Resource in plural and name, for texts of errors; the name may be empty.
    pub(super) about: (&'c str, &'c str),
}

impl<'c> Call<'c> {
    /// Asks for something.
    pub(super) fn get(path: &'c str, accept: &'c str, about: (&'c str, &'c str)) -> Self {
        Self { method: Method::GET, path, accept, body: None, about }
    }

    /// Sends a body.
    pub(super) fn post(path: &'c str, accept: &'c str, body: &'c [u8], about: (&'c str, &'c str)) -> Self {
        Self { method: Method::POST, path, accept, body: Some(body), about }
    }
}

impl Client {
    /// Finds out how to talk to the cluster that kubeconfigs and flags mean.
    ///
    /// Fails where the configuration cannot be used; texts are client-go's.
    pub fn connect(context: &Context, options: &Options) -> Result<Self, String> {
        let mut access = Configuration::load(&context.environment, options)?.access()?;
        if access.proxy.is_none() {
            access.proxy = Proxy::of_environment(&context.environment, &access.server)?;
        }
        // What is wrong with certificates is told before anything is sent.
        let tls = if access.server.is_secure { Some(configuration(&access, None)?) } else { None };
        Ok(Self {
            access,
            environment: context.environment.clone(),
            clock: Arc::clone(&context.clock),
            runtime: Some(app::runtime().map_err(|failure| failure.message)?),
            state: RefCell::new(State { tls, ..State::default() }),
        })
    }

    /// Makes a request and returns the body of a successful answer.
    pub(super) fn call(&self, call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
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
                Err(failure) if is_transient(&failure) && call.method == Method::GET && tries <= RETRIES => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(failure) => {
                    let verb =
                        format!("{}{}", &call.method.as_str()[..1], call.method.as_str()[1..].to_lowercase());
                    let url = go::quote(&self.access.server.url(&self.path(call)));
                    return Err(ApiError::Transport(format!("{verb} {url}: {failure}")));
                }
            }
        }
    }

    /// One try, in time.
    async fn once(&self, call: &Call<'_>) -> Result<Answer, String> {
        let work = self.exchange(call);
        let Some(limit) = self.access.timeout else { return work.await };
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            // With the request its connection is gone, too.
            Err("context deadline exceeded".to_owned())
        })
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<Answer, String> {
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
                        state.refused();
                    }
                    state.link = Some(link).filter(|link| !link.sender.is_closed());
                    return Ok(answer);
                }
                // The server had closed the connection while nobody looked.
                Err(error) if is_old && (error.is_canceled() || error.is_closed()) => {}
                Err(error) => return Err(told(&link.cause().await.unwrap_or(error))),
            }
        }
    }

    /// An open connection, and whether it was used before.
    async fn link(&self) -> Result<(Link, bool), String> {
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
        let stream = connection::open(&access.server, name, access.proxy.as_ref(), tls.as_ref()).await?;
        let opened = handshake(TokioIo::new(stream)).await;
        let (sender, connection) = opened.map_err(|error| told(&error))?;
        Ok((Link { sender, task: tokio::spawn(connection) }, false))
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, String> {
        let mut state = self.state.borrow_mut();
        if let Some(configuration) = &state.tls {
            return Ok(Arc::clone(configuration));
        }
        let made = configuration(&self.access, state.login.as_ref())?;
        state.tls = Some(Arc::clone(&made));
        Ok(made)
    }

    /// The value of the header `Authorization`.
    fn authorization(&self) -> Result<Option<HeaderValue>, String> {
        let value = match &self.access.credentials {
            Credentials::None => return Ok(None),
            Credentials::Basic(user, password) => connection::basic(user, password),
            Credentials::Bearer(token) => bearer(token),
            Credentials::Plugin(call) => {
                let mut state = self.state.borrow_mut();
                if state.needs_login(self.clock.now()) {
                    let is_terminal = std::io::stdin().is_terminal();
                    let login = plugin::run(call, &self.environment, is_terminal);
                    let login = login.map_err(|error| format!("getting credentials: {error}"))?;
                    state.renew(login);
                }
                match state.login.as_ref().and_then(|login| login.token.as_ref()) {
                    Some(token) => bearer(token),
                    None => return Ok(None),
                }
            }
        };
        let mut header = HeaderValue::from_bytes(value.expose().as_bytes())
            .map_err(|_| "net/http: invalid header field value for \"Authorization\"".to_owned())?;
        header.set_sensitive(true);
        Ok(Some(header))
    }

    fn request(
        &self,
        call: &Call<'_>,
        authorization: Option<&HeaderValue>,
    ) -> Result<Request<Full<Bytes>>, String> {
        let server = &self.access.server;
        let plain_proxy =
            self.access.proxy.as_ref().filter(|proxy| !server.is_secure && proxy.kind != ProxyKind::Socks);
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
            request = request.header("Proxy-Authorization", value.expose());
        }
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        for (name, value) in &self.access.impersonation {
            let misfit = || format!("net/http: invalid header field value for {}", go::quote(name));
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| misfit())?;
            request =
                request.header(header, HeaderValue::from_bytes(value.as_bytes()).map_err(|_| misfit())?);
        }
        // It may be a private key.
        let body = Zeroizing::new(call.body.unwrap_or_default().to_vec());
        let body = Full::new(Bytes::from_owner(body));
        request.body(body).map_err(|error| error.to_string())
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

async fn receive(response: Response<Incoming>) -> Result<Answer, String> {
    let (head, body) = response.into_parts();
    let header = |name: &str| {
        head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let body = Limited::new(body, LIMIT).collect().await.map_err(|error| {
        format!(
            "unexpected error when reading response body. Please retry. Original error: {}",
            root_cause(&*error)
        )
    })?;
    Ok(Answer {
        status: head.status.as_u16(),
        content_type: header("content-type"),
        retry_after: header("retry-after").parse().ok(),
        // The bytes themselves where nobody else has them, for the caller to wipe.
        body: Vec::from(body.to_bytes()),
    })
}

/// Whether the server may answer a request the next time that failed with this.
fn is_transient(failure: &str) -> bool {
    failure == "EOF" || failure.contains("connection reset by peer")
}

/// Why a request got no answer.
fn told(error: &hyper::Error) -> String {
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return "EOF".to_owned();
    }
    tls::behind(error).map_or_else(|| root_cause(error), tls::say)
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

#[cfg(test)]
mod tests {
    use super::*;

    use bulla_core::SecretBytes;

    use crate::cluster::access::Identity;

    fn login(has_certificate: bool) -> Login {
        let identity = Identity { certificate: Vec::new(), key: SecretBytes::new(Vec::new()) };
        Login { token: None, identity: has_certificate.then_some(identity), expires: None }
    }

    #[test]
    fn a_certificate_that_was_refused_is_not_shown_again() {
        for (old, new, keeps_tls) in
            [(false, false, true), (true, false, false), (false, true, false), (true, true, false)]
        {
            let tls = Some(Arc::new(tls::configuration(None, true, None).unwrap()));
            let mut state = State { link: None, tls, login: Some(login(old)) };
            assert!(!state.needs_login(0));
            state.refused();
            assert!(state.needs_login(0));
            state.renew(login(new));
            assert_eq!((state.needs_login(0), state.tls.is_some()), (false, keeps_tls), "{old} {new}");
        }
    }
}

//! `keyservice`: let others use the keys of this machine (`sops.md` 6.8).

use std::sync::Arc;

use bulla_core::{Context, Environment, MasterKey, one_line};
use bulla_providers::key_service::{self, Ask, Listener, Operation, Tell};
use bulla_sops::keys;

use crate::app::App;
use crate::error::{Exit, Failure, cause};
#[cfg(unix)]
use crate::process::ignores_hangups;
use crate::process::listen::Place;
use crate::request::KeyService;
use crate::ui::{Level, Ui};

/// The name that sops logs this part under.
const NAME: &str = "KEYSERVICE";

/// Threads that answer; one that waits for the user or a program blocks none
/// of the others.
const THREADS: usize = 4;

/// Runs the command until a signal ends it.
pub(super) fn run(app: &App<'_>, request: &KeyService) -> Result<(), Failure> {
    let place = Place::find(&request.network, &request.address).map_err(|text| failed(app, request, text))?;
    if !place.is_private() {
        expose(app, request)?;
    }
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let runtime = threads.map_err(|error| Failure::new(Exit::Generic, cause(&error)))?;
    let entered = runtime.enter();
    // Before there is a socket that a signal would leave behind.
    let signal = signals().map_err(|error| Failure::new(Exit::Generic, cause(&error)))?;
    let (listener, file) = place.listen().map_err(|text| failed(app, request, text))?;
    app.ui.log(NAME, Level::Info, &format!("Listening on {}://{}", request.network, request.address), &[]);
    if request.strict {
        app.ui.say(&format!("serving the keys of this machine at {}", shown(&listener, request)));
    }
    let service = service(app, request.prompt);
    let ui = app.ui.clone();
    let stop = async move {
        let name = signal.await;
        ui.log(NAME, Level::Info, &format!("Caught signal {name}: shutting down."), &[]);
    };
    let outcome = runtime.block_on(key_service::serve(listener, service, stop));
    drop(file);
    drop(entered);
    // A question that nobody answers any more holds nobody back.
    runtime.shutdown_background();
    outcome.map_err(|error| failed(app, request, cause(&error)))
}

/// The keys of this machine, each question answered in time.
fn service(app: &App<'_>, prompt: bool) -> key_service::KeyService {
    let providers = app.local_providers(&careful(app.context));
    key_service::KeyService::new(providers, prompt.then(|| ask(app.ui.clone())), tell(app.ui.clone()))
}

/// The failure in sops' two lines, or in our one.
fn failed(app: &App<'_>, request: &KeyService, text: String) -> Failure {
    if request.strict {
        return Failure::new(Exit::Generic, text);
    }
    app.ui.log("CMD", Level::Error, &format!("Error running keyservice: {text}"), &[]);
    Failure::logged(text)
}

/// The protocol knows no identity and no encryption.
fn expose(app: &App<'_>, request: &KeyService) -> Result<(), Failure> {
    let text = format!("whoever reaches {} can use the keys of this machine", request.address);
    if request.strict && !request.expose {
        return Err(Failure::new(Exit::Generic, text).hint("--expose listens there all the same"));
    }
    app.ui.warn(&format!("{text}, and who sees the traffic sees data keys"));
    Ok(())
}

fn shown(listener: &Listener, request: &KeyService) -> String {
    match listener {
        Listener::Tcp(listener) => listener
            .local_addr()
            .map_or_else(|_| request.address.clone(), |address| format!("tcp://{address}")),
        _ => format!("unix://{}", request.address),
    }
}

/// Who asks decides where Vault is. Our token goes there only where the
/// operator named the place (`security.md` K-02).
fn careful(context: &Context) -> Context {
    let environment = &context.environment;
    let is_named =
        ["SOPS_HC_VAULT_ALLOWLIST", "VAULT_ADDR"].iter().any(|name| environment.os(name).is_some());
    if is_named {
        return context.clone();
    }
    let variables = environment.variables().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let variables = variables.chain([("SOPS_HC_VAULT_ALLOWLIST".into(), "none".into())]);
    let environment = Environment::new(variables, environment.directory().to_owned());
    Context { environment, ..context.clone() }
}

/// The question of `--prompt`, until it is answered.
fn ask(ui: Ui) -> Ask {
    Arc::new(move |operation, key| {
        let (verb, key) = (verb(operation), describe(key));
        let question = format!("\nReceived {verb} request using {key}. Respond to request? (y/n): ");
        loop {
            match ui.ask(&question).ok().flatten().as_deref() {
                Some("y") => return true,
                Some("n") | None => return false,
                Some(_) => {}
            }
        }
    })
}

fn verb(operation: Operation) -> &'static str {
    match operation {
        Operation::Decrypt => "decrypt",
        Operation::Encrypt => "encrypt",
    }
}

/// Names a key in the words of sops.
fn describe(key: &MasterKey) -> String {
    let what = match key.kind {
        "age" => "age key with recipient",
        "azure_kv" => "Azure Key Vault key with URL",
        "gcp_kms" => "GCP KMS key with resource ID",
        "hc_vault" => "Hashicorp Vault key with URI",
        "hckms" => "HuaweiCloud KMS key with ID",
        "kms" => "AWS KMS key with ARN",
        "pgp" => "PGP key with fingerprint",
        kind => kind,
    };
    format!("{what} {}", one_line(keys::identity(key).as_bytes()))
}

/// Logs what became of a request, as the part of sops that has such keys.
fn tell(ui: Ui) -> Tell {
    Arc::new(move |operation, key, succeeded| {
        let (name, field) = match key.kind {
            "age" => ("AGE", "recipient"),
            "azure_kv" => ("AZKV", "key"),
            "gcp_kms" => ("GCPKMS", "resourceID"),
            "hc_vault" => ("VAULT_TRANSIT", "Path"),
            "hckms" => ("HCKMS", "keyID"),
            "kms" => ("AWSKMS", "arn"),
            "pgp" => ("PGP", "fingerprint"),
            _ => (NAME, "key"),
        };
        let what = match operation {
            Operation::Decrypt => "Decryption",
            Operation::Encrypt => "Encryption",
        };
        let outcome = if succeeded { "succeeded" } else { "failed" };
        let identity = one_line(keys::identity(key).as_bytes());
        ui.log(name, Level::Info, &format!("{what} {outcome}"), &[(field, &identity)]);
    })
}

/// Becomes the name of the signal that ends the process, as Go names it. A
/// hangup that is ignored stays so.
#[cfg(unix)]
fn signals() -> std::io::Result<impl Future<Output = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = if ignores_hangups() { None } else { Some(signal(SignalKind::hangup())?) };
    let mut quit = signal(SignalKind::quit())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "interrupt",
            _ = terminate.recv() => "terminated",
            Some(()) = async { hangup.as_mut()?.recv().await } => "hangup",
            _ = quit.recv() => "quit",
        }
    })
}

#[cfg(not(unix))]
fn signals() -> std::io::Result<impl Future<Output = &'static str>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
        "interrupt"
    })
}

#[cfg(test)]
mod tests {
    use bulla_core::KeyProvider as _;
    use bulla_crypto::SystemRandom;
    use bulla_sops::{EncryptedFile, by_name};
    use tokio::runtime::Builder;

    use super::*;
    use crate::app::{SystemClock, impatient};

    fn context(variables: &[(&str, &str)]) -> Context {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Context {
            environment: Environment::new(variables, "/".into()),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }
    }

    /// A program that never ends must not hold up who asks for its keys.
    #[test]
    fn k_06_clients_are_answered_in_time() {
        let variables = [("SOPS_AGE_KEY_CMD", "sleep 20"), ("PATH", "/usr/bin:/bin")];
        let said = impatient(&variables, |app| {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let address = format!("tcp://{}", listener.local_addr().unwrap());
            let client = key_service::RemoteKeyService::new(key_service::Address::parse(&address).unwrap());
            let text = include_bytes!("../../../tests/fixtures/cmd/sops/files/enc.yaml");
            let file = EncryptedFile::parse(text, by_name("yaml").unwrap(), &app.limits).unwrap();
            let wrapped = file.metadata.keys().next().unwrap();
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            let served =
                key_service::serve(Listener::Tcp(listener), service(app, false), std::future::pending());
            let error = runtime.block_on(async {
                tokio::select! {
                    answer = client.unwrap(&wrapped.key, &wrapped.enc) => answer.err().unwrap().to_string(),
                    _ = served => unreachable!("nothing ends the service"),
                }
            });
            runtime.shutdown_background();
            error
        });
        assert!(said.contains("no answer within 0.05 s"), "{said}");
    }

    #[test]
    fn k_02_a_client_does_not_choose_where_the_vault_token_goes() {
        let list = |variables: &[(&str, &str)]| {
            let careful = careful(&context(variables));
            careful.environment.text("SOPS_HC_VAULT_ALLOWLIST").map(str::to_owned)
        };
        assert_eq!(list(&[("VAULT_TOKEN", "t")]), Some("none".into()));
        assert_eq!(list(&[("VAULT_ADDR", "https://v")]), None);
        assert_eq!(list(&[("SOPS_HC_VAULT_ALLOWLIST", "all")]), Some("all".into()));
    }

    #[test]
    fn o_04_the_question_cannot_steer_the_terminal() {
        let key = MasterKey::new("pgp", [("fp", "AB\x1b[2J\nReceived")]);
        assert_eq!(describe(&key), "PGP key with fingerprint AB\\u{1b}[2J; Received");
    }
}

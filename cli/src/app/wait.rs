//! Waiting for key services: in time (`security.md` K-06), and not beyond a
//! signal.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bulla_providers::Questions;
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use crate::error::{Exit, Failure, cause};

/// How long key services may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    /// One operation with one key.
    pub(super) call: Duration,
    /// All keys of a file.
    pub(super) all: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { call: Duration::from_secs(30), all: Duration::from_mins(5) }
    }
}

/// How often a thread that waits looks whether it is to stop.
const TICK: Duration = Duration::from_millis(50);

/// What all threads of a run wait with.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) patience: Patience,
    pub(super) questions: Questions,
    /// Set when the run is to end.
    pub(super) stop: Arc<AtomicBool>,
    /// Made for the first answer that is waited for: some runs have none.
    runtime: OnceLock<Runtime>,
}

impl Waiting {
    /// Waits for an answer of the providers to questions about one file.
    pub(super) fn wait<T>(&self, answer: impl Future<Output = T>) -> Result<T, Failure> {
        let answer = self.questions.in_time(self.patience.all, answer);
        self.runtime()?.block_on(async {
            tokio::select! {
                biased;
                answer = answer => answer.ok_or_else(|| self.late()),
                () = self.stopped() => Err(Failure::new(Exit::Generic, "stopped by a signal")),
            }
        })
    }

    fn runtime(&self) -> Result<&Runtime, Failure> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let made = runtime()?;
        Ok(self.runtime.get_or_init(|| made))
    }

    async fn stopped(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            sleep(TICK).await;
        }
        if self.questions.are_open() {
            crate::ui::give_back_terminal();
        }
    }

    fn late(&self) -> Failure {
        let seconds = self.patience.all.as_secs_f32();
        Failure::new(Exit::DataKey, format!("the key services took longer than {seconds} s"))
    }
}

impl Drop for Waiting {
    /// A name that is still being looked up, or a program that does not end,
    /// holds nobody back.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Makes what drives requests. Any number of threads may wait with it.
pub fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(Exit::Generic, cause(&error)))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::net::TcpListener;
    use std::time::Instant;

    use bulla_core::{Clock, Context, Environment, SecretBytes};
    use bulla_crypto::SystemRandom;
    use bulla_sops::{EncryptedFile, by_name, keys};

    use crate::app::{App, SystemClock};
    use crate::request::Session;
    use crate::ui::Ui;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);
    const NEVER: Duration = Duration::from_mins(1);
    /// Less than anything here would take without a limit.
    const SOON: Duration = Duration::from_secs(10);

    /// Runs `test` with an app of these variables and key services.
    fn with_app<T>(
        variables: &[(&str, &str)],
        services: &[String],
        patience: Patience,
        test: impl FnOnce(&App<'_>) -> T,
    ) -> T {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let environment = Environment::new(variables, "/".into());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ui = Ui::new(&environment, Arc::clone(&clock));
        let context = Context { environment, clock, random: Arc::new(SystemRandom) };
        let session = Session { local_keys: true, key_services: services.to_vec(), ..Session::default() };
        let mut app = App::new(&context, &ui, &session).unwrap();
        app.waiting.patience = patience;
        test(&app)
    }

    /// Runs `test` with an app that waits 50 milliseconds for an operation.
    pub(crate) fn impatient<T>(variables: &[(&str, &str)], test: impl FnOnce(&App<'_>) -> T) -> T {
        with_app(variables, &[], Patience { call: SHORT, all: NEVER }, test)
    }

    /// The errors of both directions: keys that are wrapped, and those of a
    /// file.
    fn both(app: &App<'_>) -> [String; 2] {
        let text = include_bytes!("../../../tests/fixtures/cmd/sops/files/enc.yaml");
        let file = EncryptedFile::parse(text, by_name("yaml").unwrap(), &app.limits).unwrap();
        let recovered = match app.recover(&file.metadata) {
            Ok(outcome) => outcome.err().unwrap().to_string(),
            Err(failure) => failure.message,
        };
        let groups = [vec![keys::gcp_kms("projects/p")]];
        let data_key = bulla_core::DataKey::new([7; 32]);
        let wrapped = match app.wrap(&groups, 0, &data_key) {
            Ok(outcome) => outcome.err().unwrap().to_string(),
            Err(failure) => failure.message,
        };
        [recovered.replace("\n      |", ""), wrapped]
    }

    /// A key service that accepts and never says a word.
    fn silent() -> (TcpListener, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp://{}", listener.local_addr().unwrap());
        (listener, vec![address])
    }

    #[test]
    fn k_06_one_operation_takes_30_seconds_and_all_keys_of_a_file_5_minutes() {
        let patience = Patience::default();
        assert_eq!((patience.call, patience.all), (Duration::from_secs(30), Duration::from_mins(5)));
    }

    #[test]
    fn k_06_a_key_service_that_never_answers_holds_up_neither_direction() {
        let (_listener, services) = silent();
        let start = Instant::now();
        let call = Patience { call: SHORT, all: NEVER };
        for text in with_app(&[], &services, call, both) {
            assert!(text.contains("no answer within 0.05 s"), "{text}");
        }
        let all = Patience { call: NEVER, all: SHORT };
        for text in with_app(&[], &services, all, both) {
            assert_eq!(text, "the key services took longer than 0.05 s");
        }
        assert!(start.elapsed() < SOON);
    }

    /// Programs of the user block the thread that waits for them.
    #[test]
    fn k_06_a_program_that_never_ends_holds_up_no_run() {
        let start = Instant::now();
        let variables = [("SOPS_AGE_KEY_CMD", "sleep 20"), ("PATH", "/usr/bin:/bin")];
        let [text, _] = with_app(&variables, &[], Patience { call: SHORT, all: NEVER }, both);
        assert!(text.contains("no answer within 0.05 s"), "{text}");
        let [text, _] = with_app(&variables, &[], Patience { call: NEVER, all: SHORT }, both);
        assert_eq!(text, "the key services took longer than 0.05 s");
        assert!(start.elapsed() < SOON);
    }

    #[test]
    fn r_04_whoever_waits_for_a_key_stops_with_the_run() {
        let start = Instant::now();
        with_app(&[], &[], Patience::default(), |app| {
            app.waiting.stop.store(true, Ordering::Relaxed);
            let never = std::future::pending::<SecretBytes>();
            assert_eq!(app.wait(never).unwrap_err().message, "stopped by a signal");
            assert_eq!(app.wait(async { 1 }).unwrap(), 1);
        });
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}

//! Who wraps and unwraps the data keys of a run.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bulla_core::{Context, KeyProvider};
use bulla_providers::key_service::{Address, RemoteKeyService};
use bulla_providers::{Bounded, Dialog};

use crate::ui::Level;

use super::App;
use super::remember::Remembering;
use super::wait::Waiting;

impl App<'_> {
    /// The providers of this run; each operation with one key takes 30 seconds
    /// at most (`security.md` K-06).
    pub fn providers(&self) -> &[Box<dyn KeyProvider>] {
        self.providers.get_or_init(|| {
            let providers = self.connect();
            if !self.remembers.load(Ordering::Relaxed) {
                return providers;
            }
            let remembering = |provider| Box::new(Remembering::new(provider)) as Box<dyn KeyProvider>;
            providers.into_iter().map(remembering).collect()
        })
    }

    /// Remembers what providers unwrap until the run ends. Must come before
    /// anything else asks them.
    pub fn remember_data_keys(&self) {
        self.remembers.store(true, Ordering::Relaxed);
    }

    fn connect(&self) -> Vec<Box<dyn KeyProvider>> {
        let mut providers =
            if self.session.local_keys { self.local_providers(self.context) } else { Vec::new() };
        let services = self.session.key_services.iter().filter(|text| !text.is_empty());
        providers.extend(services.filter_map(|text| self.key_service(text)).map(|it| self.bounded(it)));
        providers
    }

    /// The providers of this machine in `context`; each operation with one key
    /// takes 30 seconds at most.
    pub fn local_providers(&self, context: &Context) -> Vec<Box<dyn KeyProvider>> {
        let providers = bulla_providers::key_providers(context, &self.dialog());
        providers.into_iter().map(|it| self.bounded(it)).collect()
    }

    /// Who wraps and unwraps may ask on the terminal and start the user's programs.
    pub fn dialog(&self) -> Dialog {
        let questions = self.waiting.questions.clone();
        Dialog {
            passphrase: Some(Arc::new(move |prompt: &str| questions.ask(|| crate::ui::ask_secret(prompt)))),
            message: Some(Arc::new(|text: &str| crate::ui::show(text))),
            programs: true,
        }
    }

    fn bounded(&self, provider: Box<dyn KeyProvider>) -> Box<dyn KeyProvider> {
        let Waiting { questions, patience, .. } = &self.waiting;
        Box::new(Bounded::new(provider, patience.call, questions.clone()))
    }

    /// A remote key service; one whose address makes no sense is left out.
    fn key_service(&self, text: &str) -> Option<Box<dyn KeyProvider>> {
        let Ok(address) = Address::parse(text) else {
            let message = "Error parsing URI for keyservice, skipping";
            self.ui.log("CMD", Level::Warning, message, &[("uri", text)]);
            return None;
        };
        let shown = address.to_string();
        self.ui.log("CMD", Level::Info, "Connecting to key service", &[("address", &shown)]);
        Some(Box::new(RemoteKeyService::new(address)))
    }
}

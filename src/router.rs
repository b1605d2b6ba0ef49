//! Puts the application together: its state, and the routes of all features.

use crate::comments::CommentState;
use crate::events::EventHub;
use crate::extract::MAX_BODY;
use crate::fetch::Fetcher;
use crate::jobs::{ExportSlots, JobQueue};
use crate::middleware::limit_costly_reads;
use crate::public::{archive, feeds, related, search};
use crate::state::{SharedState, State};
use crate::webhooks::{self, Deliverer};
use crate::{
    articles, audit, auth, comments, editor, events, health, jobs, keys, links, openapi_document,
    outlets, public, root, tags,
};
use actix_web::middleware::from_fn;
use actix_web::web::{Data, PayloadConfig, ServiceConfig, scope};
use std::sync::Arc;

/// What the handlers of one instance share. Clones share it too.
#[derive(Debug, Clone)]
pub struct Application {
    /// The state that every feature uses.
    pub state: SharedState,
    /// The state of commenting.
    pub comments: Data<CommentState>,
    /// The jobs of this instance.
    pub jobs: Data<JobQueue>,
    /// The streams of changes.
    pub events: Data<EventHub>,
    /// What sends deliveries to webhooks.
    pub deliverer: Arc<Deliverer>,
    /// The exports under way.
    exports: Data<ExportSlots>,
}

impl Application {
    /// Creates the application of one instance.
    pub fn new(state: State) -> Self {
        let fetcher = Fetcher::new(state.config().public_url.as_ref());
        Self::with_fetcher(state, fetcher)
    }

    /// Creates the application with another fetcher, for tests.
    pub fn with_fetcher(state: State, fetcher: Fetcher) -> Self {
        let comments = Data::new(CommentState::new(state.config()));
        let max_streams = usize::try_from(state.config().max_streams).unwrap_or(usize::MAX);
        let events = Data::new(EventHub::new(max_streams));
        Self {
            state: Data::new(state),
            comments,
            jobs: Data::new(JobQueue::default()),
            events,
            deliverer: Arc::new(Deliverer::new(fetcher)),
            exports: Data::new(ExportSlots::default()),
        }
    }

    /// Registers the shared state and all routes. [`crate::middleware::RequestPipeline`] must wrap them.
    pub fn configure(&self, cfg: &mut ServiceConfig) {
        cfg.app_data(self.state.clone())
            .app_data(self.comments.clone())
            .app_data(self.jobs.clone())
            .app_data(self.events.clone())
            .app_data(self.exports.clone());
        configure(cfg, &self.state.config().path_prefix());
    }
}

/// Registers all routes of a service below this path.
fn configure(cfg: &mut ServiceConfig, prefix: &str) {
    cfg.app_data(PayloadConfig::new(MAX_BODY));
    root::configure(cfg);
    health::configure(cfg);
    openapi_document::configure(cfg, prefix);
    feeds::configure(cfg);
    public::configure(cfg);
    cfg.service(
        scope("/api/v1/admin")
            .wrap(from_fn(auth::require_key))
            .configure(editor::configure)
            .configure(outlets::configure_admin)
            .configure(tags::configure_admin)
            .configure(audit::configure)
            .configure(comments::configure_rules)
            .configure(comments::configure_moderation)
            .configure(jobs::configure)
            .configure(jobs::configure_exports)
            .configure(events::configure_admin)
            .configure(webhooks::configure)
            .configure(keys::configure),
    );
    cfg.service(
        scope("/api/v1")
            .wrap(from_fn(limit_costly_reads))
            .configure(articles::configure)
            .configure(public::configure_api)
            .configure(links::configure)
            .configure(outlets::configure)
            .configure(tags::configure)
            .configure(comments::configure)
            .configure(search::configure)
            .configure(related::configure)
            .configure(archive::configure)
            .configure(events::configure),
    );
}

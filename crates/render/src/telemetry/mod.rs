//! Log lines of this process go to stderr as text or JSON, spans to an OpenTelemetry collector if one is configured. The
//! content of lines about jobs is in `quotereel_jobs::observe::journal`.

mod json;
#[cfg(not(feature = "jobs"))]
mod no_traces;
#[cfg(feature = "jobs")]
mod traces;

use std::io;
use std::str::FromStr;
use std::time::Duration;

use tracing::Dispatch;
use tracing::dispatcher;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::{EnvFilter, Registry};

#[cfg(not(feature = "jobs"))]
use no_traces as traces;
pub(crate) use traces::Collector;
pub(crate) use tracing::level_filters::LevelFilter;

/// Maximum time that the end of the program waits for the delivery of spans.
pub(crate) const FLUSH_LIMIT: Duration = Duration::from_secs(2);

/// Format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line, with the fields of the job at its top.
    Json,
}

impl FromStr for LogFormat {
    type Err = TelemetryError;

    fn from_str(text: &str) -> Result<Self, TelemetryError> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(TelemetryError::Format(text.chars().take(64).collect())),
        }
    }
}

/// Which lines are logged, and their format.
#[derive(Clone, Debug)]
pub(crate) struct Logging {
    /// Minimum level.
    pub(crate) level: LevelFilter,
    /// Instead of `level`: directives such as `info,quotereel_jobs::worker=debug`.
    pub(crate) directives: Option<String>,
    /// Format of log lines.
    pub(crate) format: LogFormat,
    /// Whether text is coloured.
    pub(crate) color: bool,
}

/// Logs or traces cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TelemetryError {
    /// An unknown format.
    #[error("log format `{0}` must be text or json")]
    Format(String),
    /// Directives that cannot be parsed.
    #[error("log filter `{directives}` must be a level or directives such as info,quotereel_jobs::worker=debug")]
    Directives {
        /// What was given.
        directives: String,
        /// The parser's error.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// Traces cannot be exported.
    #[error(transparent)]
    Traces(#[from] traces::TracesError),
    /// Logging has been set up before.
    #[error("logging is set up twice")]
    Twice,
}

/// Keeps the export of traces alive; dropped or shut down at the end of the program.
#[derive(Debug)]
#[must_use = "waiting spans are delivered when this is dropped"]
pub(crate) struct Telemetry {
    traces: Option<traces::Provider>,
}

impl Telemetry {
    /// Delivers waiting spans for at most `limit`; the rest is lost.
    pub(crate) fn shutdown(mut self, limit: Duration) {
        self.flush(limit);
    }

    fn flush(&mut self, limit: Duration) {
        if let Some(traces) = self.traces.take()
            && !traces::deliver_the_rest(&traces, limit)
        {
            tracing::warn!("the last traces were not delivered");
        }
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.flush(FLUSH_LIMIT);
    }
}

/// Starts to send lines to stderr, and spans to `collector` if there is one.
///
/// # Errors
/// [`TelemetryError`]. A collector that does not answer is not an error.
pub(crate) fn init(logging: &Logging, collector: Option<&Collector>) -> Result<Telemetry, TelemetryError> {
    let (dispatch, telemetry) = dispatch(logging, collector, io::stderr)?;
    dispatcher::set_global_default(dispatch).map_err(|_| TelemetryError::Twice)?;
    Ok(telemetry)
}

fn dispatch<W>(
    logging: &Logging,
    collector: Option<&Collector>,
    writer: W,
) -> Result<(Dispatch, Telemetry), TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = match &logging.directives {
        None => EnvFilter::default().add_directive(logging.level.into()),
        Some(directives) => EnvFilter::builder()
            .parse(directives)
            .map_err(|source| TelemetryError::Directives { directives: directives.clone(), source })?,
    };
    let lines = match logging.format {
        LogFormat::Text => {
            fmt::layer().with_writer(writer).with_ansi(logging.color).with_target(false).with_filter(filter).boxed()
        }
        LogFormat::Json => fmt::layer()
            .with_writer(writer)
            .with_ansi(false)
            .fmt_fields(fmt::format::JsonFields::new())
            .event_format(json::OneObject)
            .with_filter(filter)
            .boxed(),
    };
    let traces = collector.map(traces::provider).transpose()?;
    let spans = traces.as_ref().map(traces::layer);
    let subscriber = Registry::default().with(lines).with(spans);
    Ok((Dispatch::new(subscriber), Telemetry { traces }))
}

#[cfg(all(test, feature = "jobs"))]
mod tests;

//! Spans to an OpenTelemetry collector, by OTLP over HTTP, in batches from a thread of their own. A collector that is
//! dead, slow or hostile costs spans and one log line, never a job: the queue is bounded and what does not fit is dropped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{RetryPolicy, SpanExporter as OtlpExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter,
};
use tracing::{Level, Metadata, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// Timeout of one delivery.
const EXPORT_LIMIT: Duration = Duration::from_secs(5);

/// Interval of deliveries.
const EXPORT_EVERY: Duration = Duration::from_secs(5);

/// Maximum waiting spans; a job makes four.
const MAX_WAITING_SPANS: usize = 2_048;

/// Delivers the spans.
pub(super) type Provider = SdkTracerProvider;

/// Traces cannot be exported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TracesError {
    /// The collector's address is invalid.
    #[error("OpenTelemetry endpoint `{endpoint}` must be an http or https address such as http://127.0.0.1:4318")]
    Endpoint {
        /// What was given.
        endpoint: String,
    },
    /// The exporter cannot be built.
    #[error("cannot set up the export of traces")]
    Exporter(#[source] opentelemetry_otlp::ExporterBuildError),
}

/// A collector of traces.
///
/// Its headers come from `OTEL_EXPORTER_OTLP_HEADERS`, so that no argument contains a token; further
/// attributes of this service from `OTEL_RESOURCE_ATTRIBUTES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Collector {
    endpoint: String,
    instance: String,
}

impl Collector {
    /// The collector at a base address, as `OTEL_EXPORTER_OTLP_ENDPOINT` has it: `/v1/traces` is added. `instance` identifies
    /// this process.
    ///
    /// # Errors
    /// [`TracesError::Endpoint`] for anything but an http or https address.
    pub(crate) fn new(endpoint: &str, instance: impl Into<String>) -> Result<Self, TracesError> {
        let wrong = || TracesError::Endpoint { endpoint: endpoint.chars().take(200).collect() };
        let url = url::Url::parse(endpoint).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        Ok(Self { endpoint: format!("{}/v1/traces", endpoint.trim_end_matches('/')), instance: instance.into() })
    }

    /// The collector that the environment names, if any: `OTEL_EXPORTER_OTLP_ENDPOINT`, unless `OTEL_SDK_DISABLED` is
    /// `true`. Empty means unset, as OpenTelemetry specifies.
    ///
    /// # Errors
    /// [`TracesError::Endpoint`].
    pub(crate) fn from_environment(instance: impl Into<String>) -> Result<Option<Self>, TracesError> {
        Self::configured(variable, instance)
    }

    pub(super) fn configured(
        variable: impl Fn(&str) -> Option<String>,
        instance: impl Into<String>,
    ) -> Result<Option<Self>, TracesError> {
        if variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        variable("OTEL_EXPORTER_OTLP_ENDPOINT").map(|endpoint| Self::new(&endpoint, instance)).transpose()
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A provider that delivers to the collector.
pub(super) fn provider(collector: &Collector) -> Result<Provider, TracesError> {
    let exporter = OtlpExporter::builder()
        .with_http()
        .with_endpoint(&collector.endpoint)
        .with_timeout(EXPORT_LIMIT)
        // The next batch is the retry; a longer wait would only fill the queue.
        .with_retry_policy(RetryPolicy::disabled())
        .build()
        .map_err(TracesError::Exporter)?;
    let batches =
        BatchConfigBuilder::default().with_max_queue_size(MAX_WAITING_SPANS).with_scheduled_delay(EXPORT_EVERY).build();
    let processor = BatchSpanProcessor::builder(Reporting::new(exporter)).with_batch_config(batches).build();
    let resource = Resource::builder()
        .with_service_name(variable("OTEL_SERVICE_NAME").unwrap_or_else(|| "quotereel".to_owned()))
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", collector.instance.clone()),
        ])
        .build();
    Ok(SdkTracerProvider::builder().with_span_processor(processor).with_resource(resource).build())
}

/// Delivers waiting spans for at most `limit`; `false` if some were lost.
pub(super) fn deliver_the_rest(provider: &Provider, limit: Duration) -> bool {
    provider.shutdown_with_timeout(limit).is_ok()
}

/// Sends spans of this program to `provider`, but not those of its libraries, which would bury them.
pub(super) fn layer<S>(provider: &Provider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    let ours = |metadata: &Metadata<'_>| *metadata.level() <= Level::INFO && metadata.target().starts_with("quotereel");
    OpenTelemetryLayer::<S, SdkTracer>::new(provider.tracer("quotereel"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_filter(filter_fn(ours))
}

/// Logs once that traces are no longer delivered, and once that they are again.
#[derive(Debug)]
struct Reporting<E> {
    exporter: E,
    failing: AtomicBool,
}

impl<E> Reporting<E> {
    fn new(exporter: E) -> Self {
        Self { exporter, failing: AtomicBool::new(false) }
    }
}

impl<E: SpanExporter> SpanExporter for Reporting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let outcome = self.exporter.export(batch).await;
        let failing = outcome.is_err();
        match (self.failing.swap(failing, Ordering::Relaxed), &outcome) {
            (false, Err(error)) => tracing::warn!(error = %error, "traces are not delivered"),
            (true, Ok(())) => tracing::info!("traces are delivered again"),
            _ => {}
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

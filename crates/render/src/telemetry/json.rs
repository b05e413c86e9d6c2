//! One log line as one flat JSON object: time, level, target, message, then the fields of the event and of the spans it
//! belongs to. Inner fields win over outer ones of the same name.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Formats an event as one flat object.
#[derive(Debug)]
pub(super) struct OneObject;

impl<S> FormatEvent<S, JsonFields> for OneObject
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields(Map::new());
        // `event_scope`, not the current span: an event may have an explicit parent, or none.
        for span in context.event_scope().into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
            let extensions = span.extensions();
            if let Some(written) = extensions.get::<FormattedFields<JsonFields>>()
                && let Ok(Value::Object(own)) = serde_json::from_str(written)
            {
                fields.0.extend(own);
            }
        }
        event.record(&mut fields);

        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let metadata = event.metadata();
        // Written by hand so that the four common fields come first.
        let Value::String(message) = fields.0.remove("message").unwrap_or_default() else {
            return Err(fmt::Error); // `record_debug` turns every message into a string
        };
        write!(
            writer,
            r#"{{"timestamp":"{time}","level":"{}","target":{},"message":{}"#,
            metadata.level(),
            Value::from(metadata.target()),
            Value::from(message)
        )?;
        for name in ["timestamp", "level", "target"] {
            fields.0.remove(name);
        }
        for (name, value) in &fields.0 {
            write!(writer, ",{}:{value}", Value::from(name.as_str()))?;
        }
        writeln!(writer, "}}")
    }
}

struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }
}

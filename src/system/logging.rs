//! The daemon's log, on standard error: lines for people and the journal, or JSON.
//!
//! Nothing that comes from a request's body or credential is ever given to it; what names something stored is escaped.

use std::io;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::settings::LogFormat;

/// Begins to log. `is_journal`: standard error is the journal, which has its own time stamps and takes priorities as
/// sd-daemon(3) describes them.
pub fn begin(format: LogFormat, is_journal: bool) {
    let builder = tracing_subscriber::fmt()
        .with_max_level(Level::INFO)
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false);
    // Somebody else's subscriber, in a test, stays.
    let _ = match (format, is_journal) {
        (LogFormat::Json, _) => {
            tracing::subscriber::set_global_default(builder.json().flatten_event(true).finish())
        }
        (LogFormat::Text, true) => {
            tracing::subscriber::set_global_default(builder.event_format(Prioritized).finish())
        }
        (LogFormat::Text, false) => tracing::subscriber::set_global_default(builder.finish()),
    };
}

/// Lines that begin with their priority, for the journal.
struct Prioritized;

impl<S, N> FormatEvent<S, N> for Prioritized
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let priority = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        write!(writer, "<{priority}>")?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

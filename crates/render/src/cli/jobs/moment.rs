//! Times as the commands around jobs print them.

/// A time to the second, in UTC, such as `2026-11-20 09:30:00Z`.
pub(super) fn moment(at: ::time::OffsetDateTime) -> String {
    let at = at.to_offset(::time::UtcOffset::UTC);
    let (hour, minute, second) = at.to_hms();
    format!("{} {hour:02}:{minute:02}:{second:02}Z", at.date())
}

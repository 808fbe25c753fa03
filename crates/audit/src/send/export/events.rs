//! A record as the receiver takes it. Pure.

use serde::Serialize;

use super::receiver::Line;
use super::{ExportConfig, Format};
use crate::record::Record;
use crate::siem::{cef, ecs, flagged, level, ocsf, otlp, span};

/// A record as it is sent; `None` for what is not to be.
pub(super) fn line(config: &ExportConfig, entry: &[u8]) -> Option<Line> {
    let record = Record::read(entry)?;
    if config.findings && !flagged(&record) {
        return None;
    }
    let text = match config.format {
        Format::Record => Some(String::from_utf8_lossy(entry).trim_end().to_owned()),
        Format::Cef => cef(&record),
        Format::Ocsf => json(ocsf(&record)),
        Format::Ecs => json(ecs(&record)),
        Format::Otlp => json(otlp(&record)),
        Format::Spans => json(span(&record)),
    }?;
    Some(Line { text, time: record.time.clone(), level: level(&record) })
}

fn json(event: Option<impl Serialize>) -> Option<String> {
    serde_json::to_string(&event?).ok()
}

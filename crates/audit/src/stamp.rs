//! The time of a record: RFC 3339, UTC, milliseconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What changes: milliseconds, and the letter behind them.
const TAIL: usize = "000Z".len();

/// The time as text. Only its last digits change from record to record, so the rest is kept.
#[derive(Debug, Default)]
pub(crate) struct Stamp {
    second: u64,
    text: String,
}

impl Stamp {
    pub(crate) fn now(&mut self) -> &str {
        // A clock before 1970 is wrong, and shows as 1970.
        self.at(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    fn at(&mut self, since: Duration) -> &str {
        if self.text.is_empty() || self.second != since.as_secs() {
            let second =
                i64::try_from(since.as_secs()).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
            self.text = format!("{:.3}", second.unwrap_or(jiff::Timestamp::MAX));
            self.second = since.as_secs();
        }
        let millis = since.subsec_millis();
        self.text.truncate(self.text.len() - TAIL);
        self.text.extend([100, 10, 1].into_iter().filter_map(|unit| char::from_digit(millis / unit % 10, 10)));
        self.text.push('Z');
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_kept_and_seconds_move_on() {
        let mut stamp = Stamp::default();
        let mut at = |millis| stamp.at(Duration::from_millis(millis)).to_owned();
        assert_eq!(at(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(at(1_795_400_000_007), "2026-11-23T02:13:20.007Z");
        assert_eq!(at(1_795_400_000_999), "2026-11-23T02:13:20.999Z");
        assert_eq!(at(1_795_400_001_000), "2026-11-23T02:13:21.000Z");
        assert_eq!(at(1_795_399_999_100), "2026-11-23T02:13:19.100Z");
    }
}

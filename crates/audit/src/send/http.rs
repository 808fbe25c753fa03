//! Questions over HTTP, bounded: in time, in what is read of an answer, and in where they go, which is where they were sent.

use std::time::Duration;

/// Time for one question, from the name's look-up to the answer's end.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The longest that an answer may ask us to wait.
const MAX_RETRY_AFTER: u64 = 3600;

/// Asks.
#[derive(Debug, Clone)]
pub struct Http(ureq::Agent);

/// What was answered, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Seconds after which to ask again, as it says.
    pub retry_after: Option<u64>,
    /// The rest.
    pub body: Vec<u8>,
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Http {
    /// Follows no redirect: an address that was configured is the one that is asked.
    pub fn new() -> Self {
        Self::within(TIMEOUT)
    }

    /// The same, where a question and its answer have so long.
    pub fn within(timeout: Duration) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("vanguard/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(agent.into())
    }

    /// Asks for something. An answer longer than `most` bytes is none. An error tells no more than what the system or the other side said.
    pub fn get(&self, url: &str, headers: &[(&str, &str)], most: u64) -> Result<Answer, String> {
        let mut request = self.0.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.call(), most)
    }

    /// Sends something.
    pub fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8], most: u64) -> Result<Answer, String> {
        let mut request = self.0.post(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.send(body), most)
    }
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>, most: u64) -> Result<Answer, String> {
    let mut response = response.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let body = response.body_mut().with_config().limit(most).read_to_vec().map_err(|error| error.to_string())?;
    Ok(Answer { status, retry_after: retry_after.map(|seconds: u64| seconds.min(MAX_RETRY_AFTER)), body })
}

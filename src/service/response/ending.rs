//! How long work ended, as JSON: `{"done":…}` or `{"failed":…}`.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Response;
use crate::service::error::Error;

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Said<'a> {
    Done(&'a Response),
    Failed(&'a Error),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Heard {
    Done(Box<Response>),
    Failed(Error),
}

pub(super) fn serialize<S: Serializer>(
    ending: &Result<Arc<Response>, Error>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match ending {
        Ok(response) => Said::Done(response),
        Err(error) => Said::Failed(error),
    }
    .serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Result<Arc<Response>, Error>, D::Error> {
    Ok(match Heard::deserialize(deserializer)? {
        Heard::Done(response) => Ok(Arc::from(response)),
        Heard::Failed(error) => Err(error),
    })
}

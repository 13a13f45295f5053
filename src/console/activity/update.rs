//! What the screen does with news.

use super::model::Model;
use crate::console::app::{Desk, News};

/// Takes news in.
pub fn update(_model: &mut Model, _news: News, _desk: &mut Desk<'_>) {}

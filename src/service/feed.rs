//! The change feed: everybody who subscribed hears of every change, after it was committed.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::lock;
use super::response::Event;

#[derive(Default)]
pub(super) struct Feed {
    listeners: Mutex<Vec<Sender<Event>>>,
}

impl Feed {
    pub(super) fn subscribe(&self) -> Receiver<Event> {
        let (sender, receiver) = channel();
        lock(&self.listeners).push(sender);
        receiver
    }

    pub(super) fn publish(&self, event: &Event) {
        lock(&self.listeners).retain(|listener| listener.send(event.clone()).is_ok());
    }
}

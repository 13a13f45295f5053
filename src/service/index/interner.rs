//! What many tokens share, each kept once: services, environments, brands, cashiers, and their organization's id.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::id::OrganizationId;

/// Names an interned text.
pub(super) type Symbol = u32;

#[derive(Default)]
pub(super) struct Interner {
    symbols: HashMap<Arc<str>, Symbol>,
    texts: Vec<Arc<str>>,
    owners: Vec<OrganizationId>,
}

impl Interner {
    pub(super) fn intern(&mut self, text: &str) -> Symbol {
        if let Some(&symbol) = self.symbols.get(text) {
            return symbol;
        }
        let symbol = self.texts.len() as Symbol;
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.symbols.insert(text, symbol);
        symbol
    }

    pub(super) fn set_owner(&mut self, place: u32, owner: OrganizationId) {
        let place = place as usize;
        if self.owners.len() <= place {
            self.owners.resize(place + 1, OrganizationId::default());
        }
        self.owners[place] = owner;
    }

    /// The organization at a place in the list of organizations.
    pub(super) fn owner(&self, place: u32) -> OrganizationId {
        self.owners.get(place as usize).copied().unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn text(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol as usize).map_or("", |text| text)
    }
}

//! What many tokens share, each kept once: services, environments, brands, cashiers, owners, and what their
//! organization says.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::id::OrganizationId;
use crate::domain::token::Ladders;

/// Names an interned text.
pub(super) type Symbol = u32;

#[derive(Default)]
pub(super) struct Interner {
    symbols: HashMap<Arc<str>, Symbol>,
    texts: Vec<Arc<str>>,
    owners: Vec<OrganizationId>,
    /// The organizations' short names, by their places.
    slugs: Vec<Arc<str>>,
    /// When to warn of the ends of their tokens, likewise.
    ladders: Vec<Ladders>,
    usual: Ladders,
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

    /// Sets the short names and warnings, in the order of the list of organizations; whether the warnings are others.
    pub(super) fn set_organizations<'a>(
        &mut self,
        all: impl Iterator<Item = (&'a str, &'a Ladders)>,
    ) -> bool {
        let (slugs, ladders) = all
            .map(|(slug, ladders)| (Arc::from(slug), ladders.clone()))
            .unzip();
        self.slugs = slugs;
        let before = std::mem::replace(&mut self.ladders, ladders);
        before != self.ladders
    }

    /// The short name of the organization at a place in the list of organizations.
    pub(super) fn slug(&self, place: u32) -> &str {
        self.slugs.get(place as usize).map_or("", |slug| slug)
    }

    /// When the organization at a place in the list of organizations has its tokens' ends warned of.
    pub(super) fn ladders(&self, place: u32) -> &Ladders {
        self.ladders.get(place as usize).unwrap_or(&self.usual)
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn text(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol as usize).map_or("", |text| text)
    }
}

//! Cashiers' passwords: argon2id in PHC strings, two at a time, a bounded number waiting.
//!
//! A hash takes 64 MiB and a tenth of a second on purpose; without the bound, a crowd of sign-ins would take the
//! machine's memory and the cores that verify runs on (security.md, "argon2 used as a hammer").

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher as _, PasswordVerifier as _};
use argon2::{ARGON2ID_IDENT, Params};

use super::{Cost, common, text};
use crate::domain::secret::Secret;
use crate::service::ports::{CryptoError, Entropy, PasswordCheck, PasswordHasher};

/// As many as the smallest machine has cores; 128 MiB together.
const AT_ONCE: usize = 2;
/// About two seconds' worth: whoever comes later is told to try again instead of being kept.
const WAITING: usize = 32;

/// The password hasher. Shared by all who sign in: the bounds hold for one instance.
pub struct Argon2Passwords {
    cost: Cost,
    entropy: Arc<dyn Entropy>,
    gate: Gate,
}

impl Argon2Passwords {
    /// Hashes at `cost`, which is [`Cost::STANDARD`] but in tests; salts come from `entropy`.
    #[must_use]
    pub fn new(cost: Cost, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            cost,
            entropy,
            gate: Gate::new(AT_ONCE, WAITING),
        }
    }
}

impl PasswordHasher for Argon2Passwords {
    fn hash(&self, password: &Secret) -> Result<Secret, CryptoError> {
        let salt: [u8; 16] = super::random(&*self.entropy)?;
        let password = text::nfkc(password);
        let context = self.cost.context().ok_or(FAILED)?;
        let _turn = self.gate.enter()?;
        let hash: PasswordHash = context
            .hash_password_with_salt(password.expose(), &salt)
            .map_err(|_| FAILED)?;
        Ok(Secret::from_text(hash.to_string()))
    }

    fn verify(&self, password: &Secret, phc: Option<&Secret>) -> Result<PasswordCheck, CryptoError> {
        let password = text::nfkc(password);
        let Some(phc) = phc else {
            let _turn = self.gate.enter()?;
            // The same work as for an account that exists, so that the time does not tell which e-mails do.
            self.cost.derive(password.expose(), &[0; 16]).ok_or(FAILED)?;
            return Ok(PasswordCheck::Wrong);
        };
        let stored = Stored::parse(phc).ok_or(DAMAGED)?;
        let context = stored.cost.context().ok_or(DAMAGED)?;
        let _turn = self.gate.enter()?;
        match context.verify_password(password.expose(), &stored.hash) {
            Ok(()) if stored.cost.is_weaker_than(self.cost) => Ok(PasswordCheck::RightButOutdated),
            Ok(()) => Ok(PasswordCheck::Right),
            Err(Error::PasswordInvalid) => Ok(PasswordCheck::Wrong),
            Err(_) => Err(FAILED),
        }
    }

    fn is_common(&self, password: &Secret) -> bool {
        common::is_common(&text::nfkc(password))
    }
}

const FAILED: CryptoError = CryptoError::Engine("argon2 could not run: too little memory");
const DAMAGED: CryptoError =
    CryptoError::Engine("a stored password hash is damaged: an admin can reset the cashier");

/// A PHC string that this program may have written.
struct Stored {
    hash: PasswordHash,
    cost: Cost,
}

impl Stored {
    fn parse(phc: &Secret) -> Option<Self> {
        let hash = PasswordHash::new(phc.expose_text()?).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let complete = hash.algorithm == ARGON2ID_IDENT && hash.salt.is_some() && hash.hash.is_some();
        let cost = Cost {
            memory_kib: params.m_cost(),
            passes: params.t_cost(),
        };
        complete.then_some(Self { hash, cost })
    }
}

/// Lets some in at once and has some more wait.
struct Gate {
    at_once: usize,
    waiting: usize,
    crowd: Mutex<Crowd>,
    left: Condvar,
}

#[derive(Default)]
struct Crowd {
    inside: usize,
    waiting: usize,
}

impl Gate {
    fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            at_once,
            waiting,
            crowd: Mutex::default(),
            left: Condvar::new(),
        }
    }

    /// Waits for a turn, which ends when what is returned is dropped.
    fn enter(&self) -> Result<Turn<'_>, CryptoError> {
        let mut crowd = self.crowd();
        if crowd.inside >= self.at_once {
            if crowd.waiting >= self.waiting {
                return Err(CryptoError::Busy);
            }
            crowd.waiting += 1;
            crowd = self
                .left
                .wait_while(crowd, |crowd| crowd.inside >= self.at_once)
                .unwrap_or_else(PoisonError::into_inner);
            crowd.waiting -= 1;
        }
        crowd.inside += 1;
        Ok(Turn(self))
    }

    /// Two counters cannot be left half-changed: a panic elsewhere must not end all sign-ins.
    fn crowd(&self) -> MutexGuard<'_, Crowd> {
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Turn<'a>(&'a Gate);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.crowd().inside -= 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::super::testing::Counting;
    use super::*;

    const SMALL: Cost = Cost {
        memory_kib: 64,
        passes: 1,
    };

    fn passwords(cost: Cost) -> Argon2Passwords {
        Argon2Passwords::new(cost, Arc::new(Counting::default()))
    }

    fn secret(text: &str) -> Secret {
        Secret::from_text(text.into())
    }

    #[test]
    fn a_password_verifies_however_its_letters_are_composed() {
        let passwords = passwords(SMALL);
        let phc = passwords.hash(&secret("Zürich im Regen")).unwrap();
        assert!(
            phc.expose_text()
                .unwrap()
                .starts_with("$argon2id$v=19$m=64,t=1,p=1$")
        );
        assert_eq!(
            passwords.verify(&secret("Zu\u{308}rich im Regen"), Some(&phc)),
            Ok(PasswordCheck::Right)
        );
        assert_eq!(
            passwords.verify(&secret("zürich im regen"), Some(&phc)),
            Ok(PasswordCheck::Wrong)
        );
        assert_eq!(
            passwords.verify(&secret("Zürich im Regen"), None),
            Ok(PasswordCheck::Wrong)
        );
        assert_ne!(
            passwords.hash(&secret("Zürich im Regen")).unwrap().expose(),
            phc.expose()
        );
    }

    #[test]
    fn nothing_is_cut_off_a_long_password() {
        let passwords = passwords(SMALL);
        let long = "x".repeat(5000);
        let phc = passwords.hash(&secret(&long)).unwrap();
        assert_eq!(
            passwords.verify(&secret(&long[1..]), Some(&phc)),
            Ok(PasswordCheck::Wrong)
        );
        assert_eq!(
            passwords.verify(&secret(&long), Some(&phc)),
            Ok(PasswordCheck::Right)
        );
    }

    #[test]
    fn a_hash_with_weaker_parameters_is_right_but_outdated() {
        let phc = passwords(SMALL).hash(&secret("correct horse")).unwrap();
        for (memory_kib, passes, check) in [
            (128, 1, PasswordCheck::RightButOutdated),
            (64, 2, PasswordCheck::RightButOutdated),
            (32, 1, PasswordCheck::Right),
        ] {
            let today = passwords(Cost { memory_kib, passes });
            assert_eq!(today.verify(&secret("correct horse"), Some(&phc)), Ok(check));
            assert_eq!(
                today.verify(&secret("battery staple"), Some(&phc)),
                Ok(PasswordCheck::Wrong)
            );
        }
    }

    #[test]
    fn a_stored_hash_that_is_damaged_or_would_eat_the_machine_is_an_error() {
        let passwords = passwords(SMALL);
        let phc = passwords.hash(&secret("x")).unwrap();
        let text = phc.expose_text().unwrap();
        let bad = [
            String::new(),
            text.replace("argon2id", "scrypt"),
            text.replace("argon2id", "argon2i"),
            text.replace("m=64", "m=4294967295"),
            text.rsplit_once('$').unwrap().0.to_owned(),
        ];
        for phc in bad {
            let check = passwords.verify(&secret("x"), Some(&secret(&phc)));
            assert_eq!(check, Err(DAMAGED), "{phc}");
        }
    }

    #[test]
    fn two_enter_one_waits_and_the_next_is_refused() {
        let gate = Gate::new(2, 1);
        thread::scope(|scope| {
            let (first, _second) = (gate.enter().unwrap(), gate.enter().unwrap());
            let (entered, seen) = mpsc::channel();
            let gate = &gate;
            scope.spawn(move || {
                let _turn = gate.enter().unwrap();
                entered.send(()).unwrap();
            });
            while gate.crowd().waiting == 0 {
                thread::yield_now();
            }
            assert_eq!(gate.enter().err(), Some(CryptoError::Busy));
            assert!(seen.try_recv().is_err());
            drop(first);
            seen.recv().unwrap();
        });
        assert_eq!(gate.crowd().inside, 0);
        assert_eq!(gate.crowd().waiting, 0);
    }
}

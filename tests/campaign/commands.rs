//! The commands that a cashier gives.

use strongroom::domain::cashier::Role;
use strongroom::domain::id::TokenId;
use strongroom::domain::key_pair::KeySize;
use strongroom::domain::secret::Secret;
use strongroom::domain::text::{Brand, Email, Environment, OrganizationName, ServiceName, Slug, TokenName};
use strongroom::domain::token::{Finish, Lifetime, Overlap};
use strongroom::service::request::{
    CreateToken, Credentials, Invalidate, Invalidation, Onboard, RotateKey, RotateToken, TokenRef,
};
use strongroom::service::response::Minted;
use strongroom::service::{Actor, Error, Request, Response};

use crate::desk::Desk;
use crate::report::Report;

const ADA: &str = "ada@acme.test";
const PASSWORD: &str = "correct horse battery staple";

impl Desk {
    pub(crate) fn sign_in(&mut self) -> Result<(), Error> {
        if let Response::SignedIn(signed_in) = self.ask("sign in", Request::SignIn(ada()))? {
            self.actor.session = Some(signed_in.session);
        }
        Ok(())
    }

    pub(crate) fn onboard(&self, slug: &str) -> Result<Response, Error> {
        let onboard = Onboard {
            recipient: None,
            brand: Brand::parse("FinCode").unwrap(),
            slug: Slug::parse(slug).unwrap(),
            name: OrganizationName::parse("Acme Payments").unwrap(),
            size: KeySize::Bits2048,
            admin: ada(),
        };
        self.ask("onboard", Request::Onboard(onboard))
    }

    pub(crate) fn mint(&mut self) -> Result<Minted, Error> {
        let name = format!("pay-{:x}", self.random.next());
        let create = CreateToken {
            organization: acme(),
            name: TokenName::parse(&name).unwrap(),
            service: ServiceName::parse("checkout").unwrap(),
            environment: Environment::parse("prod").unwrap(),
            lifetime: Lifetime::Months3,
            allowed: Vec::new(),
            owner: None,
            note: None,
            warnings: None,
            variable: Some(
                strongroom::domain::text::Variable::parse(&name.to_uppercase().replace('-', "_")).unwrap(),
            ),
            credentials: ada(),
        };
        let answer = self.ask("mint", Request::CreateToken(create))?;
        Ok(self.keep(answer))
    }

    pub(crate) fn rotate(&mut self, token: TokenId, overlap: Overlap) -> Result<Minted, Error> {
        let rotate = RotateToken {
            organization: acme(),
            token: TokenRef::Id(token),
            lifetime: None,
            overlap,
            finish: Finish::AtEnd,
            owner: None,
            note: None,
            credentials: ada(),
        };
        let answer = self.ask("rotate token", Request::RotateToken(rotate))?;
        Ok(self.keep(answer))
    }

    /// Whoever was shown a token presents it from now on.
    fn keep(&self, answer: Response) -> Minted {
        let Response::Minted(minted) = answer else {
            panic!("{answer:?}")
        };
        let text = minted.secret.expose_text().unwrap().to_owned();
        self.pipe.tell(&Report::Minted(*minted.token.id.0.bytes(), text));
        *minted
    }

    pub(crate) fn acknowledge(&self, minted: &Minted) -> Result<Response, Error> {
        let reveal = minted.reveal;
        self.ask("acknowledge", Request::AcknowledgeReveal { reveal })
    }

    pub(crate) fn extend(&mut self, token: TokenId) -> Result<Response, Error> {
        let request = Request::ExtendOverlap {
            organization: acme(),
            token: TokenRef::Id(token),
            overlap: Some(Overlap::Days3),
            finish: None,
        };
        self.change("extend overlap", request)
    }

    pub(crate) fn cut_over(&mut self, token: TokenId) -> Result<Response, Error> {
        let (organization, token) = (acme(), TokenRef::Id(token));
        self.change("cut over", Request::CutOver { organization, token })
    }

    pub(crate) fn invalidate(&mut self, token: TokenId, how: Invalidation) -> Result<Response, Error> {
        let request = Invalidate {
            organization: acme(),
            tokens: vec![TokenRef::Id(token)],
            how,
            reason: None,
        };
        self.change(&format!("{how:?}"), Request::Invalidate(request))
    }

    pub(crate) fn restore(&mut self, token: TokenId) -> Result<Response, Error> {
        let (organization, token) = (acme(), TokenRef::Id(token));
        self.change("restore", Request::RestoreToken { organization, token })
    }

    pub(crate) fn add_cashier(&mut self) -> Result<Response, Error> {
        let email = email(&format!("c{:x}@acme.test", self.random.next()));
        let role = Role::Operator;
        let request = Request::AddCashier {
            email: email.clone(),
            role,
        };
        let Response::EnrolmentCode(code) = self.change("add cashier", request)? else {
            panic!("no code")
        };
        let enrol = Request::Enrol {
            email,
            code: code.code,
            password: Secret::from_text(PASSWORD.into()),
        };
        self.ask("enrol", enrol)
    }

    /// Ada from another seat, with a wrong password.
    pub(crate) fn fail_to_sign_in(&mut self) -> Result<Response, Error> {
        let stranger = Actor {
            os_user: format!("u{}", self.random.within(0..9)),
            session: None,
            ..self.actor.clone()
        };
        let ours = std::mem::replace(&mut self.actor, stranger);
        let mut credentials = ada();
        credentials.password = Secret::from_text("not the right one at all".into());
        let answer = self.ask("sign in wrongly", Request::SignIn(credentials));
        self.actor = ours;
        answer
    }

    pub(crate) fn rotate_key(&self) -> Result<Response, Error> {
        let rotate = RotateKey {
            organization: acme(),
            confirmation: "acme".into(),
            size: KeySize::Bits2048,
            credentials: ada(),
        };
        self.ask("rotate key", Request::RotateKey(rotate))
    }
}

fn ada() -> Credentials {
    Credentials {
        email: email(ADA),
        password: Secret::from_text(PASSWORD.into()),
    }
}

fn email(text: &str) -> Email {
    Email::folded(text).unwrap()
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "requests take an organization that may be left out"
)]
pub(crate) fn acme() -> Option<Slug> {
    Some(Slug::parse("acme").unwrap())
}

use strongroom::console::app::{Ask, Message, Work};
use strongroom::domain::id::{Id, TokenId};
use strongroom::domain::text::TokenName;
use strongroom::domain::token::Overlap;
use strongroom::service::request::Invalidation;
use strongroom::service::response::{TokenPage, TokenRow};
use strongroom::service::{Request, Response};

use super::harness::{Harness, create};
use super::seat::Seat;

/// Tokens `t-000`, `t-001`, …
pub fn many(count: usize) -> Harness {
    let harness = Harness::onboarded();
    for number in 0..count {
        harness.minted(&format!("t-{number:03}"));
    }
    harness
}

#[test]
fn the_title_counts_and_names_the_order() {
    let harness = Harness::onboarded();
    harness.minted("payouts-prod");
    harness.minted("checkout-prod");
    let new = harness.rotate("payouts-prod", Overlap::Hours24).unwrap();
    harness.acknowledge(&new);
    let mut seat = Seat::new(harness);
    let screen = seat.screen();
    assert!(screen.contains("API Tokens ─ 2 active · 1 retiring"), "{screen}");
    assert!(screen.contains(" by expiry ↑ "), "{screen}");
    let old = seat.lines_with("payouts-prod (old)");
    assert!(old[0].contains("▲ retiring  in 1 d"), "{old:?}");
}

#[test]
fn sorting_goes_through_the_columns_and_turns_around() {
    let mut seat = Seat::new(many(3));
    seat.press("s home");
    assert!(seat.screen().contains(" by name ↑ "));
    assert_eq!(seat.selected(), "t-000");
    seat.press("S");
    assert!(seat.screen().contains(" by name ↓ "));
    let rows = seat.lines_with("● active");
    assert!(rows[0].contains("t-002") && rows[2].contains("t-000"), "{rows:?}");
    // The cursor stayed on its token, which is the last now.
    assert_eq!(seat.selected(), "t-000");
}

#[test]
fn moves_inside_the_window_ask_nothing_and_its_edge_asks_ahead() {
    let mut seat = Seat::new(many(260));
    seat.press("s");
    seat.asked.clear();
    seat.press("down down j j pgdn pgdn pgup k up pgdn pgdn");
    assert_eq!(seat.asked, [""; 0]);
    seat.press("pgdn pgdn pgdn pgdn pgdn pgdn pgdn pgdn pgdn pgdn pgdn");
    assert_eq!(seat.asked, ["ListTokens"]);
    seat.press("end");
    assert_eq!(seat.selected(), "t-259");
    seat.press("home");
    assert_eq!(seat.selected(), "t-000");
    assert!(seat.screen().contains("t-013"));
}

#[test]
fn a_screen_whose_rows_are_still_asked_for_says_so_and_takes_keys() {
    let mut seat = Seat::new(many(260));
    seat.slow = true;
    seat.press("end");
    assert!(seat.screen().contains("▸ …"), "{}", seat.screen());
    // While one question is on its way, no second one is asked.
    seat.press("up up up");
    assert_eq!(seat.kept.len(), 1);
    seat.slow = false;
    let work = seat.kept.pop_front().unwrap();
    seat.answer(work);
    assert!(!seat.screen().contains("▸ …"), "{}", seat.screen());
}

#[test]
fn the_filter_narrows_with_each_key_and_late_answers_are_dropped() {
    let harness = Harness::onboarded();
    for name in ["payouts-prod", "checkout-prod", "nightly-cron"] {
        harness.minted(name);
    }
    let mut seat = Seat::new(harness);
    seat.press("/");
    seat.slow = true;
    seat.type_text("pay");
    let questions: Vec<Work> = seat.kept.drain(..).collect();
    assert_eq!(questions.len(), 3);
    seat.slow = false;
    // The newest is answered first; the answers to `pa` and `p` come late.
    for work in questions.into_iter().rev() {
        seat.answer(work);
    }
    let screen = seat.screen();
    assert!(
        screen.contains("payouts-prod") && !screen.contains("nightly-cron"),
        "{screen}"
    );
    assert!(screen.contains("/pay"), "{screen}");
    seat.type_text("zz");
    assert!(
        seat.screen().contains("nothing contains this"),
        "{}",
        seat.screen()
    );
    seat.press("esc");
    assert!(seat.screen().contains("nightly-cron"));
}

#[test]
fn the_filter_stays_after_enter_and_esc_takes_it_away() {
    let mut seat = Seat::new(many(12));
    seat.press("/");
    seat.type_text("t-01");
    seat.press("enter");
    assert!(
        seat.screen().contains(" by expiry ↑ ─ /t-01 "),
        "{}",
        seat.screen()
    );
    assert_eq!(seat.lines_with("● active").len(), 2);
    seat.press("esc");
    assert_eq!(seat.lines_with("● active").len(), 12);
}

#[test]
fn the_cursor_stays_on_its_token_when_others_come_and_go() {
    let harness = many(5);
    let mut seat = Seat::new(harness);
    seat.press("s home down down");
    assert_eq!(seat.selected(), "t-002");
    seat.harness.minted("a-first");
    seat.changed();
    assert!(seat.screen().contains("a-first"));
    assert_eq!(seat.selected(), "t-002");
}

#[test]
fn what_ended_never_vanishes_silently() {
    let harness = Harness::admin();
    let (id, _) = harness.minted("payouts-prod");
    harness.minted("checkout-prod");
    harness.invalidate(&[id], Invalidation::RevokeAsLeaked).unwrap();
    harness.mint(create("nobody-has-it")).unwrap();
    let mut seat = Seat::new(harness);
    assert!(!seat.screen().contains("payouts-prod"));
    seat.press("a");
    assert!(seat.screen().contains("─ all ─"));
    assert!(
        seat.lines_with("payouts-prod")[0].contains("✗ leaked"),
        "{}",
        seat.screen()
    );
    seat.press("a");
    assert!(seat.screen().contains("─ ended ─") && !seat.screen().contains("checkout-prod"));
    seat.press("a");
    assert!(seat.screen().contains("─ unused ─") && seat.screen().contains("checkout-prod"));
    seat.press("a");
    let screen = seat.screen();
    assert!(
        screen.contains("─ unacknowledged ─") && !screen.contains("checkout-prod"),
        "{screen}"
    );
    assert!(screen.contains("1 unacknowledged"), "{screen}");
    assert!(
        screen.contains("perhaps nobody has it · x revokes it"),
        "{screen}"
    );
    seat.press("esc");
    assert!(seat.screen().contains("checkout-prod"));
}

#[test]
fn marks_are_set_one_by_one_over_a_range_and_over_rows_that_are_not_held() {
    let mut seat = Seat::new(many(450));
    seat.press("s home space");
    assert!(seat.screen().contains(" 1 marked "), "{}", seat.screen());
    seat.press("down down v");
    assert!(seat.screen().contains(" 4 marked "), "{}", seat.screen());
    seat.press("end v");
    assert!(seat.screen().contains(" 450 marked "), "{}", seat.screen());
    seat.press("space");
    assert!(seat.screen().contains(" 449 marked "));
    seat.press("esc");
    assert!(!seat.screen().contains("marked"));
    // Without a mark to begin at: what is on screen.
    seat.press("home v");
    assert!(seat.screen().contains(" 14 marked "), "{}", seat.screen());
}

#[test]
fn callers_are_asked_for_once_the_cursor_rests() {
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts-prod");
    super::looks::call(&harness, &secret, "10.0.0.4", 3);
    let mut seat = Seat::new(harness);
    seat.asked.clear();
    seat.press("down up");
    assert_eq!(seat.asked, [""; 0]);
    seat.wait(1);
    assert_eq!(seat.asked, ["ListTokens", "ShowToken"]);
    assert!(
        seat.screen().contains("callers: 10.0.0.4 checkout/4.2 3"),
        "{}",
        seat.screen()
    );
    // Uses come without an event: the list is asked anew by itself.
    super::looks::call(&seat.harness, &secret, "10.0.0.9", 1);
    seat.wait(6);
    assert!(seat.screen().contains("10.0.0.9"), "{}", seat.screen());
}

#[test]
fn a_failed_question_is_said_and_the_rows_stay() {
    let mut seat = Seat::new(many(3));
    seat.slow = true;
    seat.changed();
    for work in std::mem::take(&mut seat.kept) {
        if let Work::Ask(Ask {
            to,
            tag,
            request: Request::ListTokens(_),
            ..
        }) = work
        {
            let error = strongroom::service::Error::new(
                strongroom::service::Code::Io,
                "the daemon went away",
                "start it again",
            );
            seat.message(strongroom::console::app::Message::Answered {
                to,
                tag,
                result: Err(error),
            });
        }
    }
    let screen = seat.screen();
    assert!(
        screen.contains("✗ the daemon went away") && screen.contains("t-000"),
        "{screen}"
    );
    seat.slow = false;
    seat.wait(6);
    assert!(!seat.screen().contains("went away"));
}

#[test]
fn the_id_is_copied() {
    let harness = Harness::onboarded();
    let (id, _) = harness.minted("payouts-prod");
    let mut seat = Seat::new(harness);
    seat.press("c");
    assert_eq!(seat.copied, [("the token's id".to_owned(), id.to_string())]);
}

/// Answers a question about rows as a list of `count` tokens would.
fn answer_as(seat: &mut Seat, template: &TokenRow, count: usize) {
    let Some(Work::Ask(Ask {
        to,
        tag,
        request: Request::ListTokens(query),
        ..
    })) = seat.kept.pop_front()
    else {
        panic!()
    };
    let end = count.min(query.offset + query.limit);
    let row = |number: usize| TokenRow {
        id: TokenId(Id::from_bytes((number as u128).to_be_bytes())),
        name: TokenName::parse(&format!("t-{number}")).unwrap(),
        ..template.clone()
    };
    let page = TokenPage {
        rows: (query.offset..end).map(row).collect(),
        offset: query.offset,
        matching: count,
        counts: Default::default(),
    };
    assert!(page.rows.len() <= 400, "{}", page.rows.len());
    seat.message(Message::Answered {
        to,
        tag,
        result: Ok(Response::Tokens(page)),
    });
}

#[test]
fn a_million_rows_are_a_window_of_some_hundred() {
    let harness = Harness::onboarded();
    harness.minted("payouts-prod");
    let template = harness.show("payouts-prod").row;
    let mut seat = Seat::new(harness);
    seat.slow = true;
    seat.press("s");
    answer_as(&mut seat, &template, 1_000_000);
    seat.press("end");
    answer_as(&mut seat, &template, 1_000_000);
    assert_eq!(seat.selected(), "t-999999");
    seat.press("pgup pgup up");
    assert!(seat.kept.is_empty());
    assert_eq!(seat.selected(), "t-999972");
    // Others came while nobody looked: the cursor stays on its token.
    seat.changed();
    seat.kept.retain(|work| {
        matches!(
            work,
            Work::Ask(Ask {
                request: Request::ListTokens(_),
                ..
            })
        )
    });
    answer_as(&mut seat, &template, 1_000_050);
    assert_eq!(seat.selected(), "t-999972");
    seat.press("home");
    answer_as(&mut seat, &template, 1_000_050);
    assert_eq!(seat.selected(), "t-0");
}

#[test]
fn a_click_puts_the_cursor_on_its_row() {
    let mut seat = Seat::new(many(3));
    seat.press("s");
    seat.click(10, 6);
    assert_eq!(seat.selected(), "t-002");
    seat.click(10, 20);
    assert_eq!(seat.selected(), "t-002");
}

#[test]
fn the_hints_of_a_list_and_of_a_form_are_buttons_and_the_wheel_turns_choices() {
    let mut seat = Seat::new(many(3));
    let column = |seat: &mut Seat, word: &str| {
        let screen = seat.screen();
        let last = screen.lines().last().unwrap();
        u16::try_from(last.find(word).unwrap_or_else(|| panic!("{last}"))).unwrap()
    };
    let new = column(&mut seat, "new");
    seat.click(new, 23);
    assert!(seat.screen().contains("New API token"), "{}", seat.screen());
    // The lifetime: three fields further.
    seat.press("tab tab tab");
    let before = seat.screen();
    seat.scroll(true);
    assert_ne!(seat.screen(), before);
    seat.scroll(false);
    assert_eq!(seat.screen(), before);
    seat.press("shift-tab");
    let back = column(&mut seat, "back");
    seat.click(back, 23);
    assert!(!seat.screen().contains("New API token"), "{}", seat.screen());
    // Where no hint is, nothing is pressed.
    let before = seat.screen();
    seat.click(79, 23);
    assert_eq!(seat.screen(), before);
}

#[test]
fn the_command_line_completes_the_names_of_tokens() {
    let mut seat = Seat::new(many(12));
    seat.press(":");
    seat.type_text("rotate t-0");
    assert!(seat.screen().contains("t-000  t-001  t-002"), "{}", seat.screen());
    seat.type_text("1");
    seat.press("tab");
    // As far as it is clear.
    assert!(seat.screen().contains(":rotate t-01"), "{}", seat.screen());
    assert!(seat.screen().contains("  t-010  t-011\n"), "{}", seat.screen());
    seat.type_text("1");
    seat.press("enter");
    assert!(seat.screen().contains("Rotate t-011"), "{}", seat.screen());
    // A shortened command is one, too; what takes no token asks for none.
    seat.press("esc :");
    seat.asked.clear();
    seat.type_text("tokens t-00");
    assert!(seat.asked.is_empty(), "{:?}", seat.asked);
    seat.press("ctrl-u");
    seat.type_text("al t-005");
    assert!(seat.screen().contains("t-005"));
    assert!(seat.asked.contains(&"ListTokens".to_owned()));
}

#[test]
fn another_size_is_drawn_at_once_and_its_rows_are_asked_for() {
    let mut seat = Seat::new(many(260));
    seat.press("s home end");
    seat.resize(120, 100);
    assert!(seat.screen().contains("t-259") && seat.screen().contains("t-200"));
    seat.wait(1);
    assert!(seat.screen().contains("t-170"), "{}", seat.screen());
    seat.resize(80, 24);
    assert_eq!(seat.selected(), "t-259");
}

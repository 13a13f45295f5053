use super::*;

use proptest::prelude::*;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

const WIDTH: u16 = 60;
const HEIGHT: u16 = 6;

fn color() -> impl Strategy<Value = Color> {
    prop_oneof![
        4 => Just(Color::Reset),
        2 => (0u8..16).prop_map(Color::Indexed),
        1 => any::<[u8; 3]>().prop_map(|[r, g, b]| Color::Rgb(r, g, b)),
    ]
}

fn style() -> impl Strategy<Value = Style> {
    let modifiers = proptest::bits::u8::masked(0b0100_1111).prop_map(|bits| {
        let bits = u16::from(bits);
        Modifier::from_bits_truncate(bits)
    });
    (color(), color(), modifiers)
        .prop_map(|(fg, bg, modifier)| Style::new().fg(fg).bg(bg).add_modifier(modifier))
}

/// Texts and styles thrown on a screen; half of the styles are none.
fn screen() -> impl Strategy<Value = Buffer> {
    let text = "[ a-z支é ]{1,30}";
    let piece = (
        0..WIDTH,
        0..HEIGHT,
        text,
        prop_oneof![Just(Style::new()), style()],
    );
    let fill = (0..WIDTH, 0..HEIGHT, 1..WIDTH, style());
    (
        proptest::collection::vec(piece, 0..12),
        proptest::collection::vec(fill, 0..4),
    )
        .prop_map(|(pieces, fills)| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT));
            for (x, y, text, style) in pieces {
                buffer.set_string(x, y, text, style);
            }
            for (x, y, width, style) in fills {
                buffer.set_style(Rect::new(x, y, width.min(WIDTH - x), 1), style);
            }
            for cell in buffer.content.iter_mut() {
                // Parsers keep only one of the two, whichever came last.
                if cell.modifier.contains(Modifier::BOLD) {
                    cell.modifier.remove(Modifier::DIM);
                }
            }
            buffer
        })
}

fn parser() -> vt100::Parser {
    vt100::Parser::new(HEIGHT.try_into().unwrap(), WIDTH.try_into().unwrap(), 0)
}

/// Every cell as it is seen; a space's foreground is not, unless something is drawn with it.
fn seen(parser: &vt100::Parser) -> Vec<String> {
    let screen = parser.screen();
    let cell = |x, y| {
        let cell = screen.cell(y, x).unwrap();
        let text = if cell.contents().is_empty() {
            " "
        } else {
            cell.contents()
        };
        let blank = text == " " && !cell.inverse() && !cell.underline();
        let ink = if blank {
            String::new()
        } else {
            format!(
                "{:?} {} {} {}",
                cell.fgcolor(),
                cell.bold(),
                cell.dim(),
                cell.italic()
            )
        };
        format!(
            "{text:?} {:?} {} {} {ink}",
            cell.bgcolor(),
            cell.inverse(),
            cell.underline()
        )
    };
    (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).map(move |x| (x, y)))
        .map(|(x, y)| cell(x, y))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_terminal_shows_the_same_as_after_ratatuis_own_bytes(before in screen(), after in screen()) {
        let (mut ours, mut theirs) = (parser(), parser());
        let mut previous = Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT));
        for next in [before, after] {
            let mut bytes = Vec::new();
            encode(&mut bytes, previous.diff(&next).into_iter()).unwrap();
            ours.process(&bytes);
            let mut bytes = Vec::new();
            CrosstermBackend::new(&mut bytes).draw(previous.diff(&next).into_iter()).unwrap();
            theirs.process(&bytes);
            for (number, (ours, theirs)) in seen(&ours).into_iter().zip(seen(&theirs)).enumerate() {
                prop_assert_eq!(ours, theirs, "cell {}", number);
            }
            previous = next;
        }
    }
}

fn bytes_of(draw: impl FnOnce(&mut Buffer)) -> String {
    let empty = Buffer::filled(Rect::new(0, 0, WIDTH, HEIGHT), Cell::new("x"));
    let mut next = empty.clone();
    draw(&mut next);
    let mut bytes = Vec::new();
    encode(&mut bytes, empty.diff(&next).into_iter()).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_named_colour_is_a_short_code_and_the_style_ends_reset() {
    let yellow = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD);
    assert_eq!(
        bytes_of(|buffer| buffer.set_string(0, 0, "ab", yellow)),
        "\x1b[1;1H\x1b[1;33mab\x1b[m"
    );
    let bright = Style::new().fg(Color::LightRed).bg(Color::DarkGray);
    assert_eq!(
        bytes_of(|buffer| buffer.set_string(0, 0, "a", bright)),
        "\x1b[1;1H\x1b[91;100ma\x1b[m"
    );
}

#[test]
fn a_long_gap_is_erased_and_a_short_one_filled() {
    let line = format!("a{}b", " ".repeat(20));
    assert_eq!(
        bytes_of(|buffer| buffer.set_string(0, 0, &line, Style::new())),
        "\x1b[1;1Ha\x1b[20X\x1b[1;22Hb"
    );
    assert_eq!(
        bytes_of(|buffer| buffer.set_string(0, 0, "a  b", Style::new())),
        "\x1b[1;1Ha  b"
    );
}

#[test]
fn a_gap_is_never_erased_in_the_selections_style() {
    let reversed = Style::new().add_modifier(Modifier::REVERSED);
    let bytes = bytes_of(|buffer| {
        buffer.set_string(0, 0, "a", reversed);
        buffer.set_string(1, 0, " ".repeat(20), Style::new());
    });
    assert_eq!(bytes, "\x1b[1;1H\x1b[7ma\x1b[m\x1b[20X");
}

//! What a diagnosis says, in a dialog: what each text is, whether it opens, and what to change in the sender.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use zeroize::Zeroizing;

use super::try_out::put;
use crate::console::theme::Theme;
use crate::console::widgets::wrapped;
use crate::domain::ciphertext::{Verdict, Writing};
use crate::domain::secret::Secret;
use crate::domain::text::escape;
use crate::service::response::{Diagnosis, Finding};

/// The column that labels take.
const LABEL: usize = 10;

/// A text in several lines as a field can show it: in one, with a space for each break.
pub(super) fn flattened(lines: &Secret) -> Zeroizing<String> {
    let text = lines.expose_text().unwrap_or_default();
    let mut flat = Zeroizing::new(String::with_capacity(text.len()));
    let lines = text.split(['\n', '\r']).filter(|line| !line.is_empty());
    for (place, line) in lines.enumerate() {
        if place > 0 {
            flat.push(' ');
        }
        flat.push_str(line);
    }
    flat
}

/// Draws what was found; where there is no room for all, says that the command tells the rest.
pub(super) fn draw_findings(diagnosis: &Diagnosis, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let width = usize::from(area.width);
    let mut lines = Vec::new();
    for finding in &diagnosis.findings {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        describe(finding, diagnosis.generation, width, theme, &mut lines);
    }
    let more = Line::styled("Code to copy, and all of it: strongroom key diagnose", theme.dim);
    let room = usize::from(area.height).saturating_sub(2);
    lines.truncate(room);
    lines.push(Line::default());
    lines.push(more);
    put(frame, area, lines.into_iter());
}

fn describe(finding: &Finding, tried: u32, width: usize, theme: &Theme, lines: &mut Vec<Line<'static>>) {
    let mut add = |label: &'static str, text: &str, style| {
        for (row, part) in wrapped(text, width.saturating_sub(LABEL)).into_iter().enumerate() {
            let label = if row == 0 { label } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!("{label:<LABEL$}"), theme.dim),
                Span::styled(part, style),
            ]));
        }
    };
    if !finding.path.is_empty() {
        add("field", &escape(&finding.path), theme.text);
    }
    let is_good = matches!(finding.verdict, Verdict::Accepted);
    let (glyph, style) = if is_good {
        (theme.glyphs.good, theme.good)
    } else {
        (theme.glyphs.danger, theme.danger)
    };
    add("it is", &format!("{glyph} {}", escape(&finding.said)), style);
    let writings: Vec<_> = finding
        .writings
        .iter()
        .map(|writing| Writing::label(*writing))
        .collect();
    if !writings.is_empty() {
        add("written", &writings.join(", "), theme.text);
    }
    if let Some(bytes) = finding.bytes {
        let fits: Vec<_> = finding.fits.iter().map(u32::to_string).collect();
        let fits = if fits.is_empty() {
            "no generation's".to_owned()
        } else {
            format!("generation {}'s", fits.join(", "))
        };
        add(
            "size",
            &format!("{bytes} bytes: {fits}; tried with {tried}"),
            theme.text,
        );
    }
    for advice in &finding.advice {
        add("change", &advice.change, theme.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_lines_is_shown_in_one() {
        let lines = Secret::from_text("AAAA\r\nBBBB\n\nCC".into());
        assert_eq!(flattened(&lines).as_str(), "AAAA BBBB CC");
    }
}

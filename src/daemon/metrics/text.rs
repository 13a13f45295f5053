//! Prometheus' text format, version 0.0.4: what is written is a family's head, then its samples.

use std::fmt::{self, Display, Write as _};

use crate::domain::time::Timestamp;

/// A text that grows by families.
#[derive(Default)]
pub(super) struct Text {
    text: String,
    family: &'static str,
}

impl Text {
    pub(super) fn gauge(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.family(name, "gauge", help)
    }

    pub(super) fn counter(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.family(name, "counter", help)
    }

    fn family(&mut self, name: &'static str, kind: &str, help: &str) -> &mut Self {
        self.family = name;
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        self
    }

    /// One sample of the family that was begun last.
    pub(super) fn sample(&mut self, labels: &[(&str, &dyn Display)], value: impl Display) -> &mut Self {
        self.text.push_str(self.family);
        self.labels(labels);
        let _ = writeln!(self.text, " {value}");
        self
    }

    /// A histogram: `bounds` in nanoseconds, the counts below each, one more for those above all, and their sum.
    pub(super) fn histogram(
        &mut self,
        name: &'static str,
        help: &str,
        bounds: &[u64],
        (counts, nanoseconds): &([u64; 11], u64),
    ) {
        self.family(name, "histogram", help);
        let mut so_far = 0;
        for (place, count) in counts.iter().enumerate() {
            so_far += count;
            let _ = match bounds.get(place) {
                Some(bound) => {
                    writeln!(self.text, "{name}_bucket{{le=\"{}\"}} {so_far}", seconds(*bound))
                }
                None => writeln!(self.text, "{name}_bucket{{le=\"+Inf\"}} {so_far}"),
            };
        }
        let _ = writeln!(
            self.text,
            "{name}_sum {}\n{name}_count {so_far}",
            seconds(*nanoseconds)
        );
    }

    fn labels(&mut self, labels: &[(&str, &dyn Display)]) {
        for (place, (name, value)) in labels.iter().enumerate() {
            self.text.push(if place == 0 { '{' } else { ',' });
            let _ = write!(self.text, "{name}=\"");
            let _ = write!(Escaped(&mut self.text), "{value}");
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

/// A label's value: backslash, quotation mark and line feed are the three that mean something.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '\\' => self.0.push_str("\\\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str("\\n"),
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

/// Nanoseconds as seconds.
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// A time as Unix seconds.
pub(super) fn unix(at: Timestamp) -> f64 {
    at.millis() as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_may_hold_cannot_end_its_label() {
        let mut text = Text::default();
        text.gauge("a", "Help.")
            .sample(&[("b", &"q\"}\\\n 1"), ("c", &"ö")], 7);
        assert_eq!(
            String::from_utf8(text.into_bytes()).unwrap(),
            "# HELP a Help.\n# TYPE a gauge\na{b=\"q\\\"}\\\\\\n 1\",c=\"ö\"} 7\n"
        );
    }

    #[test]
    fn a_histogram_counts_everything_below_a_bound() {
        let mut text = Text::default();
        let counts = [1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 4];
        text.histogram("h", "Help.", &[500_000_000; 10], &(counts, 2_500_000_000));
        let text = String::from_utf8(text.into_bytes()).unwrap();
        assert!(text.contains("h_bucket{le=\"0.5\"} 3\n"), "{text}");
        assert!(
            text.ends_with("h_bucket{le=\"+Inf\"} 7\nh_sum 2.5\nh_count 7\n"),
            "{text}"
        );
    }
}

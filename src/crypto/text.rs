//! Passwords as people type them: the same one must give the same bytes on every keyboard.

use unicode_normalization::UnicodeNormalization as _;

use crate::domain::secret::Secret;

/// NFKC (NIST SP 800-63B, 3.1.1.2). Bytes that are no text stay as they are.
pub(super) fn nfkc(password: &Secret) -> Secret {
    let Some(text) = password.expose_text() else {
        return password.clone();
    };
    // Measured first, so that no reallocation leaves a copy behind.
    let mut normal = String::with_capacity(text.nfkc().map(char::len_utf8).sum());
    normal.extend(text.nfkc());
    Secret::from_text(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_letters_are_the_same() {
        let normal = |text: &str| nfkc(&Secret::from_text(text.into())).expose().to_vec();
        assert_eq!(normal("Zu\u{308}rich ﬁne"), "Zürich fine".as_bytes());
        assert_eq!(normal("Ｐａｓｓ"), b"Pass");
        assert_eq!(nfkc(&Secret::new(vec![0xff, 0xfe])).expose(), [0xff, 0xfe]);
    }
}

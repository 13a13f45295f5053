//! Bech32 (BIP 173), in which age writes its keys: a prefix, a `1`, the bytes in groups of five bits, and a checksum of
//! six characters that finds up to four wrong ones.

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM: usize = 6;

/// The text of `bytes` in lower case, written into `text`, which is given room for all of it first: no copy is left
/// behind by a text that grows.
pub fn encode(prefix: &str, bytes: &[u8], text: &mut String) {
    text.reserve_exact(prefix.len() + 1 + (bytes.len() * 8).div_ceil(5) + CHECKSUM);
    text.push_str(prefix);
    text.push('1');
    let mut checksum = Checksum::of(prefix);
    let mut push = |group: u8| text.push(char::from(ALPHABET[usize::from(group)]));
    let mut groups = |group: u8| {
        checksum.add(group);
        push(group);
    };
    let (mut held, mut bits) = (0u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            groups((held >> bits) as u8 & 31);
        }
    }
    if bits > 0 {
        groups((held << (5 - bits)) as u8 & 31);
    }
    for group in checksum.groups() {
        push(group);
    }
}

/// Exactly `N` bytes from a text with this prefix (in lower case); the text may be in either case, not in both.
#[must_use]
pub fn decode<const N: usize>(prefix: &str, text: &str) -> Option<[u8; N]> {
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    if has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) {
        return None;
    }
    let (head, data) = text.as_bytes().split_at_checked(prefix.len() + 1)?;
    let (given, separator) = head.split_at(prefix.len());
    let length = (N * 8).div_ceil(5);
    if !given.eq_ignore_ascii_case(prefix.as_bytes()) || separator != b"1" || data.len() != length + CHECKSUM
    {
        return None;
    }
    let mut checksum = Checksum::of(prefix);
    let mut bytes = [0; N];
    let (mut held, mut bits, mut place) = (0u32, 0, 0);
    for (count, character) in data.iter().enumerate() {
        let lower = character.to_ascii_lowercase();
        let group = ALPHABET.iter().position(|&known| known == lower)? as u8;
        checksum.add(group);
        if count >= length {
            continue;
        }
        held = ((held << 5) | u32::from(group)) & 0xFFFF;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes[place] = (held >> bits) as u8;
            place += 1;
        }
    }
    // The bits that fill up the last group are zero.
    let is_padded = held & ((1 << bits) - 1) == 0;
    (checksum.0 == 1 && is_padded).then_some(bytes)
}

struct Checksum(u32);

impl Checksum {
    fn of(prefix: &str) -> Self {
        let mut checksum = Self(1);
        let lower = || prefix.bytes().map(|byte| byte.to_ascii_lowercase());
        lower().for_each(|byte| checksum.add(byte >> 5));
        checksum.add(0);
        lower().for_each(|byte| checksum.add(byte & 31));
        checksum
    }

    const fn add(&mut self, group: u8) {
        const GENERATORS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
        let top = self.0 >> 25;
        self.0 = ((self.0 & 0x01ff_ffff) << 5) ^ group as u32;
        let mut bit = 0;
        while bit < 5 {
            if (top >> bit) & 1 == 1 {
                self.0 ^= GENERATORS[bit];
            }
            bit += 1;
        }
    }

    fn groups(mut self) -> [u8; CHECKSUM] {
        (0..CHECKSUM).for_each(|_| self.add(0));
        let value = self.0 ^ 1;
        std::array::from_fn(|place| (value >> (5 * (CHECKSUM - 1 - place))) as u8 & 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the specification of age: a recipient and what it encodes.
    const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

    #[test]
    fn a_text_gives_its_bytes_and_the_bytes_the_text() {
        let bytes: [u8; 32] = decode("age", RECIPIENT).unwrap();
        assert_eq!(decode("age", &RECIPIENT.to_uppercase()), Some(bytes));
        let mut text = String::new();
        encode("age", &bytes, &mut text);
        assert_eq!(text, RECIPIENT);
    }

    /// BIP 173, "Test vectors".
    #[test]
    fn the_checksum_is_the_one_of_bip_173() {
        assert_eq!(decode::<0>("a", "A12UEL5L"), Some([]));
        let bytes = decode::<20>("abcdef", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw");
        assert_eq!(bytes.unwrap()[..4], [0x00, 0x44, 0x32, 0x14]);
        for wrong in ["A1G7SGD8", "A12UEL5l", "a12uel5m", "a2uel5l", "1nwldj5", ""] {
            assert_eq!(decode::<0>("a", wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_wrong_character_and_every_truncation_is_found() {
        for place in 0..RECIPIENT.len() {
            for other in *ALPHABET {
                let mut altered = RECIPIENT.as_bytes().to_vec();
                altered[place] = other;
                let text = String::from_utf8(altered).unwrap();
                assert_eq!(decode::<32>("age", &text).is_some(), text == RECIPIENT, "{text}");
            }
            assert_eq!(decode::<32>("age", &RECIPIENT[..place]), None);
        }
    }
}

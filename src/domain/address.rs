//! Where a token may be used from: ranges of addresses.
//!
//! An IPv4 address that came as an IPv6 one (`::ffff:192.0.2.7`) is that IPv4 address, in ranges too. A single address is
//! the range /32 or /128 and is written without its length. `core::net` has the addresses and nothing that connects.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Ranges that one token's list has at most.
pub const MOST_RANGES: usize = 32;

/// Where the addresses begin that are IPv4 addresses in IPv6's form.
const MAPPED: u8 = 96;

/// A range of addresses, or one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange(IpNet);

/// Why a text is no range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidRange {
    /// Neither an address nor an address and a length.
    Malformed,
    /// It names one address of a range, and it is not said which of the two is meant.
    Ambiguous(AddressRange),
}

impl AddressRange {
    /// Whether the address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// One form for what means the same; `None` for a length that is none.
    fn new(address: IpAddr, length: u8) -> Option<Self> {
        let range = match address {
            IpAddr::V4(address) => Ipv4Net::new(address, length).ok()?.into(),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) if length >= MAPPED => Ipv4Net::new(address, length - MAPPED).ok()?.into(),
                _ => Ipv6Net::new(address, length).ok()?.into(),
            },
        };
        Some(Self(range))
    }
}

/// An entry of a list that is no range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidEntry {
    /// As it was written.
    pub entry: String,
    /// Why it is none.
    pub why: InvalidRange,
}

/// The ranges of a text, with commas or spaces between them.
///
/// # Errors
/// The first entry that is none.
pub fn ranges(text: &str) -> Result<Vec<AddressRange>, InvalidEntry> {
    let entries = text.split(|c: char| c == ',' || c.is_whitespace());
    let range = |entry: &str| {
        entry.parse().map_err(|why| InvalidEntry {
            entry: entry.to_owned(),
            why,
        })
    };
    entries.filter(|entry| !entry.is_empty()).map(range).collect()
}

/// Whether one of the ranges has the address of this text; a text that is no address is in none.
#[must_use]
pub fn contain(ranges: &[AddressRange], address: &str) -> bool {
    let address = address.parse::<IpAddr>();
    address.is_ok_and(|address| ranges.iter().any(|range| range.contains(address)))
}

impl fmt::Display for InvalidEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.entry, self.why)
    }
}

impl std::error::Error for InvalidEntry {}

impl From<IpAddr> for AddressRange {
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical().into())
    }
}

impl FromStr for AddressRange {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, InvalidRange> {
        let Some((address, length)) = text.split_once('/') else {
            let address: IpAddr = text.parse().map_err(|_| InvalidRange::Malformed)?;
            return Ok(address.into());
        };
        let address = address.parse().map_err(|_| InvalidRange::Malformed)?;
        let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        let length = length.parse().ok().filter(|_| is_number);
        let Self(range) = length
            .and_then(|length| Self::new(address, length))
            .ok_or(InvalidRange::Malformed)?;
        if range.addr() != range.network() {
            return Err(InvalidRange::Ambiguous(Self(range.trunc())));
        }
        Ok(Self(range))
    }
}

impl fmt::Display for InvalidRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => {
                f.write_str("must be an address or a range such as 10.0.0.9, 10.0.0.0/8 or 2001:db8::/32")
            }
            Self::Ambiguous(range) => write!(f, "is one address of the range {range}: name one or the other"),
        }
    }
}

impl std::error::Error for InvalidRange {}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            return self.0.addr().fmt(f);
        }
        self.0.fmt(f)
    }
}

impl fmt::Debug for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As records keep it.
#[derive(Serialize, Deserialize)]
enum Kept {
    V4([u8; 4], u8),
    V6([u8; 16], u8),
}

impl Serialize for AddressRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        match self.0 {
            IpNet::V4(range) => Kept::V4(range.addr().octets(), range.prefix_len()),
            IpNet::V6(range) => Kept::V6(range.addr().octets(), range.prefix_len()),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AddressRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            return text.parse().map_err(de::Error::custom);
        }
        let range = match Kept::deserialize(deserializer)? {
            Kept::V4(address, length) => Self::new(Ipv4Addr::from(address).into(), length),
            Kept::V6(address, length) => Self::new(Ipv6Addr::from(address).into(), length),
        };
        range.ok_or_else(|| de::Error::custom("not a range of addresses"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> AddressRange {
        text.parse().unwrap()
    }

    #[test]
    fn what_means_the_same_is_written_in_one_way() {
        for (text, canonical) in [
            ("10.0.0.9", "10.0.0.9"),
            ("10.0.0.9/32", "10.0.0.9"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:DB8:0::/32", "2001:db8::/32"),
            ("2001:db8::1/128", "2001:db8::1"),
            ("::ffff:10.0.0.9", "10.0.0.9"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(range(text).to_string(), canonical, "{text}");
            assert_eq!(range(canonical), range(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0",
            "::/129",
            "host",
            " 10.0.0.9",
        ] {
            assert_eq!(
                text.parse::<AddressRange>(),
                Err(InvalidRange::Malformed),
                "{text:?}"
            );
        }
        let ambiguous = "10.0.0.9/8".parse::<AddressRange>().unwrap_err();
        assert_eq!(ambiguous, InvalidRange::Ambiguous(range("10.0.0.0/8")));
        assert!(ambiguous.to_string().contains("10.0.0.0/8"));
    }

    #[test]
    fn a_list_is_read_and_its_first_bad_entry_named() {
        assert_eq!(ranges(" , "), Ok(vec![]));
        assert_eq!(
            ranges("10.0.0.0/8,2001:db8::/32 10.0.0.9, "),
            Ok(vec![
                range("10.0.0.0/8"),
                range("2001:db8::/32"),
                range("10.0.0.9")
            ])
        );
        let list = ranges("10.0.0.0/8").unwrap();
        assert!(contain(&list, "::ffff:10.1.2.3") && !contain(&list, "192.0.2.7"));
        assert!(!contain(&list, "local:www-data"));
        let bad = ranges("10.0.0.9, 10.0.0.300 host").unwrap_err();
        assert!(bad.to_string().starts_with("10.0.0.300 must be"), "{bad}");
    }

    #[test]
    fn an_address_is_in_a_range_in_either_form() {
        let cases = [
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::10.1.2.3", false),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "10.0.0.9", false),
            ("0.0.0.0/0", "::ffff:10.0.0.9", true),
            ("0.0.0.0/0", "::1", false),
        ];
        for (text, address, is_in) in cases {
            assert_eq!(
                range(text).contains(address.parse().unwrap()),
                is_in,
                "{address} in {text}"
            );
        }
    }
}

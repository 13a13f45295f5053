use super::*;
use crate::domain::field::FieldPolicy;
use crate::domain::key_pair::{Fingerprint, KeySize};
use crate::domain::text::{Brand, Email, OrganizationName, Slug};
use crate::domain::time::Timestamp;
use crate::service::response::{Counts, KeyGeneration};

fn guide(brand: &str, name: &str) -> Guide {
    let at = Timestamp::from_millis(1_795_435_200_000);
    let slug = Slug::parse("acme").unwrap();
    let key = KeyView {
        organization: slug.clone(),
        active: KeyGeneration {
            generation: 7,
            size: KeySize::Bits3072,
            fingerprint: Fingerprint([7; 32]),
            made_at: at,
            made_by: Email::parse("ada@acme.test").unwrap(),
            replaced: None,
        },
        base64: "MIIBojANBg==".into(),
        pem: String::new(),
        jwk: String::new(),
        days: Vec::new(),
        mgf1_sha256: 0,
        mgf1_sha1: 0,
        failures: 0,
        stale: 0,
        stale_callers: Vec::new(),
        last_decryption: None,
        last_mgf1: None,
        last_sha1: None,
        fields: FieldPolicy::of(&[FieldName::parse("iban").unwrap()])
            .unwrap()
            .rules(),
        history: Vec::new(),
    };
    let organization = OrganizationRow {
        slug,
        name: OrganizationName::parse(name).unwrap(),
        brand: Brand::parse(brand).unwrap(),
        created_at: at,
        tokens: Counts::default(),
        nearest: None,
        contacts: Vec::new(),
        warnings: Vec::new(),
    };
    Guide::new(&key, &organization)
}

#[test]
fn every_placeholder_is_filled_and_the_brand_is_everywhere() {
    let guide = guide("PayCorp", "Acme");
    for text in [guide.markdown(), guide.html()] {
        assert!(!text.contains("{{"), "{text}");
        assert!(!text.to_lowercase().contains("fincode"), "{text}");
        for part in [
            "PAYCORP_TOKEN_PROD",
            "paycorp_prod_",
            "MIIBojANBg==",
            "318 bytes",
            "512 characters",
            "iban",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }
    for (word, language) in Language::ALL {
        let sample = guide.sample(language);
        assert!(!sample.contains("{{"), "{word}");
        for part in [
            "MIIBojANBg==",
            "BwcHBwcH",
            "iban",
            "key_rotated",
            "X-Key-Fingerprint",
            "- 66",
        ] {
            assert!(sample.contains(part), "{word} lacks {part}");
        }
        let has_token = sample.contains("PAYCORP_TOKEN_PROD");
        assert_eq!(has_token, language != Language::Browser, "{word}");
        assert!(guide.text(Page::Language(language)).contains(&sample));
        let long = sample.lines().find(|line| line.len() > 120);
        assert_eq!(long, None, "{word}");
    }
}

#[test]
fn a_name_is_text_and_no_markup() {
    let guide = guide("FinCode", "<b>A|`x`</b> [y](http://z.test) {{bits}}");
    let html = guide.html();
    assert!(
        html.contains("&lt;b&gt;A|`x`&lt;/b&gt; [y](http://z.test) {{bits}}"),
        "{html}"
    );
    let shown = blocks(&guide.text(Page::Quick));
    let said = |block: &Block| matches!(block, Block::Paragraph(text) if text.contains("<b>A|`x`</b> [y](http://z.test) {{bits}}"));
    assert!(shown.iter().any(said), "{shown:?}");
}

#[test]
fn the_html_asks_for_nothing_from_elsewhere() {
    let html = guide("FinCode", "Acme").html();
    for part in [
        "<script",
        "<link rel=\"stylesheet",
        "@import",
        "url(",
        "src=\"",
        "href=\"http",
    ] {
        assert!(!html.contains(part), "{part}");
    }
    assert!(
        html.contains("<td data-label=\"cause\">OAEP with SHA-1, the default there</td>"),
        "{html}"
    );
    assert!(
        html.contains("<td data-label=\"\"><strong>encrypt</strong></td></tr>"),
        "{html}"
    );
    for page in Page::ALL {
        let anchor = page.anchor();
        assert_eq!(html.matches(&format!("id=\"{anchor}\"")).count(), 1, "{anchor}");
        assert_eq!(
            html.matches(&format!("href=\"#{anchor}\"")).count(),
            1,
            "{anchor}"
        );
    }
}

#[test]
fn a_page_s_blocks_are_what_it_says() {
    let text = "## A *page*\n\nOne `two`\nthree.\n\n2. a\n3. b\n\n- c\n\n```sh\n# x\n\ny\n```\n\n| h | i | |\n| --- | --- | --- |\n| p | | |\n| **q** | r | s |\n";
    let owned = |texts: &[&str]| -> Vec<String> { texts.iter().map(|text| (*text).to_owned()).collect() };
    let expected = [
        Block::Heading("A page".into()),
        Block::Paragraph("One two three.".into()),
        Block::Item("2.".into(), "a".into()),
        Block::Item("3.".into(), "b".into()),
        Block::Item("-".into(), "c".into()),
        Block::Code(owned(&["# x", "", "y"])),
        Block::Row(owned(&["p"])),
        Block::Row(owned(&["q", "i: r", "s"])),
    ];
    assert_eq!(blocks(text), expected);
}

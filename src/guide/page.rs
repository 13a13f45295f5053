//! The pages and the languages, in their order, each with its file.

/// A page of the guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Steps, key, fields, limits, rotation.
    Quick,
    /// API tokens.
    Tokens,
    /// A language's sample.
    Language(Language),
    /// Best practices.
    Practices,
    /// Symptoms, causes, fixes.
    Troubleshooting,
}

/// A language that there is a sample for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the language of that name")]
pub enum Language {
    Java,
    JavaScript,
    Browser,
    Python,
    CSharp,
    Go,
    Php,
    Ruby,
    Shell,
}

impl Page {
    /// All of them, from the first to the last.
    pub const ALL: [Self; 13] = [
        Self::Quick,
        Self::Tokens,
        Self::Language(Language::Java),
        Self::Language(Language::JavaScript),
        Self::Language(Language::Browser),
        Self::Language(Language::Python),
        Self::Language(Language::CSharp),
        Self::Language(Language::Go),
        Self::Language(Language::Php),
        Self::Language(Language::Ruby),
        Self::Language(Language::Shell),
        Self::Practices,
        Self::Troubleshooting,
    ];

    /// What its heading says.
    #[must_use]
    pub fn title(self) -> &'static str {
        let (first, _) = self.source().split_once('\n').unwrap_or_default();
        first.trim_start_matches("## ")
    }

    /// Its place in the HTML, and in Markdown as forges make it of the heading.
    #[must_use]
    pub fn anchor(self) -> String {
        let kept = |c: char| c.is_ascii_alphanumeric() || c == ' ';
        let title: String = self.title().chars().filter(|c| kept(*c)).collect();
        title.to_ascii_lowercase().replace(' ', "-")
    }

    pub(super) const fn source(self) -> &'static str {
        match self {
            Self::Quick => include_str!("../../assets/guide/quick.md"),
            Self::Tokens => include_str!("../../assets/guide/tokens.md"),
            Self::Practices => include_str!("../../assets/guide/practices.md"),
            Self::Troubleshooting => include_str!("../../assets/guide/troubleshooting.md"),
            Self::Language(Language::Java) => include_str!("../../assets/guide/java/page.md"),
            Self::Language(Language::JavaScript) => include_str!("../../assets/guide/javascript/page.md"),
            Self::Language(Language::Browser) => include_str!("../../assets/guide/javascript/browser.md"),
            Self::Language(Language::Python) => include_str!("../../assets/guide/python/page.md"),
            Self::Language(Language::CSharp) => include_str!("../../assets/guide/csharp/page.md"),
            Self::Language(Language::Go) => include_str!("../../assets/guide/go/page.md"),
            Self::Language(Language::Php) => include_str!("../../assets/guide/php/page.md"),
            Self::Language(Language::Ruby) => include_str!("../../assets/guide/ruby/page.md"),
            Self::Language(Language::Shell) => include_str!("../../assets/guide/shell/page.md"),
        }
    }
}

impl Language {
    /// All of them, with the word that a command line has for each.
    pub const ALL: [(&'static str, Self); 9] = [
        ("java", Self::Java),
        ("javascript", Self::JavaScript),
        ("browser", Self::Browser),
        ("python", Self::Python),
        ("csharp", Self::CSharp),
        ("go", Self::Go),
        ("php", Self::Php),
        ("ruby", Self::Ruby),
        ("shell", Self::Shell),
    ];

    pub(super) const fn source(self) -> &'static str {
        match self {
            Self::Java => include_str!("../../assets/guide/java/SendField.java"),
            Self::JavaScript => include_str!("../../assets/guide/javascript/send-field.mjs"),
            Self::Browser => include_str!("../../assets/guide/javascript/browser.mjs"),
            Self::Python => include_str!("../../assets/guide/python/send_field.py"),
            Self::CSharp => include_str!("../../assets/guide/csharp/SendField.cs"),
            Self::Go => include_str!("../../assets/guide/go/send_field.go"),
            Self::Php => include_str!("../../assets/guide/php/send_field.php"),
            Self::Ruby => include_str!("../../assets/guide/ruby/send_field.rb"),
            Self::Shell => include_str!("../../assets/guide/shell/send-field.sh"),
        }
    }
}

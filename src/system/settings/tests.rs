use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;

struct Home {
    root: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    arguments: Arguments,
}

impl Home {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut variables = BTreeMap::new();
        for (name, place) in [
            ("HOME", "home"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_STATE_HOME", "state"),
        ] {
            variables.insert(
                name.to_owned(),
                root.path().join(place).to_string_lossy().into_owned(),
            );
        }
        Self {
            root,
            variables,
            arguments: Arguments::default(),
        }
    }

    fn own_file(&self) -> PathBuf {
        self.root.path().join("config/strongroom/config.toml")
    }

    fn with_file(self, text: &str) -> Self {
        write(&self.own_file(), text);
        self
    }

    fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    fn load(&self) -> Result<Settings, SettingsError> {
        let variable = |name: &str| self.variables.get(name).cloned();
        Settings::load(&Inputs {
            variable: &variable,
            arguments: self.arguments.clone(),
        })
    }

    fn refusal(&self) -> String {
        let error = self.load().unwrap_err();
        format!("{error}; {}", error.hint())
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn without_a_word_everything_is_the_default() {
    let home = Home::new();
    let settings = home.load().unwrap();
    assert_eq!(settings.data_dir, home.root.path().join("data/strongroom"));
    assert_eq!(settings.state_dir, home.root.path().join("state/strongroom"));
    assert_eq!(settings.brand.as_str(), "FinCode");
    assert_eq!(settings.idle_lock_minutes, 5);
    assert!(settings.sources.values().all(|source| *source == Source::Default));
}

#[test]
fn an_argument_beats_a_variable_beats_a_file_and_each_is_remembered() {
    let mut home = Home::new()
        .with_file("org = 'acme'\ntheme = 'light'\nmouse = true\n[keys]\nrevoke = ['x', 'del']\nquit = 'q'")
        .with_variable("STRONGROOM_ORG", "beta")
        .with_variable("STRONGROOM_THEME", "dark");
    home.arguments.org = Some("gamma".into());
    let settings = home.load().unwrap();
    assert_eq!(settings.org.as_ref().map(Slug::as_str), Some("gamma"));
    assert_eq!(settings.theme, Theme::Dark);
    assert!(settings.mouse);
    assert_eq!(settings.keys["revoke"], ["x", "del"]);
    assert_eq!(settings.keys["quit"], ["q"]);
    assert_eq!(settings.sources["org"], Source::Argument("--org"));
    assert_eq!(
        settings.sources["theme"],
        Source::Variable("STRONGROOM_THEME".into())
    );
    assert_eq!(settings.sources["mouse"], Source::File(home.own_file()));
    assert_eq!(settings.sources["ascii"], Source::Default);
}

#[test]
fn an_unknown_key_is_refused_with_the_near_one() {
    let refusal = Home::new().with_file("data_dri = '/x'").refusal();
    assert!(refusal.starts_with("there is no setting `data_dri`"), "{refusal}");
    assert!(refusal.ends_with("did you mean `data_dir`?"), "{refusal}");
    let refusal = Home::new().with_file("colour = 'red'").refusal();
    assert!(refusal.contains("the keys are data_dir, state_dir"), "{refusal}");
}

#[test]
fn values_that_break_a_rule_name_their_place() {
    for (name, value, part) in [
        (
            "STRONGROOM_THEME",
            "blue",
            "`theme` must be one of auto, dark, light, none",
        ),
        (
            "STRONGROOM_IDLE_LOCK_MINUTES",
            "-1",
            "must be a number from 0 to 1440",
        ),
        ("STRONGROOM_ASCII", "perhaps", "must be true or false"),
        ("STRONGROOM_ORG", "Acme!", "`org` is refused"),
        ("STRONGROOM_DATA_DIR", "here", "begins with /"),
        ("STRONGROOM_KEYS", "x", "must be a table"),
    ] {
        let refusal = Home::new().with_variable(name, value).refusal();
        assert!(refusal.contains(part) && refusal.contains(name), "{refusal}");
    }
}

#[test]
fn a_syntax_error_names_the_line() {
    let refusal = Home::new().with_file("mouse = true\ntheme =\n").refusal();
    assert!(refusal.contains("config.toml, line 2"), "{refusal}");
}

#[test]
fn a_file_that_others_can_write_is_refused() {
    let home = Home::new().with_file("mouse = true");
    fs::set_permissions(home.own_file(), fs::Permissions::from_mode(0o666)).unwrap();
    assert!(home.refusal().contains("chmod go-w"), "{}", home.refusal());
}

#[test]
fn a_file_that_was_named_must_be_there_and_is_the_only_one() {
    let mut home = Home::new().with_file("mouse = true");
    home.arguments.config = Some(home.root.path().join("other.toml"));
    assert!(
        home.refusal().starts_with("there is no file"),
        "{}",
        home.refusal()
    );
    write(&home.root.path().join("other.toml"), "ascii = true");
    let settings = home.load().unwrap();
    assert_eq!((settings.mouse, settings.ascii), (false, Some(true)));
}

#[test]
fn without_a_home_the_places_are_the_systems() {
    let variable = |_: &str| None;
    let inputs = Inputs {
        variable: &variable,
        arguments: Arguments::default(),
    };
    assert_eq!(inputs.default_data_dir(), Path::new("/var/lib/strongroom"));
    assert_eq!(inputs.default_state_dir(), Path::new("/var/lib/state/strongroom"));
    assert_eq!(inputs.default_key_file(), Path::new("/etc/strongroom/seal.key"));
}

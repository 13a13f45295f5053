//! How each language's sample is built and begun; a toolchain that is not here is said to be skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::skip::skipped;

/// phpseclib 3, as Debian has it.
const PHPSECLIB: &str = "/usr/share/php/phpseclib3/autoload.php";

/// A language whose sample is a program of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Toolchain {
    /// The command line's word for it.
    pub(crate) language: &'static str,
    /// What the page says to save it as.
    pub(crate) file: &'static str,
    /// How it is begun, in the directory that has the file; `None` where that cannot be done here.
    pub(crate) begin: fn(&Path) -> Option<Command>,
}

pub(crate) const JAVA: Toolchain = Toolchain {
    language: "java",
    file: "SendField.java",
    begin: |directory| {
        run(
            tool("javac")?.args(["-Xlint:all", "-Werror", "SendField.java"]),
            directory,
        );
        Some(with(
            tool("java")?,
            &["-Xshare:auto", "-XX:TieredStopAtLevel=1", "SendField"],
        ))
    },
};

pub(crate) const NODE: Toolchain = Toolchain {
    language: "javascript",
    file: "send-field.mjs",
    begin: |_| Some(with(tool("node")?, &["send-field.mjs"])),
};

pub(crate) const PYTHON: Toolchain = Toolchain {
    language: "python",
    file: "send_field.py",
    begin: |_| Some(with(Command::new(python()?), &["-W", "error", "send_field.py"])),
};

pub(crate) const CSHARP: Toolchain = Toolchain {
    language: "csharp",
    file: "SendField.cs",
    begin: |directory| {
        let home = dotnet()?;
        compile(&home, directory)?;
        let mut dotnet = Command::new(home.join("dotnet"));
        // Without ICU, which the runtime would look for and the sample does not need.
        dotnet
            .arg("SendField.dll")
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
        Some(dotnet)
    },
};

pub(crate) const GO: Toolchain = Toolchain {
    language: "go",
    file: "send_field.go",
    begin: |directory| {
        let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/go");
        let offline = [
            ("GOCACHE", cache),
            ("GOFLAGS", "-mod=mod"),
            ("GOPROXY", "off"),
            ("GOTOOLCHAIN", "local"),
        ];
        run(
            tool("go")?.args(["vet", "send_field.go"]).envs(offline),
            directory,
        );
        run(
            tool("go")?
                .args(["build", "-o", "send_field", "send_field.go"])
                .envs(offline),
            directory,
        );
        Some(Command::new(directory.join("send_field")))
    },
};

pub(crate) const PHP: Toolchain = Toolchain {
    language: "php",
    file: "send_field.php",
    begin: |directory| {
        let php = tool("php")?;
        if !Path::new(PHPSECLIB).exists() {
            skipped(&format!("{PHPSECLIB} (package php-phpseclib3) is not here"));
            return None;
        }
        // In the place of what composer makes.
        fs::create_dir_all(directory.join("vendor")).unwrap();
        let autoload = format!("<?php require '{PHPSECLIB}';\n");
        fs::write(directory.join("vendor/autoload.php"), autoload).unwrap();
        Some(with(php, &["-d", "display_errors=stderr", "send_field.php"]))
    },
};

pub(crate) const RUBY: Toolchain = Toolchain {
    language: "ruby",
    file: "send_field.rb",
    begin: |_| {
        Some(with(
            tool("ruby")?,
            &["-W:no-experimental", "-w", "send_field.rb"],
        ))
    },
};

pub(crate) const SHELL: Toolchain = Toolchain {
    language: "shell",
    file: "send-field.sh",
    begin: |_| {
        tool("openssl")?;
        tool("curl")?;
        Some(with(tool("sh")?, &["send-field.sh"]))
    },
};

/// The program of that name, if there is one.
pub(crate) fn tool(name: &str) -> Option<Command> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        skipped(&format!("{name} is not here"));
    }
    found.map(Command::new)
}

fn with(mut program: Command, arguments: &[&str]) -> Command {
    program.args(arguments);
    program
}

#[track_caller]
fn run(command: &mut Command, directory: &Path) {
    let output = command.current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// A Python that has `cryptography`: the one that `tests/run` found or made, else the system's.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("STRONGROOM_TEST_PYTHON").map(PathBuf::from);
    let own = [
        concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/python/bin/python3"),
        concat!(env!("CARGO_TARGET_TMPDIR"), "/interop-python/bin/python3"),
        "/usr/bin/python3",
    ];
    let works = |python: &PathBuf| {
        let output = Command::new(python).args(["-c", "import cryptography"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    let found = named.into_iter().chain(own.map(PathBuf::from)).find(works);
    if found.is_none() {
        skipped("no Python with the package cryptography");
    }
    found
}

/// Where .NET is that `tests/run` installed from PyPI: a runtime, and an older one's assemblies to compile against,
/// because Mono's compiler cannot read the newer ones.
fn dotnet() -> Option<PathBuf> {
    let own = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/dotnet"));
    let home = std::env::var_os("STRONGROOM_TEST_DOTNET").map_or_else(own, PathBuf::from);
    if home.join("dotnet").exists() {
        return Some(home);
    }
    skipped(&format!("{} is not here", home.join("dotnet").display()));
    None
}

fn compile(home: &Path, directory: &Path) -> Option<()> {
    let assemblies = home.join("assemblies");
    let used = [
        "System.Collections",
        "System.Console",
        "System.Memory",
        "System.Net.Http",
        "System.Net.Primitives",
        "System.Private.CoreLib",
        "System.Private.Uri",
        "System.Runtime",
        "System.Runtime.Extensions",
        "System.Security.Cryptography.Algorithms",
        "System.Security.Cryptography.Primitives",
        "System.Text.Encoding.Extensions",
        "System.Text.Json",
        "System.Threading",
    ];
    let mut compiler = tool("mcs")?;
    compiler.args([
        "-langversion:latest",
        "-noconfig",
        "-nostdlib",
        "-out:SendField.dll",
        "SendField.cs",
    ]);
    compiler.args(used.map(|name| format!("-r:{}", assemblies.join(format!("{name}.dll")).display())));
    run(&mut compiler, directory);
    let runtime = r#"{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"8.0.0"}}}"#;
    fs::write(directory.join("SendField.runtimeconfig.json"), runtime).unwrap();
    Some(())
}

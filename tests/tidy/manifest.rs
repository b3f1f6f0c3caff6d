//! Manifest: what a Cargo.toml says, read line by line.

/// The crates that `[dependencies]` names, also those of a build script or of one platform, with their lines.
pub(crate) fn dependencies(manifest: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut section = None;
    for (index, line) in manifest.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let mut names = Vec::new();
        if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = dependency_section(header);
            names.extend(section.filter(|name| !name.is_empty()));
        } else if section == Some("") && line.contains('=') {
            names.extend(line.split(['=', '.']).next());
        }
        // A renamed crate counts under its own name too.
        if section.is_some()
            && let Some((_, rest)) = line.split_once("package = \"")
        {
            names.extend(rest.split('"').next());
        }
        found.extend(names.iter().map(|name| (index + 1, name.trim().trim_matches('"').to_string())));
    }
    found
}

/// The `x` of `[dependencies.x]`, and an empty name for `[dependencies]`. Tests may name anything, so what
/// they name is left out.
fn dependency_section(header: &str) -> Option<&str> {
    if header.contains("dev-dependencies") {
        return None;
    }
    let (_, rest) = header.split_once("dependencies")?;
    rest.strip_prefix('.').or_else(|| rest.is_empty().then_some(""))
}

/// Whether a crate is `family` or one of its parts, as `tokio-tungstenite` is of `tokio`.
pub(crate) fn in_family(dependency: &str, family: &str) -> bool {
    dependency.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The lines of one table of a manifest.
pub(crate) fn table<'a>(manifest: &'a str, name: &str) -> Vec<&'a str> {
    let header = format!("[{name}]");
    let lines = manifest.lines().map(str::trim).skip_while(|line| *line != header).skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

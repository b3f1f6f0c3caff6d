//! Open files: how many a process may have. Each connection is one, and systems give a process few unless it asks.

/// Asks for as many as the system lets this process have. If it does not, there are fewer connections.
#[cfg(unix)]
pub(crate) fn raise() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// Elsewhere there is nothing to ask for.
#[cfg(not(unix))]
pub(crate) fn raise() {}

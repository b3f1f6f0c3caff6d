//! Export: the journal in forms that other programs read.

pub(crate) mod command_json;
mod delivery_json;
mod fields;
pub(crate) mod trades_file;

//! Job: says what is to be done in a window that the account holds, and shows the answers.

pub(crate) mod answers;
mod follow;
mod submit;

use clap::Subcommand;

use crate::command::job::answers::Answers;
use crate::command::job::follow::Follow;
use crate::command::job::submit::Submit;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

/// Say what is to be done in hours that are held, and see the answers
#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    Submit(Submit),
    Follow(Follow),
    Answers(Answers),
}

impl JobCommand {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        match self {
            JobCommand::Submit(command) => command.run(options, screen).await,
            JobCommand::Follow(command) => command.run(options, screen).await,
            JobCommand::Answers(command) => command.run(options, screen).await,
        }
    }
}

//! The private cluster under good and bad treatment, with the PostgreSQL of this machine.

mod lifecycle;
mod owner_process;
mod place;
mod recovery;
mod refusal;

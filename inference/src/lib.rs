//! Inference: the reference model engine. Llamas in f32, with one fixed order of every sum.
//!
//! What it computes is the same to the last bit on every machine, with any number of threads, in any company of sequences.
//! So it is auditor, arbiter of disputes and a provider on processors in one; others may compute with whatever they like and are
//! held to a tolerance. Tokens are drawn by a seed that comes with the order, so that an answer says which model gave it.

mod alteration;
mod cache;
mod chat;
mod decoder;
mod engine;
mod file;
mod forward;
mod gguf;
mod instructions;
mod invalid;
mod lanes;
mod limit;
mod matrix;
mod model;
mod narrow;
mod quantisation;
mod sampler;
mod shape;
mod text;
mod tiny;
mod token;
mod tokenizer;

pub use crate::alteration::Alteration;
pub use crate::decoder::{Decoder, Drawn, End, Job, answers};
pub use crate::engine::{Engine, TOKENS_MAX};
pub use crate::file::{Fact, describe, read_file};
pub use crate::gguf::FILE_BYTES_MAX;
pub use crate::instructions::Instructions;
pub use crate::invalid::Invalid;
pub use crate::model::Model;
pub use crate::sampler::{Logits, Place, Terms};
pub use crate::shape::Shape;
pub use crate::text::Text;
pub use crate::token::Token;
pub use crate::tokenizer::{TEXT_BYTES_MAX, Tokenizer};

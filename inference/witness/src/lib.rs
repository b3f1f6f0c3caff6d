//! Witness: the same models computed by Candle, and the same texts split by Hugging Face's tokenizer.
//!
//! Nothing here is shared with `inference`: Candle reads the file, dequantises it and multiplies with kernels of its own. So
//! what both agree on is right, and how far they are apart is what honest providers will be.

mod llama;
mod vocabulary;

pub use crate::llama::Llama;
pub use crate::vocabulary::tokenizer;

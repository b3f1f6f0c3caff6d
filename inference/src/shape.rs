//! Shape: the sizes of a llama, and what they must be.

use crate::invalid::Invalid;
use crate::lanes::LANES;

/// Layers of a model, at most.
const LAYERS_MAX: usize = 512;
/// Values of a token between layers, at most.
const WIDTH_MAX: usize = 65_536;
/// Values inside a feed-forward layer, at most.
const FEED_MAX: usize = 1 << 18;
/// Query heads, at most.
const HEADS_MAX: usize = 1024;
/// Values of one head, at most.
const HEAD_WIDTH_MAX: usize = 512;
/// Tokens of a vocabulary, at most.
pub(crate) const VOCABULARY_MAX: usize = 1 << 20;
/// Positions of a sequence, at most.
const CONTEXT_MAX: usize = 1 << 20;

/// The sizes of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Layers, one after the other.
    pub layers: usize,
    /// Values of a token between layers; a hidden state has so many.
    pub width: usize,
    /// Values inside a feed-forward layer.
    pub feed: usize,
    /// Query heads.
    pub heads: usize,
    /// Heads of keys and values, each shared by the same number of query heads.
    pub key_heads: usize,
    /// Values of one head.
    pub head_width: usize,
    /// Tokens of the vocabulary.
    pub vocabulary: usize,
    /// Positions that a sequence may have.
    pub context: usize,
    /// What keeps the norm of small values finite.
    pub norm_epsilon: f32,
    /// The base of the wavelengths of positions.
    pub rotation_base: f32,
}

impl Shape {
    /// Whether the engine can compute with these sizes.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        let bounded = |field: &str, value: usize, most: usize| {
            let fits = 0 < value && value <= most;
            if fits { Ok(()) } else { Err(Invalid::new(field, format!("is {value}, must be 1 to {most}"))) }
        };
        let whole = |field: &str, value: usize| {
            let fits = value.is_multiple_of(LANES);
            if fits {
                Ok(())
            } else {
                Err(Invalid::new(field, format!("is {value}, must be a multiple of {LANES}")))
            }
        };
        bounded("block_count", self.layers, LAYERS_MAX)?;
        bounded("embedding_length", self.width, WIDTH_MAX)?;
        bounded("feed_forward_length", self.feed, FEED_MAX)?;
        bounded("attention.head_count", self.heads, HEADS_MAX)?;
        bounded("attention.head_count_kv", self.key_heads, HEADS_MAX)?;
        bounded("attention.key_length", self.head_width, HEAD_WIDTH_MAX)?;
        bounded("tokenizer.ggml.tokens", self.vocabulary, VOCABULARY_MAX)?;
        bounded("context_length", self.context, CONTEXT_MAX)?;
        whole("embedding_length", self.width)?;
        whole("feed_forward_length", self.feed)?;
        whole("attention.key_length", self.head_width)?;
        if !self.heads.is_multiple_of(self.key_heads) {
            let rule = format!("is {}, must divide the {} query heads", self.key_heads, self.heads);
            return Err(Invalid::new("attention.head_count_kv", rule));
        }
        let positive = |field: &str, value: f32| {
            let fits = value.is_finite() && 0.0 < value;
            if fits { Ok(()) } else { Err(Invalid::new(field, format!("is {value}, must be above zero"))) }
        };
        positive("attention.layer_norm_rms_epsilon", self.norm_epsilon)?;
        positive("rope.freq_base", self.rotation_base)
    }

    /// Values of all query heads.
    pub(crate) fn query_width(&self) -> usize {
        self.heads * self.head_width
    }

    /// Values of all heads of keys.
    pub(crate) fn key_width(&self) -> usize {
        self.key_heads * self.head_width
    }
}

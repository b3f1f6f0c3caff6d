//! Model: the weights of a llama, its vocabulary and the words around a conversation.

use crate::chat::Chat;
use crate::lanes::Lanes;
use crate::matrix::Matrix;
use crate::shape::Shape;
use crate::tokenizer::Tokenizer;

/// A model that is ready to compute.
#[derive(Debug)]
pub struct Model {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) tokenizer: Tokenizer,
    pub(crate) chat: Option<Chat>,
    pub(crate) embedding: Matrix,
    pub(crate) layers: Vec<Layer>,
    pub(crate) norm: Vec<Lanes>,
    /// Absent when the embedding serves as output too.
    pub(crate) output: Option<Matrix>,
    /// How much longer each pair's wavelength is than its base says; absent when it is not.
    pub(crate) rotation_factors: Option<Vec<f32>>,
}

/// One layer's weights.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) attention_norm: Vec<Lanes>,
    pub(crate) query: Matrix,
    pub(crate) key: Matrix,
    pub(crate) value: Matrix,
    pub(crate) attention_output: Matrix,
    pub(crate) feed_norm: Vec<Lanes>,
    pub(crate) gate: Matrix,
    pub(crate) up: Matrix,
    pub(crate) down: Matrix,
}

impl Model {
    /// What the model calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model's sizes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The model's vocabulary.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// All weights of linear layers and the embedding.
    pub fn weights(&self) -> usize {
        self.matrices().map(|matrix| matrix.rows() * matrix.columns()).sum()
    }

    /// Bytes of memory that the weights take.
    pub fn bytes(&self) -> usize {
        self.matrices().map(Matrix::bytes).sum()
    }

    fn matrices(&self) -> impl Iterator<Item = &Matrix> {
        let layers = self.layers.iter().flat_map(|layer| {
            let attention = [&layer.query, &layer.key, &layer.value, &layer.attention_output];
            attention.into_iter().chain([&layer.gate, &layer.up, &layer.down])
        });
        [&self.embedding].into_iter().chain(layers).chain(&self.output)
    }
}

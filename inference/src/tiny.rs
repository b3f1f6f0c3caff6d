//! Tiny: a model of 229,376 weights that are expanded from a hash, for tests and for a first look without a download.
//!
//! It has learnt nothing, so it babbles; but it babbles the same everywhere, and it is a whole llama: grouped heads, gates, norms, an output
//! shared with the embedding.

mod vocabulary;

use crate::chat::Chat;
use crate::lanes::{LANES, Lanes};
use crate::matrix::Matrix;
use crate::model::{Layer, Model};
use crate::narrow::{number, single};
use crate::shape::Shape;
use crate::tokenizer::Tokenizer;

/// What the weights are expanded from.
const SEED: &str = "hourbook tiny llama 1";
/// The name that it goes by.
pub(crate) const NAME: &str = "tiny";

const SHAPE: Shape = Shape {
    layers: 4,
    width: 64,
    feed: 192,
    heads: 2,
    key_heads: 1,
    head_width: 32,
    vocabulary: 512,
    context: 2048,
    norm_epsilon: 1e-5,
    rotation_base: 10_000.0,
};
/// How loud a token is that the model is to say: a word, a stop, a comma, and the end. It makes some of them far likelier than others, as
/// in a model that has learnt.
const VOICE: f32 = 3.0;
/// How loud the other tokens are. They are rarely said, so that what the model says can be read.
const QUIET_VOICE: f32 = 0.5;
/// How loud the layers are: above the token that they are given, else the model would only repeat it.
const LAYER_VOICE: f32 = 12.0;

impl Model {
    /// The model that is built in.
    pub fn tiny() -> Model {
        let mut weights = Weights(blake3::Hasher::new_derive_key(SEED).finalize_xof());
        let is_said = vocabulary::said();
        let voice = |token: usize| if is_said[token] { VOICE } else { QUIET_VOICE };
        let embedding = weights.matrix(SHAPE.vocabulary, SHAPE.width, voice);
        let layers = (0..SHAPE.layers).map(|_| weights.layer()).collect();
        let tokenizer = Tokenizer::tiny();
        Model {
            name: NAME.to_owned(),
            shape: SHAPE,
            chat: Chat::from_template(CHAT_TEMPLATE, &tokenizer),
            tokenizer,
            embedding,
            layers,
            norm: ones(),
            output: None,
            rotation_factors: None,
        }
    }
}

/// How a conversation is written, as in most models of its kind.
const CHAT_TEMPLATE: &str = "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}{% endfor %}";

/// The stream that all weights come from, in the order of the file's names.
struct Weights(blake3::OutputReader);

impl Weights {
    fn layer(&mut self) -> Layer {
        let Shape { width, feed, .. } = SHAPE;
        let (queries, keys) = (SHAPE.query_width(), SHAPE.key_width());
        let mut plain = |rows, columns| self.matrix(rows, columns, |_| 1.0);
        let (query, key, value) = (plain(queries, width), plain(keys, width), plain(keys, width));
        let attention_output = self.matrix(width, queries, |_| LAYER_VOICE);
        let mut plain = |rows, columns| self.matrix(rows, columns, |_| 1.0);
        let (gate, up) = (plain(feed, width), plain(feed, width));
        Layer {
            attention_norm: ones(),
            query,
            key,
            value,
            attention_output,
            feed_norm: ones(),
            gate,
            up,
            down: self.matrix(width, feed, |_| LAYER_VOICE),
        }
    }

    /// Weights between minus and plus `scale(row) * sqrt(3 / columns)`, so that values keep their size.
    fn matrix(&mut self, rows: usize, columns: usize, scale: impl Fn(usize) -> f32 + Sync) -> Matrix {
        let mut bytes = vec![0; rows * columns * 4];
        self.0.fill(&mut bytes);
        let width = f64::from(number(columns));
        let reach = single((3.0 / width).sqrt());
        Matrix::from_weights(rows, columns, |row, column| {
            let at = (row * columns + column) * 4;
            let word = u32::from_le_bytes(*bytes[at..].first_chunk().expect("every weight has four bytes"));
            // The upper 24 bits: every one of them an f32, from -1 up to 1.
            let unit = single(f64::from(word >> 8) / f64::from(1 << 23) - 1.0);
            unit * reach * scale(row)
        })
    }
}

fn ones() -> Vec<Lanes> {
    vec![[1.0; LANES]; SHAPE.width / LANES]
}

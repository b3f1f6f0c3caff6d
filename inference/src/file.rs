//! File: a model out of a GGUF file.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::chat::Chat;
use crate::gguf::value::Value;
use crate::gguf::{FILE_BYTES_MAX, Gguf, MAGIC, Tensor};
use crate::invalid::Invalid;
use crate::lanes::{LANES, Lanes};
use crate::matrix::Matrix;
use crate::model::{Layer, Model};
use crate::narrow::{index, single};
use crate::quantisation::Quantisation;
use crate::shape::Shape;
use crate::token::Token;
use crate::tokenizer::{Tokenizer, Vocabulary};

const MAGIC_BYTES: u64 = 4;
/// The kind of model that is understood.
const ARCHITECTURE: &str = "llama";
/// What a control token's type is in a file.
const CONTROL: i128 = 3;

const TEMPLATE: &str = "tokenizer.chat_template";

/// A fact or a tensor of a file, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its name in the file.
    pub name: String,
    /// What it is; long texts and lists are cut.
    pub value: String,
}

/// The bytes of a file, unless it is larger than a model may be, or begins as no model does: then the rest is not read.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Invalid> {
    let shown = path.display().to_string();
    let failed = |error: std::io::Error| Invalid::new(shown.clone(), format!("cannot be read: {error}"));
    let file = fs::File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if FILE_BYTES_MAX < length {
        let rule = format!("has {length} bytes, must have at most {FILE_BYTES_MAX}");
        return Err(Invalid::new(shown, rule));
    }
    let mut bytes = Vec::new();
    // It may grow meanwhile, or be no regular file.
    let mut file = file.take(FILE_BYTES_MAX);
    file.by_ref().take(MAGIC_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    if bytes != MAGIC {
        return Err(Invalid::new(shown, "has the wrong magic, must begin with `GGUF`: it is no GGUF file"));
    }
    // What does not fit into memory is an error, and not the end of the process.
    let room = bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX));
    room.map_err(|_| {
        Invalid::new(shown.clone(), format!("has {length} bytes, more than there is memory for"))
    })?;
    file.read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// All facts and tensors of a file, without what they mean.
pub fn describe(file: &[u8]) -> Result<(Vec<Fact>, Vec<Fact>), Invalid> {
    let gguf = Gguf::parse(file)?;
    let facts = gguf.facts().map(|(name, value)| Fact { name: name.to_owned(), value: value.to_string() });
    let tensors = gguf.tensors().map(|(name, tensor)| {
        let value = format!("{} {} x {}", tensor.quantisation.name(), tensor.rows, tensor.columns);
        Fact { name: name.to_owned(), value }
    });
    Ok((facts.collect(), tensors.collect()))
}

impl Model {
    /// The model in a GGUF file's bytes.
    pub fn parse(file: &[u8]) -> Result<Model, Invalid> {
        let gguf = Gguf::parse(file)?;
        let architecture = Facts(&gguf).text("general.architecture")?;
        if architecture != ARCHITECTURE {
            let rule = format!("is `{architecture}`, must be `{ARCHITECTURE}`");
            return Err(Invalid::new("general.architecture", rule));
        }
        let shape = shape(&Facts(&gguf))?;
        shape.check()?;
        let tokenizer = tokenizer(&Facts(&gguf), &shape)?;
        let name =
            gguf.fact("general.name").and_then(|name| name.text("").ok()).unwrap_or("unnamed").to_owned();
        let template = gguf.fact(TEMPLATE).map(|value| value.text(TEMPLATE)).transpose()?;
        let chat = template.and_then(|template| Chat::from_template(template, &tokenizer));
        let mut tensors = Tensors(gguf);
        let model = Model {
            name,
            embedding: tensors.matrix("token_embd.weight", shape.vocabulary, shape.width)?,
            layers: (0..shape.layers).map(|at| layer(&mut tensors, at, &shape)).collect::<Result<_, _>>()?,
            norm: tensors.vector("output_norm.weight", shape.width)?,
            output: tensors.optional("output.weight", shape.vocabulary, shape.width)?,
            rotation_factors: rotation_factors(&mut tensors, &shape)?,
            shape,
            tokenizer,
            chat,
        };
        match tensors.0.tensors().next() {
            None => Ok(model),
            Some((name, _)) => {
                Err(Invalid::new(name, "is no tensor of a plain llama: the engine would leave it out"))
            }
        }
    }
}

struct Facts<'a>(&'a Gguf<'a>);

impl<'a> Facts<'a> {
    fn required(&self, key: &str) -> Result<&'a Value<'a>, Invalid> {
        self.0.fact(key).ok_or_else(|| Invalid::new(key, "is missing"))
    }

    fn text(&self, key: &str) -> Result<&'a str, Invalid> {
        self.required(key)?.text(key)
    }

    fn size(&self, key: &str) -> Result<usize, Invalid> {
        self.required(key)?.number(key).map(index)
    }

    fn size_or(&self, key: &str, otherwise: usize) -> Result<usize, Invalid> {
        if self.0.fact(key).is_some() { self.size(key) } else { Ok(otherwise) }
    }

    fn float_or(&self, key: &str, otherwise: f64) -> Result<f32, Invalid> {
        self.0.fact(key).map_or(Ok(otherwise), |value| value.float(key)).map(single)
    }

    fn token(&self, key: &str) -> Result<Option<Token>, Invalid> {
        self.0.fact(key).map(|value| value.number(key).map(Token)).transpose()
    }
}

fn shape(facts: &Facts<'_>) -> Result<Shape, Invalid> {
    let width = facts.size("llama.embedding_length")?;
    let heads = facts.size("llama.attention.head_count")?;
    let head_width = width.checked_div(heads).unwrap_or(0);
    let shape = Shape {
        layers: facts.size("llama.block_count")?,
        width,
        feed: facts.size("llama.feed_forward_length")?,
        heads,
        key_heads: facts.size_or("llama.attention.head_count_kv", heads)?,
        head_width: facts.size_or("llama.attention.key_length", head_width)?,
        vocabulary: facts.required("tokenizer.ggml.tokens")?.list("tokenizer.ggml.tokens")?.len(),
        context: facts.size("llama.context_length")?,
        norm_epsilon: facts.float_or("llama.attention.layer_norm_rms_epsilon", 1e-5)?,
        rotation_base: facts.float_or("llama.rope.freq_base", 10_000.0)?,
    };
    let same = |key: &str, value: usize| {
        let found = facts.size_or(key, value)?;
        if found == value { Ok(()) } else { Err(Invalid::new(key, format!("is {found}, must be {value}"))) }
    };
    same("llama.rope.dimension_count", shape.head_width)?;
    same("llama.attention.value_length", shape.head_width)?;
    same("llama.vocab_size", shape.vocabulary)?;
    if let Some(scaling) = facts.0.fact("llama.rope.scaling.type")
        && scaling.text("llama.rope.scaling.type")? != "none"
    {
        return Err(Invalid::new("llama.rope.scaling.type", format!("is {scaling}, must be \"none\"")));
    }
    Ok(shape)
}

fn tokenizer(facts: &Facts<'_>, shape: &Shape) -> Result<Tokenizer, Invalid> {
    let kind = facts.text("tokenizer.ggml.model")?;
    if kind != "gpt2" {
        return Err(Invalid::new("tokenizer.ggml.model", format!("is `{kind}`, must be `gpt2`")));
    }
    let texts = |key: &'static str| {
        facts
            .required(key)?
            .list(key)?
            .iter()
            .map(move |value| value.text(key))
            .collect::<Result<Vec<_>, _>>()
    };
    let types = match facts.0.fact("tokenizer.ggml.token_type") {
        None => &[][..],
        Some(types) => types.list("tokenizer.ggml.token_type")?,
    };
    let start = match facts.0.fact("tokenizer.ggml.add_bos_token") {
        Some(value) if value.truth("tokenizer.ggml.add_bos_token")? => {
            facts.token("tokenizer.ggml.bos_token_id")?
        }
        _ => None,
    };
    let ends = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"].map(|key| facts.token(key));
    let ends = ends.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let vocabulary = Vocabulary {
        tokens: &texts("tokenizer.ggml.tokens")?,
        is_control: &|at| types.get(at) == Some(&Value::Whole(CONTROL)),
        merges: &texts("tokenizer.ggml.merges")?,
        splitting: facts.text("tokenizer.ggml.pre")?,
        start,
        ends,
    };
    let named = vocabulary.ends.iter().chain(&vocabulary.start);
    if let Some(token) = named.into_iter().find(|token| shape.vocabulary <= index(token.0)) {
        let rule = format!("names token {}, must be below {}", token.0, shape.vocabulary);
        return Err(Invalid::new("tokenizer.ggml", rule));
    }
    Tokenizer::new(&vocabulary)
}

/// The tensors that are not yet taken.
struct Tensors<'a>(Gguf<'a>);

impl<'a> Tensors<'a> {
    fn take(&mut self, name: &str, rows: usize, columns: usize) -> Result<Option<Tensor<'a>>, Invalid> {
        let Some(tensor) = self.0.take(name) else { return Ok(None) };
        if (tensor.rows, tensor.columns) != (rows, columns) {
            let rule = format!("is {} x {}, must be {rows} x {columns}", tensor.rows, tensor.columns);
            return Err(Invalid::new(name, rule));
        }
        Ok(Some(tensor))
    }

    fn optional(&mut self, name: &str, rows: usize, columns: usize) -> Result<Option<Matrix>, Invalid> {
        let Some(tensor) = self.take(name, rows, columns)? else { return Ok(None) };
        let matrix = Matrix::from_blocks(rows, columns, tensor.quantisation, tensor.blocks);
        if !matrix.is_finite() {
            return Err(Invalid::new(name, "has a weight that is not finite"));
        }
        Ok(Some(matrix))
    }

    fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<Matrix, Invalid> {
        self.optional(name, rows, columns)?.ok_or_else(|| Invalid::new(name, "is missing"))
    }

    fn floats(&mut self, name: &str, count: usize) -> Result<Option<Vec<f32>>, Invalid> {
        let Some(tensor) = self.take(name, 1, count)? else { return Ok(None) };
        if tensor.quantisation != Quantisation::F32 {
            let rule = format!("has format {}, must be F32", tensor.quantisation.name());
            return Err(Invalid::new(name, rule));
        }
        let floats: Vec<f32> = (0..count).map(|at| tensor.quantisation.float(tensor.blocks, at)).collect();
        if !floats.iter().all(|float| float.is_finite()) {
            return Err(Invalid::new(name, "has a weight that is not finite"));
        }
        Ok(Some(floats))
    }

    fn vector(&mut self, name: &str, count: usize) -> Result<Vec<Lanes>, Invalid> {
        let floats = self.floats(name, count)?.ok_or_else(|| Invalid::new(name, "is missing"))?;
        let (lanes, rest) = floats.as_chunks::<LANES>();
        assert!(rest.is_empty(), "every width is a multiple of {LANES}");
        Ok(lanes.to_vec())
    }
}

fn layer(tensors: &mut Tensors<'_>, at: usize, shape: &Shape) -> Result<Layer, Invalid> {
    let Shape { width, feed, .. } = *shape;
    let (queries, keys) = (shape.query_width(), shape.key_width());
    let name = |part: &str| format!("blk.{at}.{part}.weight");
    Ok(Layer {
        attention_norm: tensors.vector(&name("attn_norm"), width)?,
        query: tensors.matrix(&name("attn_q"), queries, width)?,
        key: tensors.matrix(&name("attn_k"), keys, width)?,
        value: tensors.matrix(&name("attn_v"), keys, width)?,
        attention_output: tensors.matrix(&name("attn_output"), width, queries)?,
        feed_norm: tensors.vector(&name("ffn_norm"), width)?,
        gate: tensors.matrix(&name("ffn_gate"), feed, width)?,
        up: tensors.matrix(&name("ffn_up"), feed, width)?,
        down: tensors.matrix(&name("ffn_down"), width, feed)?,
    })
}

fn rotation_factors(tensors: &mut Tensors<'_>, shape: &Shape) -> Result<Option<Vec<f32>>, Invalid> {
    const NAME: &str = "rope_freqs.weight";
    let factors = tensors.floats(NAME, shape.head_width / 2)?;
    if factors.as_ref().is_some_and(|factors| !factors.iter().all(|factor| 0.0 < *factor)) {
        return Err(Invalid::new(NAME, "has a factor that is not above zero"));
    }
    Ok(factors)
}

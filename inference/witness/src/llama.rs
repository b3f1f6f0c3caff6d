//! Llama: a model file computed by Candle, in f32, prompt and answer at once.

use std::collections::HashMap;
use std::path::Path;

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::{D, DType, Device, Result, Tensor};

/// A model of Candle's tensors.
pub struct Llama {
    tensors: HashMap<String, Tensor>,
    layers: usize,
    heads: usize,
    key_heads: usize,
    epsilon: f32,
    rotation_base: f32,
}

impl Llama {
    /// Reads a model file with Candle's reader, and dequantises it.
    pub fn read(path: &Path) -> Result<Llama> {
        let mut file = std::fs::File::open(path)?;
        let content = Content::read(&mut file)?;
        let mut tensors = HashMap::new();
        for name in content.tensor_infos.keys() {
            let tensor = content.tensor(&mut file, name, &Device::Cpu)?;
            tensors.insert(name.clone(), tensor.dequantize(&Device::Cpu)?);
        }
        let fact = |key: &str| -> Result<&Value> {
            let missing = || candle_core::Error::Msg(format!("{key} is missing"));
            content.metadata.get(key).ok_or_else(missing)
        };
        let size = |key: &str| -> Result<usize> {
            let number = fact(key)?.to_u32()?;
            usize::try_from(number).map_err(|error| candle_core::Error::Msg(error.to_string()))
        };
        Ok(Llama {
            layers: size("llama.block_count")?,
            heads: size("llama.attention.head_count")?,
            key_heads: size("llama.attention.head_count_kv")?,
            epsilon: fact("llama.attention.layer_norm_rms_epsilon")?.to_f32()?,
            rotation_base: fact("llama.rope.freq_base")?.to_f32()?,
            tensors,
        })
    }

    /// The hidden states of all tokens after the last norm, and their logits: a row for each token.
    pub fn read_tokens(&self, tokens: &[u32]) -> Result<(Tensor, Tensor)> {
        let embedding = self.tensor("token_embd")?;
        let mut state = embedding.index_select(&Tensor::new(tokens, &Device::Cpu)?, 0)?;
        let turns = self.turns(tokens.len())?;
        for layer in 0..self.layers {
            let normed = self.norm(&state, &format!("blk.{layer}.attn_norm"))?;
            state = (state + self.attention(&normed, layer, &turns)?)?;
            let normed = self.norm(&state, &format!("blk.{layer}.ffn_norm"))?;
            let gate = candle_nn::ops::silu(&self.linear(&normed, &format!("blk.{layer}.ffn_gate"))?)?;
            let gated = (gate * self.linear(&normed, &format!("blk.{layer}.ffn_up"))?)?;
            state = (state + self.linear(&gated, &format!("blk.{layer}.ffn_down"))?)?;
        }
        let hidden = self.norm(&state, "output_norm")?;
        let output = if self.tensors.contains_key("output.weight") { "output" } else { "token_embd" };
        let logits = self.linear(&hidden, output)?;
        Ok((hidden, logits))
    }

    fn tensor(&self, name: &str) -> Result<&Tensor> {
        let missing = || candle_core::Error::Msg(format!("{name} is missing"));
        self.tensors.get(&format!("{name}.weight")).ok_or_else(missing)
    }

    fn linear(&self, input: &Tensor, name: &str) -> Result<Tensor> {
        input.matmul(&self.tensor(name)?.t()?)
    }

    fn norm(&self, input: &Tensor, name: &str) -> Result<Tensor> {
        candle_nn::ops::rms_norm(&input.contiguous()?, self.tensor(name)?, self.epsilon)
    }

    /// Cosines and sines of all positions, in f32 as Candle's own models have them.
    fn turns(&self, positions: usize) -> Result<(Tensor, Tensor)> {
        let (_, width) = self.tensor("token_embd")?.dims2()?;
        let pairs = u32::try_from(width / self.heads / 2)
            .map_err(|error| candle_core::Error::Msg(error.to_string()))?;
        let exponents = (Tensor::arange(0, pairs, &Device::Cpu)?.to_dtype(DType::F32)? / f64::from(pairs))?;
        let speeds = (exponents * -f64::from(self.rotation_base).ln())?.exp()?.unsqueeze(0)?;
        let positions =
            u32::try_from(positions).map_err(|error| candle_core::Error::Msg(error.to_string()))?;
        let positions = Tensor::arange(0, positions, &Device::Cpu)?.to_dtype(DType::F32)?.unsqueeze(1)?;
        let angles = positions.matmul(&speeds)?;
        Ok((angles.cos()?, angles.sin()?))
    }

    fn attention(&self, input: &Tensor, layer: usize, turns: &(Tensor, Tensor)) -> Result<Tensor> {
        let (tokens, width) = input.dims2()?;
        let head_width = width / self.heads;
        let split = |part: &str, heads: usize| -> Result<Tensor> {
            let all = self.linear(input, &format!("blk.{layer}.{part}"))?;
            all.reshape((1, tokens, heads, head_width))?.transpose(1, 2)?.contiguous()
        };
        let turned = |heads: Tensor| candle_nn::rotary_emb::rope_i(&heads, &turns.0, &turns.1);
        let queries = turned(split("attn_q", self.heads)?)?;
        let keys = self.shared(turned(split("attn_k", self.key_heads)?)?)?;
        let values = self.shared(split("attn_v", self.key_heads)?)?;
        let scale =
            f64::from(u32::try_from(head_width).map_err(|error| candle_core::Error::Msg(error.to_string()))?)
                .sqrt();
        let scores = (queries.matmul(&keys.t()?)? / scale)?;
        let ahead =
            |row: usize| (0..tokens).map(move |column| if row < column { f32::NEG_INFINITY } else { 0.0 });
        let mask: Vec<f32> = (0..tokens).flat_map(ahead).collect();
        let scores = scores.broadcast_add(&Tensor::from_vec(mask, (tokens, tokens), &Device::Cpu)?)?;
        let weights = candle_nn::ops::softmax(&scores, D::Minus1)?;
        let mixed = weights.matmul(&values)?.transpose(1, 2)?.contiguous()?.reshape((tokens, width))?;
        self.linear(&mixed, &format!("blk.{layer}.attn_output"))
    }

    /// Every head of keys once for each query head that shares it.
    fn shared(&self, heads: Tensor) -> Result<Tensor> {
        let (one, key_heads, tokens, width) = heads.dims4()?;
        let times = self.heads / key_heads;
        heads
            .unsqueeze(2)?
            .expand((one, key_heads, times, tokens, width))?
            .contiguous()?
            .reshape((one, self.heads, tokens, width))
    }
}

//! File: writes model files, sound ones and others.

/// A model file that is being put together.
#[derive(Clone, Default)]
pub(crate) struct File {
    pub(crate) facts: Vec<(String, Fact)>,
    pub(crate) tensors: Vec<Tensor>,
}

#[derive(Clone)]
pub(crate) enum Fact {
    Number(u32),
    Float(f32),
    Truth(bool),
    Text(String),
    Texts(Vec<String>),
    Numbers(Vec<u32>),
}

#[derive(Clone)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) columns: u64,
    pub(crate) rows: u64,
    pub(crate) format: u32,
    pub(crate) blocks: Vec<u8>,
}

/// The sizes of the models that are written. Rows have whole blocks in every format.
pub(crate) const WIDTH: usize = 256;
pub(crate) const HEADS: usize = 4;
pub(crate) const KEY_HEADS: usize = 2;
pub(crate) const LAYERS: usize = 2;
pub(crate) const FEED: usize = 512;
pub(crate) const VOCABULARY: usize = 260;
pub(crate) const F32: u32 = 0;

impl File {
    /// A whole model; `blocks` gives the format and the bytes of each matrix, by its name and number of weights.
    pub(crate) fn model(mut blocks: impl FnMut(&str, usize) -> (u32, Vec<u8>)) -> File {
        let mut file = File { facts: facts(), tensors: Vec::new() };
        let keys = WIDTH / HEADS * KEY_HEADS;
        let mut matrix = |name: String, rows: usize, columns: usize| {
            let (format, blocks) = blocks(&name, rows * columns);
            let [columns, rows] = [columns, rows].map(|size| u64::try_from(size).expect("it is small"));
            file.tensors.push(Tensor { name, columns, rows, format, blocks });
        };
        matrix("token_embd.weight".to_owned(), VOCABULARY, WIDTH);
        for layer in 0..LAYERS {
            let name = |part: &str| format!("blk.{layer}.{part}.weight");
            matrix(name("attn_q"), WIDTH, WIDTH);
            matrix(name("attn_k"), keys, WIDTH);
            matrix(name("attn_v"), keys, WIDTH);
            matrix(name("attn_output"), WIDTH, WIDTH);
            matrix(name("ffn_gate"), FEED, WIDTH);
            matrix(name("ffn_up"), FEED, WIDTH);
            matrix(name("ffn_down"), WIDTH, FEED);
        }
        let norms = (0..LAYERS)
            .flat_map(|layer| ["attn_norm", "ffn_norm"].map(|part| format!("blk.{layer}.{part}.weight")));
        for name in norms.chain(["output_norm.weight".to_owned()]) {
            let weights = (0..WIDTH).map(|at| norm(&name, at));
            let blocks = weights.flat_map(f32::to_le_bytes).collect();
            let columns = u64::try_from(WIDTH).expect("it is small");
            file.tensors.push(Tensor { name, columns, rows: 1, format: F32, blocks });
        }
        file
    }

    pub(crate) fn set(&mut self, key: &str, fact: Fact) {
        self.facts.retain(|(name, _)| name != key);
        self.facts.push((key.to_owned(), fact));
    }

    pub(crate) fn tensor(&mut self, name: &str) -> &mut Tensor {
        self.tensors.iter_mut().find(|tensor| tensor.name == name).expect("it is there")
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        put_count(&mut bytes, self.tensors.len());
        put_count(&mut bytes, self.facts.len());
        for (key, fact) in &self.facts {
            put_text(&mut bytes, key);
            put_fact(&mut bytes, fact);
        }
        let mut offset = 0;
        for tensor in &self.tensors {
            put_text(&mut bytes, &tensor.name);
            // A vector has one dimension only.
            let sizes = [tensor.columns, tensor.rows];
            let sizes = if tensor.rows == 1 { &sizes[..1] } else { &sizes };
            bytes.extend(u32::try_from(sizes.len()).expect("it is small").to_le_bytes());
            sizes.iter().for_each(|size| bytes.extend(size.to_le_bytes()));
            bytes.extend(tensor.format.to_le_bytes());
            put_count(&mut bytes, offset);
            offset = (offset + tensor.blocks.len()).next_multiple_of(32);
        }
        for tensor in &self.tensors {
            bytes.resize(bytes.len().next_multiple_of(32), 0);
            bytes.extend(&tensor.blocks);
        }
        bytes
    }
}

/// A weight of a norm: some value that differs from place to place.
pub(crate) fn norm(name: &str, at: usize) -> f32 {
    let seed: usize = name.bytes().map(usize::from).sum();
    0.5 + f32::from(u8::try_from((seed * 31 + at * 97) % 256).expect("it is a remainder")) / 256.0
}

fn facts() -> Vec<(String, Fact)> {
    let number = |number: usize| Fact::Number(u32::try_from(number).expect("it is small"));
    let text = |text: &str| Fact::Text(text.to_owned());
    let bytes = (0..=u8::MAX).map(|byte| byte_text(byte).to_string());
    let tokens: Vec<String> = bytes.chain(["<|end|>", "<|other|>", "th", "the"].map(str::to_owned)).collect();
    let types = (0..VOCABULARY).map(|at| if at == 256 || at == 257 { 3 } else { 1 }).collect();
    let facts = [
        ("general.architecture", text("llama")),
        ("general.name", text("written by a test")),
        ("llama.block_count", number(LAYERS)),
        ("llama.context_length", number(64)),
        ("llama.embedding_length", number(WIDTH)),
        ("llama.feed_forward_length", number(FEED)),
        ("llama.attention.head_count", number(HEADS)),
        ("llama.attention.head_count_kv", number(KEY_HEADS)),
        ("llama.attention.layer_norm_rms_epsilon", Fact::Float(1e-5)),
        ("llama.rope.freq_base", Fact::Float(10_000.0)),
        ("tokenizer.ggml.model", text("gpt2")),
        ("tokenizer.ggml.pre", text("smollm")),
        ("tokenizer.ggml.tokens", Fact::Texts(tokens)),
        ("tokenizer.ggml.token_type", Fact::Numbers(types)),
        ("tokenizer.ggml.merges", Fact::Texts(["t h", "th e"].map(str::to_owned).to_vec())),
        ("tokenizer.ggml.eos_token_id", Fact::Number(256)),
        ("tokenizer.ggml.add_bos_token", Fact::Truth(false)),
    ];
    facts.into_iter().map(|(key, fact)| (key.to_owned(), fact)).collect()
}

fn byte_text(byte: u8) -> char {
    let is_plain = |byte: u8| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    let hidden = u32::try_from((0..byte).filter(|byte| !is_plain(*byte)).count()).expect("it is small");
    if is_plain(byte) { char::from(byte) } else { char::from_u32(256 + hidden).expect("it is a character") }
}

pub(crate) fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_count(bytes, text.len());
    bytes.extend(text.as_bytes());
}

fn put_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend(u64::try_from(count).expect("it is small").to_le_bytes());
}

fn put_fact(bytes: &mut Vec<u8>, fact: &Fact) {
    let mut kind = |kind: u32| bytes.extend(kind.to_le_bytes());
    match fact {
        Fact::Number(number) => {
            kind(4);
            bytes.extend(number.to_le_bytes());
        }
        Fact::Float(float) => {
            kind(6);
            bytes.extend(float.to_le_bytes());
        }
        Fact::Truth(truth) => {
            kind(7);
            bytes.push(u8::from(*truth));
        }
        Fact::Text(text) => {
            kind(8);
            put_text(bytes, text);
        }
        Fact::Texts(texts) => {
            [9, 8].into_iter().for_each(kind);
            put_count(bytes, texts.len());
            texts.iter().for_each(|text| put_text(bytes, text));
        }
        Fact::Numbers(numbers) => {
            [9, 4].into_iter().for_each(kind);
            put_count(bytes, numbers.len());
            numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        }
    }
}

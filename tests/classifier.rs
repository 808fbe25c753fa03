//! A classifier in ONNX that is none: a table of words, their mean, and a layer. It is written here byte by byte, as `onnx.proto3` has it, so
//! that tests need no other to have made it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// The words that it knows, and how much of an attack each is: what is one says so louder than a window of others.
const WORDS: [(&str, f32); 10] = [
    ("[PAD]", 0.0),
    ("[UNK]", -3.0),
    ("[CLS]", 0.0),
    ("[SEP]", 0.0),
    ("please", -3.0),
    ("see", -3.0),
    ("you", -3.0),
    ("friday", -3.0),
    ("ignore", 300.0),
    ("exfiltrate", 300.0),
];

/// How its tokenizer cuts texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cuts {
    /// As BERT's does.
    WordPiece,
    /// As mDeBERTa's does.
    Unigram,
}

/// What is to be written.
#[derive(Debug, Clone)]
pub struct Classifier {
    /// The version of ONNX's operators that it names.
    pub opset: u64,
    /// What its first input is called.
    pub input: &'static str,
    /// Numbers that it gives.
    pub labels: usize,
    /// What the attack label has beside what the words say.
    pub bias: f32,
    /// Words of the tokenizer that the table lacks.
    pub missing: usize,
    /// Whether the table is said to lie in another file.
    pub external: bool,
    /// Its tokenizer.
    pub cuts: Cuts,
}

impl Default for Classifier {
    fn default() -> Self {
        Self { opset: 17, input: "input_ids", labels: 2, bias: 0.0, missing: 0, external: false, cuts: Cuts::WordPiece }
    }
}

impl Classifier {
    /// Writes `model.onnx`, `tokenizer.json` and `config.json` into a folder, and tells where the first is.
    pub fn write(&self, folder: &Path) -> PathBuf {
        fs::write(folder.join("tokenizer.json"), self.tokenizer().to_string()).unwrap();
        let names = ["SAFE", "INJECTION", "OTHER"].iter().take(self.labels).enumerate();
        let names: serde_json::Map<_, _> = names.map(|(n, name)| (n.to_string(), json!(name))).collect();
        let config = json!({"model_type": "none", "id2label": names, "max_position_embeddings": 32});
        fs::write(folder.join("config.json"), config.to_string()).unwrap();
        let model = folder.join("model.onnx");
        fs::write(&model, self.model()).unwrap();
        model
    }

    /// The model.
    pub fn model(&self) -> Vec<u8> {
        let words = WORDS.len() - self.missing;
        let table: Vec<f32> = WORDS.iter().take(words).flat_map(|(_, weight)| [-weight, *weight]).collect();
        // The layer passes on what the table says; labels beyond two hear nothing.
        let layer = (0..2)
            .flat_map(|row| (0..self.labels).map(move |label| f32::from(u8::from(label == row))))
            .collect::<Vec<_>>();
        let bias = (0..self.labels).map(|label| if label == 1 { self.bias } else { 0.0 }).collect::<Vec<_>>();
        let graph = [
            message(1, &node("Gather", &["table", self.input], "looked")),
            message(1, &node("Cast", &["attention_mask"], "ones").with_int("to", 1)),
            message(1, &node("Unsqueeze", &["ones", "last"], "column")),
            message(1, &node("Mul", &["looked", "column"], "kept")),
            message(1, &node("ReduceMean", &["kept"], "mean").with_ints("axes", &[1]).with_int("keepdims", 0)),
            message(1, &node("MatMul", &["mean", "layer"], "heard")),
            message(1, &node("Add", &["heard", "bias"], "logits")),
            text(2, "none"),
            message(5, &floats("table", &[words, 2], &table, self.external)),
            message(5, &floats("layer", &[2, self.labels], &layer, false)),
            message(5, &floats("bias", &[self.labels], &bias, false)),
            message(5, &[number(1, 1), number(2, 7), text(8, "last"), message(9, &2_i64.to_le_bytes())].concat()),
            message(11, &value(self.input, 7)),
            message(11, &value("attention_mask", 7)),
            message(12, &value("logits", 1)),
        ];
        [number(1, 8), message(7, &graph.concat()), message(8, &[text(1, ""), number(2, self.opset)].concat())].concat()
    }

    /// Its tokenizer, as Hugging Face writes them.
    pub fn tokenizer(&self) -> Value {
        let special = |id: usize| {
            let flags =
                json!({"single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true});
            let mut token = flags;
            token["id"] = json!(id);
            token["content"] = json!(WORDS[id].0);
            token
        };
        let piece = |id: usize| json!({"SpecialToken": {"id": WORDS[id].0, "type_id": 0}});
        let named =
            |id: usize| (WORDS[id].0.to_owned(), json!({"id": WORDS[id].0, "ids": [id], "tokens": [WORDS[id].0]}));
        let (normalizer, cutter, model) = match self.cuts {
            Cuts::WordPiece => {
                let vocabulary: serde_json::Map<_, _> =
                    WORDS.iter().enumerate().map(|(id, (word, _))| ((*word).to_owned(), json!(id))).collect();
                (
                    json!({"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true}),
                    json!({"type": "BertPreTokenizer"}),
                    json!({"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocabulary}),
                )
            }
            Cuts::Unigram => {
                let begun = |(id, (word, _)): (usize, &(&str, f32))| {
                    let word = if id < 4 { (*word).to_owned() } else { format!("\u{2581}{word}") };
                    json!([word, -f64::from(u8::try_from(id).unwrap())])
                };
                let vocabulary: Vec<Value> = WORDS.iter().enumerate().map(begun).collect();
                (
                    json!({"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]}),
                    json!({"type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "always", "split": true}),
                    json!({"type": "Unigram", "unk_id": 1, "vocab": vocabulary, "byte_fallback": false}),
                )
            }
        };
        let special_tokens: serde_json::Map<_, _> = [2, 3].map(named).into_iter().collect();
        json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": (0..4).map(special).collect::<Vec<_>>(),
            "normalizer": normalizer,
            "pre_tokenizer": cutter,
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [piece(2), {"Sequence": {"id": "A", "type_id": 0}}, piece(3)],
                "pair": [piece(2), {"Sequence": {"id": "A", "type_id": 0}}, piece(3), {"Sequence": {"id": "B", "type_id": 1}}, piece(3)],
                "special_tokens": special_tokens,
            },
            "decoder": null,
            "model": model,
        })
    }
}

/// A node in the making.
trait Node {
    fn with_int(self, name: &str, value: u64) -> Self;
    fn with_ints(self, name: &str, values: &[u64]) -> Self;
}

impl Node for Vec<u8> {
    fn with_int(mut self, name: &str, value: u64) -> Self {
        self.extend(message(5, &[text(1, name), number(3, value), number(20, 2)].concat()));
        self
    }

    fn with_ints(mut self, name: &str, values: &[u64]) -> Self {
        let values: Vec<u8> = values.iter().flat_map(|value| number(8, *value)).collect();
        self.extend(message(5, &[text(1, name), values, number(20, 7)].concat()));
        self
    }
}

/// An operator with one output.
fn node(operator: &str, inputs: &[&str], output: &str) -> Vec<u8> {
    let mut node: Vec<u8> = inputs.iter().flat_map(|input| text(1, input)).collect();
    node.extend([text(2, output), text(3, output), text(4, operator)].concat());
    node
}

/// Weights.
fn floats(name: &str, dimensions: &[usize], numbers: &[f32], external: bool) -> Vec<u8> {
    let mut tensor: Vec<u8> = dimensions.iter().flat_map(|dimension| number(1, *dimension as u64)).collect();
    tensor.extend([number(2, 1), text(8, name)].concat());
    if external {
        let said = [("location", "weights.bin"), ("offset", "0"), ("length", "80")];
        tensor.extend(said.iter().flat_map(|(key, value)| message(13, &[text(1, key), text(2, value)].concat())));
        tensor.extend(number(14, 1));
    } else {
        tensor.extend(message(9, &numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>()));
    }
    tensor
}

/// A place for two dimensions of unknown length, of this type.
fn value(name: &str, kind: u64) -> Vec<u8> {
    let shape = message(2, &[message(1, &text(2, "one")), message(1, &text(2, "many"))].concat());
    [text(1, name), message(2, &message(1, &[number(1, kind), shape].concat()))].concat()
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn text(field: u64, text: &str) -> Vec<u8> {
    message(field, text.as_bytes())
}

fn message(field: u64, bytes: &[u8]) -> Vec<u8> {
    [&varint(field << 3 | 2), &varint(bytes.len() as u64), bytes].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

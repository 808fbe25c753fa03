//! Language models as they are asked over HTTP, by a fake of their servers that is strict about every byte, and classifiers in ONNX files that
//! these tests make.

mod bounds;
mod fence;
#[cfg(feature = "onnx")]
mod onnx;
mod protocol;
mod support;

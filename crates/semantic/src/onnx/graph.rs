//! A model as the runtime has it, and what it makes of a window.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rten::{LoadErrorKind, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value};
use vanguard_engine::meaning::Unscored;

use super::OnnxError;
use super::tokens::Window;

/// What an input of a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    /// The tokens.
    Ids,
    /// A one for each of them.
    Mask,
    /// Which text each is of: there is one.
    Types,
}

impl Input {
    fn of(name: &str) -> Option<Self> {
        match name {
            "input_ids" => Some(Self::Ids),
            "attention_mask" => Some(Self::Mask),
            "token_type_ids" => Some(Self::Types),
            _ => None,
        }
    }
}

/// A model with its places.
pub(super) struct Graph {
    model: Model,
    inputs: Vec<(NodeId, Input)>,
    output: NodeId,
    pool: Arc<ThreadPool>,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

impl Graph {
    /// Reads a model, which so many threads will run. It has been looked through before.
    pub(super) fn new(path: &Path, file: Vec<u8>, threads: usize) -> Result<Self, OnnxError> {
        let wrong = |why: String| OnnxError::Model { path: path.to_owned(), why };
        let model = ModelOptions::with_all_ops().load(file).map_err(|error| match error.kind() {
            LoadErrorKind::ExternalDataError => OnnxError::External { path: path.to_owned() },
            _ => wrong(error.to_string()),
        })?;
        let name = |id: &NodeId| model.node_info(*id).and_then(|info| info.name()).unwrap_or_default().to_owned();
        let input = |id: &NodeId| {
            let name = name(id);
            let known = Input::of(&name).ok_or_else(|| wrong(format!("it takes {name:?}: {TAKES}")))?;
            Ok((*id, known))
        };
        let inputs = model.input_ids().iter().map(input).collect::<Result<Vec<_>, OnnxError>>()?;
        if !inputs.iter().any(|(_, input)| *input == Input::Ids) {
            return Err(wrong(format!("it takes no \"input_ids\": {TAKES}")));
        }
        let outputs = model.output_ids();
        let output = match outputs {
            [only] => Some(only),
            _ => outputs.iter().find(|id| name(id) == "logits"),
        };
        let names = || outputs.iter().map(name).collect::<Vec<_>>().join(", ");
        let output = *output.ok_or_else(|| wrong(format!("it gives {:?}, and no \"logits\"", names())))?;
        Ok(Self { inputs, output, pool: Arc::new(ThreadPool::with_num_threads(threads)), model })
    }

    /// The numbers that the model gives for each of its labels.
    pub(super) fn logits(&self, window: &Window) -> Result<Vec<f32>, Unscored> {
        let numbers = |numbers: &[u32]| numbers.iter().map(|n| i32::try_from(*n)).collect::<Result<Vec<_>, _>>();
        let count = window.ids.len();
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for (id, input) in &self.inputs {
            let numbers = match input {
                Input::Ids => numbers(&window.ids),
                Input::Mask => Ok(vec![1; count]),
                Input::Types => numbers(&window.types),
            };
            let value = Value::from_shape([1, count], numbers.map_err(|_| Unscored::Garbage)?);
            inputs.push((*id, value.map_err(|_| Unscored::Garbage)?.into()));
        }
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)));
        let [output] = self.model.run_n(inputs, [self.output], Some(options)).map_err(|_| Unscored::Garbage)?;
        let ([texts, _], logits) = output.into_shape_vec::<f32, 2>().map_err(|_| Unscored::NoScore)?;
        if texts == 1 { Ok(logits) } else { Err(Unscored::NoScore) }
    }
}

const TAKES: &str = "a classifier takes input_ids, and it may take attention_mask and token_type_ids, and nothing else; \
                     export one for text-classification";

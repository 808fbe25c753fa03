//! Where a text comes from.

use serde::{Deserialize, Serialize};

bitflags::bitflags! {
    /// Which way a field travels, and what kind of content it is for whoever reads it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
    #[serde(transparent)]
    pub struct Direction: u8 {
        /// Towards the server: a tool's arguments and their like.
        const REQUEST = 1;
        /// Towards the model: what a tool answered.
        const RESPONSE = 1 << 1;
        /// Towards the model: what a server says of its tools, prompts and resources, and its instructions.
        const DESCRIPTION = 1 << 2;
    }
}

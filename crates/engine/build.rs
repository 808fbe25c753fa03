//! Prepares what depends on the repository alone, so that no start of the program has to.
//!
//! The modules below are the very ones that do the same while the program runs: what is prepared is what would be made then.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "the build needs a part of each module")]

#[path = "src/finding"]
mod finding {
    mod grade;
    pub use grade::{Action, Confidence, Severity};
}

#[path = "src/policy"]
mod policy {
    mod profile;
    pub use profile::Profile;
}

#[path = "src/role"]
mod role {
    mod kind;
    pub use kind::{Role, Roles};
}

#[path = "src/views"]
mod views {
    mod invisible;
    mod kind;
    pub use invisible::is_invisible;
    pub use kind::ViewKind;
}

#[path = "src/detect/injection"]
mod injection {
    mod fold;
    pub mod lexicon {
        #[path = "../../../../build/lexicon.rs"]
        pub mod build;
        mod class;
        mod english;
        mod languages;
        mod table;
        use class::{Class, Classes};
    }
}

#[path = "src/rules"]
mod rules {
    mod cases;
    mod check;
    mod direction;
    mod edges;
    mod error;
    mod form;
    mod frequency;
    mod hint;
    mod literal;
    #[path = "../../build/packs.rs"]
    pub mod packs;
    mod places;
    mod prepared;
    mod syntax;
    mod table;
    mod words;
    mod yaml;
    pub use direction::Direction;
}

fn main() {
    injection::lexicon::build::prepare();
    rules::packs::prepare();
}

//! The weight of each feature, and what score is an order.
//!
//! Fitted by `training/injection/fit.py` and reviewed by hand. Hundredths of a logit. What is not here weighs nothing.

use std::sync::LazyLock;

use super::features::{ALL, Feature as F, Features};
use crate::rules::Direction;

/// In what a tool answers, and in what a server says of its tools, where many an order is part of the manual.
const WEIGHTS: &[(F, i16, i16)] = &[
    (F::OverridePriorInstruction, 225, 148),
    (F::OverrideInstruction, 117, 78),
    (F::OverridePrior, 118, 9),
    (F::OverrideEvery, 33, 0),
    (F::OverrideYour, 300, 92),
    (F::OverrideLimits, 7, 11),
    (F::ImperativeOverride, 118, 178),
    (F::NewInstruction, 136, 147),
    (F::YourInstruction, 0, 13),
    (F::YourTask, 0, 42),
    (F::ImportantInstruction, 243, 79),
    (F::NotObey, 140, 299),
    (F::InsteadOrder, 76, 193),
    (F::RevealPrompt, 89, 137),
    (F::RevealInstruction, 170, 61),
    (F::RevealSecret, 78, 38),
    (F::SystemPrompt, 130, 48),
    (F::AskSecret, 80, 79),
    (F::YourSecret, 79, 80),
    (F::AskPrivate, 2, 14),
    (F::PutAnswer, 169, 185),
    (F::YourAnswer, 98, 100),
    (F::SayExact, 68, 60),
    (F::RewriteAnswer, 126, 173),
    (F::ImperativePut, 0, 1),
    (F::ImperativeSay, 0, 29),
    (F::ImperativeReveal, 34, 1),
    (F::ImperativeRewrite, 2, 2),
    (F::SnippetOrder, 28, 300),
    (F::PutExact, 112, 71),
    (F::NotTell, 115, 73),
    (F::NotTellUser, 300, 258),
    (F::Silently, 62, 48),
    (F::SilentAction, 47, 80),
    (F::ImperativeSend, 0, 16),
    (F::ImperativeChange, 2, 1),
    (F::PleaseAct, 50, 50),
    (F::PleaseStart, 60, 60),
    (F::YouMustAct, 40, 48),
    (F::MustFirstAct, 270, 144),
    (F::SendPrivate, 116, 36),
    (F::SendSecret, 2, 98),
    (F::GetSecret, 0, 44),
    (F::SendAddress, 23, 119),
    (F::DeletePrivate, 2, 117),
    (F::SendMe, 98, 100),
    (F::MoneyAct, 34, 14),
    (F::RunTool, 0, 3),
    (F::BeforeTool, 33, 71),
    (F::BeforeAsk, 0, 59),
    (F::ChangeParameter, 0, 16),
    (F::MustChange, 1, 30),
    (F::TaskMark, 13, 80),
    (F::TaskAct, 192, 267),
    (F::TaskDone, 200, 199),
    (F::StealData, 80, 80),
    (F::StealOrder, 0, 286),
    (F::RoleAct, 248, 19),
    (F::OverridePriorMatter, 55, 300),
    (F::OverrideMatter, 157, 42),
    (F::FirstRun, 2, 99),
    (F::SnippetYour, 300, 273),
    (F::BeforeOrder, 64, 114),
    (F::PretextOrder, 9, 1),
    (F::OrderedRun, 28, 46),
    (F::OrderedTool, 77, 64),
    (F::OrderedChange, 0, 64),
    (F::EndOfInstruction, 219, 279),
    (F::AlsoAct, 34, 50),
    (F::GetPrivate, 1, 8),
    (F::AddressModel, 0, 23),
    (F::YouModel, 0, 299),
    (F::IfModel, 42, 15),
    (F::IfAsk, 21, 2),
    (F::IfUser, 1, 1),
    (F::You, 20, 19),
    (F::RegardlessUser, 200, 200),
    (F::AuthorityMe, 135, 111),
    (F::Persona, 1, 1),
    (F::PersonaYou, 0, 17),
    (F::PersonaStart, 45, 53),
    (F::UnboundWord, 80, 80),
    (F::PersonaUnbound, 106, 299),
    (F::NotLimits, 4, 80),
    (F::LimitsYou, 24, 2),
    (F::ModeSwitch, 106, 300),
    (F::Comply, 1, 0),
    (F::FromNowOn, 60, 60),
    (F::Important, 15, 34),
    (F::ImportantLoud, 73, 57),
    (F::Must, 19, 9),
    (F::Threat, 1, 0),
    (F::Pretext, 36, 58),
    (F::PretextMust, 1, 1),
    (F::Loud, 0, 1),
    (F::Exclaimed, 48, 18),
    (F::RoleColon, 1, 16),
    (F::RoleTag, 26, 122),
    (F::RoleToken, 0, 40),
    (F::InComment, 80, 80),
    (F::Banner, 2, 43),
    (F::Placeholder, 61, 69),
    (F::Handler, 150, 121),
    (F::Address, 3, 30),
    (F::Encoded, 40, 40),
    (F::EncodedOrder, 101, 274),
    (F::Boast, 0, 2),
    (F::MemoryOrder, 28, 0),
    (F::AttackWord, -33, 0),
    (F::AttackArticle, -220, -66),
    (F::ExampleWord, -60, -76),
    (F::Quoted, -260, -7),
    (F::Code, -159, -28),
    (F::NeverOverride, -100, 0),
];

/// What a text must reach to be an order, and to be suspected of one: answers, descriptions, and text that is sent on,
/// which is for the most part written for people.
const ANSWERS: (i32, i32) = (405, 284);
const DESCRIPTIONS: (i32, i32) = (495, 266);
const REQUESTS: (i32, i32) = (600, 450);

pub(super) fn thresholds(direction: Direction) -> (i32, i32) {
    if direction.intersects(Direction::DESCRIPTION) {
        DESCRIPTIONS
    } else if direction.intersects(Direction::RESPONSE) {
        ANSWERS
    } else {
        REQUESTS
    }
}

/// The weights by the number of the feature.
static BY_FEATURE: LazyLock<[(i16, i16); 128]> = LazyLock::new(|| {
    let mut table = [(0, 0); 128];
    for (feature, answer, description) in WEIGHTS {
        if let Some(weights) = table.get_mut(*feature as usize) {
            *weights = (*answer, *description);
        }
    }
    table
});

pub(super) fn score(features: Features, direction: Direction) -> i32 {
    let described = direction.intersects(Direction::DESCRIPTION);
    let mut rest = features;
    let mut score = 0_i32;
    while rest != 0 {
        let (answer, description) = BY_FEATURE.get(rest.trailing_zeros() as usize).copied().unwrap_or((0, 0));
        score = score.saturating_add(i32::from(if described { description } else { answer }));
        rest &= rest.wrapping_sub(1);
    }
    score
}

pub(super) fn names(features: Features) -> Vec<&'static str> {
    ALL.iter().filter(|feature| features & feature.bit() != 0).map(|feature| feature.name()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_never_raises_a_score_and_attacks_never_lower_it() {
        let context = [
            F::AttackWord,
            F::AttackArticle,
            F::ExampleWord,
            F::OthersWord,
            F::Quoted,
            F::Question,
            F::Code,
            F::NeverOverride,
        ];
        for (feature, answer, description) in WEIGHTS {
            let harmless = context.contains(feature);
            for weight in [answer, description] {
                assert!(if harmless { *weight <= 0 } else { *weight >= 0 }, "{feature:?} weighs {weight}");
            }
        }
    }

    #[test]
    fn context_alone_cannot_excuse_a_plain_order() {
        let order = F::OverridePriorInstruction.bit()
            | F::OverrideInstruction.bit()
            | F::OverridePrior.bit()
            | F::ImperativeOverride.bit()
            | F::RevealPrompt.bit()
            | F::SystemPrompt.bit()
            | F::RevealInstruction.bit();
        let words = F::AttackWord.bit() | F::ExampleWord.bit() | F::OthersWord.bit();
        assert!(score(order | words, Direction::RESPONSE) >= ANSWERS.0);
    }
}

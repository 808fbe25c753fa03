//! The weight of each feature, and what score is an order.
//!
//! Fitted by `training/injection/fit.py` and reviewed by hand. Hundredths of a logit. What is not here weighs nothing.

use std::sync::LazyLock;

use super::features::{ALL, Feature as F, Features};
use crate::rules::Direction;

/// In what a tool answers, and in what a server says of its tools, where many an order is part of the manual.
const WEIGHTS: &[(F, i16, i16)] = &[
    (F::OverridePriorInstruction, 142, 147),
    (F::OverrideInstruction, 157, 79),
    (F::OverridePrior, 120, 29),
    (F::OverrideEvery, 51, 0),
    (F::OverrideYour, 262, 55),
    (F::OverrideLimits, 2, 8),
    (F::ImperativeOverride, 112, 175),
    (F::NewInstruction, 83, 133),
    (F::YourInstruction, 1, 56),
    (F::YourTask, 0, 34),
    (F::ImportantInstruction, 82, 36),
    (F::NotObey, 89, 300),
    (F::InsteadOrder, 56, 174),
    (F::RevealPrompt, 74, 81),
    (F::RevealInstruction, 207, 83),
    (F::RevealSecret, 72, 46),
    (F::SystemPrompt, 71, 1),
    (F::AskSecret, 79, 80),
    (F::YourSecret, 79, 80),
    (F::AskPrivate, 4, 6),
    (F::PutAnswer, 174, 187),
    (F::YourAnswer, 100, 100),
    (F::SayExact, 49, 25),
    (F::RewriteAnswer, 126, 170),
    (F::ImperativeSay, 0, 20),
    (F::ImperativeReveal, 19, 1),
    (F::SnippetOrder, 5, 300),
    (F::PutExact, 81, 28),
    (F::NotTell, 23, 90),
    (F::NotTellUser, 1, 255),
    (F::Silently, 38, 0),
    (F::ImperativeSend, 0, 6),
    (F::ImperativeDelete, 1, 0),
    (F::ImperativeChange, 1, 1),
    (F::PleaseAct, 50, 50),
    (F::PleaseStart, 60, 60),
    (F::YouMustAct, 30, 46),
    (F::MustFirstAct, 298, 144),
    (F::SendPrivate, 72, 26),
    (F::SendSecret, 0, 96),
    (F::GetSecret, 1, 38),
    (F::SendAddress, 21, 94),
    (F::DeletePrivate, 0, 70),
    (F::SendMe, 100, 100),
    (F::MoneyAct, 12, 3),
    (F::RunTool, 0, 2),
    (F::BeforeTool, 20, 70),
    (F::BeforeAsk, 0, 58),
    (F::ChangeParameter, 1, 1),
    (F::MustChange, 0, 1),
    (F::TaskMark, 23, 80),
    (F::TaskAct, 155, 259),
    (F::TaskDone, 200, 199),
    (F::StealData, 80, 80),
    (F::StealOrder, 0, 285),
    (F::RoleAct, 192, 49),
    (F::OverridePriorMatter, 94, 300),
    (F::OverrideMatter, 104, 36),
    (F::FirstRun, 0, 98),
    (F::SnippetYour, 220, 268),
    (F::BeforeOrder, 51, 114),
    (F::PretextOrder, 0, 1),
    (F::OrderedRun, 1, 43),
    (F::OrderedTool, 78, 57),
    (F::OrderedChange, 0, 77),
    (F::EndOfInstruction, 141, 271),
    (F::AlsoAct, 18, 49),
    (F::GetPrivate, 0, 1),
    (F::YouModel, 0, 300),
    (F::IfModel, 0, 49),
    (F::IfAsk, 1, 2),
    (F::You, 19, 19),
    (F::RegardlessUser, 126, 200),
    (F::AuthorityMe, 90, 90),
    (F::PersonaYou, 0, 7),
    (F::PersonaStart, 17, 29),
    (F::UnboundWord, 80, 80),
    (F::PersonaUnbound, 136, 300),
    (F::NotLimits, 18, 83),
    (F::LimitsYou, 15, 2),
    (F::ModeSwitch, 90, 300),
    (F::FromNowOn, 59, 60),
    (F::Important, 4, 25),
    (F::ImportantLoud, 48, 57),
    (F::Must, 18, 9),
    (F::Pretext, 18, 50),
    (F::Loud, 0, 1),
    (F::Exclaimed, 37, 44),
    (F::RoleColon, 0, 1),
    (F::RoleTag, 1, 120),
    (F::RoleToken, 0, 40),
    (F::InComment, 80, 80),
    (F::Banner, 0, 31),
    (F::Placeholder, 38, 76),
    (F::Handler, 150, 132),
    (F::Address, 5, 29),
    (F::Encoded, 39, 40),
    (F::EncodedOrder, 73, 265),
    (F::Addressed, 100, 100),
    (F::ModelMust, 30, 30),
    (F::Hidden, 40, 0),
    (F::ActAddress, 9, 63),
    (F::ToModelSecrecy, 330, 330),
    (F::ToModelSend, 300, 300),
    (F::ToModelSecret, 300, 300),
    (F::ToModelOverride, 250, 250),
    (F::ToModelHarm, 150, 150),
    (F::ToModelAct, 50, 50),
    (F::SecrecySend, 300, 300),
    (F::SecrecyAct, 80, 80),
    (F::HiddenOrder, 250, 250),
    (F::MustSecret, 30, 30),
    (F::UnaskedHarm, 80, 80),
    (F::AttackWord, -16, 0),
    (F::AttackArticle, -220, -64),
    (F::ExampleWord, -67, -99),
    (F::Quoted, -260, -260),
    (F::Code, -160, -70),
    (F::NeverOverride, -100, -20),
    (F::Courtesy, -150, -150),
];

/// What a text must reach to be an order, and to be suspected of one: answers, descriptions, and text that is sent on,
/// which is for the most part written for people.
const ANSWERS: (i32, i32) = (345, 280);
const DESCRIPTIONS: (i32, i32) = (480, 260);
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

/// Whether `features` of a text that was written to be overlooked (in leet, spaced out, reversed) say what an order to a
/// model does: who hides words from a filter says with it what he thinks of them, so that less is enough, but for manners.
pub(super) fn means_harm(features: Features, direction: Direction) -> bool {
    const ENOUGH: i32 = 150;
    score(features & !(F::PleaseAct.bit() | F::PleaseStart.bit()), direction) >= ENOUGH
}

pub(super) fn names(features: Features) -> Vec<&'static str> {
    ALL.iter().filter(|feature| features & feature.bit() != 0).map(|feature| feature.name()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_never_raises_a_score_and_attacks_never_lower_it() {
        let context =
            [F::AttackWord, F::AttackArticle, F::ExampleWord, F::Quoted, F::Code, F::NeverOverride, F::Courtesy];
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
        let words = F::AttackWord.bit() | F::ExampleWord.bit();
        assert!(score(order | words, Direction::RESPONSE) >= ANSWERS.0);
    }
}

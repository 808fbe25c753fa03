//! What several things mean that a text says in one breath: an order to the model is rarely an attack, nor is a secret or
//! an address; an order to the model to send a secret to an address is.

use super::features::{Feature as F, Features};

/// A feature, given where each of the sets has something.
struct Together(F, &'static [Features]);

const fn any(features: &[F]) -> Features {
    let mut all = 0;
    let mut rest = features;
    while let [first, others @ ..] = rest {
        all |= first.bit();
        rest = others;
    }
    all
}

const TO_MODEL: Features = any(&[F::Addressed, F::ModelMust]);
const SECRECY: Features = any(&[F::NotTellUser, F::NotTell, F::SilentAction, F::NotAsk]);
const ACT: Features = any(&[
    F::ImperativeSend,
    F::ImperativeDelete,
    F::ImperativeRun,
    F::ImperativeChange,
    F::ImperativeGet,
    F::ImperativePut,
    F::ImperativeSay,
    F::ImperativeReveal,
    F::OrderedRun,
    F::PleaseAct,
    F::YouMustAct,
    F::ModelMust,
    F::AlsoAct,
]);
const MUST: Features = any(&[F::YouMustAct, F::MustFirstAct, F::BeforeTool, F::ModelMust]);
const SECRET: Features = any(&[F::SendSecret, F::GetSecret, F::RevealSecret, F::StealData]);
const OVERRIDE: Features = any(&[
    F::OverridePriorInstruction,
    F::OverrideInstruction,
    F::OverridePrior,
    F::OverrideMatter,
    F::OverrideYour,
    F::NewInstruction,
    F::InsteadOrder,
    F::NotObey,
]);

const ALL: &[Together] = &[
    Together(F::ToModelSecrecy, &[TO_MODEL, SECRECY]),
    Together(F::ToModelSend, &[TO_MODEL, any(&[F::SendAddress, F::ActAddress])]),
    Together(F::ToModelSecret, &[TO_MODEL, SECRET | any(&[F::SendPrivate, F::RevealPrompt, F::RevealInstruction])]),
    Together(F::ToModelOverride, &[TO_MODEL, OVERRIDE]),
    Together(F::ToModelHarm, &[TO_MODEL, any(&[F::MoneyAct, F::DeletePrivate, F::ImperativeDelete])]),
    Together(F::ToModelAct, &[TO_MODEL, ACT]),
    Together(
        F::SecrecySend,
        &[any(&[F::NotTellUser, F::SilentAction]), any(&[F::SendAddress, F::SendPrivate]) | SECRET],
    ),
    Together(F::SecrecyAct, &[any(&[F::NotTellUser, F::SilentAction]), ACT]),
    Together(F::HiddenOrder, &[any(&[F::Hidden, F::InComment]), TO_MODEL, ACT]),
    Together(F::MustSecret, &[MUST, SECRET]),
    Together(
        F::UnaskedHarm,
        &[any(&[F::NotAsk]), any(&[F::MoneyAct, F::DeletePrivate, F::ImperativeDelete, F::SendAddress]) | SECRET],
    ),
];

/// What `features`, found in a sentence and the next, mean together.
pub(super) fn together(features: Features) -> Features {
    // All of them need one of these, which most sentences have none of.
    if features & (TO_MODEL | SECRECY | MUST) == 0 {
        return 0;
    }
    ALL.iter()
        .filter(|Together(_, sets)| sets.iter().all(|set| features & set != 0))
        .fold(0, |all, Together(feature, _)| all | feature.bit())
}

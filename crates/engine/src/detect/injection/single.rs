//! What one word or one mark says by itself.

use super::features::{Feature, Features};
use super::lexicon::{Class, Classes};
use super::marks::{Form, Marks};
use super::words::Word;

/// An order to act, by the kind of act.
pub(super) fn imperative(classes: Classes) -> Features {
    [
        (Class::Override, Feature::ImperativeOverride),
        (Class::Send, Feature::ImperativeSend),
        (Class::Delete, Feature::ImperativeDelete),
        (Class::Run, Feature::ImperativeRun),
        (Class::Change, Feature::ImperativeChange),
        (Class::Get, Feature::ImperativeGet),
        (Class::Put, Feature::ImperativePut),
        (Class::Say, Feature::ImperativeSay),
        (Class::Reveal, Feature::ImperativeReveal),
        (Class::Persona, Feature::PersonaStart),
    ]
    .into_iter()
    .fold(0, |found, (class, feature)| if classes & class.bit() != 0 { found | feature.bit() } else { found })
}

/// What one word's form says.
pub(super) fn of_form(word: &Word) -> Features {
    let mut found = 0;
    let role = Class::Authority.bit() | Class::Model.bit() | Class::User.bit();
    let loud = role | Class::Important.bit() | Class::Instruction.bit() | Class::Silent.bit() | Class::Override.bit();
    if word.form.contains(Form::MARKED) && word.classes & loud != 0 {
        found |= Feature::RoleTag.bit();
    }
    if word.form.contains(Form::COLON | Form::START) && word.classes & role != 0 {
        found |= Feature::RoleColon.bit();
    }
    if word.form.contains(Form::START) {
        if word.classes & Class::Steal.bit() != 0 {
            found |= Feature::StealOrder.bit();
        }
        if word.classes & Class::Model.bit() != 0 {
            found |= Feature::AddressModel.bit();
        }
        if word.classes & Class::Please.bit() != 0 {
            found |= Feature::PleaseStart.bit();
        }
    }
    if word.form.contains(Form::CAPS)
        && word.classes & (Class::Important.bit() | Class::Must.bit() | Class::Override.bit()) != 0
    {
        found |= Feature::ImportantLoud.bit();
    }
    found
}

pub(super) fn of_classes(all: Classes) -> Features {
    [
        (Class::Silent, Feature::Silently),
        (Class::You, Feature::You),
        (Class::Unbound, Feature::UnboundWord),
        (Class::Important, Feature::Important),
        (Class::Must, Feature::Must),
        (Class::Pretext, Feature::Pretext),
        (Class::Encode, Feature::Encoded),
        (Class::Attack, Feature::AttackWord),
        (Class::Example, Feature::ExampleWord),
    ]
    .into_iter()
    .fold(0, |found, (class, feature)| if all & class.bit() != 0 { found | feature.bit() } else { found })
}

pub(super) fn of_marks(marks: Marks) -> Features {
    [
        (Marks::CAPITALS, Feature::Loud),
        (Marks::EXCLAIMED, Feature::Exclaimed),
        (Marks::COMMENT, Feature::InComment),
        (Marks::BANNER, Feature::Banner),
        (Marks::ADDRESS, Feature::Address),
        (Marks::CODE, Feature::Code),
        (Marks::PLACEHOLDER, Feature::Placeholder),
        (Marks::ROLE, Feature::RoleToken),
        (Marks::HANDLER, Feature::Handler),
        (Marks::HIDDEN, Feature::Hidden),
    ]
    .into_iter()
    .fold(0, |found, (mark, feature)| if marks.contains(mark) { found | feature.bit() } else { found })
}

//! Secrets that have no format of their own: a value that is named one, and the number of a payment card.

mod assignment;
mod card;

use super::{Family, Found, Look};

pub(super) const FAMILY: Family = Family { name: "secrets", kinds: &["assignment", "card"], look };

fn look(look: &Look<'_>, found: &mut Found<'_>) {
    assignment::find(look.view, &mut |range| found(0, range));
    if look.signs.any(b"0123456789") {
        card::find(look.view, &mut |range| found(1, range));
    }
}

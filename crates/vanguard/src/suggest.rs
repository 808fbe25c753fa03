//! "Did you mean …?"

/// The known word that `word` most likely misspells.
pub(crate) fn closest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len() / 3))
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_slip_is_mended_and_a_stranger_is_not() {
        let known = ["profile", "rules", "limits"];
        assert_eq!(closest("profil", known.into_iter()), Some("profile"));
        assert_eq!(closest("ruels", known.into_iter()), Some("rules"));
        assert_eq!(closest("colour", known.into_iter()), None);
    }
}

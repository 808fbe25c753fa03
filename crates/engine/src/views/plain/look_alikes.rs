//! Characters that look like ASCII and that NFKC leaves alone.
//!
//! Derived from `confusables.txt` of Unicode Technical Standard 39 (Unicode 18.0), reduced to what deceives here: one
//! ASCII character on the right, no digits (`З` is a letter to its reader), and of accented letters only those with a
//! stroke (`ø`, `đ`), which no normalisation takes apart.
//! The TR39 skeleton itself would not do: it rewrites ASCII too (`m` becomes `rn`). Small capitals and the Cyrillic
//! letters drawn like them (`к`, `м`, `т`, `н`, `в`), which TR39 keeps apart from Latin, are added.

use std::sync::LazyLock;

/// The ASCII character that `c` is drawn like.
pub(super) fn ascii_of(c: char) -> Option<char> {
    let code = u32::from(c);
    match code {
        // ASCII itself; and kanji, kana and Hangul, of which nothing is in the table.
        0..=0x7f | 0x2e80..=0xa4cf | 0xac00..=0xd7ff => None,
        // Negative circled and squared letters and regional indicators are alphabets in order.
        0x1f150..=0x1f169 => letter_at(code, 0x1f150),
        0x1f170..=0x1f189 => letter_at(code, 0x1f170),
        0x1f1e6..=0x1f1ff => letter_at(code, 0x1f1e6),
        _ => {
            let index = &*INDEX;
            index.low.get(usize::try_from(code).ok()?).map_or_else(
                || {
                    let at = index.high.binary_search_by_key(&c, |entry| entry.0).ok()?;
                    index.high.get(at).map(|entry| char::from(entry.1))
                },
                |&ascii| (ascii != 0).then(|| char::from(ascii)),
            )
        }
    }
}

/// Of a letter of the scripts that most prose beyond Latin is written in: whether it has an ASCII twin. `None` for all
/// else. Exists to be quick.
pub(super) fn has_twin(c: char) -> Option<bool> {
    match u32::from(c) {
        code @ (0x386..=0x482 | 0x48a..=0x556) => {
            Some(usize::try_from(code).ok().and_then(|code| INDEX.low.get(code)).is_some_and(|&ascii| ascii != 0))
        }
        0x5d0..=0x5ea
        | 0x620..=0x64a
        | 0x904..=0x939
        | 0x3041..=0x3096
        | 0x30a1..=0x30fa
        | 0x4e00..=0x9fff
        | 0xac00..=0xd7a3 => Some(false),
        _ => None,
    }
}

/// Whether `c`, which is no ASCII, is a letter; of the scripts that are nothing but letters, everything is taken for one.
pub(super) fn is_letter(c: char) -> bool {
    match u32::from(c) {
        0xc0..=0x2af | 0x370..=0x1cff => !matches!(c, '×' | '÷'),
        0x2e80..=0x2fff | 0x3040..=0xa4cf | 0xac00..=0xd7ff | 0x1f150..=0x1f1ff => true,
        0..=0xbf
        | 0x300..=0x36f
        | 0x2000..=0x206f
        | 0x2190..=0x2bff
        | 0x3000..=0x303f
        | 0xfe00..=0xfe0f
        | 0x1f000..=0x1ffff => false,
        _ => c.is_alphanumeric(),
    }
}

fn letter_at(code: u32, first: u32) -> Option<char> {
    char::from_u32(code.wrapping_sub(first).wrapping_add(u32::from('A')))
}

/// Latin, Greek, Cyrillic and Armenian by position, the rest by search.
struct Index {
    low: Box<[u8]>,
    high: Vec<(char, u8)>,
}

/// One past the Armenian block: the scripts that people write prose in and that look like Latin lie below.
const LOW: usize = 0x590;

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut low = vec![0_u8; LOW].into_boxed_slice();
    let mut high = Vec::new();
    for &(ascii, twins) in TWINS {
        for twin in twins.chars() {
            match usize::try_from(u32::from(twin)).ok().and_then(|code| low.get_mut(code)) {
                Some(slot) => *slot = ascii,
                None => high.push((twin, ascii)),
            }
        }
    }
    high.sort_unstable();
    Index { low, high }
});

#[rustfmt::skip]
const TWINS: &[(u8, &str)] = &[
    (b'!', "ǃⵑ"),
    (b'"', "\u{201c}\u{201d}\u{201e}\u{201f}\u{2033}"),
    (b'$', "ֆ"),
    (b'&', "ꝸ"),
    (b'\'', "ʹʻʼʽʾˈˊˋ\u{2f4}\u{55a}\u{55b}\u{55d}\u{2018}\u{2019}\u{201b}\u{2032}\u{2035}\u{2cff}"),
    (b'(', "\u{2768}\u{2772}\u{2e62}"),
    (b')', "\u{2769}\u{2773}\u{2e63}"),
    (b'*', "\u{204e}\u{2217}"),
    (b'+', "\u{2795}"),
    (b',', "\u{201a}\u{2e12}ꓹ"),
    (b'-', "\u{2d7}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2043}\u{2212}\u{2238}\u{2796}ⲲⲳⲺⲻ\u{fe58}"),
    (b'.', "\u{2027}\u{2219}\u{22c5}ꓸ\u{10a50}"),
    (b'/', "\u{2041}\u{2044}\u{2215}\u{2571}\u{27cb}\u{29f6}\u{29f8}Ⳇⳇ"),
    (b':', "ː\u{2f8}\u{589}\u{5c3}\u{205a}\u{2236}ꓽ\u{a789}"),
    (b'<', "\u{2c2}\u{2039}\u{276e}ⵦ"),
    (b'=', "\u{2e40}\u{a4ff}\u{a78a}"),
    (b'>', "\u{2c3}\u{203a}\u{276f}"),
    (b'?', "ɁʔᎮ"),
    (b'[', "\u{298b}"),
    (b'\\', "\u{2216}\u{2572}\u{27cd}\u{29f5}\u{29f9}"),
    (b']', "\u{298c}"),
    (b'^', "\u{2c4}ˆ"),
    (b'{', "\u{2774}"),
    (b'|', "\u{2223}\u{23d0}\u{2502}"),
    (b'}', "\u{2775}"),
    (b'~', "\u{2dc}\u{2053}\u{223c}\u{2e1e}\u{2e1f}"),
    (b'A', "ΑАᎪꓮ"),
    (b'B', "ƂƄΒБВЬѢҌᏏᏴⲂꓐꞴ"),
    (b'C', "СҪᏟⲤꓚ"),
    (b'D', "ĐÐƉƋᎠᏧꓓ"),
    (b'E', "ɆΕЕᎬⴹꓰ"),
    (b'F', "ƑϜꓝꞘ"),
    (b'G', "ǤԌᏀᏳꓖ"),
    (b'H', "ĦΗНҢҺӇӉᎻᏂᏲⱧⲎꓧ"),
    (b'I', "ƖƗΙІӀᎥⲒꞮ"),
    (b'J', "ɈͿЈᎫꓙꞲ"),
    (b'K', "ΚКҚҞᏦⱩⲔꓗꝀ"),
    (b'L', "ŁᏞⳐꓡ"),
    (b'M', "ΜϺМӍᎷⲘꓟ"),
    (b'N', "ƝΝⲚꓠ"),
    (b'O', "ØǾƟΘΟОѲӨՕᎤᎾᏫⲐⲞⴱⵁⵔꓳꝊ"),
    (b'P', "ΡРᏢⲢⳎꓑ"),
    (b'Q', "Ԛⵕ"),
    (b'R', "ƦɌᎡᏒꓣ"),
    (b'S', "ЅՏᏕᏚꓢꟅ"),
    (b'T', "ŦƮȾΤТҬᎢᎿⲦꓔꚌ"),
    (b'U', "ɄՍᏌꓴ"),
    (b'V', "ѴᏙⴸꓦ"),
    (b'W', "ԜᎳᏔꓪ"),
    (b'X', "ΧХҲⲬⵝꓫꞳ"),
    (b'Y', "ɎΥУҮҰᎩᎽⲨꓬ"),
    (b'Z', "ƵȤΖᏃⱫⲌꓜ"),
    (b'a', "ɑαаᴀꭤꭺ"),
    (b'b', "ƀƃɓʙвѣҍᏼⲃ"),
    (b'c', "ȼсҫᴄⲥꮯ"),
    (b'd', "đðƌɖɗԁᴅꓒꭰ"),
    (b'e', "ɇɛεеєҽҿԑᴇ\u{212e}ⲉꬲꭼꮛ"),
    (b'f', "ƒʄքᵮẝꜰꞙꬵ"),
    (b'g', "ƍǥɠɡɢԍցᏻᶃꮐ"),
    (b'h', "ħɦʜнћңһӈӊհⲏꚕꮋ"),
    (b'i', "ıɨɩɪιіւᵻᵼⲓꙇꭵ"),
    (b'j', "ȷɉɟϳјյᴊꭻ"),
    (b'k', "ĸƙκкқҟᴋⲕꮶ"),
    (b'l', "łƚǀɫɭʟӏⳑⵊⵏꓲꞁꟾꮮ"),
    (b'm', "ʍмӎᴍⲙꮇ"),
    (b'n', "ŋƞɲɳɴηпղոռᴨᵰⲛⲡ"),
    (b'o', "øǿɵθοσϭоѳөօᴏᴑⲑⲟꝋꬽꬾꭴꮎꮻ"),
    (b'p', "ƥρϸрᴘᴩᵽⲣⳏꮲ"),
    (b'q', "ʠԛգզꞯ"),
    (b'r', "ɍɼɽʀгғᴦᵲⲅꭇꭈꭱꮁꮢ"),
    (b's', "ƽʂѕᵴꜱꮪ"),
    (b't', "ŧƫƭτтҭᴛᵵⲧꚍꭲ"),
    (b'u', "ʋμυџսᴜᵾꞟꭎꭒꮜ"),
    (b'v', "νѵᴠꮩ"),
    (b'w', "ɯωшѡѽԝաᴡⲱⲽꙍꝡꞷꟺꮃꮤ"),
    (b'x', "х"),
    (b'y', "ƴɏɣʏγуүұᶌỿⲩꭚ"),
    (b'z', "ƶȥʐᴢᵶⱬⲍⴭꮓ"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_twin_is_found_and_none_is_listed_twice() {
        let mut seen = std::collections::BTreeMap::new();
        for &(ascii, twins) in TWINS {
            for twin in twins.chars() {
                assert_eq!(ascii_of(twin), Some(char::from(ascii)), "{twin:?}");
                assert_eq!(seen.insert(twin, ascii), None, "{twin:?} is listed twice");
            }
        }
    }

    #[test]
    fn letters_of_other_languages_keep_their_reading() {
        for c in "éñüßçÅ中の한ىдж".chars() {
            assert_eq!(ascii_of(c), None, "{c:?}");
        }
    }
}

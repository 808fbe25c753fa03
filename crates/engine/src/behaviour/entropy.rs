//! How random bytes are, and what they are by how they begin.
//!
//! Encoded content is decoded first: base64 has six bits a character whatever it holds. A picture, an archive or a font is as random as a
//! key, so what its first bytes name is no alarm; what nothing names, or what names itself encrypted, is.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::secret::entropy;

/// The fewest bytes whose entropy says anything: a digest or an id is as random as a key of its length.
pub(crate) const LEAST: usize = 192;
/// Bytes of one window.
const WINDOW: usize = 4096;
/// The most encoded bytes of which a window is taken: at the beginning, in the middle, at the end.
const MAX_WINDOWS: usize = 3;
/// How far below that of random bytes the entropy of a window may lie, in bits a byte: the shorter it is, the further it strays.
#[expect(clippy::cast_precision_loss, reason = "a window has 4,096 bytes")]
fn slack(length: usize) -> f64 {
    0.06 + 20.0 / length.max(1) as f64
}

/// What some bytes are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measure {
    /// The most bits a byte of any window.
    pub(crate) bits: f64,
    /// Bytes of that window.
    pub(crate) window: usize,
    pub(crate) class: Class,
}

/// What bytes are, as far as they show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A format whose first bytes say so.
    Known,
    /// A format that holds nothing but what somebody has encrypted.
    Encrypted,
    /// A private key.
    Key,
    /// As random as can be, and no format that is known.
    Random,
    /// Anything else.
    Plain,
}

/// The measure of the longest encoded run of a text, if it has one.
pub(crate) fn of_text(text: &str) -> Option<Measure> {
    let run = longest_run(text)?;
    of_encoded(run)
}

/// The measure of something that is known to be encoded.
pub(crate) fn of_encoded(run: &str) -> Option<Measure> {
    let hex = run.bytes().take(512).all(|b| b.is_ascii_hexdigit() || b.is_ascii_whitespace());
    let parts = parts(run, if hex { WINDOW * 2 } else { WINDOW / 3 * 4 });
    let mut best: Option<Measure> = None;
    for (n, part) in parts.into_iter().enumerate() {
        let bytes = if hex { unhex(&part) } else { unbase64(&part) };
        if n == 0 {
            match class_of(&bytes) {
                Class::Plain => {}
                class => return Some(Measure { bits: entropy(&bytes), window: bytes.len(), class }),
            }
        }
        if bytes.len() < LEAST {
            continue;
        }
        let bits = entropy(&bytes);
        let class = if bits >= of_random(bytes.len()) - slack(bytes.len()) { Class::Random } else { Class::Plain };
        if best.is_none_or(|best| bits > best.bits) {
            best = Some(Measure { bits, window: bytes.len(), class });
        }
    }
    best
}

/// The longest run of letters of base64 or hexadecimal digits that is long enough to be measured. One that is broken into lines is one.
fn longest_run(text: &str) -> Option<&str> {
    // A run that is long enough has a letter at one of these places, so prose is left after few looks.
    const STEP: usize = 64;
    const SHORTEST: usize = LEAST / 3 * 4;
    let bytes = text.as_bytes();
    let (mut at, mut best) = (STEP / 2, 0..0);
    while at < bytes.len() {
        if !bytes.get(at).is_some_and(|b| is_encoded(*b)) {
            at = at.saturating_add(STEP);
            continue;
        }
        let (start, end) = (back(bytes, at), forward(bytes, at));
        if end.saturating_sub(start) > best.len() {
            best = start..end;
        }
        at = end.max(at).saturating_add(STEP);
    }
    (best.len() >= SHORTEST).then(|| text.get(best)).flatten()
}

fn is_encoded(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_')
}

/// Where the run that `at` lies in begins.
fn back(bytes: &[u8], at: usize) -> usize {
    let (mut start, mut line) = (at, 0_usize);
    while let Some(before) = start.checked_sub(1).and_then(|n| bytes.get(n)) {
        if is_encoded(*before) {
            line = line.saturating_add(1);
        } else if !is_break(*before) || line < LINE && start.saturating_add(LINE) < at {
            break;
        } else {
            line = 0;
        }
        start = start.saturating_sub(1);
    }
    start
}

/// Where it ends.
fn forward(bytes: &[u8], at: usize) -> usize {
    let (mut end, mut line) = (at, LINE);
    while let Some(next) = bytes.get(end) {
        if is_encoded(*next) {
            line = line.saturating_add(1);
        } else if is_break(*next) && (line >= LINE || line == 0) {
            line = 0;
        } else {
            break;
        }
        end = end.saturating_add(1);
    }
    end
}

/// The shortest line of encoded content that is broken into lines.
const LINE: usize = 56;

fn is_break(b: u8) -> bool {
    matches!(b, b'\n' | b'\r')
}

/// The beginning, the middle and the end of a run, each `length` characters, without line breaks.
fn parts(run: &str, length: usize) -> Vec<Cow<'_, str>> {
    // Four characters are three bytes.
    let whole = |at: usize| at.saturating_sub(at % 4);
    let middle = whole(run.len() / 2);
    let last = whole(run.len().saturating_sub(length));
    let starts = [0, middle.min(last), last];
    let mut parts: Vec<Cow<'_, str>> = Vec::with_capacity(MAX_WINDOWS);
    for (n, start) in starts.into_iter().enumerate() {
        if n > 0 && run.len() <= length {
            break;
        }
        let end = run.len().min(start.saturating_add(length));
        let part = run.get(start..end).unwrap_or_default();
        parts.push(if part.bytes().any(is_break) {
            Cow::Owned(part.chars().filter(|c| !matches!(c, '\n' | '\r')).collect())
        } else {
            Cow::Borrowed(part)
        });
    }
    parts
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks_exact(2);
    pairs.map_while(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

fn unbase64(text: &str) -> Vec<u8> {
    const LAX: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LAX);
    const URL: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LAX);
    let text = text.trim_end_matches('=');
    // A last letter alone holds no byte.
    let text = text.get(..text.len().saturating_sub(usize::from(text.len() % 4 == 1))).unwrap_or(text);
    let engine: &GeneralPurpose = if text.contains(['-', '_']) { &URL } else { &STANDARD };
    engine.decode(text).unwrap_or_default()
}

/// What it is on the average of random bytes: a sample of 256 symbols misses some of the 8 bits, the more the shorter it is. The table holds
/// the mean of -(k/n)·log2(k/n) over binomial counts k; between its lines it is straight.
#[expect(clippy::cast_precision_loss, reason = "a window has 4,096 bytes")]
fn of_random(length: usize) -> f64 {
    const MEANS: [(usize, f64); 13] = [
        (192, 6.939),
        (256, 7.175),
        (320, 7.333),
        (384, 7.445),
        (448, 7.527),
        (512, 7.59),
        (640, 7.679),
        (768, 7.738),
        (1024, 7.809),
        (1536, 7.876),
        (2048, 7.908),
        (3072, 7.939),
        (4096, 7.955),
    ];
    let mut before = MEANS.first().copied().unwrap_or_default();
    for (at, mean) in MEANS {
        if length <= at {
            let share = length.saturating_sub(before.0) as f64 / at.saturating_sub(before.0).max(1) as f64;
            return before.1 + (mean - before.1) * share;
        }
        before = (at, mean);
    }
    before.1
}

/// How formats begin that hold nothing but what is encrypted: OpenSSL's, age's, LUKS, messages of `OpenPGP`.
const ENCRYPTED: [&[u8]; 8] = [
    b"Salted__",
    b"age-encryption.org/",
    b"\x53\x41\x4c\x54",
    b"LUKS\xba\xbe",
    b"\x85\x01\x0c\x03",
    b"\x85\x02\x0c\x03",
    b"\xc1\xc0\x4c\x03",
    b"\x8c\x0d\x04",
];

/// How pictures, archives, fonts, programs, sound, films, documents, databases, certificates and public keys begin.
const KNOWN: [&[u8]; 42] = [
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"\0\0\x01\0",
    b"\0\0\x02\0",
    b"RIFF",
    b"%PDF",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"Rar!",
    b"wOFF",
    b"wOF2",
    b"OTTO",
    b"\0\x01\0\0",
    b"true",
    b"ttcf",
    b"\0asm",
    b"\x7fELF",
    b"MZ",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"SQLite",
    b"PAR1",
    b"PACK",
    b"ID3",
    b"\xff\xfb",
    b"OggS",
    b"fLaC",
    b"\x1aE\xdf\xa3",
    b"FLV",
    b"8BPS",
    b"\xd0\xcf\x11\xe0",
    b"\x30\x82",
    b"\x30\x81",
    b"\0\0\0\x07ssh-",
    b"\0\0\0\x0bssh-",
];

/// What the first bytes say.
fn class_of(bytes: &[u8]) -> Class {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    let at = |offset: usize, magic: &[u8]| bytes.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    if starts(b"PK\x03\x04") {
        // Bit 0 of its flags: the entry is encrypted (APPNOTE.TXT 4.4.4).
        let encrypted = bytes.get(6).is_some_and(|flags| flags & 1 == 1);
        return if encrypted { Class::Encrypted } else { Class::Known };
    }
    if starts(b"7z\xbc\xaf\x27\x1c") {
        return Class::Known;
    }
    if ENCRYPTED.iter().any(|magic| starts(magic)) {
        return Class::Encrypted;
    }
    if let Some(class) = of_der(bytes) {
        return class;
    }
    let boxed = at(4, b"ftyp") || at(4, b"moov") || at(4, b"jP  ") || at(257, b"ustar");
    // An OpenPGP key (RFC 9580: packet tags 5, 6) is made to be shown, or a secret one, which has a rule of its own.
    let pgp = starts(b"\x99\x01") || starts(b"\x98\x33") || starts(b"\x98\x6f") || starts(b"\xc6\x33");
    if boxed || pgp || KNOWN.iter().any(|magic| starts(magic)) { Class::Known } else { Class::Plain }
}

/// What a sequence in DER is, where it is of keys: those alone begin with a version (RFC 5208, 8017, 5915; of a PKCS #12 store it is 3), and
/// those that are encrypted with the name of the scheme (RFC 8018).
fn of_der(bytes: &[u8]) -> Option<Class> {
    const PBES2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05";
    let ([0x30, 0x82, _, _, inner @ ..] | [0x30, 0x81, _, inner @ ..] | [0x30, 0x00..=0x7f, inner @ ..]) = bytes else {
        return None;
    };
    match inner {
        [0x02, 0x01, 0 | 1, 0x02 | 0x04 | 0x30, ..] => Some(Class::Key),
        [0x02, 0x01, 3, 0x30, ..] => Some(Class::Encrypted),
        [0x30, 0x00..=0x7f, rest @ ..] if rest.starts_with(PBES2) => Some(Class::Encrypted),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    /// Bytes of a small generator: random as far as entropy can tell.
    fn random(length: usize, mut seed: u64) -> Vec<u8> {
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed.wrapping_mul(0x2545_f491_4f6c_dd1d)
        };
        (0..length).map(|_| (next() >> 56) as u8).collect()
    }

    fn class(bytes: &[u8]) -> Option<Class> {
        of_text(&format!("here it is: {}", STANDARD.encode(bytes))).map(|measure| measure.class)
    }

    #[test]
    fn private_keys_and_their_stores_are_told_from_certificates() {
        let der = |head: &[u8]| [head, &random(700, 5)].concat();
        assert_eq!(class(&der(b"\x30\x82\x02\x76\x02\x01\0\x30\x0d\x06\x09")), Some(Class::Key), "PKCS #8");
        assert_eq!(class(&der(b"\x30\x82\x02\x5c\x02\x01\0\x02\x81\x81")), Some(Class::Key), "PKCS #1");
        assert_eq!(class(&der(b"\x30\x81\xdc\x02\x01\x01\x04\x42")), Some(Class::Key), "SEC 1");
        assert_eq!(class(&der(b"\x30\x82\x09\x51\x02\x01\x03\x30\x82")), Some(Class::Encrypted), "PKCS #12");
        let scheme = b"\x30\x82\x02\xdd\x30\x57\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
        assert_eq!(class(&der(scheme)), Some(Class::Encrypted), "encrypted PKCS #8");
        assert_eq!(class(&der(b"\x30\x82\x03\x5a\x30\x82\x02\x42\xa0\x03")), Some(Class::Known), "certificate");
        assert_eq!(class(&der(b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86")), Some(Class::Known), "public key");
    }

    #[test]
    fn random_bytes_of_any_length_are_known_in_any_encoding() {
        let mut known = 0;
        for n in 0..400_u64 {
            let bytes = random(192 + usize::try_from(n * 37 % 9_000).unwrap(), n + 1);
            let hex = bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
            let wrapped: Vec<String> = STANDARD
                .encode(&bytes)
                .as_bytes()
                .chunks(76)
                .map(|line| String::from_utf8_lossy(line).into())
                .collect();
            let texts = [STANDARD.encode(&bytes), hex, wrapped.join("\n")];
            known +=
                texts.iter().filter(|text| of_text(text).is_some_and(|measure| measure.class == Class::Random)).count();
        }
        assert!(known >= 1_188, "{known} of 1,200");
    }

    #[test]
    fn formats_are_no_alarm_and_what_is_encrypted_is() {
        let with = |magic: &[u8]| [magic, &random(3_000, 5)].concat();
        for magic in [&b"\x89PNG\r\n\x1a\n"[..], b"PK\x03\x04\x14\0\0\0", b"%PDF-1.7\n", b"\x1f\x8b\x08\0", b"wOF2"] {
            assert_eq!(class(&with(magic)), Some(Class::Known), "{magic:?}");
        }
        for magic in [&b"PK\x03\x04\x14\0\x01\0"[..], b"Salted__", b"age-encryption.org/v1\n"] {
            assert_eq!(class(&with(magic)), Some(Class::Encrypted), "{magic:?}");
        }
    }

    #[test]
    fn text_code_and_digests_are_plain() {
        let chinese = "快速的棕色狐狸跳过懒狗，一切都很好。".repeat(60);
        let code = include_str!("entropy.rs");
        for text in [chinese.as_str(), code] {
            assert!(class(text.as_bytes()).is_none_or(|class| class == Class::Plain));
            assert!(of_text(text).is_none_or(|measure| measure.class == Class::Plain));
        }
        let lock = (0..40)
            .map(|n| format!("\"integrity\": \"sha512-{}==\",\n", STANDARD.encode(random(64, n + 9))))
            .collect::<Vec<_>>()
            .concat();
        assert!(of_text(&lock).is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_measured_without_a_fault(text in "[A-Za-z0-9+/=_\\-\\n\\r é]{0,2000}") {
            if let Some(measure) = of_text(&text) {
                prop_assert!((0.0..=8.0).contains(&measure.bits));
            }
        }
    }
}

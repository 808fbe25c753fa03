//! Any text in any roles: no decoder or reading panics, the field as it came is the first view, and the limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vanguard_engine::Roles;
use vanguard_engine::views::{ViewLimits, each_view};

fuzz_target!(|input: &[u8]| {
    // The first two bytes are the roles; the rest is the field.
    let [low, high, rest @ ..] = input else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let roles = Roles::from_bits_truncate(u16::from_le_bytes([*low, *high]));
    let limits = ViewLimits { bytes: 1 << 16, ..ViewLimits::default() };
    let (mut given, mut bytes) = (0_usize, 0_usize);
    let stats = each_view(text, roles, &limits, &mut |view, chain| {
        if given == 0 {
            assert_eq!(view, text);
        } else {
            bytes += view.len();
        }
        assert_eq!(given == 0, chain.0.is_empty());
        given += 1;
    });
    assert_eq!(usize::try_from(stats.views), Ok(given));
    assert!(given <= limits.count && bytes <= limits.bytes);
});

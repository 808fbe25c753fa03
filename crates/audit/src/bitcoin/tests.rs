use std::fs;

use super::*;

/// The first block of the main chain.
const FIRST: &str = "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c";

fn bytes(header: &Header) -> Vec<u8> {
    header.0.to_vec()
}

#[test]
fn the_first_block_of_the_main_chain_is_what_everybody_knows() {
    let first = Header::parse(FIRST).unwrap();
    assert_eq!(first.hash().to_string(), "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
    assert_eq!(Chain::of(&first.hash().to_string()), Some(Chain::Main));
    assert_eq!((first.time(), first.previous()), (1_231_006_505, BlockHash::NONE));
    assert!(first.has_work() && first.is_hard());
    assert_eq!(first.merkle_root()[..4], [0x3b, 0xa3, 0xed, 0xfd]);
    let other = Header::parse(&FIRST.replace("29ab5f49", "29ab5f48")).unwrap();
    assert!(!other.has_work());
}

#[test]
fn targets_are_read_as_the_chain_reads_them() {
    let hex = |bits| target(bits).map(|target| crate::digest::Digest::hex_of(&target));
    assert_eq!(hex(EASIEST).unwrap(), format!("00000000ffff{}", "0".repeat(52)));
    assert_eq!(hex(0x207f_ffff).unwrap(), format!("7fffff{}", "0".repeat(58)));
    assert_eq!(hex(0x0312_3456).unwrap(), format!("{}123456", "0".repeat(58)));
    assert_eq!(hex(0x0112_3456).unwrap(), format!("{}12", "0".repeat(62)));
    for none in [0, 0x1d80_ffff, 0xff12_3456, 0x2300_0001_u32.wrapping_add(0x0100_0000), 0x2012_3456 + 0x0200_0000] {
        assert_eq!(target(none), None, "{none:08x}");
    }
}

#[test]
fn a_file_of_headers_must_be_one_chain_from_a_first_block_that_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("headers");
    let first = Header::parse(FIRST).unwrap();
    let file = |headers: &[Vec<u8>]| {
        fs::write(&path, headers.concat()).unwrap();
        Headers::file(&path)
    };
    let mut one = file(&[bytes(&first)]).unwrap();
    assert_eq!(one.header(0).unwrap(), Some((first, Chain::Main)));
    assert_eq!(one.header(1).unwrap(), None);
    for (headers, what) in [
        (vec![], "no chain that is known"),
        (vec![bytes(&first), bytes(&first)], "does not follow on the block before, at block 1"),
        (vec![bytes(&first), vec![0; 10]], "not as long"),
        (vec![bytes(&Header::parse(&FIRST.replace("29ab5f49", "29ab5f48")).unwrap())], "does not show the work"),
    ] {
        let error = match file(&headers) {
            Err(error) => error.to_string(),
            Ok(_) => "taken".to_owned(),
        };
        let swapped = error.replace(", at block", "; at block");
        assert!(error.contains(what) || swapped.contains(what), "{error}");
    }
}

#[test]
fn what_is_no_header_is_none() {
    for text in ["", "00", &FIRST[1..], &FIRST.replace('0', "g"), &format!("{FIRST}00")] {
        assert!(Header::parse(text).is_none());
    }
}

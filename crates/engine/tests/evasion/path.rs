//! Paths that climb to what nobody shares, in the encodings that file servers undo.

use vanguard_engine::Role;

use super::coats::{BASE64, ESCAPE, FULL_WIDTH, HEX, HTML, INVISIBLE, PERCENT};
use super::harness::{Subject, assert_found};

#[test]
fn encodings_hide_no_path() {
    let seeds = Subject::Value(Role::Path).each([
        "../../../../etc/passwd",
        "../../../../etc/shadow",
        "/home/dev/project/../../../../root/.ssh/id_rsa",
        "..\\..\\..\\windows\\win.ini",
    ]);
    assert_found(&seeds, &[PERCENT, HTML, ESCAPE, BASE64, HEX, FULL_WIDTH, INVISIBLE], 300, 0.99);
}

//! Secrets on their way out and on their way to the model, in the encodings that their receiver undoes.

use super::coats::{BASE64, ESCAPE, FULL_WIDTH, HEX, HTML, INVISIBLE, PERCENT};
use super::harness::{Seed, Subject, assert_found};

/// Made up, and in pieces so that no scanner takes them for real keys.
fn texts() -> Vec<String> {
    [
        ["gh", "p_a8Kd93LmQp27VxZr51TbYw64NsHc0eUj"],
        ["AK", "IAQX4TZ7LMNOPR2SVW"],
        ["sk_", "live_51Kd93LmQp27VxZr51TbYw64"],
        ["glp", "at-Zx81kq_PLm27rTVwYs4b"],
        ["xox", "b-239847548631-234897562300-AbnzajSSE9krECohd2Tq7Ws1"],
        ["sk-", "ant-api03-Kd93LmQp27VxZr51TbYw64NsHc0eUja8Kd93LmQp27VxZr51TbYw64"],
        ["np", "m_Kd93LmQp27VxZr51TbYw64NsHc0eUja83sLm"],
        ["postgres://app:Zr51TbYw64", "@db.shop.internal.corp:5432/main"],
        ["eyJhbGciOiJIUzI1NiJ9.", "eyJ1aWQiOjcsInJvbGUiOiJhZG1pbiJ9.Kd93LmQp27VxZr51TbYw64"],
    ]
    .map(|parts| parts.concat())
    .into()
}

fn seeds(subject: Subject) -> Vec<Seed> {
    texts().into_iter().map(|text| subject.of(format!("the value is {text} as of today"))).collect()
}

#[test]
fn secrets_stay_found_on_their_way_to_the_model() {
    assert_found(&seeds(Subject::Result), &[PERCENT, HTML, ESCAPE, BASE64, HEX, FULL_WIDTH, INVISIBLE], 200, 0.99);
}

#[test]
fn secrets_stay_found_on_their_way_out() {
    let out = Subject::Call { tool: "send_message", argument: "text" };
    assert_found(&seeds(out), &[PERCENT, HTML, ESCAPE, BASE64, HEX, FULL_WIDTH, INVISIBLE], 200, 0.99);
}

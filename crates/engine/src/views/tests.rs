use super::*;

fn views(text: &str, roles: Roles) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    each_view(text, roles, &ViewLimits::default(), &mut |view, chain| seen.push((chain.to_string(), view.to_owned())));
    seen
}

#[test]
fn prose_is_given_once() {
    let prose = "An ordinary sentence, with 50 % of it (or so) in brackets.";
    assert_eq!(views(prose, Roles::TEXT), [(String::new(), prose.to_owned())]);
}

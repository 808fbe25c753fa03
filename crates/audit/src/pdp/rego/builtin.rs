//! The functions that policies may call, as OPA has them.
//!
//! Those in [`NATIVE`] are the interpreter's own, which give what OPA gives; all the others are ours, in place of its own where those give
//! something else. What is on neither list is refused when a policy is read, and so is what a function here cannot hold to OPA
//! (`accept`). What only shows when it is evaluated is an error, which decides nothing.

#![expect(clippy::unnecessary_wraps, reason = "all of them stand in one table")]

mod encode;
mod glob;
mod network;
mod number;
mod object;
mod order;
mod pattern;
mod string;
mod version;

use regorus::{Engine, Value};

pub(super) use encode::{not_held as json_not_held, plain};
pub(super) use glob::readable as glob_readable;
pub(super) use number::{is_plain, whole};
pub(super) use order::in_order;
pub(super) use pattern::readable as pattern_readable;

/// What a function gives: a value, nothing where it is undefined, or why it decides nothing.
pub(super) type Given = Result<Option<Value>, String>;

/// A function of ours.
pub(super) type Function = fn(&[Value]) -> Given;

/// The interpreter's functions that give what OPA gives, each with the number of its arguments.
const NATIVE: &[(&str, u8)] = &[
    ("array.concat", 2),
    ("array.reverse", 1),
    ("array.slice", 3),
    ("base64.encode", 1),
    ("base64url.encode", 1),
    ("base64url.encode_no_pad", 1),
    ("concat", 2),
    ("contains", 2),
    ("endswith", 2),
    ("hex.decode", 1),
    ("hex.encode", 1),
    ("intersection", 1),
    ("is_array", 1),
    ("is_boolean", 1),
    ("is_null", 1),
    ("is_number", 1),
    ("is_object", 1),
    ("is_set", 1),
    ("is_string", 1),
    ("numbers.range", 2),
    ("object.filter", 2),
    ("object.get", 3),
    ("object.keys", 1),
    ("object.remove", 2),
    ("object.union", 2),
    ("object.union_n", 1),
    ("replace", 3),
    ("round", 1),
    ("split", 2),
    ("startswith", 2),
    ("strings.any_prefix_match", 2),
    ("strings.any_suffix_match", 2),
    ("strings.reverse", 1),
    ("trim", 2),
    ("trim_left", 2),
    ("trim_prefix", 2),
    ("trim_right", 2),
    ("trim_space", 1),
    ("trim_suffix", 2),
    ("type_name", 1),
    ("union", 1),
];

/// Ours.
const OURS: &[(&str, u8, Function)] = &[
    ("abs", 1, number::abs),
    ("base64.decode", 1, encode::base64_decode),
    ("base64.is_valid", 1, encode::base64_is_valid),
    ("base64url.decode", 1, encode::base64url_decode),
    ("bits.and", 2, number::bits_and),
    ("bits.lsh", 2, number::bits_lsh),
    ("bits.negate", 1, number::bits_negate),
    ("bits.or", 2, number::bits_or),
    ("bits.rsh", 2, number::bits_rsh),
    ("bits.xor", 2, number::bits_xor),
    ("ceil", 1, number::ceil),
    ("count", 1, string::length),
    ("floor", 1, number::floor),
    ("format_int", 2, number::format_int),
    ("glob.match", 3, glob::matches),
    ("indexof", 2, string::indexof),
    ("indexof_n", 2, string::indexof_n),
    ("json.filter", 2, object::json_filter),
    ("json.is_valid", 1, encode::json_is_valid),
    ("json.marshal", 1, encode::json_marshal),
    ("json.remove", 2, object::json_remove),
    ("json.unmarshal", 1, encode::json_unmarshal),
    ("lower", 1, string::lower),
    ("max", 1, order::max),
    ("min", 1, order::min),
    ("net.cidr_contains", 2, network::contains),
    ("net.cidr_intersects", 2, network::intersects),
    ("net.cidr_is_valid", 1, network::is_valid),
    ("object.subset", 2, object::subset),
    ("product", 1, number::product),
    ("regex.find_all_string_submatch_n", 3, pattern::find_all),
    ("regex.find_n", 3, pattern::find_n),
    ("regex.is_valid", 1, pattern::is_valid),
    ("regex.match", 2, pattern::matches),
    ("regex.replace", 3, pattern::replace),
    ("regex.split", 2, pattern::split),
    ("semver.compare", 2, version::compare),
    ("semver.is_valid", 1, version::is_valid),
    ("sort", 1, order::sort),
    ("sprintf", 2, super::text::sprintf),
    ("strings.count", 2, string::count),
    ("strings.replace_n", 2, string::replace_n),
    ("substring", 3, string::substring),
    ("sum", 1, number::sum),
    ("time.clock", 1, super::time::clock),
    ("time.date", 1, super::time::date),
    ("time.now_ns", 0, super::time::now_ns),
    ("time.parse_rfc3339_ns", 1, super::time::parse_rfc3339_ns),
    ("time.weekday", 1, super::time::weekday),
    ("to_number", 1, number::to_number),
    ("units.parse_bytes", 1, number::parse_bytes),
    ("upper", 1, string::upper),
];

/// What operators are written as before the interpreter reads them: with its own, a wrong type ends the evaluation, and fractions are added in
/// binary.
const OPERATORS: &[(&str, u8, Function)] = &[
    ("vanguard.add", 2, number::add),
    ("vanguard.and", 2, object::and),
    ("vanguard.div", 2, number::div),
    ("vanguard.ge", 2, order::ge),
    ("vanguard.gt", 2, order::gt),
    ("vanguard.le", 2, order::le),
    ("vanguard.lt", 2, order::lt),
    ("vanguard.members", 1, object::members),
    ("vanguard.mul", 2, number::mul),
    ("vanguard.or", 2, object::or),
    ("vanguard.rem", 2, number::rem),
    ("vanguard.sub", 2, number::sub),
];

/// How many arguments a function that policies may call takes.
pub(super) fn arity(name: &str) -> Option<usize> {
    let native = NATIVE.iter().find(|(own, _)| *own == name).map(|(_, arity)| *arity);
    let ours = || OURS.iter().find(|(own, ..)| *own == name).map(|(_, arity, _)| *arity);
    native.or_else(ours).map(usize::from)
}

/// A function that is ours.
#[cfg(test)]
pub(super) fn function(name: &str) -> Option<Function> {
    OURS.iter().chain(OPERATORS).find(|(own, ..)| *own == name).map(|(.., function)| *function)
}

/// All functions and operators.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    NATIVE.iter().map(|(name, _)| *name).chain(OURS.iter().chain(OPERATORS).map(|(name, ..)| *name))
}

/// Gives an engine that is new all that is ours.
pub(super) fn add_to(engine: &mut Engine) {
    for (name, arity, function) in OURS.iter().chain(OPERATORS) {
        let function = move |arguments: Vec<Value>| match function(&arguments) {
            Ok(value) => Ok(value.unwrap_or(Value::Undefined)),
            // The interpreter's errors are of another library, which is made from any.
            Err(why) => Err(std::io::Error::other(why).into()),
        };
        // It has no function of that name yet.
        let _ = engine.add_extension((*name).to_owned(), *arity, Box::new(function));
    }
}

/// The text of a value that is one.
fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_string().ok().map(AsRef::as_ref)
}

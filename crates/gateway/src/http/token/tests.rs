//! Tokens that must open, and every way that is known to make one that must not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};

use super::*;

/// An RSA key of RFC 7515, appendix A.2.
const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

/// An authorization server.
struct Server {
    curve: EcdsaKeyPair,
    edwards: Ed25519KeyPair,
    random: SystemRandom,
}

impl Server {
    fn new() -> Self {
        let random = SystemRandom::new();
        let curve = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let edwards = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        Self {
            curve: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, curve.as_ref(), &random).unwrap(),
            edwards: Ed25519KeyPair::from_pkcs8(edwards.as_ref()).unwrap(),
            random,
        }
    }

    fn keys(&self) -> String {
        let (point, edwards) = (self.curve.public_key().as_ref(), BASE64.encode(self.edwards.public_key()));
        let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
        format!(
            r#"{{"keys":[
                {{"kty":"oct","kid":"shared","k":"AAAA","alg":"HS256"}},
                {{"kty":"EC","crv":"P-256","kid":"curve","use":"sig","x":"{x}","y":"{y}"}},
                {{"kty":"OKP","crv":"Ed25519","kid":"edwards","alg":"EdDSA","x":"{edwards}"}},
                {{"kty":"RSA","kid":"encrypts","use":"enc","e":"AQAB","n":"{MODULUS}"}},
                {{"kty":"RSA","kid":"rsa","alg":"RS256","e":"AQAB","n":"{MODULUS}"}},
                {{"kty":"new-kind","kid":"later"}}
            ]}}"#
        )
    }

    fn tokens(&self) -> Tokens {
        let keys = KeySource::Set(KeySet::read(self.keys().as_bytes()).unwrap());
        let (issuer, audiences) = ("https://as.example".to_owned(), vec!["https://gw.example/mcp".to_owned()]);
        Tokens::new(TokenConfig { issuer, audiences, keys, algorithms: ALGORITHMS.to_vec() })
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = if header.contains("EdDSA") {
            self.edwards.sign(signed.as_bytes()).as_ref().to_vec()
        } else {
            self.curve.sign(&self.random, signed.as_bytes()).unwrap().as_ref().to_vec()
        };
        format!("{signed}.{}", BASE64.encode(signature))
    }
}

const CURVE: &str = r#"{"alg":"ES256","kid":"curve","typ":"at+jwt"}"#;

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Claims that open, where `change` takes the place of some.
fn claims(change: &[(&str, &str)]) -> String {
    let hour = (now() + 3600).to_string();
    let usual = [
        ("iss", r#""https://as.example""#),
        ("aud", r#"["https://other.example","https://gw.example/mcp"]"#),
        ("sub", r#""alice""#),
        ("exp", &hour),
        ("scope", r#""files:read  files:write""#),
    ];
    let all = usual.iter().filter(|(name, _)| !change.iter().any(|(other, _)| name == other)).chain(change);
    let all: Vec<_> = all.filter(|(_, value)| !value.is_empty()).map(|(n, v)| format!(r#""{n}":{v}"#)).collect();
    format!("{{{}}}", all.join(","))
}

#[tokio::test]
async fn a_token_opens_with_what_it_grants() {
    let server = Server::new();
    let tokens = server.tokens();
    let change = [("scp", r#"["deploy"]"#), ("roles", r#"["operator"]"#), ("nbf", &*(now() + 10).to_string())];
    let token = server.sign(CURVE, &claims(&change));
    let (alice, _) = tokens.admit(&token).await.unwrap();
    assert_eq!(alice.identity, Identity { entry: Entry::Token, name: "alice".into() });
    assert_eq!(alice.scopes.iter().map(|scope| &**scope).collect::<Vec<_>>(), ["deploy", "files:read", "files:write"]);
    assert!(alice.roles.contains("operator"));
    assert!(Arc::ptr_eq(&alice, &tokens.admit(&token).await.unwrap().0), "it is remembered");
    for header in [r#"{"alg":"EdDSA","kid":"edwards"}"#, r#"{"alg":"EdDSA"}"#, r#"{"alg":"ES256"}"#] {
        assert!(tokens.admit(&server.sign(header, &claims(&[]))).await.is_ok(), "{header}");
    }
}

#[tokio::test]
async fn claims_that_are_not_for_us_or_not_for_now_do_not_open() {
    let server = Server::new();
    let tokens = server.tokens();
    let (before, after) = ((now() - 31).to_string(), (now() + 40).to_string());
    for (change, why) in [
        (("iss", r#""https://as.example/""#), "another server made it"),
        (("iss", r#"["https://as.example","https://evil.example"]"#), "a claim is missing or unreadable"),
        (("iss", ""), "a claim is missing or unreadable"),
        (("aud", r#""https://gw.example""#), "it is for another audience"),
        (("aud", "[]"), "it is for another audience"),
        (("aud", ""), "a claim is missing or unreadable"),
        (("exp", before.as_str()), "it has expired"),
        (("exp", ""), "a claim is missing or unreadable"),
        (("exp", r#""never""#), "a claim is missing or unreadable"),
        (("exp", "-1"), "a claim is missing or unreadable"),
        (("nbf", after.as_str()), "it does not hold yet"),
        (("sub", ""), "a claim is missing or unreadable"),
        (("sub", r#""""#), "it does not name its subject"),
        (("cnf", r#"{"jkt":"x"}"#), "it is bound to a key that was not shown"),
    ] {
        let refused = tokens.admit(&server.sign(CURVE, &claims(&[change]))).await.unwrap_err();
        assert_eq!(refused, Refused::Invalid(why), "{change:?}");
    }
    let twice = claims(&[]).replacen('{', r#"{"sub":"root","#, 1);
    assert!(tokens.admit(&server.sign(CURVE, &twice)).await.is_err(), "a claim that is there twice is none");
}

#[tokio::test]
async fn a_header_cannot_talk_its_way_in() {
    let server = Server::new();
    let tokens = server.tokens();
    let own = Server::new();
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None","kid":"curve"}"#,
        r#"{"alg":"HS256","kid":"shared"}"#,
        r#"{"alg":"HS256","kid":"rsa"}"#,
        r#"{"alg":"HS256","kid":"curve"}"#,
        r#"{"alg":"RS256","kid":"curve"}"#,
        r#"{"alg":"ES256","kid":"rsa"}"#,
        r#"{"alg":"PS256","kid":"rsa"}"#,
        r#"{"alg":"ES384","kid":"curve"}"#,
        r#"{"alg":"EdDSA","kid":"curve"}"#,
        r#"{"alg":"ES256","kid":"encrypts"}"#,
        r#"{"alg":"ES256","kid":"CURVE"}"#,
        r#"{"alg":"ES256","kid":"../../dev/null"}"#,
        r#"{"alg":"ES256","kid":"' OR 1=1 --"}"#,
        r#"{"alg":"ES256","kid":"curve\u0000"}"#,
        r#"{"alg":"ES256","kid":""}"#,
        r#"{"alg":"ES256","kid":["curve"]}"#,
        r#"{"alg":"ES256","kid":"curve","crit":["exp"]}"#,
        r#"{"alg":"ES256","kid":"curve","typ":"dpop+jwt"}"#,
        r#"{"alg":"ES256","kid":"curve","alg":"none"}"#,
    ] {
        assert!(tokens.admit(&server.sign(header, &claims(&[]))).await.is_err(), "{header}");
    }
    let long = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(300));
    assert!(tokens.admit(&server.sign(&long, &claims(&[]))).await.is_err());
    // A key that the sender brings is nobody's, and no address of one is asked.
    let own_key = KeySet::read(own.keys().as_bytes());
    assert!(own_key.is_ok());
    let (x, y) = own.curve.public_key().as_ref()[1..].split_at(32);
    let (x, y) = (BASE64.encode(x), BASE64.encode(y));
    let brought = format!(
        r#"{{"alg":"ES256","kid":"curve","jku":"http://127.0.0.1:1/","jwk":{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}}}"#
    );
    let refused = tokens.admit(&own.sign(&brought, &claims(&[]))).await.unwrap_err();
    assert_eq!(refused, Refused::Invalid("its signature does not hold"));
}

#[tokio::test]
async fn nothing_of_a_token_may_change() {
    let server = Server::new();
    let tokens = server.tokens();
    let token = server.sign(CURVE, &claims(&[]));
    let [header, body, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let other = BASE64.encode(claims(&[("sub", r#""root""#)]));
    for forged in [
        format!("{header}.{other}.{signature}"),
        format!("{header}.{body}."),
        format!("{header}.{body}"),
        format!("{header}.{body}.{}", BASE64.encode([0; 64])),
        format!("{header}.{body}.{signature}="),
        format!("{token}.{signature}"),
        format!("{header}.{body}.{signature}.."),
        String::new(),
        "..".to_owned(),
        "x".repeat(MAX_BYTES + 1),
    ] {
        assert!(tokens.admit(&forged).await.is_err(), "{forged}");
    }
    assert!(tokens.admit(&token).await.is_ok());
}

#[test]
fn a_signature_of_the_rfc_holds_and_its_algorithm_is_pinned_by_the_key() {
    use jsonwebtoken::crypto::verify;
    signature::install();
    let server = Server::new();
    let keys = KeySet::read(server.keys().as_bytes()).unwrap();
    // RFC 7515, appendix A.2.1.
    let signed = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let key = keys.find(Some("rsa"), Algorithm::RS256).unwrap();
    assert!(verify(signature, signed.as_bytes(), key, Algorithm::RS256).unwrap());
    assert!(!verify(signature, &signed.as_bytes()[1..], key, Algorithm::RS256).unwrap());
    assert!(!verify(signature, signed.as_bytes(), key, Algorithm::PS256).unwrap());
    assert!(verify(signature, signed.as_bytes(), key, Algorithm::HS256).is_err());
    assert!(verify(signature, signed.as_bytes(), key, Algorithm::ES256).is_err());
    assert!(
        keys.find(Some("rsa"), Algorithm::PS256).is_none() && keys.find(Some("shared"), Algorithm::HS256).is_none()
    );
}

#[test]
fn a_set_without_a_key_of_use_is_none() {
    for text in ["", "[]", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, r#"{"keys":[{}]}"#] {
        assert!(KeySet::read(text.as_bytes()).is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn one_byte_more_less_or_other_does_not_open(at in any::<prop::sample::Index>(), byte in 0x20_u8..0x7f, how in 0..3_u8) {
        let server = Server::new();
        let token = server.sign(CURVE, &claims(&[]));
        let (mut forged, at) = (token.clone().into_bytes(), at.index(token.len()));
        match how {
            0 => forged[at] = byte,
            1 => forged.insert(at, byte),
            _ => drop(forged.remove(at)),
        }
        let forged = String::from_utf8(forged).unwrap();
        prop_assume!(forged != token);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        prop_assert!(runtime.block_on(server.tokens().admit(&forged)).is_err(), "{forged}");
    }

    #[test]
    fn nothing_that_somebody_sends_is_too_much(token in ".{0,200}|([A-Za-z0-9_-]{0,40}\\.){2}[A-Za-z0-9_-]{0,40}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        prop_assert!(runtime.block_on(Server::new().tokens().admit(&token)).is_err());
    }
}

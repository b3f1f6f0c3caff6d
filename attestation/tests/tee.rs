//! Tee: real quotes of real processors, and tokens signed as NVIDIA's service signs them.

#![cfg(feature = "tee")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use attestation::digest::Digest;
use attestation::key::SecretKey;
use attestation::tee::nvidia::{GpuReport, ISSUER, NvidiaEvidence, ServiceKey, TOKEN_LEN_MAX};
use attestation::tee::tdx::{QUOTE_LEN_MAX, TdxEvidence, is_about};
use attestation::tee::{Challenge, Measurements, Refusal};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

const QUOTE: &[u8] = include_bytes!("samples/tdx_quote");
const COLLATERAL: &str = include_str!("samples/tdx_quote_collateral.json");
const EVIDENCE: TdxEvidence<'_> = TdxEvidence { quote: QUOTE, collateral: COLLATERAL };
/// When the sample's collateral was fresh: 2025-06-25.
const NOW: u64 = 1_750_809_600;
const DAY: u64 = 86_400;

fn challenge(now_s: u64) -> Challenge {
    Challenge { provider: SecretKey::from_bytes(&[2; 32]).public(), nonce: [7; 32], now_s }
}

#[test]
fn quote_of_a_real_processor_holds() {
    let (report, report_data) = EVIDENCE.read(NOW).unwrap();
    assert_eq!(report.status, "UpToDate");
    assert_eq!(
        is_about(&report_data, &challenge(NOW)),
        Err(Refusal::WrongKey),
        "it was made for nobody we know"
    );
    let none = Measurements::default();
    assert_eq!(EVIDENCE.check(&challenge(NOW), &none, &["UpToDate"]), Err(Refusal::WrongKey));
    let known = Measurements { known: &[report.measured], revoked: &[] };
    assert_eq!(report.check(&known, &["UpToDate"]), Ok(()));
    assert_eq!(report.check(&known, &["SWHardeningNeeded"]), Err(Refusal::Status("UpToDate".to_owned())));
    assert_eq!(report.check(&none, &["UpToDate"]), Err(Refusal::UnknownMeasurement(report.measured)));
    let revoked = Measurements { known: &[report.measured], revoked: &[report.measured] };
    assert_eq!(report.check(&revoked, &["UpToDate"]), Err(Refusal::RevokedMeasurement(report.measured)));
}

#[test]
fn report_data_are_about_key_and_nonce() {
    let challenge = challenge(NOW);
    let mut report_data = [0; 64];
    report_data[..32].copy_from_slice(&challenge.key_hash().0);
    report_data[32..].copy_from_slice(&challenge.nonce);
    assert_eq!(is_about(&report_data, &challenge), Ok(()));
    let other = Challenge { provider: SecretKey::from_bytes(&[3; 32]).public(), ..challenge };
    assert_eq!(is_about(&report_data, &other), Err(Refusal::WrongKey));
    let replayed = Challenge { nonce: [8; 32], ..challenge };
    assert_eq!(is_about(&report_data, &replayed), Err(Refusal::WrongNonce));
}

#[test]
fn quote_holds_while_its_collateral_does() {
    assert_eq!(EVIDENCE.read(NOW + 365 * DAY).unwrap_err(), Refusal::Expired);
    assert_eq!(EVIDENCE.read(NOW - 365 * DAY).unwrap_err(), Refusal::NotYetValid);
}

#[test]
fn quote_that_was_touched_is_refused() {
    let is_refused = |place: usize| {
        let mut quote = QUOTE.to_vec();
        quote[place] ^= 1;
        TdxEvidence { quote: &quote, ..EVIDENCE }.read(NOW).is_err()
    };
    // Header, measurements, report data, signature, the report of the enclave that signed.
    for place in [2, 48, 184, 568, 640, 700, 1_000] {
        assert!(is_refused(place), "byte {place}");
    }
    let cut = TdxEvidence { quote: &QUOTE[..600], ..EVIDENCE }.read(NOW).unwrap_err();
    assert!(matches!(cut, Refusal::Unreadable(_)), "{cut}");
    let long = vec![0; QUOTE_LEN_MAX + 1];
    let long = TdxEvidence { quote: &long, ..EVIDENCE }.read(NOW).unwrap_err();
    assert_eq!(long.to_string(), "unreadable: quote: at most 65,536 bytes");
    let collateral = TdxEvidence { collateral: "{}", ..EVIDENCE }.read(NOW).unwrap_err();
    assert!(matches!(collateral, Refusal::Unreadable(_)), "{collateral}");
}

#[test]
fn processor_without_updates_says_so() {
    let evidence = TdxEvidence {
        quote: include_bytes!("samples/tdx_quote_outdated"),
        collateral: include_str!("samples/tdx_quote_outdated_collateral.json"),
    };
    let refusal = evidence.read(OUTDATED_NOW).unwrap_err();
    assert_eq!(refusal, Refusal::Status("No matching TCB level found".to_owned()));
}

/// The same for the processor without updates: 2026-02-25.
const OUTDATED_NOW: u64 = 1_771_977_600;

/// A service that signs tokens, as NVIDIA's does.
struct Service {
    key: EcdsaKeyPair,
    point: [u8; 96],
}

impl Service {
    fn new() -> Service {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P384_SHA384_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let point = key.public_key().as_ref()[1..].try_into().unwrap();
        Service { key, point }
    }

    fn key(&self) -> ServiceKey<'_> {
        ServiceKey { id: "nv-eat-kid-1", point: &self.point }
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64.encode(signature))
    }
}

fn header() -> Value {
    json!({ "alg": "ES384", "typ": "JWT", "kid": "nv-eat-kid-1" })
}

fn gpu_claims() -> Value {
    json!({
        "iss": ISSUER, "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 3_600,
        "eat_nonce": challenge(NOW).bound_nonce().to_string(),
        "measres": "success", "hwmodel": "GH100 A01 GSP BROM", "dbgstat": "disabled", "secboot": true,
        "x-nvidia-gpu-driver-version": "550.90.07", "x-nvidia-gpu-vbios-version": "96.00.9F.00.01",
    })
}

fn overall_claims(gpu: &str) -> Value {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(gpu.as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "iss": ISSUER, "sub": "NVIDIA-PLATFORM-ATTESTATION", "x-nvidia-ver": "3.0",
        "nbf": NOW - 10, "exp": NOW + 3_600, "eat_nonce": challenge(NOW).bound_nonce().to_string(),
        "x-nvidia-overall-att-result": true,
        "submods": { "GPU-0": ["DIGEST", ["SHA-256", digest]] },
    })
}

fn measured() -> Digest {
    GpuReport::measurement("GH100 A01 GSP BROM", "550.90.07", "96.00.9F.00.01")
}

/// What becomes of one GPU's evidence, after these changes to its own claims and to the overall ones.
fn checked(
    gpu: impl FnOnce(&mut Value),
    overall: impl FnOnce(&mut Value),
    challenge: &Challenge,
) -> Result<BTreeMap<String, GpuReport>, Refusal> {
    let service = Service::new();
    let mut claims = gpu_claims();
    gpu(&mut claims);
    let token = service.token(&header(), &claims);
    let mut claims = overall_claims(&token);
    overall(&mut claims);
    let overall = service.token(&header(), &claims);
    let evidence = NvidiaEvidence { overall: &overall, gpus: BTreeMap::from([("GPU-0", token.as_str())]) };
    let measurements = Measurements { known: &[measured()], revoked: &[] };
    evidence.check(challenge, &[service.key()], &measurements)
}

fn same(_: &mut Value) {}

#[test]
fn token_of_the_service_holds() {
    let reports = checked(same, same, &challenge(NOW)).unwrap();
    let report = GpuReport { model: "GH100 A01 GSP BROM".to_owned(), measured: measured() };
    assert_eq!(reports, BTreeMap::from([("GPU-0".to_owned(), report)]));
}

#[test]
fn token_is_good_for_its_time_key_and_nonce() {
    let now = |now_s| checked(same, same, &Challenge { now_s, ..challenge(NOW) });
    assert_eq!(now(NOW + 3_600), Err(Refusal::Expired));
    assert_eq!(now(NOW - 11), Err(Refusal::NotYetValid));
    let replayed = Challenge { nonce: [8; 32], ..challenge(NOW) };
    assert_eq!(checked(same, same, &replayed), Err(Refusal::WrongNonce));
    let other = Challenge { provider: SecretKey::from_bytes(&[3; 32]).public(), ..challenge(NOW) };
    assert_eq!(checked(same, same, &other), Err(Refusal::WrongNonce), "the nonce binds the provider's key");
    let old = |claims: &mut Value| claims["exp"] = json!(NOW);
    assert_eq!(checked(old, same, &challenge(NOW)), Err(Refusal::Expired), "the GPU's own token counts too");
    let foreign = |claims: &mut Value| claims["eat_nonce"] = json!("00");
    assert_eq!(checked(foreign, same, &challenge(NOW)), Err(Refusal::WrongNonce));
}

#[test]
fn token_that_says_no_is_refused() {
    let failed = |claims: &mut Value| claims["measres"] = json!("fail");
    assert!(matches!(checked(failed, same, &challenge(NOW)), Err(Refusal::Status(_))));
    let failed = |claims: &mut Value| claims["x-nvidia-overall-att-result"] = json!(false);
    assert!(matches!(checked(same, failed, &challenge(NOW)), Err(Refusal::Status(_))));
    let other = |claims: &mut Value| claims["x-nvidia-gpu-driver-version"] = json!("550.90.08");
    let driver = GpuReport::measurement("GH100 A01 GSP BROM", "550.90.08", "96.00.9F.00.01");
    assert_eq!(checked(other, same, &challenge(NOW)), Err(Refusal::UnknownMeasurement(driver)));
    let issuer = |claims: &mut Value| claims["iss"] = json!("https://example.org");
    assert!(matches!(checked(same, issuer, &challenge(NOW)), Err(Refusal::Untrusted(_))));
}

#[test]
fn overall_token_names_the_others() {
    let other = |claims: &mut Value| claims["submods"]["GPU-0"][1][1] = json!("00");
    assert!(matches!(checked(same, other, &challenge(NOW)), Err(Refusal::Untrusted(_))));
    let more = |claims: &mut Value| claims["submods"]["GPU-1"] = claims["submods"]["GPU-0"].clone();
    assert!(matches!(checked(same, more, &challenge(NOW)), Err(Refusal::Unreadable(_))));
    let none = |claims: &mut Value| claims["submods"] = json!({});
    assert!(matches!(checked(same, none, &challenge(NOW)), Err(Refusal::Unreadable(_))));
}

#[test]
fn signature_is_the_services_own() {
    let (service, other) = (Service::new(), Service::new());
    let gpu = service.token(&header(), &gpu_claims());
    let overall = service.token(&header(), &overall_claims(&gpu));
    let measurements = Measurements { known: &[measured()], revoked: &[] };
    let check = |overall: &str, key: ServiceKey<'_>| {
        let evidence = NvidiaEvidence { overall, gpus: BTreeMap::from([("GPU-0", gpu.as_str())]) };
        evidence.check(&challenge(NOW), &[key], &measurements).map(|_| ())
    };
    assert_eq!(check(&overall, service.key()), Ok(()));
    let untrusted = |refusal: Result<(), Refusal>| matches!(refusal, Err(Refusal::Untrusted(_)));
    assert!(untrusted(check(&overall, other.key())), "another key of the same name");
    assert!(
        untrusted(check(&overall, ServiceKey { id: "nv-eat-kid-2", ..service.key() })),
        "an unknown name"
    );
    let (signed, signature) = overall.rsplit_once('.').unwrap();
    let (head, _) = signed.split_once('.').unwrap();
    let claims = BASE64.encode(overall_claims("another").to_string());
    assert!(untrusted(check(&format!("{head}.{claims}.{signature}"), service.key())), "other claims");
    for alg in ["none", "HS256", "ES256", "es384"] {
        let header = json!({ "alg": alg, "kid": "nv-eat-kid-1" });
        let token = service.token(&header, &overall_claims(&gpu));
        assert!(untrusted(check(&token, service.key())), "{alg}");
    }
}

#[test]
fn text_that_is_no_token_is_unreadable() {
    let service = Service::new();
    let long = "a".repeat(TOKEN_LEN_MAX + 1);
    for text in ["", "a", "a.b", "a.b.c.d", "?.b.c", "e30.e30.", "bnVsbA.e30.e30", long.as_str()] {
        let evidence = NvidiaEvidence { overall: text, gpus: BTreeMap::new() };
        let refusal =
            evidence.check(&challenge(NOW), &[service.key()], &Measurements::default()).unwrap_err();
        assert!(matches!(refusal, Refusal::Unreadable(_)), "{text}: {refusal}");
    }
}

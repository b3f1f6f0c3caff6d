//! Nvidia: tokens of NVIDIA's remote attestation service, for GPUs that compute confidentially.
//!
//! The service signs an overall token, which names the hash of one token per GPU. Both kinds are JSON Web Tokens signed with ES384;
//! no other algorithm is ever tried. The nonce is the hash of the provider's key and the challenge. What is measured is the hash of
//! model, driver and firmware versions, which the service has compared with NVIDIA's reference values.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::signature::{ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::domain::Domain;
use crate::tee::{Challenge, Measurements, Refusal};

/// The longest token that is looked at.
pub const TOKEN_LEN_MAX: usize = 64 * 1024;
/// The most GPUs of one token.
pub const GPUS_MAX: usize = 64;

/// Who issues these tokens.
pub const ISSUER: &str = "https://nras.attestation.nvidia.com";

/// A key of the service, from the key set that it publishes.
#[derive(Clone, Copy, Debug)]
pub struct ServiceKey<'a> {
    /// Its `kid`.
    pub id: &'a str,
    /// Its `x`, then its `y`: a point on P-384.
    pub point: &'a [u8; 96],
}

/// The tokens of one machine.
#[derive(Clone, Debug)]
pub struct NvidiaEvidence<'a> {
    /// The overall token.
    pub overall: &'a str,
    /// One token per GPU of at most 64, by the name that the overall token gives it.
    pub gpus: BTreeMap<&'a str, &'a str>,
}

/// What tokens that hold say of one GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuReport {
    /// The hardware's model: `GH100 A01 GSP BROM`.
    pub model: String,
    /// What was measured.
    pub measured: Digest,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
struct OverallClaims {
    iss: String,
    exp: u64,
    nbf: u64,
    eat_nonce: String,
    #[serde(rename = "x-nvidia-overall-att-result")]
    is_success: bool,
    submods: BTreeMap<String, (String, (String, String))>,
}

#[derive(Deserialize)]
struct GpuClaims {
    iss: String,
    exp: u64,
    nbf: u64,
    eat_nonce: String,
    measres: String,
    hwmodel: String,
    #[serde(rename = "x-nvidia-gpu-driver-version")]
    driver: String,
    #[serde(rename = "x-nvidia-gpu-vbios-version")]
    firmware: String,
}

impl NvidiaEvidence<'_> {
    /// Refuses unless one of these keys signed all tokens, they are good now and about this challenge, the overall token names
    /// exactly these GPUs, and their software is known. Gives what they say, by name.
    pub fn check(
        &self,
        challenge: &Challenge,
        keys: &[ServiceKey<'_>],
        measurements: &Measurements<'_>,
    ) -> Result<BTreeMap<String, GpuReport>, Refusal> {
        let overall: OverallClaims = claims(self.overall, "overall token", keys)?;
        in_time(&overall.iss, overall.nbf..overall.exp, challenge)?;
        bound(&overall.eat_nonce, challenge)?;
        if !overall.is_success {
            return Err(Refusal::Status("x-nvidia-overall-att-result is false".to_owned()));
        }
        if overall.submods.is_empty() || GPUS_MAX < overall.submods.len() {
            return Err(Refusal::Unreadable("submods: 1 to 64".to_owned()));
        }
        if !overall.submods.keys().eq(self.gpus.keys()) {
            return Err(Refusal::Unreadable("GPU tokens: exactly those of submods".to_owned()));
        }
        let mut reports = BTreeMap::new();
        for ((name, named), token) in overall.submods.iter().zip(self.gpus.values()) {
            let (kind, (hash, digest)) = named;
            if kind != "DIGEST" || hash != "SHA-256" || !is_hex_of(digest, &Sha256::digest(token.as_bytes()))
            {
                return Err(Refusal::Untrusted(format!("{name}: not the token that the overall one names")));
            }
            reports.insert(name.clone(), gpu(name, token, challenge, keys)?);
        }
        reports.values().try_for_each(|report: &GpuReport| measurements.check(report.measured))?;
        Ok(reports)
    }
}

impl GpuReport {
    /// The hash that stands for a model with this driver and firmware.
    pub fn measurement(model: &str, driver: &str, firmware: &str) -> Digest {
        let parts = [model, driver, firmware].map(|part| [part.as_bytes(), &[0]].concat());
        Digest::of(Domain::TEE, &parts.each_ref().map(Vec::as_slice))
    }
}

fn gpu(
    name: &str,
    token: &str,
    challenge: &Challenge,
    keys: &[ServiceKey<'_>],
) -> Result<GpuReport, Refusal> {
    let claims: GpuClaims = claims(token, name, keys)?;
    in_time(&claims.iss, claims.nbf..claims.exp, challenge)?;
    bound(&claims.eat_nonce, challenge)?;
    if !claims.measres.eq_ignore_ascii_case("success") {
        return Err(Refusal::Status(format!("{name}: measres is {}", claims.measres)));
    }
    let measured = GpuReport::measurement(&claims.hwmodel, &claims.driver, &claims.firmware);
    Ok(GpuReport { model: claims.hwmodel, measured })
}

/// The claims of a token that one of these keys signed.
fn claims<T: DeserializeOwned>(token: &str, name: &str, keys: &[ServiceKey<'_>]) -> Result<T, Refusal> {
    let unreadable = |why: String| Refusal::Unreadable(format!("{name}: {why}"));
    if TOKEN_LEN_MAX < token.len() {
        return Err(unreadable("at most 65,536 bytes".to_owned()));
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return Err(unreadable("three parts between dots".to_owned()));
    };
    let bytes = |part: &str| {
        BASE64.decode(part).map_err(|error| unreadable(format!("base64url without padding: {error}")))
    };
    let header: Header =
        serde_json::from_slice(&bytes(header)?).map_err(|error| unreadable(format!("header: {error}")))?;
    if header.alg != "ES384" {
        return Err(Refusal::Untrusted(format!("{name}: signed with {}, not with ES384", header.alg)));
    }
    let Some(key) = keys.iter().find(|key| key.id == header.kid) else {
        return Err(Refusal::Untrusted(format!("{name}: no key of the service is called {}", header.kid)));
    };
    let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
    let point = [[4].as_slice(), key.point].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point);
    if key.verify(signed.as_bytes(), &bytes(signature)?).is_err() {
        return Err(Refusal::Untrusted(format!("{name}: the service has not signed it")));
    }
    serde_json::from_slice(&bytes(payload)?).map_err(|error| unreadable(format!("claims: {error}")))
}

fn in_time(issuer: &str, good: std::ops::Range<u64>, challenge: &Challenge) -> Result<(), Refusal> {
    if issuer != ISSUER {
        return Err(Refusal::Untrusted(format!("issued by {issuer}")));
    }
    if good.end <= challenge.now_s {
        return Err(Refusal::Expired);
    }
    if challenge.now_s < good.start {
        return Err(Refusal::NotYetValid);
    }
    Ok(())
}

fn bound(nonce: &str, challenge: &Challenge) -> Result<(), Refusal> {
    if is_hex_of(nonce, &challenge.bound_nonce().0) { Ok(()) } else { Err(Refusal::WrongNonce) }
}

fn is_hex_of(text: &str, bytes: &[u8]) -> bool {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.eq_ignore_ascii_case(&hex)
}

//! Tdx: a quote of Intel's Trust Domain Extensions.
//!
//! Its 64 bytes of report data are the hash of the provider's key, then the nonce. What is measured is the hash of MRTD and the
//! run-time registers 0 to 2: firmware, kernel and its arguments. Register 3 is left to the application.

use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::QuoteVerifier;

use crate::digest::Digest;
use crate::domain::Domain;
use crate::tee::{Challenge, Measurements, Refusal};

/// The longest quote that is looked at.
pub const QUOTE_LEN_MAX: usize = 64 * 1024;
/// The longest collateral that is looked at.
pub const COLLATERAL_LEN_MAX: usize = 1024 * 1024;

/// A quote, and what Intel publishes to check it by.
#[derive(Clone, Copy, Debug)]
pub struct TdxEvidence<'a> {
    /// The quote's bytes.
    pub quote: &'a [u8],
    /// The JSON of certificates, revocation lists and levels, as provisioning services give it.
    pub collateral: &'a str,
}

/// What a quote that holds says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TdxReport {
    /// What was measured.
    pub measured: Digest,
    /// The status of the processor's and its firmware's updates.
    pub status: String,
    /// Intel's advisories that apply.
    pub advisories: Vec<String>,
}

/// What a quote claims, before anyone has believed it.
struct Claims {
    report: TdxReport,
    report_data: [u8; 64],
}

impl TdxEvidence<'_> {
    /// Refuses unless Intel's chain vouches for the quote now, it is about this challenge, its software is known and the status
    /// is one of `statuses`: `UpToDate`, and what else the operator accepts.
    pub fn check(
        &self,
        challenge: &Challenge,
        measurements: &Measurements<'_>,
        statuses: &[&str],
    ) -> Result<TdxReport, Refusal> {
        let Claims { report, report_data } = self.verified(challenge.now_s)?;
        is_about(&report_data, challenge)?;
        report.check(measurements, statuses)?;
        Ok(report)
    }

    /// What a quote says that holds at this time, whoever it is about. Gives its report data beside the report.
    pub fn read(&self, now_s: u64) -> Result<(TdxReport, [u8; 64]), Refusal> {
        self.verified(now_s).map(|claims| (claims.report, claims.report_data))
    }

    fn verified(&self, now_s: u64) -> Result<Claims, Refusal> {
        let unreadable = |why: &str| Refusal::Unreadable(why.to_owned());
        if QUOTE_LEN_MAX < self.quote.len() {
            return Err(unreadable("quote: at most 65,536 bytes"));
        }
        if COLLATERAL_LEN_MAX < self.collateral.len() {
            return Err(unreadable("collateral: at most 1,048,576 bytes"));
        }
        let collateral: QuoteCollateralV3 = serde_json::from_str(self.collateral)
            .map_err(|error| Refusal::Unreadable(format!("collateral: {error}")))?;
        let verified = QuoteVerifier::new_prod().verify(self.quote, &collateral, now_s);
        let verified = verified.map_err(|error| refusal(&format!("{error:#}")))?;
        let Some(body) = verified.report.as_td10() else {
            return Err(unreadable("quote: one of TDX, not of SGX"));
        };
        let registers: [&[u8]; 4] = [&body.mr_td, &body.rt_mr0, &body.rt_mr1, &body.rt_mr2];
        let report = TdxReport {
            measured: Digest::of(Domain::TEE, &registers),
            status: verified.status,
            advisories: verified.advisory_ids,
        };
        Ok(Claims { report, report_data: body.report_data })
    }
}

impl TdxReport {
    /// Refuses software that is not known to be good, and hardware that is not up to date.
    pub fn check(&self, measurements: &Measurements<'_>, statuses: &[&str]) -> Result<(), Refusal> {
        measurements.check(self.measured)?;
        if statuses.contains(&self.status.as_str()) {
            Ok(())
        } else {
            Err(Refusal::Status(self.status.clone()))
        }
    }
}

/// Refuses report data that are about another provider or another challenge.
pub fn is_about(report_data: &[u8; 64], challenge: &Challenge) -> Result<(), Refusal> {
    let (key, nonce) = report_data.split_at(32);
    if key != challenge.key_hash().0 {
        Err(Refusal::WrongKey)
    } else if nonce != challenge.nonce {
        Err(Refusal::WrongNonce)
    } else {
        Ok(())
    }
}

/// The verifier gives words only. It has refused; which of our names that has is all that hangs on them.
fn refusal(words: &str) -> Refusal {
    let lower = words.to_lowercase();
    if lower.contains("expired") {
        Refusal::Expired
    } else if lower.contains("in the future") || lower.contains("notvalidyet") {
        Refusal::NotYetValid
    } else if lower.contains("no matching tcb level") || lower.contains("revoked") {
        Refusal::Status(words.to_owned())
    } else if lower.contains("decode quote") {
        Refusal::Unreadable(words.to_owned())
    } else {
        Refusal::Untrusted(words.to_owned())
    }
}

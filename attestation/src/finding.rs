//! Finding: what an auditor measured on one sequence, in integers.

use crate::assign::SEQUENCES_MAX;
use crate::digest::Digest;
use crate::domain::Domain;
use crate::fingerprint::{ACTIVATIONS, Distance, ULPS_MAX};
use crate::layout::{Reader, TOKENS, Writer};
use crate::malformed::Malformed;
use crate::margin::{MARGIN_MICRONATS_MAX, Margins};

/// One audited sequence, measured. Always 72 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The sequence's place in the batch.
    pub index: u32,
    /// How far its fingerprints are from the auditor's.
    pub distance: Distance,
    /// How far its tokens are from the ones the auditor would have chosen.
    pub margins: Margins,
    /// Whether the answer ends elsewhere than it may: before its longest without a token that ends it, or after one.
    pub has_wrong_end: bool,
}

impl Finding {
    /// How many bytes a finding takes.
    pub const LEN: usize = 72;

    /// Reads the bytes of one, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Finding, Malformed> {
        let mut reader = Reader::new("finding", Domain::FINDING, bytes)?;
        let finding = Finding {
            index: reader.u32("index")?,
            distance: Distance {
                activations: reader.u32("activations")?,
                mismatches: reader.u32("mismatches")?,
                ulps: reader.u64("ulps")?,
            },
            margins: Margins {
                tokens: reader.u32("tokens")?,
                equal: reader.u32("equal")?,
                micronats: reader.u64("micronats")?,
                widest_micronats: reader.u64("widest_micronats")?,
            },
            has_wrong_end: match reader.u32("wrong_end")? {
                0 => false,
                1 => true,
                _ => return reader.refuse("wrong_end", "0 or 1"),
            },
        };
        finding.demand_sense(&reader)?;
        reader.end()?;
        Ok(finding)
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let Finding { index, distance, margins, has_wrong_end } = self;
        let writer = Writer::new(Domain::FINDING).u32(*index);
        let writer = writer.u32(distance.activations).u32(distance.mismatches).u64(distance.ulps);
        let writer = writer.u32(margins.tokens).u32(margins.equal);
        writer.u64(margins.micronats).u64(margins.widest_micronats).u32(u32::from(*has_wrong_end)).done()
    }

    /// The hash over findings, one after the other: what a verdict rests on.
    pub fn hash(findings: &[Finding]) -> Digest {
        let parts: Vec<Vec<u8>> = findings.iter().map(Finding::encode).collect();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        Digest::of(Domain::FINDINGS, &parts)
    }

    /// What no measurement can give is no finding.
    fn demand_sense(&self, reader: &Reader<'_>) -> Result<(), Malformed> {
        let Distance { activations, mismatches, ulps } = self.distance;
        let Margins { tokens, equal, micronats, widest_micronats } = self.margins;
        let compared = TOKENS.most.div_ceil(32) * ACTIVATIONS;
        reader.demand(self.index < SEQUENCES_MAX, "index", "0 to 65,535")?;
        reader.demand(activations <= compared, "activations", "at most 128 per 32 tokens")?;
        reader.demand(mismatches <= activations, "mismatches", "at most the activations")?;
        let far = u64::from(activations - mismatches) * ULPS_MAX;
        reader.demand(ulps <= far, "ulps", "at most 127 for each activation that matches")?;
        reader.demand(tokens <= TOKENS.most, "tokens", TOKENS.rule)?;
        reader.demand(equal <= tokens, "equal", "at most the tokens")?;
        reader.demand(widest_micronats <= MARGIN_MICRONATS_MAX, "widest_micronats", "at most 20,000,000")?;
        let wide = u64::from(tokens - equal) * widest_micronats;
        reader.demand(widest_micronats <= micronats, "micronats", "at least the widest")?;
        reader.demand(micronats <= wide, "micronats", "at most the widest for each token that differs")
    }
}

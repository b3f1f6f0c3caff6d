//! Kept: which acts of a run are done: all of them, or those that a shortened run needs.

use std::fmt;

/// Which acts are done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Kept {
    /// All.
    #[default]
    All,
    /// These, in order.
    Only(Vec<u64>),
}

impl Kept {
    /// Whether an act is done.
    pub fn keeps(&self, act: u64) -> bool {
        match self {
            Kept::All => true,
            Kept::Only(acts) => acts.binary_search(&act).is_ok(),
        }
    }

    /// What [`Kept::fmt`] wrote: numbers and ranges, with commas between them, in any order. `None` when it is not that.
    pub fn parse(text: &str) -> Option<Kept> {
        let mut acts = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            if last < first || ACTS_MAX < last {
                return None;
            }
            acts.extend(first..=last);
        }
        acts.sort_unstable();
        acts.dedup();
        Some(Kept::Only(acts))
    }
}

/// The highest number that an act may have.
pub const ACTS_MAX: u64 = 10_000_000;

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kept::Only(acts) = self else { return f.write_str("all") };
        let mut between = "";
        let mut place = 0;
        while let Some(first) = acts.get(place) {
            let run = acts[place..].iter().zip(*first..).take_while(|(act, next)| **act == *next).count();
            let last = acts[place + run - 1];
            match run {
                1 => write!(f, "{between}{first}")?,
                _ => write!(f, "{between}{first}-{last}")?,
            }
            between = ",";
            place += run;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (text, acts) in [("3", vec![3]), ("1-4,7", vec![1, 2, 3, 4, 7]), ("0,2,9-10", vec![0, 2, 9, 10])]
        {
            let kept = Kept::parse(text).expect("it is a list");
            assert_eq!(kept, Kept::Only(acts.clone()));
            assert_eq!(kept.to_string(), text);
            assert!(acts.iter().all(|act| kept.keeps(*act)) && !kept.keeps(8));
        }
        assert_eq!(Kept::parse("7, 1-2 ,2"), Some(Kept::Only(vec![1, 2, 7])), "in any order");
        for bad in ["x", "4-1", "1-", "-3", "1-99999999999"] {
            assert_eq!(Kept::parse(bad), None, "{bad}");
        }
    }
}
